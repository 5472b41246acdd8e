"""YAML with line numbers: what the file contains, where, and how it is spelled.

PyYAML takes the last of two equal keys without a word and forgets line numbers; a manifest needs both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import yaml
from pydantic import BeforeValidator, ConfigDict, Field, StrictInt, StrictStr

from synth_eval.errors import ManifestError
from synth_eval.text import parse_quantity
from synth_eval.types import MAX_INTEGER, Location

KeyPath: TypeAlias = tuple[str | int, ...]  # ("checkpoints", 3, "ratio"), as pydantic writes it
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True)
class Source:
    """A parsed YAML file. ``lines`` and ``written`` are keyed by location."""

    path: Path
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int]  # line of the key (in a mapping) or of the item (in a list), from 1
    written: Mapping[KeyPath, str]  # scalars as spelled in the file: "0.10", "410M"

    def line(self, location: KeyPath) -> int:
        """Line of a location, or of the nearest thing around it that the file has."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def location(self, location: KeyPath) -> Location:
        """File and line of a location."""
        return Location(self.path.name, self.line(location))

    def error(self, location: KeyPath, message: str) -> ManifestError:
        """An error at a location: ``file:line: message``."""
        return self.error_at(self.line(location), message)

    def error_at(self, line: int, message: str) -> ManifestError:
        """An error at a line: ``file:line: message``."""
        # a name or path of the user's may hold a line break; the message is one line all the same
        return ManifestError(f"{self.path}:{line}: {' '.join(message.splitlines())}")


def read_yaml(path: Path) -> Source:
    """Read a YAML file whose top level is a mapping.

    Raises
    ------
    ManifestError : no such file, not UTF-8, not YAML, not a mapping, or a key given twice.
    """
    text = _text(path)
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        marks = _Marks(path)
        if node is not None:
            marks.note(node, (), ())
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ManifestError(f"{path}{line}: not valid YAML: {_problem(error)}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise ManifestError(f"{path}: not valid YAML: {reason}") from None
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(data, dict):
        kind = "empty" if data is None else f"a {type(data).__name__}"
        raise ManifestError(
            f"{path}:1: the file is {kind}, not a mapping: start with `family: NAME`, see docs/manifest.md"
        )
    return Source(path, data, marks.lines, marks.written)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ManifestError(f"{path}: no such file: check the path, or write one as docs/manifest.md shows") from None
    except IsADirectoryError:
        raise ManifestError(f"{path}: a folder, not a file: give the path of checkpoints.yaml itself") from None
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: not UTF-8 text (byte {error.start}): save the file as UTF-8") from None
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror or error}") from None


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = (error.problem or error.context or "syntax error").splitlines()[0]
    if "\\t" in problem:
        return f"{problem}: indent with spaces, not tabs"
    if "mapping values are not allowed" in problem:
        return f"{problem}: check the indentation, and put text that contains ': ' in quotes"
    return f"{problem}: check indentation, brackets and quotes around this line"


@dataclass(frozen=True)
class _Marks:
    """The line and the spelling of everything in a file, by its keys."""

    path: Path
    lines: dict[KeyPath, int] = field(default_factory=dict)
    written: dict[KeyPath, str] = field(default_factory=dict)

    def note(self, node: yaml.Node, location: KeyPath, open_nodes: tuple[int, ...]) -> None:
        """All below a node; refuses keys that are given twice and anchors that contain themselves."""
        line = node.start_mark.line + 1
        if id(node) in open_nodes:
            raise ManifestError(f"{self.path}:{line}: an anchor contains itself: write the values out")
        self.lines.setdefault(location, line)
        inner = (*open_nodes, id(node))
        if isinstance(node, yaml.ScalarNode):
            self.written.setdefault(location, node.value)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.note(item, (*location, index), inner)
        elif isinstance(node, yaml.MappingNode):
            self._note_mapping(node, location, inner)

    def _note_mapping(self, node: yaml.MappingNode, location: KeyPath, open_nodes: tuple[int, ...]) -> None:
        seen: dict[str, int] = {}
        merged: list[yaml.Node] = []
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag == _MERGE:
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
                continue
            name = str(key.value)
            if name in seen:
                raise ManifestError(
                    f"{self.path}:{line}: key {name!r} is given twice (first in line {seen[name]}): "
                    "YAML would silently keep the last; remove one"
                )
            seen[name] = line
            self.lines.setdefault((*location, name), line)
            self.note(value, (*location, name), open_nodes)
        for base in merged:  # after the mapping's own keys, which win over merged ones
            if isinstance(base, yaml.MappingNode):
                self.note(base, location, open_nodes)


# What the models of checkpoints.yaml are made of.

STRICT = ConfigDict(extra="forbid", frozen=True)  # unknown keys are errors


def _ratio(value: Any) -> float:
    if isinstance(value, str) and value.strip().endswith("%"):
        share = _number(value.strip()[:-1])
        mend = f": write {share / 100:g} for {value.strip()}" if share is not None else ""
        raise ValueError(f"{value!r} is not a ratio in 0..1{mend}")
    ratio = None if isinstance(value, bool) else _number(value)
    if ratio is None:
        raise ValueError(f"{value!r} is not a number: write the synthetic share of the training mix, 0 to 1")
    if not 0 <= ratio <= 1:  # also catches NaN
        percent = f"write {ratio / 100:g} for {ratio:g}%" if 1 < ratio <= 100 else "write the synthetic share, 0 to 1"
        raise ValueError(f"{ratio:g} is outside 0..1: {percent}")
    return ratio + 0.0  # -0.0 becomes 0.0


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _count(value: Any) -> Any:
    if value is not None:
        if not isinstance(value, (str, int, float)):
            raise ValueError("it must be a count such as 410M, 1.4B or 10B")
        parse_quantity(value)
    return value


def _weight(value: Any) -> float:
    weight = None if isinstance(value, bool) else _number(value)
    if weight is None or not 0 < weight < inf:
        raise ValueError(f"{value!r} is not a weight: write a number above 0; a task without one counts 1")
    return weight


Text = Annotated[StrictStr, Field(min_length=1)]
Seed = Annotated[StrictInt, Field(ge=0, le=MAX_INTEGER)]
Iteration = Annotated[StrictInt, Field(ge=1, le=MAX_INTEGER)]
Ratio = Annotated[float, BeforeValidator(_ratio)]
Weight = Annotated[float, BeforeValidator(_weight)]
# kept as written: a size such as 1.40 would otherwise lose its spelling
Count = Annotated[Any, BeforeValidator(_count)]


def as_list(value: Any) -> Any:
    """A single value stands for a list of one."""
    return [] if value is None else value if isinstance(value, list) else [value]


def none_as_empty(value: Any) -> Any:
    """A key with nothing behind it is an empty mapping."""
    return {} if value is None else value
