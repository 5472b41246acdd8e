"""Comparison <-> JSON, by pydantic over the dataclasses of `synth_eval.comparison`. NaN is written as null."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from synth_eval.comparison import SCHEMA, Comparison
from synth_eval.errors import ResultsError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

AGAIN = "run synth-eval compare again"


def comparison_to_json(comparison: Comparison) -> str:
    """The text of comparison.json; every number that is not finite is null."""
    return _adapter().dump_json(comparison, indent=1).decode() + "\n"


def comparison_from_json(text: str) -> Comparison:
    """Read the text of comparison.json, of this schema or the one before.

    Raises
    ------
    ResultsError : no JSON, another schema, or keys that are missing, unknown or of the wrong type; one line.
    """
    from pydantic import ValidationError

    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ResultsError(f"not a comparison: line {error.lineno} is no JSON ({error.msg})") from None
    schema = data.get("schema") if isinstance(data, Mapping) else None
    if schema is None:
        raise ResultsError(f"not a comparison: it has no schema; {AGAIN}")
    if schema == 1:
        from synth_eval.compare.schema1 import upgraded

        text = json.dumps(upgraded(data))
    elif schema != SCHEMA:
        raise ResultsError(f"comparison of schema {schema!r}, but this version reads {SCHEMA}: {AGAIN}")
    try:
        return _adapter().validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ResultsError(f"{_problem(first['type'], first['loc'], first['msg'])}: {AGAIN}") from None


def comparison_schema() -> dict[str, Any]:
    """JSON Schema of comparison.json, as docs/comparison.schema.json has it; unknown keys are not allowed."""
    schema = _adapter().json_schema()
    description = f"Schema {SCHEMA}. Fields are described in synth_eval/comparison.py and docs/reports.md."
    required = ["schema", *schema.pop("required")]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "description": description,
        "required": required,
    }


@cache
def _adapter() -> TypeAdapter[Comparison]:
    from pydantic import TypeAdapter  # 0.1 s, which a comparison that is not written need not wait for

    return TypeAdapter(Comparison)


def _problem(kind: str, location: Sequence[str | int], message: str) -> str:
    """'cells 0, verdict has unknown key 'colour''."""
    *where, last = location
    place = " ".join(f"{part}" for part in where) or "comparison"
    if kind == "missing":
        return f"{place} has no {last!r}"
    if kind == "unexpected_keyword_argument":
        return f"{place} has unknown key {last!r}"
    return f"{' '.join(str(part) for part in location)}: {message[:1].lower()}{message[1:]}"
