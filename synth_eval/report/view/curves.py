"""The cells of a comparison, gathered into curves and put in order: the most urgent first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synth_eval.cell import Cell, Level, entering
from synth_eval.compare.metrics import metric_named
from synth_eval.compare.places import Place, place_names
from synth_eval.comparison import Comparison
from synth_eval.report.text import change_text, value_text
from synth_eval.report.view.model import Column, DataTable, Entry, MetricTable, table_of
from synth_eval.text import items_and_seeds, joined, listed, percent, plural

URGENCY: dict[str, int] = {"degraded": 0, "inconclusive": 1, "refused": 2, "safe": 3, "improved": 4}
NO_ONSET = 2.0  # sorts behind every ratio


@dataclass(frozen=True)
class Curve:
    """The cells of one task at one place of the grid, by metric; ``place`` has only what varies in the family.

    Of a category and of the suite too, whose name is the ``task``.
    """

    task: str
    place: str
    headline: Cell
    cells: Mapping[str, Cell]

    @property
    def title(self) -> str:
        return joined(self.task, self.place)

    @property
    def level(self) -> Level:
        return self.headline.level


def curves_of(comparison: Comparison) -> list[Curve]:
    """The cells of each task at one place of the grid, most urgent first.

    The first metric with a verdict is the headline. A task of which nothing is judged has no curve.
    """
    return _curves(comparison.cells, comparison)


def overall_curves_of(comparison: Comparison, *, only_tested: bool = False) -> list[Curve]:
    """The same of the suite, then of the categories.

    Parameters
    ----------
    only_tested : without categories of one task, which have that task's verdict
    """
    cells = [cell for cell in comparison.overall if not only_tested or cell.is_mean]
    return sorted(_curves(cells, comparison), key=lambda curve: curve.level != "suite")


def _curves(cells: Sequence[Cell], comparison: Comparison) -> list[Curve]:
    name_of = place_names(cell.place for cell in (*comparison.cells, *cells))
    found: dict[tuple[Level, str, Place], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.level, cell.task, cell.place), []).append(cell)
    curves = []
    for (_, task, place), group in found.items():
        judged = [cell for cell in group if not cell.display_only]
        if judged:
            curves.append(Curve(task, name_of[place], judged[0], {cell.metric: cell for cell in group}))
    return sorted(curves, key=_urgency)


def label_of_verdict(cell: Cell) -> str:
    """Its word, or that an inconclusive curve is probably worse or better: shown when tested alone only."""
    likely = cell.verdict.word == "inconclusive" and cell.verdict.probably
    return f"probably {cell.verdict.probably}" if likely else cell.verdict.word


def mean_text(cell: Cell) -> str:
    """What the curve of several tasks is the mean of: 'mean of 3 tasks, without recall'; '' of a task."""
    if cell.level == "task":
        return ""
    tasks = entering(cell.members)
    left_out = [member.task for member in cell.members if member.left_out]
    without = f"without {listed(left_out)}" if left_out and tasks else ""
    mean = f"mean of {plural(len(tasks), 'task')}" if len(tasks) > 1 else ""
    return joined(mean, without)


def start_of(cell: Cell) -> float | None:
    """Where degradation starts: the onset, or the first ratio that is clearly worse where no onset was fitted."""
    return cell.verdict.onset if cell.verdict.onset is not None else cell.verdict.first_below


def label_of(metric: str) -> str:
    """The name that a reader knows a metric by."""
    return metric_named(metric).label


def _urgency(curve: Curve) -> tuple[float, ...]:
    """Degraded first, the lowest ratio first among them; then those with more metrics degraded."""
    cell = curve.headline
    start = start_of(cell)
    others = sum(other.verdict.word == "degraded" for other in curve.cells.values())
    unlikely = cell.verdict.probably != "worse"
    return (URGENCY[cell.verdict.word], unlikely, NO_ONSET if start is None else start, -others)


# Values and changes by ratio, as text: a table for each choice task, one for tasks of a single metric.

BASELINE = "baseline"
NO_INTERVAL = "Intervals of refused curves that would rest on fewer than 3 degrees of freedom are left out."
# Accuracy with its calibration, then the proper scores: where a table must be split, it is here.
TABLE_COLUMNS = (("acc", "ece", "surprise_gap"), ("nll", "brier"))


def tables_of(curves: Sequence[Curve], baseline: float) -> tuple[MetricTable, ...]:
    """A table for each choice task; tasks of one metric share a table by category and place."""
    shared: dict[object, list[Curve]] = {}
    for position, curve in enumerate(curves):
        cell = curve.headline
        alike = (cell.category, curve.place, cell.metric, cell.data.ratios) if len(curve.cells) == 1 else position
        shared.setdefault(alike, []).append(curve)
    return tuple(_table(group, baseline) for group in shared.values())


def _table(curves: Sequence[Curve], baseline: float) -> MetricTable:
    first, cells = curves[0], curves[0].cells
    if len(cells) > 1:
        known = [name for group in TABLE_COLUMNS for name in group]
        unknown = [name for name, cell in cells.items() if name not in known and not cell.display_only]
        title = first.title
        groups = [[(cells[m], label_of(m)) for m in group if m in cells] for group in (*TABLE_COLUMNS, unknown)]
    else:
        title = f"{joined(first.headline.category, first.place)}: {label_of(first.headline.metric)}"
        groups = [[(curve.headline, curve.task)] for curve in curves]
    return MetricTable(
        title=title,
        note=data_note([curve.headline for curve in curves], baseline),
        ratios=tuple(map(percent, first.headline.data.ratios)),
        groups=tuple(tuple(_column(cell, head, baseline) for cell, head in group) for group in groups if group),
    )


def data_note(cells: Sequence[Cell], baseline: float) -> str:
    fewest, most = min(cell.data.n_items for cell in cells), max(cell.data.n_items for cell in cells)
    seeds = max(cell.data.seeds for cell in cells)
    note = items_and_seeds(most, seeds)
    if fewest != most:
        note = f"{fewest:,} to {note}"
    if any(_lacks_seeds(cell, baseline) for cell in cells):
        note += "; some ratios lack a seed"
    return note


def lacks_interval(cell: Cell) -> bool:
    """Whether the changes of a refused curve are shown without an interval."""
    changes = zip(cell.data.difference, cell.data.difference_ci)
    unknown = any(interval is None and math.isfinite(difference) for difference, interval in changes)
    return cell.verdict.word == "refused" and not cell.display_only and unknown


def _lacks_seeds(cell: Cell, baseline: float) -> bool:
    """Whether some change is not the difference of the values shown, because a seed is missing there."""
    at = cell.data.index(baseline)
    if at is None:
        return False
    start, changes = cell.data.values[at], zip(cell.data.values, cell.data.difference)
    return any(abs(value - start - difference) > 1e-6 for value, difference in changes)


def _column(cell: Cell, header: str, baseline: float) -> Column:
    at, indices = cell.data.index(baseline), range(len(cell.data.ratios))
    return Column(
        header=header,
        values=tuple(value_text(value, cell.metric) for value in cell.data.values),
        changes=() if cell.display_only else tuple(BASELINE if i == at else change_of(cell, i) for i in indices),
        worse=tuple(is_worse(cell, i) for i in indices),
    )


def is_worse(cell: Cell, i: int) -> bool:
    """Whether the whole interval lies on the bad side of 0; for a signed gap, away from 0 and larger than baseline."""
    interval, metric = cell.data.difference_ci[i], metric_named(cell.metric)
    if interval is None or cell.display_only:
        return False
    low, high = interval
    if metric.signed:
        away = low > 0 if cell.data.values[i] > 0 else high < 0
        return away and abs(cell.data.values[i]) > abs(cell.data.values[i] - cell.data.difference[i])
    return high < 0 if cell.higher_is_better else low > 0


# Every value of a task in one table: the numbers behind its figure.


def value_table(name: str, task: str, curves: Sequence[Curve], baseline: float) -> DataTable:
    """A row a curve and ratio; the value of every metric, and its change where the metric carries a verdict."""
    metrics = list(dict.fromkeys(metric for curve in curves for metric in curve.cells))
    shown_only = {m for m in metrics if all(c.cells[m].display_only for c in curves if m in c.cells)}
    several = len(curves) > 1
    note = "A change is against the baseline of the same seed on the same items, with its 95% interval."
    if any(lacks_interval(cell) for curve in curves for cell in curve.cells.values()):
        note += f" {NO_INTERVAL}"
    seeds = list(dict.fromkeys(each.seed for curve in curves for each in curve.headline.data.by_seed))
    rows = []
    for curve in curves:
        for i, ratio in enumerate(curve.headline.data.ratios):
            row = [*([Entry(curve.place)] if several else []), Entry(percent(ratio), ratio)]
            for metric in metrics:
                entries = _entries(curve.cells.get(metric), ratio, baseline)
                row += entries[:1] if metric in shown_only else entries
            if seeds:
                known = {each.seed: each.values[i] for each in curve.headline.data.by_seed}
                values = [known.get(seed) for seed in seeds]
                written = ("none" if value is None else value_text(value, curve.headline.metric) for value in values)
                row.append(Entry(", ".join(written)))
            rows.append(row)
    heads = ["curve", "ratio"] if several else ["ratio"]
    for metric in metrics:
        label = label_of(metric)
        heads += [label] if metric in shown_only else [label, f"{label}: change"]
    if seeds:
        heads.append(f"{label_of(curves[0].headline.metric)} of seeds {', '.join(map(str, seeds))}")
    return table_of(f"values-{name}", f"{task}: every value", heads, rows, note)


def _entries(cell: Cell | None, ratio: float, baseline: float) -> tuple[Entry, Entry]:
    """A value and its change."""
    if cell is None or ratio not in cell.data.ratios:
        return Entry(""), Entry("")
    i = cell.data.ratios.index(ratio)
    number = cell.data.values[i]
    value = Entry(value_text(number, cell.metric), number if math.isfinite(number) else None)
    if i == cell.data.index(baseline):
        return value, Entry(BASELINE, 0.0)
    return value, Entry(change_of(cell, i), cell.data.difference[i], tone="worse" if is_worse(cell, i) else "")


def change_of(cell: Cell, i: int) -> str:
    """The change at the i-th ratio with its interval, as it is written."""
    return change_text(cell.data.difference[i], cell.data.difference_ci[i], cell.metric)
