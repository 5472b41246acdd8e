"""Results of the curve test for every metric: onset, crossing, budget, noise. As text, and as one sortable table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synth_eval.compare.metrics import metric_named
from synth_eval.comparison import Cell, Interval, VerdictWord
from synth_eval.report.text import amount_text, interval_text, share
from synth_eval.report.view.curves import Curve
from synth_eval.report.view.model import DataTable, Entry
from synth_eval.report.view.summaries import tally
from synth_eval.text import joined, percent, plural

NOT_FITTED = "not fitted"
COLUMNS = (
    "verdict", "curve", "metric", "onset [95%]", "margin crossed [95%]", "safe budget", "p (Holm)", "phi", "df",
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
    """What the curve test says of one metric of one curve, as text; '' where it says nothing."""

    title: str  # of the curve
    cell: Cell

    @property
    def metric(self) -> str:
        return metric_named(self.cell.metric).label

    @property
    def verdict(self) -> VerdictWord:
        return self.cell.verdict.word

    @property
    def onset(self) -> str:
        verdict = self.cell.verdict
        if verdict.word == "degraded" and verdict.onset is not None:
            return self._with_interval(verdict.onset, verdict.onset_ci)
        return f"{NOT_FITTED}; clear at {percent(verdict.first_below)}" if verdict.first_below is not None else ""

    @property
    def onset_estimated(self) -> bool:
        return self.cell.verdict.onset is not None

    @property
    def crossing(self) -> str:
        verdict = self.cell.verdict
        if verdict.crossing is not None:
            return self._with_interval(verdict.crossing, verdict.crossing_ci)
        known = verdict.onset is not None or verdict.word == "safe"
        return f"beyond {percent(self.cell.data.ratios[-1])}" if known else ""

    def _with_interval(self, ratio: float, interval: Interval | None) -> str:
        return joined(
            share(ratio), interval and interval_text(interval, largest=self.cell.data.ratios[-1]), between=" "
        )

    @property
    def budget(self) -> str:
        return "" if self.cell.verdict.budget is None else percent(self.cell.verdict.budget)

    @property
    def phi(self) -> str:
        return "" if self.cell.verdict.phi is None else f"{self.cell.verdict.phi:.2f}"

    @property
    def df(self) -> str:
        return "" if self.cell.verdict.df is None else f"{self.cell.verdict.df:g}"

    @property
    def p_adjusted(self) -> str:
        p = self.cell.verdict.p_adjusted
        return "" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"

    @property
    def min_detectable(self) -> str:
        return self._amount(self.cell.verdict.min_detectable)

    @property
    def seed_tolerance(self) -> str:
        return self._amount(self.cell.verdict.seed_tolerance)

    def _amount(self, value: float | None) -> str:
        return "" if value is None else amount_text(value, self.cell.metric)

    @property
    def best_ratio(self) -> str:
        return "" if self.cell.verdict.best_ratio is None else percent(self.cell.verdict.best_ratio)

    @property
    def data(self) -> str:
        data = self.cell.data
        return f"{data.n_items:,} items, {plural(data.seeds, 'seed')}{'' if data.paired else ', unpaired'}"


def facts_of(curves: Sequence[Curve]) -> tuple[Facts, ...]:
    """Facts of every metric that carries a verdict, curves in the order given, the headline metric first."""
    return tuple(Facts(curve.title, cell) for curve in curves for cell in judged(curve))


def judged(curve: Curve) -> list[Cell]:
    """The cells of a curve that carry a verdict, headline first."""
    others = [cell for cell in curve.cells.values() if cell is not curve.headline and not cell.display_only]
    return [curve.headline, *others]


def verdict_table(facts: Sequence[Facts]) -> DataTable:
    """One row a curve and metric."""
    return DataTable(
        name="verdicts",
        title="Every verdict",
        note=NOTE,
        columns=COLUMNS,
        rows=tuple(map(_row, facts)),
        tally=tally(each.verdict for each in facts),
    )


def _row(facts: Facts) -> tuple[Entry, ...]:
    verdict = facts.cell.verdict
    return (
        Entry(facts.verdict, tone=facts.verdict),
        Entry(facts.title),
        Entry(facts.metric),
        Entry(facts.onset, verdict.onset if facts.onset else None),
        Entry(facts.crossing, verdict.crossing),
        Entry(facts.budget, verdict.budget),
        Entry(facts.p_adjusted, verdict.p_adjusted),
        Entry(facts.phi, verdict.phi),
        Entry(facts.df, verdict.df),
        Entry(facts.min_detectable, verdict.min_detectable),
        Entry(facts.seed_tolerance, verdict.seed_tolerance),
        Entry(facts.data, float(facts.cell.data.n_items)),
    )
