"""The grid of a manifest, written out as checkpoint entries."""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from synth_eval.manifest.schema import CheckpointEntry, Grid
from synth_eval.manifest.source import KeyPath, Source
from synth_eval.text import parse_quantity

AXES = ("size", "tokens", "source", "iteration", "seed", "ratio")
_TEMPLATES = ("path", "results", "revision")


@dataclass(frozen=True)
class _Value:
    """One entry of an axis: its value, and how the file spells it."""

    value: Any
    written: str


def grid_entries(grid: Grid, source: Source) -> Iterator[CheckpointEntry]:
    """Every combination of the grid's lists, in the order size, tokens, source, iteration, seed, ratio (fastest).

    ``{ratio}`` in a template becomes the ratio as the file spells it (0.10 stays "0.10"); ``{ratio:.2f}`` and the like
    format the number. The same holds for size, tokens, source, iteration and seed.

    Raises
    ------
    ManifestError : a template with an unknown placeholder or a placeholder without a list, or one that would give two
        checkpoints the same folder.
    """
    axes = {axis: _axis(grid, axis, source) for axis in AXES}
    templates = {key: getattr(grid, key) for key in _TEMPLATES if getattr(grid, key) is not None}
    for key, template in templates.items():
        _check_placeholders(key, template, axes, source)
    _check_tells_apart(templates, axes, source)
    for combination in itertools.product(*(axes[axis] or [_Value(None, "")] for axis in AXES)):
        values = dict(zip(AXES, combination))
        filled = {key: _fill(template, values, ("grid", key), source) for key, template in templates.items()}
        yield CheckpointEntry(
            path=filled.get("path"),
            results=[filled["results"]] if "results" in filled else [],
            revision=filled.get("revision"),
            size=values["size"].written or None,
            tokens=values["tokens"].written or None,
            **{axis: values[axis].value for axis in ("source", "iteration", "seed", "ratio")},
        )


def _axis(grid: Grid, axis: str, source: Source) -> list[_Value]:
    found = []
    for index, value in enumerate(getattr(grid, axis)):
        # a list of one may be written without brackets
        written = source.written.get(("grid", axis, index), source.written.get(("grid", axis)))
        spelled = written if written is not None else str(value)
        if axis in ("size", "tokens") and value is not None:
            try:
                parse_quantity(spelled)  # YAML reads 0x1F and 1:30 as whole numbers
            except ValueError as error:
                raise source.error(("grid", axis, index), f"grid.{axis}[{index + 1}]: {error}") from None
        found.append(_Value(value, spelled))
    return found


def _fields(template: str, location: KeyPath, source: Source) -> list[tuple[str, str | None, str]]:
    """(literal, field, format spec) triples."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise source.error(location, f"{_key(location)} is not a template: {error}: write r{{ratio}}") from None
    for _, field, spec, conversion in parts:
        if field is not None and (conversion or "{" in (spec or "")):
            raise source.error(location, f"{_key(location)}: write {{{field}}} without '!' and inner braces")
    return [(literal, field, spec or "") for literal, field, spec, _ in parts]


def _check_placeholders(key: str, template: str, axes: dict[str, list[_Value]], source: Source) -> None:
    location = ("grid", key)
    for _, field, _ in _fields(template, location, source):
        if field is None:
            continue
        if field not in axes:
            known = ", ".join(f"{{{axis}}}" for axis in AXES)
            raise source.error(location, f"grid.{key} has the unknown placeholder {{{field}}}: known are {known}")
        if not axes[field]:
            raise source.error(location, f"grid.{key} uses {{{field}}}, but the grid has no list {field}: add {field}")


def _check_tells_apart(templates: dict[str, str], axes: dict[str, list[_Value]], source: Source) -> None:
    used = {field for key, template in templates.items() for _, field, _ in _fields(template, ("grid", key), source)}
    for axis, values in axes.items():
        if len(values) > 1 and axis not in used:
            key = next(iter(templates))
            raise source.error(
                ("grid", key),
                f"grid.{key} has no {{{axis}}}, so all {len(values)} values of {axis} would be one folder: add it",
            )


def _fill(template: str, values: dict[str, _Value], location: KeyPath, source: Source) -> str:
    text = ""
    for literal, field, spec in _fields(template, location, source):
        text += literal
        if field is None:
            continue
        try:
            text += format(values[field].value, spec) if spec else values[field].written
        except (ValueError, TypeError) as error:
            shown = f"{{{field}:{spec}}}"
            raise source.error(location, f"{_key(location)}: {shown} does not fit {field}: {error}") from None
    return text


def _key(location: KeyPath) -> str:
    return ".".join(map(str, location))
