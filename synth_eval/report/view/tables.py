"""Values and changes by ratio, as text: a table for each choice task, one for tasks of a single metric."""

from __future__ import annotations

import math
from collections.abc import Sequence

from synth_eval.compare.metrics import metric_named
from synth_eval.report.numbers import change_text, percent, value_text
from synth_eval.report.view.curves import Curve, label_of
from synth_eval.report.view.model import Column, MetricTable
from synth_eval.types import Cell

BASELINE = "baseline"
NO_INTERVAL = "Intervals of refused curves that would rest on fewer than 3 degrees of freedom are left out."
# Accuracy with what says whether it can be trusted, then the proper scores: where a table must be split, it is here.
TABLE_COLUMNS = (("acc", "ece", "surprise_gap"), ("nll", "brier"))


def tables_of(curves: Sequence[Curve], baseline: float) -> tuple[MetricTable, ...]:
    """A table for each choice task; tasks of one metric share a table by category and place."""
    shared: dict[object, list[Curve]] = {}
    for position, curve in enumerate(curves):
        cell = curve.headline
        alike = (cell.category, curve.place, cell.metric, cell.ratios) if len(curve.cells) == 1 else position
        shared.setdefault(alike, []).append(curve)
    return tuple(
        _table_of_metrics(group[0], baseline) if len(group[0].cells) > 1 else _table_of_tasks(group, baseline)
        for group in shared.values()
    )


def _table_of_metrics(curve: Curve, baseline: float) -> MetricTable:
    known = [name for group in TABLE_COLUMNS for name in group]
    unknown = [name for name in curve.cells if name not in known and not curve.cells[name].display_only]
    groups = [[name for name in group if name in curve.cells] for group in (*TABLE_COLUMNS, unknown)]
    return MetricTable(
        title=curve.title,
        note=data_note([curve.headline], baseline),
        ratios=tuple(percent(ratio) for ratio in curve.headline.ratios),
        groups=tuple(
            tuple(_column(curve.cells[name], label_of(name), baseline) for name in group) for group in groups if group
        ),
    )


def _table_of_tasks(curves: Sequence[Curve], baseline: float) -> MetricTable:
    first = curves[0]
    place = f", {first.place}" if first.place else ""
    return MetricTable(
        title=f"{first.headline.category}{place}: {label_of(first.headline.metric)}",
        note=data_note([curve.headline for curve in curves], baseline),
        ratios=tuple(percent(ratio) for ratio in first.headline.ratios),
        groups=tuple((_column(curve.headline, curve.task, baseline),) for curve in curves),
    )


def data_note(cells: Sequence[Cell], baseline: float) -> str:
    fewest, most = min(cell.n_items for cell in cells), max(cell.n_items for cell in cells)
    items = f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"
    seeds = max(cell.seeds for cell in cells)
    note = f"{items} items, {seeds} seed{'s' if seeds != 1 else ''}"
    if any(_lacks_seeds(cell, baseline) for cell in cells):
        note += "; some ratios lack a seed"
    return note


def lacks_interval(cell: Cell) -> bool:
    """Whether the changes of a refused curve are shown without an interval."""
    changes = zip(cell.difference, cell.difference_ci)
    unknown = any(interval is None and math.isfinite(difference) for difference, interval in changes)
    return cell.verdict == "refused" and not cell.display_only and unknown


def _lacks_seeds(cell: Cell, baseline: float) -> bool:
    """Whether some change is not the difference of the values shown, because a seed is missing there."""
    at_baseline = [value for ratio, value in zip(cell.ratios, cell.values) if ratio == round(baseline, 9)]
    return any(
        abs(value - at_baseline[0] - difference) > 1e-6
        for value, difference in (zip(cell.values, cell.difference) if at_baseline else ())
    )


def _column(cell: Cell, header: str, baseline: float) -> Column:
    indices = range(len(cell.ratios))
    changes = tuple(
        BASELINE
        if cell.ratios[i] == round(baseline, 9)
        else change_text(cell.difference[i], cell.difference_ci[i], cell.metric)
        for i in indices
    )
    return Column(
        header=header,
        values=tuple(value_text(cell.values[i], cell.metric) for i in indices),
        changes=() if cell.display_only else changes,
        worse=tuple(is_worse(cell, i) for i in indices),
    )


def is_worse(cell: Cell, i: int) -> bool:
    """Whether the whole interval lies on the bad side of 0; for a signed gap, away from 0 and larger than baseline."""
    interval, metric = cell.difference_ci[i], metric_named(cell.metric)
    if interval is None or cell.display_only:
        return False
    low, high = interval
    if metric is not None and metric.signed:
        away = low > 0 if cell.values[i] > 0 else high < 0
        return away and abs(cell.values[i]) > abs(cell.values[i] - cell.difference[i])
    return high < 0 if cell.higher_is_better else low > 0
