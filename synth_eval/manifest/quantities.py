"""Counts as people write them: 410M parameters, 10B tokens."""

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
