"""The sentences of a report: the headline, and the line of each task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from synth_eval.compare.metrics import metric_named
from synth_eval.report.text import share
from synth_eval.report.view.curves import Curve, label_of, start_of
from synth_eval.text import listed, percent


def headline(curves: Sequence[Curve], *, baseline: float, failed: int, checkpoints: int) -> tuple[str, ...]:
    """A few sentences: how many are degraded and from where, what is safe for all, where only calibration warns."""
    partial = [f"{failed} of {checkpoints} checkpoints failed: this report is partial."] if failed else []
    if not curves:
        return ("Nothing could be compared.", *partial)
    thing = "task" if len({curve.task for curve in curves}) == len(curves) else "curve"
    said = [_counts(curves, thing, baseline)]
    judged = [curve.headline.verdict.budget for curve in curves if curve.headline.verdict.word != "refused"]
    if judged:
        which = f"every {thing}" if len(judged) == len(curves) else f"every {thing} that could be judged"
        least = min(budget or 0.0 for budget in judged)
        none = None in judged or least <= baseline
        said.append(
            f"No ratio above {percent(baseline)} is shown safe for {which}."
            if none
            else f"Up to {percent(least)} synthetic data is shown safe for {which}."
        )
    alone = [
        curve.title
        for curve in curves
        if curve.headline.verdict.word != "degraded"
        and any(metric_named(m).role == "calibration" and c.verdict.word == "degraded" for m, c in curve.cells.items())
    ]
    if alone:
        said.append(f"Calibration is degraded where accuracy is not shown to be: {_titles(alone)}.")
    # why a refused task may have verdicts: only what counts right answers needs a baseline above chance
    at_chance = [
        curve.title
        for curve in curves
        if curve.headline.verdict.refusal == "at chance"
        and any(metric_named(m).proper and c.verdict.word != "refused" for m, c in curve.cells.items())
    ]
    if at_chance:
        said.append(
            "Where accuracy is at chance it has no room to fall; NLL and Brier score have, and are judged on their "
            f"own: {_titles(at_chance)}."
        )
    return (*said, *partial)


def status_sentence(curve: Curve) -> str:
    """The headline metric's name and the reason of its verdict."""
    cell = curve.headline
    word = f" {cell.verdict.word}" if cell.verdict.word in ("degraded", "improved") else ""
    return f"{label_of(cell.metric)}{word}: {cell.verdict.reason}"


def also(curve: Curve) -> str:
    """'also degraded: NLL from 20%, surprise gap from 10%', or ''."""
    others = [
        f"{label_of(name)} from {share(start)}"
        for name, cell in curve.cells.items()
        if cell is not curve.headline and cell.verdict.word == "degraded" and (start := start_of(cell)) is not None
    ]
    what = "also degraded" if curve.headline.verdict.word == "degraded" else "but degraded"
    return f"{what}: {', '.join(others)}" if others else ""


def _counts(curves: Sequence[Curve], thing: str, baseline: float) -> str:
    count = Counter(curve.headline.verdict.word for curve in curves)
    others = ", ".join(
        f"{count[word]} {word}" for word in ("improved", "inconclusive", "safe", "refused") if count[word]
    )
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
    lowest = cell.verdict.onset <= baseline + 1e-9
    where = "the lowest ratios" if lowest else f"about {share(cell.verdict.onset)} synthetic data"
    low_high = cell.verdict.onset_ci
    interval = "" if low_high is None else f", 95% interval {share(low_high[0])} to {share(low_high[1])}"
    return f"from {where} on ({curve.title}{interval})"


def _titles(titles: Sequence[str]) -> str:
    return listed(titles, between="; " if any(", " in title for title in titles) else ", ")
