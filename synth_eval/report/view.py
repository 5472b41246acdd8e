"""What a report says, computed once from the comparison as plain text and small dataclasses. Renderers only draw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synth_eval.compare.metrics import metric_named
from synth_eval.report.numbers import change_text, percent, value_text
from synth_eval.report.sentences import Curve, also, headline, status_sentence
from synth_eval.types import Cell, Comparison, VerdictWord

BASELINE = "baseline"
# Accuracy with what says whether it can be trusted, then the proper scores: where a table must be split, it is here.
TABLE_COLUMNS = (("acc", "ece", "surprise_gap"), ("nll", "brier"))
PLOTTED = ("nll", "surprise_gap", "ece", "brier")  # the last are the first to go where the page is narrow
URGENCY: dict[str, int] = {"degraded": 0, "inconclusive": 1, "refused": 2, "safe": 3}
ECE_MARGIN = 0.02  # for the height of bars only; ECE carries no verdict

LEGEND = (
    "How to read this: a change is the checkpoint minus the baseline of the same seed on the same items, with its 95% "
    "interval in brackets (pp: percentage points). Degraded holds after correction for the number of curves (Holm); "
    "safe means that the whole interval lies within the margin, and the safe budget is the largest ratio up to which "
    "it does. Lower is better for NLL, Brier score, ECE and bits per byte; the surprise gap (in nats) is best at 0, "
    "above 0 is overconfident. ECE is above 0 even for a calibrated model: compare it only down its column."
)


@dataclass(frozen=True)
class Status:
    """One line of the verdict: a task at one size, iteration and source."""

    word: VerdictWord
    title: str
    sentence: str
    also: str  # what its other metrics say, or ''


@dataclass(frozen=True)
class Plot:
    """One curve to be drawn small. ``margin`` is in the unit of the values."""

    label: str
    values: tuple[float, ...]
    margin: float
    ends: str = ""  # first and last value, for the headline metric


@dataclass(frozen=True)
class PlotRow:
    title: str
    plots: tuple[Plot, ...]


@dataclass(frozen=True)
class Column:
    """One metric down the ratios. ``changes`` are empty for a metric without; ``worse`` marks an interval beyond 0."""

    header: str
    values: tuple[str, ...]
    changes: tuple[str, ...]
    worse: tuple[bool, ...]


@dataclass(frozen=True)
class MetricTable:
    """``groups`` are columns that belong together; a narrow page draws each group for itself."""

    title: str
    note: str
    ratios: tuple[str, ...]
    groups: tuple[tuple[Column, ...], ...]


@dataclass(frozen=True)
class ReportView:
    title: str
    headline: tuple[str, ...]
    statuses: tuple[Status, ...]
    plots: tuple[PlotRow, ...]
    plot_note: str
    tables: tuple[MetricTable, ...]
    legend: str
    warnings: tuple[str, ...]
    failures: tuple[str, ...]


def report_view(comparison: Comparison) -> ReportView:
    """Everything that a report of this comparison says, worst first."""
    curves = sorted(_curves(comparison), key=_urgency)
    failed = [checkpoint for checkpoint in comparison.checkpoints if checkpoint.failed]
    baseline = comparison.baseline_ratio
    return ReportView(
        title=f"{comparison.family}: synthetic data against the {percent(baseline)} baseline",
        headline=headline(curves, baseline=baseline, failed=len(failed), checkpoints=len(comparison.checkpoints)),
        statuses=tuple(
            Status(curve.headline.verdict, curve.title, status_sentence(curve), also(curve)) for curve in curves
        ),
        plots=tuple(_plots(curve) for curve in curves),
        plot_note=_plot_note(curves),
        tables=_tables(curves, baseline),
        legend=LEGEND,
        warnings=comparison.warnings,
        failures=tuple(f"{checkpoint.name}: {checkpoint.failed}" for checkpoint in failed),
    )


def _curves(comparison: Comparison) -> list[Curve]:
    """The cells of each task at one size, iteration and source; the first metric with a verdict is the headline."""
    cells = comparison.cells
    varies = [len({pick(cell) for cell in cells}) > 1 for pick in (_size, _iteration, _source)]
    found: dict[tuple[str, str, int, str], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.task, cell.size, cell.iteration, cell.source), []).append(cell)
    curves = []
    for (task, size, iteration, source), group in found.items():
        names = (size or "size not given", f"iteration {iteration}", source)
        place = ", ".join(name for name, shown in zip(names, varies) if shown)
        judged = [cell for cell in group if not cell.display_only]
        if judged:
            curves.append(Curve(task, place, judged[0], {cell.metric: cell for cell in group}))
    return curves


def _size(cell: Cell) -> object:
    return cell.size


def _iteration(cell: Cell) -> object:
    return cell.iteration


def _source(cell: Cell) -> object:
    return cell.source


def _urgency(curve: Curve) -> tuple[float, ...]:
    """Degraded first, the lowest ratio first among them; then those with more metrics degraded."""
    cell = curve.headline
    first = cell.first_below if cell.first_below is not None else 2.0
    others = sum(other.verdict == "degraded" for other in curve.cells.values())
    return (URGENCY[cell.verdict], first, -others)


def _plots(curve: Curve) -> PlotRow:
    cell = curve.headline
    ends = f"{value_text(cell.values[0], cell.metric)} to {value_text(cell.values[-1], cell.metric)}"
    others = [curve.cells[name] for name in PLOTTED if name in curve.cells]
    return PlotRow(curve.title, (_plot(cell, ends), *(_plot(other) for other in others)))


def _plot(cell: Cell, ends: str = "") -> Plot:
    return Plot(_label(cell.metric), cell.values, _margin(cell), ends)


def _margin(cell: Cell) -> float:
    metric = metric_named(cell.metric)
    if metric is None or metric.display_only:
        return ECE_MARGIN
    return metric.margin * (abs(cell.values[0]) if metric.margin_kind == "relative" else 1.0)


def _plot_note(curves: Sequence[Curve]) -> str:
    """Which ratios the bars stand for, if every curve has the same."""
    layouts = {curve.headline.ratios for curve in curves}
    if len(layouts) != 1:
        return "one bar a tested ratio, lowest first"
    return f"bars at {', '.join(percent(ratio) for ratio in layouts.pop())}"


def _label(metric: str) -> str:
    known = metric_named(metric)
    return known.label if known is not None else metric


def _tables(curves: Sequence[Curve], baseline: float) -> tuple[MetricTable, ...]:
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
        note=_note([curve.headline], baseline),
        ratios=tuple(percent(ratio) for ratio in curve.headline.ratios),
        groups=tuple(
            tuple(_column(curve.cells[name], _label(name), baseline) for name in group) for group in groups if group
        ),
    )


def _table_of_tasks(curves: Sequence[Curve], baseline: float) -> MetricTable:
    first = curves[0]
    place = f", {first.place}" if first.place else ""
    return MetricTable(
        title=f"{first.headline.category}{place}: {_label(first.headline.metric)}",
        note=_note([curve.headline for curve in curves], baseline),
        ratios=tuple(percent(ratio) for ratio in first.headline.ratios),
        groups=tuple((_column(curve.headline, curve.task, baseline),) for curve in curves),
    )


def _note(cells: Sequence[Cell], baseline: float) -> str:
    fewest, most = min(cell.n_items for cell in cells), max(cell.n_items for cell in cells)
    items = f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"
    seeds = max(cell.seeds for cell in cells)
    note = f"{items} items, {seeds} seed{'s' if seeds != 1 else ''}"
    if any(_lacks_seeds(cell, baseline) for cell in cells):
        note += "; some ratios lack a seed"
    return note


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
        worse=tuple(_worse(cell, i) for i in indices),
    )


def _worse(cell: Cell, i: int) -> bool:
    """Whether the whole interval lies on the bad side of 0; for a signed gap, away from 0 and larger than baseline."""
    interval, metric = cell.difference_ci[i], metric_named(cell.metric)
    if interval is None or cell.display_only:
        return False
    low, high = interval
    if metric is not None and metric.signed:
        away = low > 0 if cell.values[i] > 0 else high < 0
        return away and abs(cell.values[i]) > abs(cell.values[i] - cell.difference[i])
    return high < 0 if cell.higher_is_better else low > 0
