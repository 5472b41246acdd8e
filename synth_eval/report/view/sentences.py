"""The sentences of a report: the headline, and the line of each task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from synth_eval.compare.metrics import metric_named
from synth_eval.report.text import share
from synth_eval.report.view.curves import Curve, label_of, label_of_verdict, mean_text, start_of
from synth_eval.text import enumerated, joined, listed, percent

OTHERS = ("probably worse", "improved", "probably better", "inconclusive", "safe", "refused")  # beside degraded


def headline(
    curves: Sequence[Curve], overall: Sequence[Curve], *, baseline: float, failed: int, checkpoints: int
) -> tuple[str, ...]:
    """A few sentences: the suite, the categories, how many tasks are degraded and from where, what is safe for all and
    by what, where only calibration warns.

    Parameters
    ----------
    curves, overall : of tasks; of the suite and the categories. The most urgent first
    """
    partial = [f"{failed} of {checkpoints} checkpoints failed: this report is partial."] if failed else []
    if not curves:
        return ("Nothing could be compared.", *partial)
    thing = "task" if len({curve.task for curve in curves}) == len(curves) else "curve"
    said = [_overall([c for c in overall if c.level == level], baseline) for level in ("suite", "category")]
    said = [*filter(None, said), _counts(curves, thing, baseline)]
    if any(curve.headline.verdict.word != "refused" for curve in curves):
        said.append(_shown_safe(curves, thing, baseline))
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
    mean = mean_text(cell)
    return f"{label_of(cell.metric)}{f' ({mean})' if mean else ''}{word}: {cell.verdict.reason}"


def also(curve: Curve) -> str:
    """'also degraded: NLL from 20%, surprise gap from 10%', or ''."""
    others = [
        f"{label_of(name)} from {share(start)}"
        for name, cell in curve.cells.items()
        if cell is not curve.headline and cell.verdict.word == "degraded" and (start := start_of(cell)) is not None
    ]
    what = "also degraded" if curve.headline.verdict.word == "degraded" else "but degraded"
    return f"{what}: {', '.join(others)}" if others else ""


def _overall(curves: Sequence[Curve], baseline: float) -> str:
    """'Suite: degraded from about 24% synthetic data on (95% interval 18% to 30%).' Of one level; counts at many
    places."""
    if not curves:
        return ""
    noun = "Suite" if curves[0].level == "suite" else "Categories"
    if len({curve.headline.place for curve in curves}) > 1:
        return f"{noun}: {_counted(curves, 'curve', baseline)}."
    if noun == "Suite" and len(curves) == 1:
        return f"{noun}: {_found(curves[0], baseline)}."
    return f"{noun}: {'; '.join(f'{curve.task} {_found(curve, baseline)}' for curve in curves)}."


def _found(curve: Curve, baseline: float) -> str:
    """'degraded from about 24% synthetic data on (95% interval 18% to 30%)', 'safe', 'probably worse'."""
    cell = curve.headline
    label = label_of_verdict(cell)
    return f"{label} {_from(curve, baseline, title='')}" if label == "degraded" else label


def _shown_safe(curves: Sequence[Curve], thing: str, baseline: float) -> str:
    """'Up to 20% synthetic data is shown safe for every task by accuracy; below that, NLL is degraded from 8% on
    (arc).'"""
    judged = [curve for curve in curves if curve.headline.verdict.word != "refused"]
    which = f"every {thing}" if len(judged) == len(curves) else f"every {thing} that could be judged"
    budgets = [curve.headline.verdict.budget for curve in judged]
    least = min(budget or 0.0 for budget in budgets)
    by = " or ".join(dict.fromkeys(label_of(curve.headline.metric) for curve in judged))
    if None in budgets or least <= baseline:
        return f"No ratio above {percent(baseline)} is shown safe for {which} by {by}."
    return f"Up to {percent(least)} synthetic data is shown safe for {which} by {by}{_but(judged, least)}."


def _but(curves: Sequence[Curve], up_to: float) -> str:
    """Which other metrics are degraded at ratios up to one that the headline metric calls safe."""
    first: dict[str, tuple[float, str]] = {}
    for curve in curves:
        for name, cell in curve.cells.items():
            start = start_of(cell)
            worse = cell is not curve.headline and cell.verdict.word == "degraded" and start is not None
            if worse and start is not None and start < up_to and start < first.get(name, (up_to, ""))[0]:
                first[name] = (start, curve.title)
    found = [f"{label_of(name)} from {share(start)} on ({title})" for name, (start, title) in first.items()]
    return f", but degraded there: {enumerated(found)}" if found else ""


def _counts(curves: Sequence[Curve], thing: str, baseline: float) -> str:
    text = _counted(curves, thing, baseline)
    return f"{text[0].upper()}{text[1:]}."


def _counted(curves: Sequence[Curve], thing: str, baseline: float) -> str:
    count = Counter(label_of_verdict(curve.headline) for curve in curves)
    others = ", ".join(f"{count[word]} {word}" for word in OTHERS if count[word])
    tail = f"; {others}" if others else ""
    degraded = [curve for curve in curves if curve.headline.verdict.word == "degraded"]
    if not degraded:
        return f"none of {len(curves)} {thing}s is shown degraded{tail}"
    earliest = min(degraded, key=_start)
    verb = "is" if len(degraded) == 1 else "are"
    which = "" if len(degraded) == 1 else "the earliest "
    return f"{len(degraded)} of {len(curves)} {thing}s {verb} degraded, {which}{_from(earliest, baseline)}{tail}"


def _start(curve: Curve) -> float:
    return start_of(curve.headline) or 0.0


def _from(curve: Curve, baseline: float, *, title: str | None = None) -> str:
    """'from about 24% synthetic data on (arc, 95% interval 18% to 30%)'; no interval where no onset is known."""
    cell = curve.headline
    name = curve.title if title is None else title
    if cell.verdict.onset is None:
        where, interval = f"{share(_start(curve))} synthetic data", ""
    else:
        lowest = cell.verdict.onset <= baseline + 1e-9
        where = "the lowest ratios" if lowest else f"about {share(cell.verdict.onset)} synthetic data"
        low_high = cell.verdict.onset_ci
        interval = "" if low_high is None else f"95% interval {share(low_high[0])} to {share(low_high[1])}"
    known = joined(name, interval)
    return f"from {where} on{f' ({known})' if known else ''}"


def _titles(titles: Sequence[str]) -> str:
    return listed(titles, between="; " if any(", " in title for title in titles) else ", ")
