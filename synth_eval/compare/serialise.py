"""Comparison <-> JSON (schema 1, see docs/architecture.md). NaN is written as null and read as it was meant."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from synth_eval.errors import ResultsError
from synth_eval.types import Cell, CheckpointRecord, Comparison, FittedCurve, SeedValues

SCHEMA = 1
Record = TypeVar("Record", Cell, CheckpointRecord)
Part = TypeVar("Part", SeedValues, FittedCurve)
ROWS = ("contrasts", "leads", "budgets", "findings", "mean_losses", "outputs", "gate")
_ALWAYS_FLOAT = ("values", "difference")  # tuples of float, where null stands for NaN


def comparison_to_dict(comparison: Comparison) -> dict[str, Any]:
    """Plain lists, dicts and numbers, ``schema`` first; every number that is not finite becomes None."""
    plain = {field.name: _plain(getattr(comparison, field.name)) for field in dataclasses.fields(comparison)}
    return {"schema": plain.pop("schema"), **plain}


def comparison_from_dict(data: Mapping[str, Any]) -> Comparison:
    """The inverse of `comparison_to_dict`.

    Raises
    ------
    ResultsError : another schema, or keys that are missing or unknown.
    """
    if not isinstance(data, Mapping) or "schema" not in data:
        raise ResultsError("not a comparison: it has no schema; run synth-eval compare again")
    if data["schema"] != SCHEMA:
        raise ResultsError(
            f"comparison of schema {data['schema']!r}, but this version reads {SCHEMA}: run synth-eval compare again"
        )
    _check_keys(data, Comparison, "comparison")
    return Comparison(
        **{
            **data,
            "cells": tuple(_record(cell, Cell, f"cell {i}") for i, cell in enumerate(data["cells"])),
            "checkpoints": tuple(
                _record(checkpoint, CheckpointRecord, f"checkpoint {i}")
                for i, checkpoint in enumerate(data["checkpoints"])
            ),
            "characteristics": tuple(
                _record(cell, Cell, f"characteristic {i}") for i, cell in enumerate(data.get("characteristics", ()))
            ),
            **{name: _rows(data.get(name, ())) for name in ROWS},
            "warnings": tuple(data.get("warnings", ())),
        }
    )


def comparison_to_json(comparison: Comparison) -> str:
    """The text of comparison.json."""
    return json.dumps(comparison_to_dict(comparison), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def comparison_from_json(text: str) -> Comparison:
    """Read the text of comparison.json; raises ResultsError if it is no JSON or no comparison."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ResultsError(f"not a comparison: line {error.lineno} is no JSON ({error.msg})") from None
    return comparison_from_dict(data)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _record(data: Mapping[str, Any], kind: type[Record], where: str) -> Record:
    _check_keys(data, kind, where)
    values = {key: _tuples(value) for key, value in data.items()}
    for key in _ALWAYS_FLOAT:
        if key in values:
            values[key] = tuple(math.nan if item is None else item for item in values[key])
    if kind is Cell:
        values["by_seed"] = tuple(_nested(seed, SeedValues, where) for seed in data.get("by_seed", ()))
        values["fitted"] = None if data.get("fitted") is None else _nested(data["fitted"], FittedCurve, where)
    return kind(**values)


def _nested(data: Mapping[str, Any], kind: type[Part], where: str) -> Part:
    _check_keys(data, kind, where)
    return kind(**{key: _tuples(value) for key, value in data.items()})


def _rows(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    return tuple({key: _tuples(value) for key, value in row.items()} for row in rows)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _check_keys(data: Mapping[str, Any], kind: type, where: str) -> None:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = [key for key in data if key not in fields]
    missing = [
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING and name not in data
    ]
    if unknown or missing:
        problem = f"unknown key {unknown[0]!r}" if unknown else f"no {missing[0]!r}"
        raise ResultsError(f"{where} has {problem}: run synth-eval compare again")
