"""From inputs to cells: judge all curves together, then write each verdict in the metric's own units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.cell import Cell, CurveSummary, Interval, Place, SeedValues, Verdict
from synth_eval.compare.curves import CurveInput
from synth_eval.compare.metrics import Metric
from synth_eval.compare.questions import JudgedCurve
from synth_eval.dose_response import Corrected, CurveVerdict
from synth_eval.dose_response.covariance import weighted_means
from synth_eval.dose_response.paired import paired_differences
from synth_eval.errors import Refusal
from synth_eval.text import items_and_seeds, joined, percent, plural

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


# The sentence beside a verdict, in the units of the metric.
DISPLAY_ONLY = Refusal("display only", "shown beside the others, carries no verdict")


def amount(value: float, metric: Metric) -> str:
    """A size of change with its unit: '4.1 pp' for shares, else two significant digits."""
    if metric.unit == "share":
        return f"{100 * value:.1f} pp"
    digits = 3 if value == 0 else max(0, 1 - math.floor(math.log10(abs(value))))
    unit = {"nats": " nats", "bits": " bits per byte", "score": ""}[metric.unit]
    return f"{value:.{digits}f}{unit}"


def reason_of(
    verdict: CurveVerdict,
    found: Corrected,
    metric: Metric,
    *,
    baseline_ratio: float,
    n_items: int,
    seeds: int,
    group: str = "",
) -> tuple[str, str]:
    """Why a curve got its word; for example 'starts at about 30% (95% interval 20% to 40%), significant from 50% on;
    safe budget 10%'. The same without its part on the budget comes second.

    Parameters
    ----------
    verdict : of the oriented curve; `found` is what is left of it after correction over the curves of `group`.
    """
    if found.word == "refused":
        text = verdict.refusal.text if verdict.refusal is not None else ""
        return text, text
    with_budget = found.word != "safe"
    if found.word == "degraded":
        text = _degraded(verdict)
    elif found.word == "improved":
        text = joined(_improved(verdict, metric), _probably(verdict, found, metric, group), between="; ")
    elif found.word == "safe":
        text = f"every tested ratio up to {percent(verdict.ratios[-1])} is shown within {_margin(metric)} of baseline"
        text += "" if _each_within(verdict) else " by the fitted curve"
    else:
        text = _probably(verdict, found, metric, group) or _inconclusive(verdict, metric, n_items, seeds)
        with_budget = verdict.budget is not None and verdict.budget > baseline_ratio
    budget = f"; {_budget(verdict, baseline_ratio)}" if with_budget else ""
    if_noise = ""
    if verdict.conditional:
        assumed = amount(verdict.seed_sd or 0.0, metric)
        if_noise = f"; assuming that training runs differ by {assumed} (SD), too few of them to measure it"
    return text + budget + if_noise, text + if_noise


def _inconclusive(verdict: CurveVerdict, metric: Metric, n_items: int, seeds: int) -> str:
    data = items_and_seeds(n_items, seeds, between=" and ")
    noun = "growth" if metric.signed else "drop" if metric.higher_is_better else "rise"
    detectable, margin = verdict.min_detectable or 0.0, verdict.margin or 0.0
    if detectable > margin:
        return f"{data} can detect a {noun} of {amount(detectable, metric)} at best; {_margin_amount(margin, metric)}"
    largest = _limits_of_loss(verdict)[:, 1]
    worst = int(largest.argmax())
    return (
        f"a {noun} of up to {amount(largest[worst], metric)} at {percent(verdict.ratios[worst])} "
        f"is not ruled out; {_margin_amount(margin, metric)}"
    )


def _probably(verdict: CurveVerdict, found: Corrected, metric: Metric, group: str) -> str:
    """'probably below baseline from 40% on (p = 0.012 when tested alone, 0.096 after correction for the 8 headline
    curves)'."""
    if not found.probably:
        return ""
    worse = found.probably == "worse"
    where = f" {_where(verdict)}" if worse and verdict.first_below is not None else ""
    alone, after = (verdict.p_value, found.p_adjusted) if worse else (verdict.p_improved, found.p_improved_adjusted)
    return (
        f"probably {_worse(metric) if worse else _better(metric)}{where} (p = {alone:.2g} when tested alone, "
        f"{after:.2g} after correction for {group or plural(found.curves, 'curve')})"
    )


def _improved(verdict: CurveVerdict, metric: Metric) -> str:
    """'helps up to 30%, best at about 20% (95% interval 10% to 30%)'."""
    best = "" if verdict.best_ratio is None else f"best at {percent(verdict.best_ratio)}"
    if verdict.best_ratio is not None and verdict.best_ratio_ci is not None:
        low, high = verdict.best_ratio_ci
        best = f"best at about {_rounded(verdict.best_ratio)} (95% interval {_rounded(low)} to {_rounded(high)})"
    if verdict.helps_to is None:
        return joined(f"{_better(metric)} on average over the larger ratios", best)
    return joined(f"helps up to {percent(verdict.helps_to)}", best)


def _better(metric: Metric) -> str:
    if metric.signed:
        return "closer to 0 than baseline"
    return "above baseline" if metric.higher_is_better else "below baseline (better)"


def _worse(metric: Metric) -> str:
    if metric.signed:
        return "further from 0 than baseline"
    return "below baseline" if metric.higher_is_better else "above baseline (worse)"


def _where(verdict: CurveVerdict) -> str:
    """'from 30% on' if every larger ratio is worse too, else 'at 30%'."""
    first = verdict.first_below
    if first is None:
        return ""
    later = _limits_of_loss(verdict)[verdict.ratios > first, 0]
    return f"from {percent(first)} on" if later.size and (later > 0).all() else f"at {percent(first)}"


def _degraded(verdict: CurveVerdict) -> str:
    """'starts at about 20% (95% interval 10% to 30%), significant from 50% on'."""
    where = f"significant {_where(verdict)}" if verdict.first_below is not None else ""
    if verdict.onset is None:
        return joined(where, "onset not known")
    low, high = verdict.onset_ci or (verdict.onset, verdict.onset)
    start = f"starts at about {_rounded(verdict.onset)} (95% interval {_rounded(low)} to {_rounded(high)})"
    return joined(start, where)


def _rounded(ratio: float) -> str:
    return percent(round(ratio, 3))


def _limits_of_loss(verdict: CurveVerdict) -> FloatArray:
    """95% limits of how much worse each ratio is than the baseline, (n_ratios, 2)."""
    interval = verdict.difference_ci
    limits: FloatArray = interval if verdict.direction > 0 else -interval[:, ::-1]
    return limits


def _each_within(verdict: CurveVerdict) -> bool:
    """Whether the interval of every ratio by itself stays within the margin, not the fitted curve alone."""
    return bool((_limits_of_loss(verdict)[:, 1] <= (verdict.margin or 0.0)).all())


def _budget(verdict: CurveVerdict, baseline_ratio: float) -> str:
    if verdict.budget is None or verdict.budget <= baseline_ratio:
        return f"no ratio above {percent(baseline_ratio)} is shown safe"
    return f"safe budget {percent(verdict.budget)}"


def _margin(metric: Metric) -> str:
    return percent(metric.margin) if metric.margin_kind == "relative" else amount(metric.margin, metric)


def _margin_amount(margin: float, metric: Metric) -> str:
    if metric.margin_kind == "relative":
        return f"{percent(metric.margin)} relative is {amount(margin, metric)}"
    return f"the margin is {amount(margin, metric)}"


def headline_cells(cells: Sequence[Cell]) -> dict[tuple[str, Place], Cell]:
    """The same of cells, by task and place."""
    first: dict[tuple[str, Place], Cell] = {}
    for cell in cells:
        if not cell.display_only:
            first.setdefault((cell.task, cell.place), cell)
    return first


def cell_of(judged: JudgedCurve) -> Cell:
    """The cell of a curve, with its verdict; one that is not judged is shown.

    A metric that is never judged keeps intervals on few degrees of freedom: whether texts grew longer is seen in them.
    """
    given, verdict = judged.input, judged.verdict
    if verdict is None:
        shown = paired_differences(given.to_judge)
        interval = shown.interval if given.metric.display_only else shown.reportable_interval
        data = _summary(given, shown.design.levels, shown.values, shown.se, shown.difference, interval)
        refusal = given.refusal or DISPLAY_ONLY
        noisy = given.per_item and not given.data.scatter_only
        phi, df = (_finite(shown.phi), shown.df) if noisy else (None, None)
        its_verdict = Verdict("refused", refusal.text, refusal=refusal.code, phi=phi, df=df)
    else:
        data = _summary(given, verdict.ratios, verdict.values, verdict.se, verdict.difference, verdict.difference_ci)
        its_verdict = _verdict(judged, verdict, data)
    metric = given.metric
    return Cell(
        given.task, given.category, metric.name, metric.higher_is_better, judged.place, data, its_verdict,
        display_only=metric.display_only, level=given.level, question=judged.question, members=given.members,
    )  # fmt: skip


def _verdict(judged: JudgedCurve, verdict: CurveVerdict, data: CurveSummary) -> Verdict:
    """From the oriented units of the curve test to the metric's own; the only place where a verdict is made."""
    given, found, word = judged.input, judged.corrected, judged.word
    reasons = reason_of(
        verdict,
        found,
        given.metric,
        baseline_ratio=given.data.baseline,
        n_items=data.n_items,
        seeds=data.seeds,
        group=judged.group,
    )
    unpaired = f"; {given.unpaired}" if given.unpaired else ""
    fitted = verdict.fitted
    if fitted is not None and _is_flipped(given.metric):
        fitted = replace(fitted, start=-fitted.start, end=-fitted.end)
    return Verdict(
        word=word,
        reason=reasons[0] + unpaired,
        because=reasons[1] + unpaired,
        refusal=verdict.refusal.code if verdict.refusal is not None else None,
        p_value=verdict.p_value,
        p_adjusted=found.p_adjusted,
        p_improved=verdict.p_improved,
        p_improved_adjusted=found.p_improved_adjusted,
        probably=found.probably,
        helps_to=verdict.helps_to if word in ("improved", "degraded") else None,
        first_below=verdict.first_below if word == "degraded" else None,
        onset=verdict.onset,
        onset_ci=verdict.onset_ci,
        crossing=verdict.crossing,
        crossing_ci=verdict.crossing_ci,
        budget=verdict.budget,
        phi=None if given.data.scatter_only else _finite(verdict.phi),  # no item noise to set it against
        df=verdict.df,
        other_df=verdict.other_df,
        conditional=verdict.conditional,
        best_ratio=verdict.best_ratio,
        best_ratio_ci=verdict.best_ratio_ci,
        min_detectable=_finite(verdict.min_detectable),
        seed_tolerance=verdict.seed_tolerance,
        seed_sd=_finite(verdict.seed_sd),
        seed_sd_by_ratio=_by_ratio(verdict.seed_sd_by_ratio),
        item_sd=_finite(verdict.item_sd),
        fitted=fitted,
    )


def _summary(
    given: CurveInput,
    ratios: FloatArray,
    values: FloatArray,
    se: FloatArray,
    difference: FloatArray,
    interval: FloatArray,
) -> CurveSummary:
    """The data of a curve in the metric's own units, from oriented arrays over ratios."""
    if _is_flipped(given.metric):
        values, difference, interval = -values, -difference, -interval[:, ::-1]
    return CurveSummary(
        ratios=tuple(ratios.tolist()),
        values=_floats(values),
        se=tuple(value if math.isfinite(value) else None for value in se.tolist()),
        difference=_floats(difference),
        difference_ci=_intervals(interval),
        seeds=len(set(given.data.seeds.tolist())),
        n_items=given.n_items,
        paired=not given.unpaired,
        by_seed=_by_seed(given, ratios),
    )


def _by_seed(given: CurveInput, levels: FloatArray) -> tuple[SeedValues, ...]:
    """The mean of every checkpoint by its seed; nothing where one seed is all there is."""
    data = given.data
    seeds = np.unique(data.seeds)
    if len(seeds) < 2 or not data.n_items:
        return ()
    means = weighted_means(data.scores, data.weights)[0]
    found = []
    for seed in seeds.tolist():
        its_own = {ratio: mean for ratio, mean, s in zip(data.ratios.tolist(), means.tolist(), data.seeds) if s == seed}
        found.append(SeedValues(seed, tuple(its_own.get(level) for level in levels.tolist())))
    return tuple(found)


def _is_flipped(metric: Metric) -> bool:
    """Whether the curve test sees the metric with its sign turned."""
    return not metric.higher_is_better and not metric.signed


def _floats(array: FloatArray) -> tuple[float, ...]:
    return tuple((array + 0.0).tolist())  # + 0.0 turns -0.0 into 0.0


def _intervals(array: FloatArray) -> tuple[Interval | None, ...]:
    return tuple((low, high) if np.isfinite([low, high]).all() else None for low, high in (array + 0.0).tolist())


def _by_ratio(sd: FloatArray | None) -> tuple[float | None, ...]:
    """Nothing where no ratio has replicates."""
    return () if sd is None or np.isnan(sd).all() else tuple(map(_finite, sd.tolist()))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
