"""Loss over tokens drawn with characters, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from string import ascii_lowercase

from synth_eval.report.scaling.view import Series, count_text

LABEL = 6  # columns left of the axis
LEAST_WIDTH = 16
FITTED = "\u00b7"
ASCII_FITTED = "."


def mark_of(number: int) -> str:
    """The letter of the n-th curve; its held-out points are drawn as the capital."""
    return ascii_lowercase[number % len(ascii_lowercase)]


def log_chart(series: Sequence[Series], *, width: int, height: int = 10, ascii_only: bool = False) -> list[str]:
    """Lines of text: loss (up) against tokens (right).

    Parameters
    ----------
    series : at least one point among them; a letter each, in their order. Where several share a place, the first is
        seen.
    width : columns in all, the labels included.
    height : rows of the plot itself.

    Returns
    -------
    height + 2 lines of at most ``width`` columns.
    """
    columns = max(width - LABEL - 2, LEAST_WIDTH)
    places = [point for one in series for point in (*zip(one.tokens, one.loss), *one.fit)]
    across = _Axis([tokens for tokens, _ in places], columns)
    up = _Axis([loss for _, loss in places], height)
    cells = [[" "] * columns for _ in range(height)]
    for one in series:
        for tokens, loss in one.fit:
            cells[height - 1 - up.place(loss)][across.place(tokens)] = ASCII_FITTED if ascii_only else FITTED
    for number, one in reversed(list(enumerate(series))):
        for tokens, loss, held in zip(one.tokens, one.loss, one.held):
            mark = mark_of(number)
            cells[height - 1 - up.place(loss)][across.place(tokens)] = mark.upper() if held else mark
    wall, corner, floor = ("|", "+", "-") if ascii_only else ("┤", "└", "─")
    named = {0: up.high, height // 2: up.at(height - 1 - height // 2), height - 1: up.low}
    labels = [f"{named[i]:.3g}" if i in named else "" for i in range(height)]
    lines = [f"{label:>{LABEL}} {wall}{''.join(row)}" for label, row in zip(labels, cells)]
    lines.append(f"{'':>{LABEL}} {corner}{floor * columns}")
    left, right = count_text(across.low), count_text(across.high)
    middle = count_text(math.sqrt(across.low * across.high)) if across.high > across.low else ""
    foot = left + middle.center(columns - len(left) - len(right)) + (right if right != left else "")
    lines.append(" " * (LABEL + 2) + foot)
    return [line.rstrip()[:width] for line in lines]


class _Axis:
    """A logarithmic axis of some number of places, from the smallest value to the largest."""

    def __init__(self, values: Sequence[float], places: int) -> None:
        self.low, self.high, self.places = min(values), max(values), places
        self.span = math.log(self.high / self.low) or 1.0

    def place(self, value: float) -> int:
        return min(max(round(math.log(value / self.low) / self.span * (self.places - 1)), 0), self.places - 1)

    def at(self, place: int) -> float:
        """The value in the middle of a place."""
        return self.low * math.exp(place / max(self.places - 1, 1) * self.span)
