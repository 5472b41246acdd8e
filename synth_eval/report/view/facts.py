"""Results of the curve test for every metric: onset, crossing, budget, noise. As text, and as one sortable table."""

from __future__ import annotations

from collections.abc import Sequence

from synth_eval.comparison import Cell
from synth_eval.report.text import amount_text, interval_text, share
from synth_eval.report.view.curves import Curve, label_of
from synth_eval.report.view.model import DataTable, Entry, Facts
from synth_eval.report.view.summaries import tally
from synth_eval.text import percent, plural

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


def facts_of(curves: Sequence[Curve]) -> tuple[Facts, ...]:
    """Facts of every metric that carries a verdict, curves in the order given, the headline metric first."""
    return tuple(_facts(curve, cell) for curve in curves for cell in judged(curve))


def judged(curve: Curve) -> list[Cell]:
    """The cells of a curve that carry a verdict, headline first."""
    others = [cell for cell in curve.cells.values() if cell is not curve.headline and not cell.display_only]
    return [curve.headline, *others]


def verdict_table(curves: Sequence[Curve]) -> DataTable:
    """One row a curve and metric."""
    return DataTable(
        name="verdicts",
        title="Every verdict",
        note=NOTE,
        columns=COLUMNS,
        rows=tuple(_row(_facts(curve, cell), cell) for curve in curves for cell in judged(curve)),
        tally=tally(cell.verdict.word for curve in curves for cell in judged(curve)),
    )


def _row(facts: Facts, cell: Cell) -> tuple[Entry, ...]:
    return (
        Entry(facts.verdict, tone=facts.verdict),
        Entry(facts.title),
        Entry(facts.metric),
        Entry(facts.onset, cell.verdict.onset if facts.onset else None),
        Entry(facts.crossing, cell.verdict.crossing),
        Entry(facts.budget, cell.verdict.budget),
        Entry(facts.p_adjusted, cell.verdict.p_adjusted),
        Entry(facts.phi, cell.verdict.phi),
        Entry(facts.df, cell.verdict.df),
        Entry(facts.min_detectable, cell.verdict.min_detectable),
        Entry(facts.seed_tolerance, cell.verdict.seed_tolerance),
        Entry(facts.data, float(cell.data.n_items)),
    )


def _facts(curve: Curve, cell: Cell) -> Facts:
    seeds = plural(cell.data.seeds, "seed")
    return Facts(
        title=curve.title,
        metric=label_of(cell.metric),
        verdict=cell.verdict.word,
        reason=cell.verdict.reason,
        onset=_onset(cell),
        onset_estimated=cell.verdict.onset is not None,
        crossing=_crossing(cell),
        budget=percent(cell.verdict.budget) if cell.verdict.budget is not None else "",
        phi=f"{cell.verdict.phi:.2f}" if cell.verdict.phi is not None else "",
        df=f"{cell.verdict.df:g}" if cell.verdict.df is not None else "",
        p_adjusted=_p(cell.verdict.p_adjusted),
        min_detectable=amount_text(cell.verdict.min_detectable, cell.metric)
        if cell.verdict.min_detectable is not None
        else "",
        seed_tolerance=amount_text(cell.verdict.seed_tolerance, cell.metric)
        if cell.verdict.seed_tolerance is not None
        else "",
        best_ratio=percent(cell.verdict.best_ratio) if cell.verdict.best_ratio is not None else "",
        data=f"{cell.data.n_items:,} items, {seeds}{'' if cell.data.paired else ', unpaired'}",
        conditional=cell.verdict.conditional,
    )


def _onset(cell: Cell) -> str:
    if cell.verdict.word == "degraded" and cell.verdict.onset is not None:
        interval = (
            f" {interval_text(cell.verdict.onset_ci, largest=cell.data.ratios[-1])}"
            if cell.verdict.onset_ci is not None
            else ""
        )
        return f"{share(cell.verdict.onset)}{interval}"
    return f"{NOT_FITTED}; clear at {percent(cell.verdict.first_below)}" if cell.verdict.first_below is not None else ""


def _crossing(cell: Cell) -> str:
    if cell.verdict.crossing is None:
        return (
            f"beyond {percent(cell.data.ratios[-1])}"
            if cell.verdict.onset is not None or cell.verdict.word == "safe"
            else ""
        )
    interval = (
        f" {interval_text(cell.verdict.crossing_ci, largest=cell.data.ratios[-1])}"
        if cell.verdict.crossing_ci is not None
        else ""
    )
    return f"{share(cell.verdict.crossing)}{interval}"


def _p(p: float | None) -> str:
    if p is None:
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
