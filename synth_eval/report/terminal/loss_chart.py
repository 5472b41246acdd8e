"""Loss over tokens drawn with characters, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from string import ascii_lowercase

from synth_eval.report.figures.description import Layer, Markers, Panel, Polyline, Role
from synth_eval.text import count_text

LABEL = 6  # columns left of the axis of a chart
MIN_CHART = 16  # columns of its plot


def mark_of(role: Role) -> str:
    """The letter of a series; its held-out points are drawn as the capital."""
    return ascii_lowercase[role % len(ascii_lowercase)] if isinstance(role, int) else "*"


def log_chart(panel: Panel, *, width: int, height: int = 10, ascii_only: bool = False) -> list[str]:
    """Lines of text: loss (up) against tokens (right).

    Parameters
    ----------
    panel : from `loss_figure`, with at least one point; each series has its letter. Where several share a place, the
        first is seen.
    width : columns in all, the labels included.
    height : rows of the plot itself.

    Returns
    -------
    height + 2 lines of at most ``width`` columns.
    """
    columns = max(width - LABEL - 2, MIN_CHART)
    places = [place for layer in panel.layers for place in _places(layer)]
    across = _Axis([tokens for tokens, _ in places], columns)
    up = _Axis([loss for _, loss in places], height)
    cells = [[" "] * columns for _ in range(height)]
    marked = [layer for layer in panel.layers if isinstance(layer, Markers)]
    for fitted in (layer for layer in panel.layers if isinstance(layer, Polyline)):
        for tokens, loss in _places(fitted):
            cells[height - 1 - up.place(loss)][across.place(tokens)] = "." if ascii_only else "·"
    for points in reversed(marked):
        held_out = points.filled if isinstance(points.filled, tuple) else [points.filled] * len(points.x)
        for (tokens, loss), held in zip(_places(points), held_out):
            mark = mark_of(points.role)
            cells[height - 1 - up.place(loss)][across.place(tokens)] = mark.upper() if held else mark
    wall, corner, floor = ("|", "+", "-") if ascii_only else ("┤", "└", "─")
    named = {0: up.high, height // 2: up.at(height - 1 - height // 2), height - 1: up.low}
    digits = next((d for d in (3, 4) if len({f"{loss:.{d}g}" for loss in named.values()}) == len(named)), LABEL - 1)
    labels = [f"{named[i]:.{digits}g}" if i in named else "" for i in range(height)]
    lines = [f"{label:>{LABEL}} {wall}{''.join(row)}" for label, row in zip(labels, cells)]
    lines.append(f"{'':>{LABEL}} {corner}{floor * columns}")
    left, right = count_text(across.low), count_text(across.high)
    middle = count_text(math.sqrt(across.low * across.high)) if across.high > across.low else ""
    foot = left + middle.center(columns - len(left) - len(right)) + (right if right != left else "")
    lines.append(" " * (LABEL + 2) + foot)
    return [line.rstrip()[:width] for line in lines]


def _places(layer: Layer) -> list[tuple[float, float]]:
    if not isinstance(layer, (Markers, Polyline)):
        return []
    return [(x, y) for x, y in zip(layer.x, layer.y) if x is not None and y is not None]


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
