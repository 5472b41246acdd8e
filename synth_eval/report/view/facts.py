"""Results of the curve test for every metric: onset, crossing, budget, noise. As text, and as one sortable table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from synth_eval.cell import Cell, Interval, VerdictWord
from synth_eval.compare.metrics import metric_named
from synth_eval.report.text import amount_text, interval_text, share
from synth_eval.report.view.curves import Curve
from synth_eval.report.view.model import DataTable, Entry, Item, table_of
from synth_eval.report.view.summaries import tally
from synth_eval.text import items_and_seeds, joined, percent

NOT_FITTED = "not fitted"
COLUMNS = (
    "verdict", "curve", "metric", "onset [95%]", "margin crossed [95%]", "safe budget", "p (adj.)", "phi", "df",
    "detectable", "seed tolerance", "data",
)  # fmt: skip
NOTE = (
    "Onset: where degradation starts. Margin crossed: where the fitted loss reaches the margin (3% of baseline, or "
    "0.02 for the surprise gap), by the best-fitting shape of all; that need not be the hinge of the onset, and may "
    "cross a little before it. A + after a limit: it may lie beyond the largest tested ratio. phi: noise between "
    "training runs over that of items (1: none), on df degrees of freedom. Detectable: the loss at the largest ratio "
    "that would be found with 80% power. Seed tolerance: the largest spread between seeds at which a verdict from one "
    "seed holds."
)


@dataclass(frozen=True)
class Facts:
    """What the curve test found for one metric of one curve, as text; '' where it found nothing."""

    title: str  # of the curve
    cell: Cell
    metric: str
    verdict: VerdictWord
    onset: str
    crossing: str
    budget: str
    phi: str
    df: str
    p_adjusted: str
    min_detectable: str
    seed_tolerance: str
    best_ratio: str
    data: str


def facts_of(curves: Sequence[Curve]) -> tuple[Facts, ...]:
    """Facts of every metric that carries a verdict, curves in the order given, the headline metric first."""
    return tuple(_facts(curve.title, cell) for curve in curves for cell in judged(curve))


def _facts(title: str, cell: Cell) -> Facts:
    verdict, data = cell.verdict, cell.data

    def located(ratio: float, interval: Interval | None) -> str:
        return joined(share(ratio), interval and interval_text(interval, largest=data.ratios[-1]), between=" ")

    def written(value: float | None, write: Callable[[float], str]) -> str:
        return "" if value is None else write(value)

    def amount(size: float) -> str:
        return amount_text(size, cell.metric)

    onset = f"{NOT_FITTED}; clear at {percent(verdict.first_below)}" if verdict.first_below is not None else ""
    if verdict.word == "degraded" and verdict.onset is not None:
        onset = located(verdict.onset, verdict.onset_ci)
    crossing = f"beyond {percent(data.ratios[-1])}" if verdict.onset is not None or verdict.word == "safe" else ""
    if verdict.crossing is not None:
        crossing = located(verdict.crossing, verdict.crossing_ci)
    return Facts(
        title,
        cell,
        metric_named(cell.metric).label,
        verdict.word,
        onset,
        crossing,
        budget=written(verdict.budget, percent),
        phi=written(verdict.phi, "{:.2f}".format),
        df=written(verdict.df, "{:g}".format),
        p_adjusted=written(verdict.p_adjusted, lambda p: "< 0.001" if p < 0.001 else f"{p:.3f}"),
        min_detectable=written(verdict.min_detectable, amount),
        seed_tolerance=written(verdict.seed_tolerance, amount),
        best_ratio=written(verdict.best_ratio, lambda ratio: located(ratio, verdict.best_ratio_ci)),
        data=joined(items_and_seeds(data.n_items, data.seeds), "" if data.paired else "unpaired"),
    )


def judged(curve: Curve) -> list[Cell]:
    """The cells of a curve that carry a verdict, headline first."""
    others = [cell for cell in curve.cells.values() if cell is not curve.headline and not cell.display_only]
    return [curve.headline, *others]


def verdict_table(facts: Sequence[Facts]) -> DataTable:
    """One row a curve and metric."""
    rows: list[tuple[Item, ...]] = [
        (
            Entry(each.verdict, tone=each.verdict),
            each.title,
            each.metric,
            (each.onset, each.cell.verdict.onset if each.onset else None),
            (each.crossing, each.cell.verdict.crossing),
            (each.budget, each.cell.verdict.budget),
            (each.p_adjusted, each.cell.verdict.p_adjusted),
            (each.phi, each.cell.verdict.phi),
            (each.df, each.cell.verdict.df),
            (each.min_detectable, each.cell.verdict.min_detectable),
            (each.seed_tolerance, each.cell.verdict.seed_tolerance),
            (each.data, each.cell.data.n_items),
        )
        for each in facts
    ]
    return table_of("verdicts", "Every verdict", COLUMNS, rows, NOTE, tally(each.verdict for each in facts))
