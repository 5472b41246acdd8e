"""Relative losses: tasks by ratio at each place of the grid."""

from __future__ import annotations

import math
from collections.abc import Sequence

from synth_eval.compare.grid import place_of, place_order
from synth_eval.report.numbers import percent
from synth_eval.report.view.curves import Curve
from synth_eval.report.view.model import DataTable, Entry, LossMap
from synth_eval.report.view.tables import is_worse
from synth_eval.types import Cell

REFUSED = "refused"
STEPS = (0.0, 0.03, 0.08, 0.15)  # a loss beyond each is drawn one step darker
MAP_NOTE = (
    "Loss of the headline metric in percent of the baseline: above 0 is worse, below 0 better. "
    "A * marks a change whose 95% interval lies wholly on the worse side. A refused curve was not judged, mostly for "
    "want of room to fall: its change is shown without colour."
)


def loss_maps(curves: Sequence[Curve]) -> tuple[LossMap, ...]:
    """Tasks down, ratios across; one map a place of the grid."""
    places = list(dict.fromkeys(curve.place for curve in sorted(curves, key=_grid_order)))
    return tuple(
        LossMap(place, _map(f"loss-{i}", place, [curve for curve in curves if curve.place == place]))
        for i, place in enumerate(places)
    )


def relative_loss(cell: Cell, i: int) -> float | None:
    """Loss at the i-th ratio as a share of the baseline, paired; None where there is no baseline to divide by."""
    before = cell.values[i] - cell.difference[i]
    if not (math.isfinite(before) and abs(before) > 1e-12):
        return None
    loss = -cell.difference[i] if cell.higher_is_better else cell.difference[i]
    return loss / abs(before)


def _grid_order(curve: Curve) -> tuple[float, str, float, int, str]:
    return place_order(place_of(curve.headline))


def ratios_of(curves: Sequence[Curve]) -> list[float]:
    """Every ratio that some curve was tested at, ascending."""
    return sorted({ratio for curve in curves for ratio in curve.headline.ratios})


def _map(name: str, place: str, curves: Sequence[Curve]) -> DataTable:
    ratios = ratios_of(curves)
    return DataTable(
        name=name,
        title=f"Relative loss{f', {place}' if place else ''}",
        note=MAP_NOTE,
        columns=("task", *(percent(ratio) for ratio in ratios)),
        rows=tuple((Entry(curve.task), *(_loss(curve.headline, ratio) for ratio in ratios)) for curve in curves),
    )


def _loss(cell: Cell, ratio: float) -> Entry:
    if ratio not in cell.ratios:
        return Entry("")
    i = cell.ratios.index(ratio)
    loss = relative_loss(cell, i)
    if loss is None:
        return Entry("n/a")
    if cell.difference_ci[i] is not None and cell.difference[i] == 0 and cell.difference_ci[i] == (0.0, 0.0):
        return Entry("0", 0.0)
    if cell.verdict == REFUSED:
        return Entry(percent_text(loss), loss, tone=REFUSED, note=f"– {REFUSED}")
    return Entry(percent_text(loss) + (" *" if is_worse(cell, i) else ""), loss, tone=tone_of(loss))


def tone_of(loss: float) -> str:
    """How dark a loss is drawn: 'loss-1' to 'loss-4', 'gain-1' to 'gain-4', '' for none."""
    step = sum(abs(loss) > edge for edge in STEPS)
    return f"{'loss' if loss > 0 else 'gain'}-{step}" if step else ""


def percent_text(loss: float) -> str:
    """A loss in percent of the baseline: 0.0531 -> '5.3%'."""
    return f"{round(100 * loss, 1) + 0.0:.1f}%"
