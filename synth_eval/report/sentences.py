"""The sentences of a report: the headline, and the line of each task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synth_eval.compare.metrics import metric_named
from synth_eval.compare.wording import percent
from synth_eval.types import Cell

CALIBRATION = "surprise_gap"
NAMED = 3


@dataclass(frozen=True)
class Curve:
    """The cells of one task at one place of the grid, by metric; ``place`` says only what varies in the family."""

    task: str
    place: str
    headline: Cell
    cells: Mapping[str, Cell]

    @property
    def title(self) -> str:
        return f"{self.task}, {self.place}" if self.place else self.task


def headline(curves: Sequence[Curve], *, baseline: float, failed: int, checkpoints: int) -> tuple[str, ...]:
    """A few sentences: how many are degraded and from where, what is safe for all, where only calibration warns."""
    if not curves:
        return ("Nothing could be compared.", *_failed(failed, checkpoints))
    thing = "task" if len({curve.task for curve in curves}) == len(curves) else "curve"
    return (
        _counts(curves, thing),
        *_budget(curves, thing, baseline),
        *_calibration_alone(curves),
        *_failed(failed, checkpoints),
    )


def status_sentence(curve: Curve) -> str:
    """Where the headline metric stands: its name and the reason of its verdict."""
    cell = curve.headline
    metric = metric_named(cell.metric)
    label = metric.label if metric is not None else cell.metric
    verb = "" if cell.verdict == "degraded" else ":"
    return f"{label}{verb} {cell.reason}"


def also(curve: Curve) -> str:
    """'also degraded: NLL from 20%, surprise gap from 10%', or ''."""
    others = [
        f"{_label(name)} from {percent(cell.first_below)}"
        for name, cell in curve.cells.items()
        if cell is not curve.headline and cell.verdict == "degraded" and cell.first_below is not None
    ]
    if not others:
        return ""
    return f"{'also degraded' if curve.headline.verdict == 'degraded' else 'but degraded'}: {', '.join(others)}"


def _counts(curves: Sequence[Curve], thing: str) -> str:
    count = Counter(curve.headline.verdict for curve in curves)
    others = ", ".join(f"{count[word]} {word}" for word in ("inconclusive", "safe", "refused") if count[word])
    tail = f"; {others}" if others else ""
    degraded = [curve for curve in curves if curve.headline.verdict == "degraded"]
    if not degraded:
        return f"None of {len(curves)} {thing}s is shown degraded{tail}."
    earliest = min(degraded, key=lambda curve: curve.headline.first_below or 0.0)
    start = earliest.headline.first_below or 0.0
    verb = "is" if len(degraded) == 1 else "are"
    which = "" if len(degraded) == 1 else "the earliest "
    return (
        f"{len(degraded)} of {len(curves)} {thing}s {verb} degraded, {which}from {percent(start)} synthetic data on "
        f"({earliest.title}){tail}."
    )


def _budget(curves: Sequence[Curve], thing: str, baseline: float) -> tuple[str, ...]:
    budgets = [curve.headline.budget for curve in curves if curve.headline.verdict != "refused"]
    if not budgets:
        return ()
    known = [budget for budget in budgets if budget is not None]
    which = f"every {thing}" if len(budgets) == len(curves) else f"every {thing} that could be judged"
    if len(known) < len(budgets) or min(known) <= baseline:
        return (f"No ratio above {percent(baseline)} is shown safe for {which}.",)
    return (f"Up to {percent(min(known))} synthetic data is shown safe for {which}.",)


def _calibration_alone(curves: Sequence[Curve]) -> tuple[str, ...]:
    alone = [
        curve.title
        for curve in curves
        if CALIBRATION in curve.cells
        and curve.cells[CALIBRATION].verdict == "degraded"
        and curve.headline.verdict != "degraded"
    ]
    if not alone:
        return ()
    more = f" and {len(alone) - NAMED} more" if len(alone) > NAMED else ""
    return (f"Calibration is degraded where accuracy is not shown to be: {', '.join(alone[:NAMED])}{more}.",)


def _failed(failed: int, checkpoints: int) -> tuple[str, ...]:
    return (f"{failed} of {checkpoints} checkpoints failed: this report is partial.",) if failed else ()


def _label(name: str) -> str:
    metric = metric_named(name)
    return metric.label if metric is not None else name
