"""A curve as a row of bars, one a ratio, that takes a few characters."""

from __future__ import annotations

import math
from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
DIGITS = "12345678"  # where the terminal has no block characters: height 1 to 8
GAP = " "
LEAST_SPAN = 4.0  # margins


def sparkline(values: Sequence[float], *, margin: float, ascii_only: bool = False) -> str:
    """One character a value, the higher the larger.

    The bars span the range of the values, but never less than 4 margins: a curve that moves within its margin looks
    flat, as it should. A value that is not finite leaves a gap.

    Parameters
    ----------
    values : in any unit.
    margin : the loss that still counts as safe, in the same unit; > 0.
    """
    bars = DIGITS if ascii_only else BLOCKS
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return GAP * len(values)
    middle = (max(finite) + min(finite)) / 2
    span = max(max(finite) - min(finite), LEAST_SPAN * margin) or 1.0
    return "".join(_bar((value - middle) / span + 0.5, bars) for value in values)


def _bar(height: float, bars: str) -> str:
    if not math.isfinite(height):
        return GAP
    return bars[min(int(height * len(bars)), len(bars) - 1)]
