"""Every value of a task in one table: the numbers behind its figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from synth_eval.report.numbers import change_text, percent, value_text
from synth_eval.report.view.curves import Curve, label_of
from synth_eval.report.view.model import DataTable, Entry
from synth_eval.report.view.tables import BASELINE, NO_INTERVAL, is_worse, lacks_interval
from synth_eval.types import Cell


def value_table(name: str, task: str, curves: Sequence[Curve], baseline: float) -> DataTable:
    """A row a curve and ratio; the value of every metric, and its change where the metric carries a verdict."""
    metrics = list(dict.fromkeys(metric for curve in curves for metric in curve.cells))
    shown_only = {m for m in metrics if all(c.cells[m].display_only for c in curves if m in c.cells)}
    several = len(curves) > 1
    note = "A change is against the baseline of the same seed on the same items, with its 95% interval."
    if any(lacks_interval(cell) for curve in curves for cell in curve.cells.values()):
        note += f" {NO_INTERVAL}"
    seeds = list(dict.fromkeys(each.seed for curve in curves for each in curve.headline.by_seed))
    rows = []
    for curve in curves:
        for ratio in curve.headline.ratios:
            row = [Entry(curve.place)] if several else []
            row.append(Entry(percent(ratio), ratio))
            for metric in metrics:
                entries = _entries(curve.cells.get(metric), ratio, baseline)
                row += entries[:1] if metric in shown_only else entries
            row += [_by_seed(curve.headline, ratio, seeds)] if seeds else []
            rows.append(tuple(row))
    heads: list[str] = []
    for metric in metrics:
        label = label_of(metric)
        heads += [label] if metric in shown_only else [label, f"{label}: change"]
    if seeds:
        heads.append(f"{label_of(curves[0].headline.metric)} of seeds {', '.join(map(str, seeds))}")
    return DataTable(
        name=f"values-{name}",
        title=f"{task}: every value",
        note=note,
        columns=(*(["curve"] if several else []), "ratio", *heads),
        rows=tuple(rows),
    )


def _entries(cell: Cell | None, ratio: float, baseline: float) -> tuple[Entry, Entry]:
    """A value and its change."""
    if cell is None or ratio not in cell.ratios:
        return Entry(""), Entry("")
    i = cell.ratios.index(ratio)
    value = Entry(value_text(cell.values[i], cell.metric), cell.values[i] if math.isfinite(cell.values[i]) else None)
    if ratio == round(baseline, 9):
        return value, Entry(BASELINE, 0.0)
    return value, Entry(change_of(cell, i), cell.difference[i], tone="worse" if is_worse(cell, i) else "")


def _by_seed(cell: Cell, ratio: float, seeds: Sequence[int]) -> Entry:
    i = cell.ratios.index(ratio)
    values = {each.seed: each.values[i] for each in cell.by_seed}
    known = [values.get(seed) for seed in seeds]
    return Entry(", ".join("none" if value is None else value_text(value, cell.metric) for value in known))


def change_of(cell: Cell, i: int) -> str:
    """The change at the i-th ratio with its interval, as it is written."""
    return change_text(cell.difference[i], cell.difference_ci[i], cell.metric)
