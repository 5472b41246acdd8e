"""The cells of a comparison, gathered into curves and put in order: the most urgent first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synth_eval.compare.grid import Place, place_names, place_of
from synth_eval.compare.metrics import metric_named
from synth_eval.types import Cell, Comparison

URGENCY: dict[str, int] = {"degraded": 0, "inconclusive": 1, "refused": 2, "safe": 3}
NO_ONSET = 2.0  # sorts behind every ratio


@dataclass(frozen=True)
class Curve:
    """The cells of one task at one place of the grid, by metric; ``place`` says only what varies in the family."""

    task: str
    place: str
    headline: Cell
    cells: Mapping[str, Cell]

    @property
    def title(self) -> str:
        return f"{self.task}, {self.place}" if self.place else self.task


def curves_of(comparison: Comparison) -> list[Curve]:
    """The cells of each task at one place of the grid, most urgent first.

    The first metric with a verdict is the headline. A task of which nothing is judged has no curve.
    """
    cells = comparison.cells
    name_of = place_names(place_of(cell) for cell in cells)
    found: dict[tuple[str, Place], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.task, place_of(cell)), []).append(cell)
    curves = []
    for (task, place), group in found.items():
        judged = [cell for cell in group if not cell.display_only]
        if judged:
            curves.append(Curve(task, name_of[place], judged[0], {cell.metric: cell for cell in group}))
    return sorted(curves, key=_urgency)


def start_of(cell: Cell) -> float | None:
    """Where degradation starts: the onset, or the first ratio that is clearly worse where no onset was fitted."""
    return cell.onset if cell.onset is not None else cell.first_below


def label_of(metric: str) -> str:
    """The name that a reader knows a metric by."""
    known = metric_named(metric)
    return known.label if known is not None else metric


def _urgency(curve: Curve) -> tuple[float, ...]:
    """Degraded first, the lowest ratio first among them; then those with more metrics degraded."""
    cell = curve.headline
    start = start_of(cell)
    others = sum(other.verdict == "degraded" for other in curve.cells.values())
    return (URGENCY[cell.verdict], NO_ONSET if start is None else start, -others)
