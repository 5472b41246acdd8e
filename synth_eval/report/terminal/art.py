"""Drawings with characters: a curve as a row of bars, a reliability diagram, loss over tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synth_eval.report.figures.calibration import is_outside

if TYPE_CHECKING:
    from synth_eval.compare.calibration import ReliabilityCurve

BLOCKS = "▁▂▃▄▅▆▇█"
DIGITS = "12345678"  # where the terminal has no block characters: height 1 to 8
BLANK = " "
MIN_SPAN = 4.0  # margins that the bars of a curve span at least
AXIS = 5  # columns left of a reliability diagram: "0.5 |"
MIN_DIAGRAM, MAX_DIAGRAM = 12, 48  # columns of its plot


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
        return BLANK * len(values)
    middle = (max(finite) + min(finite)) / 2
    span = max(max(finite) - min(finite), MIN_SPAN * margin) or 1.0
    heights = [(value - middle) / span + 0.5 if math.isfinite(value) else None for value in values]
    return "".join(BLANK if h is None else bars[min(int(h * len(bars)), len(bars) - 1)] for h in heights)


@dataclass(frozen=True)
class Symbols:
    """What the parts of a diagram are drawn with."""

    outside: str
    inside: str
    band: str
    spread: str
    diagonal: str
    wall: str
    floor: str
    corner: str
    counts: str  # rising heights


UNICODE_SYMBOLS = Symbols("●", "○", "░", "│", "·", "┤", "─", "└", BLOCKS)
ASCII_SYMBOLS = Symbols("X", "o", ":", "|", ".", "|", "-", "+", DIGITS)


def reliability_diagram(
    curve: ReliabilityCurve, *, width: int, height: int = 11, ascii_only: bool = False
) -> list[str]:
    """Lines of text: accuracy (up) against confidence (right), and below the axis where the items are.

    Parameters
    ----------
    width : columns in all, the axis included.
    height : rows of the plot itself.

    Returns
    -------
    height + 3 lines of at most ``width`` columns. A point is drawn as `Symbols.outside` if it lies outside the
    consistency band, which is where a calibrated model's points would lie. Where two points share a place, the one
    outside is seen.
    """
    symbols = ASCII_SYMBOLS if ascii_only else UNICODE_SYMBOLS
    columns = min(max(width - AXIS, MIN_DIAGRAM), MAX_DIAGRAM)
    cells = [[" "] * columns for _ in range(height)]
    places = [_place(value, columns) for value in curve.confidence]

    def rows(low: float, high: float) -> range:
        return range(height - 1 - _place(high, height), height - _place(low, height))

    for column, point in enumerate(_nearest(places, columns)):
        if point is not None and _known(curve.null_low[point], curve.null_high[point]):
            for row in rows(curve.null_low[point], curve.null_high[point]):
                cells[row][column] = symbols.band
    for column in range(columns):
        cells[height - 1 - _place((column + 0.5) / columns, height)][column] = symbols.diagonal
    for i, column in enumerate(places):
        if _known(curve.low[i], curve.high[i]):
            for row in rows(curve.low[i], curve.high[i]):
                cells[row][column] = symbols.spread
    for i in sorted(range(len(places)), key=lambda i: is_outside(curve, i)):
        mark = symbols.outside if is_outside(curve, i) else symbols.inside
        cells[height - 1 - _place(float(curve.accuracy[i]), height)][places[i]] = mark

    labels = {0: "1.0", height // 2: "0.5", height - 1: "0.0"}
    lines = [f"{labels.get(i, ''):>3} {symbols.wall}{''.join(row)}" for i, row in enumerate(cells)]
    lines.append(f"    {symbols.corner}{symbols.floor * columns}")
    middle = columns // 2
    lines.append(" " * AXIS + "0" + ".5".center(2 * middle - 1)[: columns - 2].ljust(columns - 2) + "1")
    lines.append("  n  "[:AXIS] + _counts(curve, places, columns, symbols.counts))
    return [line.rstrip() for line in lines]


def _known(low: float, high: float) -> bool:
    return bool(low <= high)  # False for NaN


def _place(value: float, cells: int) -> int:
    return min(max(int(value * cells), 0), cells - 1)


def _nearest(places: list[int], columns: int) -> list[int | None]:
    """For each column between the first and the last point the nearest point, None outside."""
    return [
        min(range(len(places)), key=lambda i: abs(places[i] - column)) if places[0] <= column <= places[-1] else None
        for column in range(columns)
    ]


def _counts(curve: ReliabilityCurve, places: list[int], columns: int, heights: str) -> str:
    """A bar at each point, its height the share of the fullest bin."""
    bars = [0.0] * columns
    for count, column in zip(curve.count, places):
        bars[column] += float(count)
    most = max(bars)
    return "".join(heights[min(int(bar / most * len(heights)), len(heights) - 1)] if bar else " " for bar in bars)
