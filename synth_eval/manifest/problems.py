"""pydantic's errors in the words of a manifest: what is wrong, where, and the mend."""

from __future__ import annotations

import difflib
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from synth_eval.manifest.schema import Manifest
from synth_eval.manifest.source import Location, Source
from synth_eval.types import ManifestError

_EXPECTED = {
    "string_type": "text: put it in quotes",
    "int_type": "a whole number",
    "list_type": "a list: write [a, b], or one line with a dash each",
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


def _location(problem: Any) -> Location:
    # a dict's bad key is marked by a trailing "[key]"
    return tuple(part for part in problem["loc"] if part != "[key]")


def _sentence(problem: Any, location: Location, source: Source) -> str:
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


def _spoken(location: Location) -> str:
    """("checkpoints", 2, "ratio") -> "checkpoints[3].ratio", counted from 1 as people do."""
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the file"


def _unknown_key(location: Location) -> str:
    key, known = str(location[-1]), _known_keys(location[:-1])
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    mend = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(known)}"
    inside = f" in {_spoken(location[:-1])}" if location[:-1] else ""
    return f"unknown key {key!r}{inside}: {mend}"


def _known_keys(location: Location) -> list[str]:
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
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel]:
    """The pydantic model inside list[Model], Model | None or Model."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [argument for argument in get_args(annotation) if argument is not type(None)]
    return _model_in(inner[0])
