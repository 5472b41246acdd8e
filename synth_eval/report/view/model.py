"""What a report shows, as plain text and numbers in small frozen dataclasses. Renderers only draw it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from synth_eval.cell import VerdictWord

if TYPE_CHECKING:
    from synth_eval.report.view.facts import Facts


@dataclass(frozen=True)
class Status:
    """One line of the verdict: a task, a category or the suite at one size, iteration and source.

    ``label`` is how the word is written: an inconclusive curve may be probably worse.
    """

    word: VerdictWord
    label: str
    title: str
    sentence: str
    also: str  # its other metrics, or ''


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
class Entry:
    """A cell of a `DataTable`. ``sort`` is what it sorts by where that is a number; ``tone`` is how it is meant: a
    verdict ("refused" in a map of losses too), or "loss-1" to "loss-4" and "gain-1" to "gain-4" there, or "worse"."""

    text: str
    sort: float | None = None
    tone: str = ""
    note: str = ""  # shown on request


@dataclass(frozen=True)
class DataTable:
    """``name`` is fit for an anchor; every row is as long as ``columns``."""

    name: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    tally: str = ""  # its rows, counted: "3 early, 2 late"
    place: str = ""  # in the grid, where there is a table for each


Item: TypeAlias = "Entry | str | tuple[str, float | None]"  # an entry, its text, or its text and what it sorts by


def table_of(
    name: str, title: str, columns: Iterable[str], rows: Iterable[Iterable[Item]], note: str = "", tally: str = ""
) -> DataTable:
    """A `DataTable` of entries, of texts, and of texts with what they sort by."""
    made = tuple(tuple(_entry(item) for item in row) for row in rows)
    return DataTable(name, title, note, tuple(columns), made, tally)


def _entry(item: Item) -> Entry:
    return item if isinstance(item, Entry) else Entry(item) if isinstance(item, str) else Entry(*item)


@dataclass(frozen=True)
class SeedLine:
    """One seed of a `Line`; ``change`` is against the baseline of the same seed where there is one."""

    seed: int
    values: tuple[float | None, ...]
    change: tuple[float | None, ...]


@dataclass(frozen=True)
class FitLine:
    """The fitted curve of a `Line` as corners to be joined, in its units; ``text`` describes its shape."""

    ratios: tuple[float, ...]
    values: tuple[float | None, ...]
    change: tuple[float | None, ...]
    text: str


@dataclass(frozen=True)
class Line:
    """One metric of one curve, to be drawn: numbers in the metric's own units, None where there is none.

    ``low`` and ``high`` bound the value so that their distance from it is the 95% interval of the change from baseline,
    as far as it is a possible value.
    ``change`` and its limits are in percent of the baseline where the margin is relative, else in the metric's units.
    """

    metric: str
    label: str
    verdict: str  # '' for a metric that carries none
    ratios: tuple[float, ...]
    values: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    change: tuple[float | None, ...]
    change_low: tuple[float | None, ...]
    change_high: tuple[float | None, ...]
    texts: tuple[str, ...]  # value and change as they are written
    baseline: float | None
    margins: tuple[float, ...]  # values at which the loss reaches the margin: one or two for a signed metric
    change_margins: tuple[float, ...]
    change_unit: str
    percent: bool  # whether values are shares, drawn as percent
    onset: float | None = None
    onset_ci: tuple[float, float] | None = None
    crossing: float | None = None
    crossing_ci: tuple[float, float] | None = None
    seeds: tuple[SeedLine, ...] = ()  # where there are several
    fit: FitLine | None = None
    signed: bool = False  # best at 0
    zero: bool = False  # of a signed metric: whether 0 is near enough to be drawn


@dataclass(frozen=True)
class ChartCurve:
    """The lines of one task at one place of the grid, headline metric first."""

    title: str
    size: str
    iteration: int
    source: str
    verdict: VerdictWord
    sentence: str
    lines: tuple[Line, ...]
    tokens: str = ""  # "10B tokens", in a family over tokens


@dataclass(frozen=True)
class TaskChart:
    """A figure: accuracy and calibration of one task over ratio, one curve a place of the grid."""

    name: str  # fit for an anchor
    task: str
    category: str
    curves: tuple[ChartCurve, ...]
    table: DataTable


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram: accuracy of each bin against its confidence, with what chance would do to a calibrated
    model (``null_low`` to ``null_high``; NaN where unknown). Tuples run over bins, in rising order of confidence."""

    label: str  # what is drawn, such as the ratio
    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    null_low: tuple[float, ...]
    null_high: tuple[float, ...]
    count: tuple[float, ...]
    note: str = ""  # such as the ECE beside its null band


@dataclass(frozen=True)
class Aside:
    """A few sentences under a title, for pages that draw no table of them."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class DriftLine:
    """One curve of a `Drift`; ``low`` and ``high`` as in `Line`, ``texts`` the values as they are written."""

    label: str
    x: tuple[float, ...]
    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Drift:
    """One characteristic of what the models write, to be drawn over ratio or over iteration."""

    task: str
    metric: str
    over: str  # "ratio" or "iteration"
    lines: tuple[DriftLine, ...]


@dataclass(frozen=True)
class OutputsView:
    """What the models write. ``over_iteration`` is empty for a family of one iteration."""

    title: str
    note: str
    headline: tuple[str, ...]
    sentences: tuple[str, ...]
    stages: DataTable | None
    values: DataTable
    leads: DataTable | None
    iterations: DataTable | None
    over_ratio: tuple[Drift, ...]
    over_iteration: tuple[Drift, ...]


@dataclass(frozen=True)
class ReportView:
    title: str
    headline: tuple[str, ...]
    overall: tuple[Status, ...]  # of the suite and the categories
    statuses: tuple[Status, ...]
    plots: tuple[PlotRow, ...]
    plot_note: str
    tables: tuple[MetricTable, ...]
    legend: str
    asides: tuple[Aside, ...]
    warnings: tuple[str, ...]
    failures: tuple[str, ...]
    created: str
    facts: tuple[Facts, ...]  # every curve and metric that carries a verdict, the most urgent first
    verdicts: DataTable
    budgets: DataTable | None
    charts: tuple[TaskChart, ...]
    losses: tuple[DataTable, ...]  # of the headline metric, one a place: tasks down, ratios across
    grids: tuple[DataTable, ...]  # size, tokens, iteration and source by ratio: where they vary
    grid_charts: tuple[TaskChart, ...]  # the same drawn, where the comparison has intervals
    leads: DataTable | None
    contrasts: DataTable | None
    contrast_details: tuple[DataTable, ...]  # the single contrasts, where `contrasts` counts them
    findings: DataTable | None
    refused: DataTable | None
    checkpoints: DataTable
    provenance: tuple[tuple[str, str], ...]
    gate: DataTable | None = None  # what a pipeline asked, and whether it held
    outputs: OutputsView | None = None  # what the models write, where a task sampled texts
