"""What the models of checkpoints.yaml are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, StrictInt, StrictStr

from synth_eval.manifest.quantities import parse_quantity

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


Text = Annotated[StrictStr, Field(min_length=1)]
Seed = Annotated[StrictInt, Field(ge=0)]
Iteration = Annotated[StrictInt, Field(ge=1)]
Ratio = Annotated[float, BeforeValidator(_ratio)]
# kept as written: a size such as 1.40 would otherwise lose its spelling
Count = Annotated[Any, BeforeValidator(_count)]


def as_list(value: Any) -> Any:
    """A single value stands for a list of one."""
    return [] if value is None else value if isinstance(value, list) else [value]


def none_as_empty(value: Any) -> Any:
    """A key with nothing behind it is an empty mapping."""
    return {} if value is None else value
