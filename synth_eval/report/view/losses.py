"""Relative losses: tasks by ratio at each place of the grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from synth_eval.cell import Cell
from synth_eval.compare.places import IN_WORDS, part_name, part_of, place_order, size_order
from synth_eval.comparison import MeanLoss, PlacePart, PlaceValue
from synth_eval.report.view.curves import Curve, is_worse
from synth_eval.report.view.model import ChartCurve, DataTable, Entry, Line, TaskChart, table_of
from synth_eval.text import joined, percent, rounded

REFUSED = "refused"
STEPS = (0.0, 0.03, 0.08, 0.15)  # a loss beyond each is drawn one step darker
MAP_NOTE = (
    "Loss of the headline metric in percent of the baseline: above 0 is worse, below 0 better. "
    "A * marks a change whose 95% interval lies wholly on the worse side. A refused curve was not judged, mostly "
    "because it has no room to fall: its change is shown without colour."
)


def loss_maps(curves: Sequence[Curve]) -> tuple[DataTable, ...]:
    """Tasks down, ratios across; one map a place of the grid."""
    places: dict[str, list[Curve]] = {}
    for curve in sorted(curves, key=lambda curve: place_order(curve.headline.place)):
        places.setdefault(curve.place, [])
    for curve in curves:
        places[curve.place].append(curve)
    tables = []
    for number, (place, group) in enumerate(places.items()):
        ratios = ratios_of(group)
        rows = [(Entry(curve.task), *(_loss(curve.headline, ratio) for ratio in ratios)) for curve in group]
        title, columns = joined("Relative loss", place), ("task", *map(percent, ratios))
        tables.append(replace(table_of(f"loss-{number}", title, columns, rows, MAP_NOTE), place=place))
    return tuple(tables)


def relative_loss(cell: Cell, i: int) -> float | None:
    """Loss at the i-th ratio as a share of the baseline, paired; None where there is no baseline to divide by."""
    before = cell.data.values[i] - cell.data.difference[i]
    if not (math.isfinite(before) and abs(before) > 1e-12):
        return None
    loss = -cell.data.difference[i] if cell.higher_is_better else cell.data.difference[i]
    return loss / abs(before)


def ratios_of(curves: Sequence[Curve]) -> list[float]:
    """Every ratio that some curve was tested at, ascending."""
    return sorted({ratio for curve in curves for ratio in curve.headline.data.ratios})


def _loss(cell: Cell, ratio: float) -> Entry:
    if ratio not in cell.data.ratios:
        return Entry("")
    i = cell.data.ratios.index(ratio)
    loss = relative_loss(cell, i)
    if loss is None:
        return Entry("n/a")
    if cell.data.difference[i] == 0 and cell.data.difference_ci[i] == (0.0, 0.0):
        return Entry("0", 0.0)
    if cell.verdict.word == REFUSED:
        return Entry(percent_text(loss), loss, tone=REFUSED, note=f"– {REFUSED}")
    return Entry(percent_text(loss) + (" *" if is_worse(cell, i) else ""), loss, tone=tone_of(loss))


def tone_of(loss: float) -> str:
    """How dark a loss is drawn: 'loss-1' to 'loss-4', 'gain-1' to 'gain-4', '' for none."""
    step = sum(abs(loss) > edge for edge in STEPS)
    return f"{'loss' if loss > 0 else 'gain'}-{step}" if step else ""


def percent_text(loss: float) -> str:
    """A loss in percent of the baseline: 0.0531 -> '5.3%'."""
    return f"{rounded(100 * loss, 1):.1f}%"


# Mean relative loss over tasks: sizes, token budgets, iterations and sources by ratio, as tables and as figures.

MARGIN = 0.03  # drawn for the eye; tasks are judged one by one
NOTE = (
    "Mean relative loss over the tasks, in percent of the baseline: above 0 is worse. In brackets its 95% interval for "
    "these tasks: items and training runs are drawn again, tasks are not. Below, how many of the curves are clearly "
    "worse there. Refused curves are left out."
)
NO_INTERVAL = (
    "Mean relative loss over the tasks, in percent of the baseline, and how many of them are clearly worse there. "
    "Refused curves are left out. This comparison has no interval for it."
)


def loss_grids(
    curves: Sequence[Curve], mean_losses: Sequence[MeanLoss]
) -> tuple[tuple[DataTable, ...], tuple[TaskChart, ...]]:
    """Size, tokens, iteration and source by ratio: tables of those that vary, and the same as figures with bands.

    Parameters
    ----------
    mean_losses : `Comparison.mean_losses`; empty in the file of an earlier version, and then without intervals and
        without figures.
    """
    tables, charts = [], []
    for axis, groups in _axes(curves).items():
        mine = [row for row in mean_losses if row.axis == axis]
        rows_of = {value: [row for row in mine if _text(axis, row.value) == value] for value in groups}
        ratios = ratios_of([curve for group in groups.values() for curve in group])
        rows = [
            (Entry(value), *(_mean(group, ratio, rows_of[value]) for ratio in ratios))
            for value, group in groups.items()
        ]
        name, title, columns = f"{axis}-by-ratio", f"{axis.capitalize()} by ratio", (axis, *map(percent, ratios))
        tables.append(table_of(name, title, columns, rows, NOTE if mine else NO_INTERVAL))
        drawn = tuple(_curve(axis, value, found, min(ratios)) for value, found in rows_of.items() if found)
        if drawn:
            charts.append(TaskChart(f"chart-{name}", f"mean relative loss by {axis}", "", drawn, tables[-1]))
    return tuple(tables), tuple(charts)


def _axes(curves: Sequence[Curve]) -> dict[PlacePart, dict[str, list[Curve]]]:
    """Axis -> value as text -> its curves, where there are several values."""
    found = {}
    for axis in IN_WORDS:
        value_of = {id(curve): _text(axis, part_of(curve.headline.place, axis)) for curve in curves}
        values = sorted(set(value_of.values()), key=lambda value: (size_order(value), value))
        if len(values) > 1:
            found[axis] = {value: [curve for curve in curves if value_of[id(curve)] == value] for value in values}
    return found


def _text(axis: PlacePart, value: PlaceValue) -> str:
    if axis == "tokens":
        return part_name(axis, value).removesuffix(" tokens")
    return str(value) if value != "" else "not given"


def _mean(curves: Sequence[Curve], ratio: float, rows: Sequence[MeanLoss]) -> Entry:
    judged = [curve.headline for curve in curves if curve.headline.verdict.word != "refused"]
    cells = [cell for cell in judged if ratio in cell.data.ratios]
    losses = [loss for cell in cells if (loss := relative_loss(cell, cell.data.ratios.index(ratio))) is not None]
    if not losses:
        return Entry("")
    if not any(losses):  # the baseline itself
        return Entry("0", 0.0)
    worse = f"{sum(is_worse(cell, cell.data.ratios.index(ratio)) for cell in cells)} of {len(losses)} worse"
    measured = next((row for row in rows if row.ratio == ratio), None)
    if measured is None:
        mean = sum(losses) / len(losses)
        return Entry(percent_text(mean), mean, tone=tone_of(mean), note=worse)
    mean, (low, high) = measured.estimate, measured.interval
    return Entry(f"{percent_text(mean)} {_interval(low, high)}", mean, tone=tone_of(mean), note=worse)


def _interval(low: float, high: float) -> str:
    return f"[{percent_text(low).removesuffix('%')}, {percent_text(high).removesuffix('%')}]"


def _curve(axis: PlacePart, value: str, rows: Sequence[MeanLoss], start: float) -> ChartCurve:
    """A curve that starts at no loss at the baseline."""
    ordered = sorted(rows, key=lambda row: row.ratio)
    ratios = (start, *(row.ratio for row in ordered))
    change = (0.0, *(round(100 * row.estimate, 4) for row in ordered))
    low, high = ((0.0, *(round(100 * row.interval[end], 4) for row in ordered)) for end in (0, 1))
    texts = (
        "0 (baseline)",
        *(f"{percent_text(row.estimate)} {_interval(*row.interval)} of baseline" for row in ordered),
    )
    line = Line(
        metric="mean loss",
        label="mean relative loss",
        verdict="",
        ratios=ratios,
        values=change,
        low=low,
        high=high,
        change=change,
        change_low=low,
        change_high=high,
        texts=texts,
        baseline=0.0,
        margins=(100 * MARGIN,),
        change_margins=(100 * MARGIN,),
        change_unit="% of baseline",
        percent=False,
    )
    named = part_name(axis, value) if axis == "iteration" else f"{value} tokens" if axis == "tokens" else value
    return ChartCurve(named, named, 1, "", "refused", "", (line,))
