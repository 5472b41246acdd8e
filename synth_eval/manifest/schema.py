"""What checkpoints.yaml may contain: one pydantic model a mapping. docs/manifest.md explains every key."""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StrictStr,
    ValidationError,
    model_validator,
)

from synth_eval.errors import ManifestError
from synth_eval.manifest.asked import Asked
from synth_eval.manifest.gate import GateEntry
from synth_eval.manifest.names import family_name
from synth_eval.manifest.own_tasks import ChoiceEntries, DomainEntries, MauveEntry
from synth_eval.manifest.source import (
    STRICT,
    Count,
    Iteration,
    KeyPath,
    Ratio,
    Seed,
    Source,
    Text,
    Weight,
    as_list,
    none_as_empty,
)
from synth_eval.types import MAX_INTEGER, Correction


def _batch_size(value: Any) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_INTEGER:
        return value
    if isinstance(value, str) and re.fullmatch(r"auto(:\d+)?|[1-9]\d*", value):
        return int(value) if value.isdigit() else value
    raise ValueError(f"{value!r} is not a batch size: write a whole number above 0, or auto")


def _has_recipe(lab: dict[str, Any]) -> dict[str, Any]:
    # the rest belongs to the recipe, which checks it
    if not isinstance(lab.get("recipe"), str):
        raise ValueError("lab.recipe must name a recipe: write lab: {recipe: miniature}")
    return lab


BatchSize = Annotated[Any, BeforeValidator(_batch_size)]
ModelArgs = Annotated[dict[StrictStr, Any], BeforeValidator(none_as_empty)]


class _Strict(BaseModel):
    model_config = STRICT


class Defaults(Asked, _Strict):
    """How checkpoints are evaluated, unless they override it."""

    model: Text = "hf"
    model_args: ModelArgs = {}
    batch_size: BatchSize = "auto"


class CheckpointEntry(Asked, _Strict):
    """One line of `checkpoints`."""

    ratio: Ratio
    path: Text | None = None
    results: Annotated[list[Text], BeforeValidator(as_list)] = []
    size: Count = None
    iteration: Iteration = 1
    seed: Seed = 0
    source: Text = "self"
    tokens: Count = None
    revision: Text | None = None
    name: Text | None = None
    model: Text | None = None
    model_args: ModelArgs = {}
    batch_size: BatchSize | None = None

    @model_validator(mode="after")
    def _something_to_score(self) -> CheckpointEntry:
        if self.path is None and not self.results:
            raise ValueError("the checkpoint has neither path nor results: give a model folder, or lm-eval output")
        if self.revision is not None and self.path is None:
            raise ValueError("revision is given without path: add the hub id as path, or drop revision")
        if self.path is not None and "pretrained" in self.model_args:
            raise ValueError("model_args.pretrained repeats path: drop one of the two")
        return self


class Grid(_Strict):
    """Checkpoints as the product of lists, their folders spelled by a template."""

    path: Text | None = None
    results: Text | None = None
    ratio: Annotated[list[Ratio], BeforeValidator(as_list), Field(min_length=1)]
    size: Annotated[list[Count], BeforeValidator(as_list)] = []
    iteration: Annotated[list[Iteration], BeforeValidator(as_list), Field(min_length=1)] = [1]
    seed: Annotated[list[Seed], BeforeValidator(as_list), Field(min_length=1)] = [0]
    source: Annotated[list[Text], BeforeValidator(as_list), Field(min_length=1)] = ["self"]
    revision: Text | None = None
    tokens: Annotated[list[Count], BeforeValidator(as_list)] = []
    missing: Literal["error", "skip"] = "error"

    @model_validator(mode="after")
    def _something_to_score(self) -> Grid:
        if self.path is None and self.results is None:
            raise ValueError("the grid has neither path nor results: add path: runs/{size}/r{ratio}")
        if self.revision is not None and self.path is None:
            raise ValueError("revision is given without path: add the hub id as path, or drop revision")
        return self


class Manifest(_Strict):
    """The whole file."""

    family: Annotated[Text, AfterValidator(family_name)]
    tasks: Annotated[list[Text], BeforeValidator(as_list), Field(min_length=1)] = ["synth_suite"]
    baseline_ratio: Ratio = 0.0
    defaults: Annotated[Defaults, BeforeValidator(none_as_empty)] = Defaults()
    categories: Annotated[dict[StrictStr, Text], BeforeValidator(none_as_empty)] = {}
    task_weights: Annotated[dict[StrictStr, Weight], BeforeValidator(none_as_empty)] = {}
    correction: Correction = "question"
    domains: DomainEntries = {}
    choice_tasks: ChoiceEntries = {}
    data_dir: Text | None = None
    training_text: Annotated[list[Text], BeforeValidator(as_list)] = []
    gate: GateEntry = None
    mauve: MauveEntry | None = None
    checkpoints: Annotated[list[CheckpointEntry], BeforeValidator(lambda v: [] if v is None else v)] = []
    grid: Grid | None = None
    lab: Annotated[dict[StrictStr, Any], AfterValidator(_has_recipe)] | None = None


# pydantic's errors in the words of a manifest: what is wrong, where, and the mend.

_EXPECTED = {
    "string_type": "text: put it in quotes",
    "int_type": "a whole number",
    "list_type": "a list: write [a, b], or one line with a dash each",
    "bool_type": "true or false",
    "dict_type": "a mapping: write {key: value}",
    "model_type": "a mapping: write {key: value}",
}


def manifest_error(error: ValidationError, source: Source) -> ManifestError:
    """The first problem of the file, in line order, and how many more there are."""
    problems: list[Any] = error.errors()
    # a misspelled key is reported as unknown; that the right one is missing follows from it
    misspelled = {_location(problem)[:-1] for problem in problems if problem["type"] == "extra_forbidden"}
    found = [p for p in problems if p["type"] != "missing" or _location(p)[:-1] not in misspelled]
    found.sort(key=lambda problem: source.line(_location(problem)))
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    location = _location(found[0])
    return source.error(location, _sentence(found[0], location, source) + more)


def _location(problem: Any) -> KeyPath:
    # a dict's bad key is marked by a trailing "[key]"
    return tuple(part for part in problem["loc"] if part != "[key]")


def _sentence(problem: Any, location: KeyPath, source: Source) -> str:
    kind, key = problem["type"], _spoken(location)
    if kind == "extra_forbidden":
        return _unknown_key(location)
    if kind == "missing":
        return f"{_spoken(location[:-1])}: the key {location[-1]!r} is missing: add it"
    if kind == "value_error":
        # validators of a whole mapping name the keys themselves
        message = str(problem["ctx"]["error"])
        return message if isinstance(problem["input"], (dict, BaseModel)) else f"{key}: {message}"
    if problem["loc"] and problem["loc"][-1] == "[key]":
        return f"{_spoken(location[:-1])}: the key {location[-1]!r} must be text: put it in quotes"
    if kind in _EXPECTED:
        return f"{key} must be {_EXPECTED[kind]} (it is {source.written.get(location, problem['input'])!r})"
    if kind == "too_short":
        return f"{key} is empty: list at least one"
    if kind == "string_too_short":
        return f"{key} is empty: write a value, or remove the key"
    if kind == "greater_than_equal":
        return f"{key} is {problem['input']}, and the smallest possible is {problem['ctx']['ge']}"
    if kind == "literal_error":
        return f"{key} is {problem['input']!r}: write {problem['ctx']['expected']}"
    return f"{key}: {problem['msg']}"


def _spoken(location: KeyPath) -> str:
    """("checkpoints", 2, "ratio") -> "checkpoints[3].ratio", counted from 1 as people do."""
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the file"


def _unknown_key(location: KeyPath) -> str:
    key, known = str(location[-1]), _known_keys(location[:-1])
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    mend = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(known)}"
    inside = f" in {_spoken(location[:-1])}" if location[:-1] else ""
    return f"unknown key {key!r}{inside}: {mend}"


def _known_keys(location: KeyPath) -> list[str]:
    """Keys of the model at a location of the file."""
    model: type[BaseModel] = Manifest
    inside: Any = Manifest
    for part in location:
        if get_origin(inside) is dict:  # the part is a name of the user's
            inside = get_args(inside)[1]
        elif isinstance(part, str):
            inside = model.model_fields[part].annotation
        if get_origin(inside) is not dict:
            model = _model_in(inside)
    return sorted(model.model_fields, key=lambda key: key in Asked.model_fields)  # what a model has of its own first


def _model_in(annotation: Any) -> type[BaseModel]:
    """The pydantic model inside list[Model], Model | None or Model."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [argument for argument in get_args(annotation) if argument is not type(None)]
    return _model_in(inner[0])
