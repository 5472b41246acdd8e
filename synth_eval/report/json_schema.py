"""JSON Schema of comparison.json, made from the dataclasses that are written to it."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any

from synth_eval.types import Cell, CheckpointRecord, Comparison, FittedCurve, SeedValues

DRAFT = "https://json-schema.org/draft/2020-12/schema"
VERSION = 1
NULL = {"type": "null"}
MAY_BE_NULL = {"values", "difference"}  # lists of numbers in which null stands for NaN


def comparison_schema() -> dict[str, Any]:
    """The schema, as docs/comparison.schema.json has it.

    Unknown keys are not allowed in a comparison, a cell or a checkpoint, as the reader does not allow them; leads and
    contrasts are open.
    """
    return {
        "$schema": DRAFT,
        "title": "comparison.json of synth-eval",
        "description": f"Schema {VERSION}. Fields are described in synth_eval/types.py and docs/reports.md.",
        **_record(Comparison),
        "$defs": {kind.__name__: _record(kind) for kind in (Cell, CheckpointRecord, SeedValues, FittedCurve)},
    }


def _record(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, localns={"Mapping": Mapping})
    properties = {field.name: _type(hints[field.name], field.name) for field in dataclasses.fields(kind)}
    if kind is Comparison:
        properties["schema"] = {"const": VERSION}
    required = [
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if kind is Comparison:
        required.append("schema")
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _type(hint: Any, name: str) -> dict[str, Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType or origin is typing.Union:
        return {"anyOf": [NULL if argument is type(None) else _type(argument, name) for argument in arguments]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return _tuple(arguments, name)
    if origin is not None and issubclass(origin, Mapping):
        values = arguments[1]
        return {"type": "object"} if values is Any else {"type": "object", "additionalProperties": _type(values, name)}
    if dataclasses.is_dataclass(hint):
        return {"$ref": f"#/$defs/{typing.cast(type, hint).__name__}"}
    return {"type": {str: "string", bool: "boolean", int: "integer", float: "number"}[hint]}


def _tuple(arguments: tuple[Any, ...], name: str) -> dict[str, Any]:
    if arguments[-1] is not Ellipsis:
        items = [_type(argument, name) for argument in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    items_type = _type(arguments[0], name)
    return {"type": "array", "items": {"anyOf": [items_type, NULL]} if name in MAY_BE_NULL else items_type}
