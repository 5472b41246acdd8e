"""From drafts to cells: judge all curves together, then write each verdict in the metric's own units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.compare.draft import Draft
from synth_eval.compare.grid import Place, place_of
from synth_eval.compare.wording import DISPLAY_ONLY, reason_of
from synth_eval.stats import CurveVerdict, adjusted_p, judge_curves, settled_word
from synth_eval.stats.covariance import weighted_means
from synth_eval.stats.paired import paired_differences
from synth_eval.types import Cell, FittedCurve, SeedValues, VerdictWord

if TYPE_CHECKING:
    from synth_eval.types import FloatArray

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
        found.append(Judged(draft, verdict, settled_word(verdict, p), p, curves))
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
    interval = paired.interval if draft.metric.display_only else paired.told_interval
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
