"""The sentences of a report: the headline, and the line of each task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from synth_eval.compare.metrics import metric_named
from synth_eval.comparison import Cell
from synth_eval.report.text import share
from synth_eval.report.view.curves import Curve, label_of, start_of
from synth_eval.text import listed, percent


def headline(curves: Sequence[Curve], *, baseline: float, failed: int, checkpoints: int) -> tuple[str, ...]:
    """A few sentences: how many are degraded and from where, what is safe for all, where only calibration warns."""
    if not curves:
        return ("Nothing could be compared.", *_failed(failed, checkpoints))
    thing = "task" if len({curve.task for curve in curves}) == len(curves) else "curve"
    return (
        _counts(curves, thing, baseline),
        *_budget(curves, thing, baseline),
        *_calibration_alone(curves),
        *_judged_at_chance(curves),
        *_failed(failed, checkpoints),
    )


def status_sentence(curve: Curve) -> str:
    """The headline metric's name and the reason of its verdict."""
    cell = curve.headline
    word = " degraded" if cell.verdict.word == "degraded" else ""
    return f"{label_of(cell.metric)}{word}: {cell.verdict.reason}"


def also(curve: Curve) -> str:
    """'also degraded: NLL from 20%, surprise gap from 10%', or ''."""
    others = [
        f"{label_of(name)} from {share(start)}"
        for name, cell in curve.cells.items()
        if cell is not curve.headline and cell.verdict.word == "degraded" and (start := start_of(cell)) is not None
    ]
    if not others:
        return ""
    return f"{'also degraded' if curve.headline.verdict.word == 'degraded' else 'but degraded'}: {', '.join(others)}"


def _counts(curves: Sequence[Curve], thing: str, baseline: float) -> str:
    count = Counter(curve.headline.verdict.word for curve in curves)
    others = ", ".join(f"{count[word]} {word}" for word in ("inconclusive", "safe", "refused") if count[word])
    tail = f"; {others}" if others else ""
    degraded = [curve for curve in curves if curve.headline.verdict.word == "degraded"]
    if not degraded:
        return f"None of {len(curves)} {thing}s is shown degraded{tail}."
    earliest = min(degraded, key=_start)
    verb = "is" if len(degraded) == 1 else "are"
    which = "" if len(degraded) == 1 else "the earliest "
    return f"{len(degraded)} of {len(curves)} {thing}s {verb} degraded, {which}{_from(earliest, baseline)}{tail}."


def _start(curve: Curve) -> float:
    return start_of(curve.headline) or 0.0


def _from(curve: Curve, baseline: float) -> str:
    """'from about 24% synthetic data on (arc, 95% interval 18% to 30%)'; no interval where no onset is known."""
    cell = curve.headline
    if cell.verdict.onset is None:
        return f"from {share(_start(curve))} synthetic data on ({curve.title})"
    where = (
        "the lowest ratios"
        if cell.verdict.onset <= baseline + 1e-9
        else f"about {share(cell.verdict.onset)} synthetic data"
    )
    interval = ""
    if cell.verdict.onset_ci is not None:
        interval = f", 95% interval {share(cell.verdict.onset_ci[0])} to {share(cell.verdict.onset_ci[1])}"
    return f"from {where} on ({curve.title}{interval})"


def _budget(curves: Sequence[Curve], thing: str, baseline: float) -> tuple[str, ...]:
    budgets = [curve.headline.verdict.budget for curve in curves if curve.headline.verdict.word != "refused"]
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
        if curve.headline.verdict.word != "degraded"
        and any(metric_named(name).role == "calibration" for name, cell in curve.cells.items() if _is_degraded(cell))
    ]
    if not alone:
        return ()
    return (f"Calibration is degraded where accuracy is not shown to be: {_titles(alone)}.",)


def _judged_at_chance(curves: Sequence[Curve]) -> tuple[str, ...]:
    """Why a refused task may have verdicts: only what counts right answers needs a baseline above chance."""
    found = [
        curve
        for curve in curves
        if curve.headline.verdict.refusal == "at chance"
        and any(metric_named(name).proper and cell.verdict.word != "refused" for name, cell in curve.cells.items())
    ]
    if not found:
        return ()
    return (
        "Where accuracy is at chance it has no room to fall; NLL and Brier score have, and are judged on their own: "
        f"{_titles([curve.title for curve in found])}.",
    )


def _is_degraded(cell: Cell) -> bool:
    return cell.verdict.word == "degraded"


def _titles(titles: Sequence[str]) -> str:
    return listed(titles, between="; " if any(", " in title for title in titles) else ", ")


def _failed(failed: int, checkpoints: int) -> tuple[str, ...]:
    return (f"{failed} of {checkpoints} checkpoints failed: this report is partial.",) if failed else ()
