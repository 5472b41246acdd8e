"""From drafts to cells: judge all curves together, then write each verdict in the metric's own units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.compare.curves import Draft
from synth_eval.compare.metrics import Metric
from synth_eval.compare.places import Place, place_of
from synth_eval.dose_response import CurveVerdict, adjusted_p, adjusted_verdict, judge_curves
from synth_eval.dose_response.covariance import weighted_means
from synth_eval.dose_response.paired import paired_differences
from synth_eval.text import percent, plural
from synth_eval.types import Cell, FittedCurve, SeedValues, VerdictWord

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


# The sentence beside a verdict, in the words of a practitioner and the units of the metric.

DISPLAY_ONLY = "shown beside the others, carries no verdict"


def amount(value: float, metric: Metric) -> str:
    """A size of change with its unit: '4.1 pp' for shares, else two significant digits."""
    if metric.unit == "share":
        return f"{100 * value:.1f} pp"
    digits = 3 if value == 0 else max(0, 1 - math.floor(math.log10(abs(value))))
    unit = {"nats": " nats", "bits": " bits per byte", "score": ""}[metric.unit]
    return f"{value:.{digits}f}{unit}"


def reason_of(
    verdict: CurveVerdict,
    word: VerdictWord,
    metric: Metric,
    *,
    baseline_ratio: float,
    n_items: int,
    seeds: int,
    p_adjusted: float | None,
    curves: int,
) -> str:
    """Why a curve got its word; for example 'clearly below baseline from 50% on, onset 30% (95%: 20% to 40%);
    safe budget 10%'.

    Parameters
    ----------
    verdict : of the oriented curve; `word` is the settled one, after correction for `curves` curves.
    """
    if word == "refused":
        return verdict.reason
    if word == "degraded":
        text = f"{_onset(verdict)}; {_budget(verdict, baseline_ratio)}"
        if verdict.first_below is not None:
            text = f"clearly {_worse(metric)} {_where(verdict)}, {text}"
    elif word == "safe":
        text = f"every tested ratio up to {percent(verdict.ratios[-1])} is shown within {_margin(metric)} of baseline"
    else:
        text = _inconclusive(verdict, metric, baseline_ratio, n_items, seeds, p_adjusted, curves)
    if verdict.conditional:
        assumed = amount(verdict.seed_sd or 0.0, metric)
        text += f"; if training runs differ by {assumed} (SD), which too few of them measure"
    return text


def _inconclusive(
    verdict: CurveVerdict,
    metric: Metric,
    baseline_ratio: float,
    n_items: int,
    seeds: int,
    p_adjusted: float | None,
    curves: int,
) -> str:
    data = f"{n_items:,} items and {plural(seeds, 'seed')}"
    noun = "growth" if metric.signed else "drop" if metric.higher_is_better else "rise"
    detectable, margin = verdict.min_detectable or 0.0, verdict.margin or 0.0
    if verdict.verdict == "degraded":
        text = (
            f"{_worse(metric)}{_where(verdict) and ' '}{_where(verdict)} by itself (p = {verdict.p_value:.2g}), "
            f"but not once all {curves} curves are counted (p = {p_adjusted:.2g})"
        )
    elif detectable > margin:
        text = f"{data} can detect a {noun} of {amount(detectable, metric)} at best; {_margin_amount(margin, metric)}"
    else:
        largest = _limits_of_loss(verdict)[:, 1]
        worst = int(largest.argmax())
        text = (
            f"a {noun} of up to {amount(largest[worst], metric)} at {percent(verdict.ratios[worst])} "
            f"is not ruled out; {_margin_amount(margin, metric)}"
        )
    if verdict.budget is not None and verdict.budget > baseline_ratio:
        text += f"; {_budget(verdict, baseline_ratio)}"
    return text


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


def _onset(verdict: CurveVerdict) -> str:
    """'onset 20% (95%: 10% to 30%)'."""
    if verdict.onset is None:
        return "onset not known"
    low, high = verdict.onset_ci or (verdict.onset, verdict.onset)
    return f"onset {_rounded(verdict.onset)} (95%: {_rounded(low)} to {_rounded(high)})"


def _rounded(ratio: float) -> str:
    return percent(round(ratio, 3))


def _limits_of_loss(verdict: CurveVerdict) -> FloatArray:
    """95% limits of how much worse each ratio is than the baseline, (n_ratios, 2)."""
    interval = verdict.difference_ci
    limits: FloatArray = interval if verdict.direction > 0 else -interval[:, ::-1]
    return limits


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


Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Judged:
    """A draft with its verdict, None where it carries none. ``word`` is settled: ``curves`` were judged together."""

    draft: Draft
    verdict: CurveVerdict | None = None
    word: VerdictWord = "refused"
    p_adjusted: float | None = None
    curves: int = 0

    @property
    def place(self) -> Place:
        """Where its curve stands in the grid."""
        return place_of(self.draft.curve)


def judged_of(drafts: Sequence[Draft]) -> tuple[Judged, ...]:
    """The drafts, in order, judged. The number of curves that carry a verdict corrects every p-value (Holm)."""
    to_judge = [not draft.metric.display_only and not draft.refusal for draft in drafts]
    verdicts = judge_curves([draft.to_judge for draft, wanted in zip(drafts, to_judge) if wanted])
    adjusted = adjusted_p(verdicts)
    curves = sum(p is not None for p in adjusted)
    said = iter(zip(verdicts, adjusted))
    found = []
    for draft, wanted in zip(drafts, to_judge):
        if not wanted:
            found.append(Judged(draft))
            continue
        verdict, p = next(said)
        found.append(Judged(draft, verdict, adjusted_verdict(verdict, p), p, curves))
    return tuple(found)


def headlines(judged: Sequence[Judged]) -> tuple[Judged, ...]:
    """The first metric of each task and curve that is not for display only."""
    first: dict[tuple[str, Place], Judged] = {}
    for each in judged:
        if not each.draft.metric.display_only:
            first.setdefault((each.draft.task, each.place), each)
    return tuple(first.values())


def cell_of(judged: Judged) -> Cell:
    """The cell of a draft, with its verdict if it has one."""
    if judged.verdict is None:
        return _shown(judged.draft)
    return _judged(judged.draft, judged.verdict, judged.word, judged.p_adjusted, curves=judged.curves)


def _judged(draft: Draft, verdict: CurveVerdict, word: VerdictWord, p_adjusted: float | None, *, curves: int) -> Cell:
    seeds = len(set(draft.data.seeds.tolist()))
    reason = reason_of(
        verdict,
        word,
        draft.metric,
        baseline_ratio=draft.data.baseline,
        n_items=draft.n_items,
        seeds=seeds,
        p_adjusted=p_adjusted,
        curves=curves,
    )
    if draft.unpaired:
        reason += f"; {draft.unpaired}"
    values, se, difference, interval = _own_units(draft, verdict)
    return Cell(
        task=draft.task,
        category=draft.category,
        metric=draft.metric.name,
        higher_is_better=draft.metric.higher_is_better,
        size=draft.curve.size,
        iteration=draft.curve.iteration,
        source=draft.curve.source,
        tokens=draft.curve.tokens,
        seeds=seeds,
        n_items=draft.n_items,
        ratios=_floats(verdict.ratios),
        values=_floats(values),
        se=_optional(se),
        difference=_floats(difference),
        difference_ci=_intervals(interval),
        verdict=word,
        reason=reason,
        p_value=verdict.p_value,
        p_adjusted=p_adjusted,
        first_below=verdict.first_below if word == "degraded" else None,
        onset=verdict.onset,
        onset_ci=verdict.onset_ci,
        crossing=verdict.crossing,
        crossing_ci=verdict.crossing_ci,
        budget=verdict.budget,
        phi=_finite(verdict.phi),
        df=verdict.df,
        conditional=verdict.conditional,
        best_ratio=verdict.best_ratio,
        min_detectable=_finite(verdict.min_detectable),
        seed_tolerance=verdict.seed_tolerance,
        seed_sd=_finite(verdict.seed_sd),
        item_sd=_finite(verdict.item_sd),
        paired=not draft.unpaired,
        by_seed=_by_seed(draft, verdict.ratios),
        fitted=_fitted(draft, verdict.fitted),
    )


def _shown(draft: Draft) -> Cell:
    """A cell that is not judged; without intervals if the metric is no mean over items.

    A metric that is never judged keeps those on few degrees of freedom: whether texts grew longer is told by them.
    """
    paired = paired_differences(draft.data)
    interval = paired.interval if draft.metric.display_only else paired.reportable_interval
    return Cell(
        task=draft.task,
        category=draft.category,
        metric=draft.metric.name,
        higher_is_better=draft.metric.higher_is_better,
        size=draft.curve.size,
        iteration=draft.curve.iteration,
        source=draft.curve.source,
        tokens=draft.curve.tokens,
        seeds=len(set(draft.data.seeds.tolist())),
        n_items=draft.n_items,
        ratios=_floats(paired.design.levels),
        values=_floats(paired.values),
        se=_optional(paired.se),
        difference=_floats(paired.difference),
        difference_ci=_intervals(interval),
        verdict="refused",
        reason=draft.refusal or DISPLAY_ONLY,
        phi=_finite(paired.phi) if draft.per_item else None,
        df=paired.df if draft.per_item else None,
        display_only=draft.metric.display_only,
        paired=not draft.unpaired,
        by_seed=_by_seed(draft, paired.design.levels),
    )


def _by_seed(draft: Draft, levels: FloatArray) -> tuple[SeedValues, ...]:
    """The mean of every checkpoint by its seed; nothing where one seed is all there is."""
    data = draft.data
    seeds = np.unique(data.seeds)
    if len(seeds) < 2 or not data.n_items:
        return ()
    means = weighted_means(data.scores, data.weights)[0]
    found = []
    for seed in seeds.tolist():
        its_own = {ratio: mean for ratio, mean, s in zip(data.ratios.tolist(), means.tolist(), data.seeds) if s == seed}
        found.append(SeedValues(seed, tuple(its_own.get(level) for level in levels.tolist())))
    return tuple(found)


def _fitted(draft: Draft, fitted: FittedCurve | None) -> FittedCurve | None:
    """In the metric's own units, as `_own_units` has the values."""
    if fitted is None or draft.metric.higher_is_better or draft.metric.signed:
        return fitted
    return replace(fitted, start=-fitted.start, end=-fitted.end)


def _own_units(draft: Draft, verdict: CurveVerdict) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Values, se, differences and intervals as the metric is read: not oriented."""
    if draft.metric.higher_is_better or draft.metric.signed:
        return verdict.values, verdict.se, verdict.difference, verdict.difference_ci
    return -verdict.values, verdict.se, -verdict.difference, -verdict.difference_ci[:, ::-1]


def _floats(array: FloatArray) -> tuple[float, ...]:
    return tuple((array + 0.0).tolist())  # + 0.0 turns -0.0 into 0.0


def _optional(array: FloatArray) -> tuple[float | None, ...]:
    return tuple(value if math.isfinite(value) else None for value in array.tolist())


def _intervals(array: FloatArray) -> tuple[Interval | None, ...]:
    return tuple((low, high) if np.isfinite([low, high]).all() else None for low, high in (array + 0.0).tolist())


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
