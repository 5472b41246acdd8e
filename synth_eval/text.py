"""Words and numbers for people: counts as they are written, 410M parameters or 10B tokens."""

from __future__ import annotations

import math
import re

_SCALE = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
_FORM = re.compile(r"(\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?)\s*([kKmMbBgGtT]?)")


def parse_quantity(value: str | int | float) -> float:
    """A count with an optional suffix k, M, B (or G) or T, upper or lower case: "410M", "1.4B", "160k", 281000.

    Raises
    ------
    ValueError : anything else, or a count that is not above 0 and finite.
    """
    if isinstance(value, bool):
        raise ValueError("it must be a count such as 410M, 1.4B or 10B")
    if isinstance(value, (int, float)):
        count = float(value)
    else:
        match = _FORM.fullmatch(value.strip())
        try:
            count = float(match[1]) * _SCALE[match[2].lower()] if match else math.nan
        except ValueError:
            count = math.nan
    if not (count > 0 and math.isfinite(count)):
        raise ValueError(f"{value!r} is not a count: write a number with k, M, B or T, such as 410M, 1.4B or 10B")
    return count


def written_quantity(count: float) -> str:
    """A count with the suffix that keeps it short, up to ten digits: 1e10 is "10B", 3932160 "3.93216M"."""
    for suffix, scale in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= scale:
            return f"{count / scale:.10g}{suffix}"
    return f"{count:.10g}"
