"""`compare` hands the curves of a whole family to `judge_curves`, then corrects the verdicts for their number."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.cell import Probably, VerdictWord
from synth_eval.dose_response.curve import CurveData, CurveVerdict
from synth_eval.dose_response.design import PreparedCurve, Side, improvement_of, prepare_curve, sides_of
from synth_eval.dose_response.noise import MIN_DF, Noise, Pool, pooled_noise
from synth_eval.dose_response.paired import PairedDifferences, paired_differences
from synth_eval.dose_response.peaks import best_ratio, fit_peaks, onset_after_peak
from synth_eval.dose_response.planning import ALPHA, min_detectable, min_provable, seed_tolerance
from synth_eval.dose_response.region import Crossing, budget, crossing, onset
from synth_eval.dose_response.shapes import Fit, fitted_curve
from synth_eval.dose_response.significance import CorrectionMethod, adjusted, p_of_side, simulated_null
from synth_eval.errors import Refusal
from synth_eval.text import plural

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


MIN_ITEMS = 10
MIN_RATIOS = 3
CLEARLY = 0.95  # one-sided level at which a baseline counts as above chance


def refusal_of_layout(curve: CurveData) -> Refusal | None:
    """Why the ratios, seeds or items of a curve do not suffice."""
    levels = np.unique(curve.ratios)
    if curve.baseline not in levels:
        return Refusal("no baseline", f"no checkpoint at the baseline ratio {curve.baseline:g}")
    if len(levels) == 1:
        return Refusal("one ratio", f"only one ratio ({levels[0]:g}): nothing to compare the baseline with")
    if len(levels) < MIN_RATIOS:
        return Refusal("few ratios", f"only {len(levels)} ratios: a curve needs at least {MIN_RATIOS}")
    if levels[-1] == curve.baseline:
        return Refusal("no ratio above", f"no ratio above the baseline ratio {curve.baseline:g}")
    cells, count = np.unique(np.stack([curve.ratios, curve.seeds]), axis=1, return_counts=True)
    if (count > 1).any():
        ratio, seed = cells[:, count > 1][:, 0]
        text = f"{count.max()} checkpoints share ratio {ratio:g} and seed {int(seed)}: give them different seeds"
        return Refusal("shared seed", text)
    if curve.n_items < MIN_ITEMS:
        return Refusal("few items", f"only {curve.n_items} shared items: at least {MIN_ITEMS} are needed")
    return None


def refusal_of_scores(curve: CurveData, paired: PairedDifferences) -> Refusal | None:
    """Why the scores of a curve cannot be judged: no noise to judge by, or no room to fall."""
    from scipy.special import stdtrit

    if curve.scatter_only and np.ptp(paired.values) < 0.01 * paired.item_se.max():  # far below a step of rounding
        score = f"{paired.values[0]:.3g}"
        return Refusal("constant", f"every ratio scores {score}: at a bound of the metric, or constant")
    rounding = 1e-12 * float(np.abs(curve.scores).max())
    others = paired.design.levels != curve.baseline
    no_spread = paired.item_se[others] <= rounding
    no_change = np.abs(paired.difference[others]) <= rounding
    if np.ptp(curve.scores) <= rounding:
        score = f"{curve.scores[0, 0]:.3g}"
        return Refusal(
            "constant", f"every checkpoint scores {score} on every item: at a bound of the metric, or constant"
        )
    if (no_spread & no_change).all():
        text = "every ratio scores exactly as the baseline on every item: are these the same checkpoint?"
        return Refusal("all the same", text)
    if (no_spread & ~no_change).any():
        ratio = paired.design.levels[others][no_spread & ~no_change][0]
        text = f"ratio {ratio:g} differs from the baseline by the same amount on every item: no noise to judge it by"
        return Refusal("no noise", text)
    if curve.chance is not None:
        at_baseline = int(np.flatnonzero(~others)[0])
        reach = stdtrit(curve.n_items - 1, CLEARLY) * np.nan_to_num(paired.se[at_baseline])
        if paired.values[at_baseline] - reach <= curve.chance:
            score = f"{paired.values[at_baseline]:.3g}"
            text = f"the baseline scores {score}, not clearly above chance ({curve.chance:.3g}): no room to fall"
            return Refusal("at chance", text)
    return None


def _refusal_of_scatter(curve: CurveData, noise: Noise) -> Refusal:
    """Values without errors, of too few checkpoints to show what runs differ by."""
    degrees = plural(round(noise.df), "degree")
    text = (
        f"no standard errors, and {len(curve.ratios)} checkpoints leave {degrees} of freedom to "
        f"measure noise by, {MIN_DF} are needed: add stderr and n, or more seeds or ratios"
    )
    return Refusal("no standard error", text)


def judge_curves(curves: Sequence[CurveData], *, seed: int = 0) -> tuple[CurveVerdict, ...]:
    """Judge every curve of a family, each on its own p-values; `corrected` comes after.

    Parameters
    ----------
    curves : those with the same `measure` pool their noise, within a `size` first
    seed : of the simulated null distributions; the same seed gives the same verdicts

    Returns
    -------
    One verdict a curve, in order. A curve that cannot be judged is refused with a reason, never an error.

    References
    ----------
    "The curve test" in docs/methods.md.

    Examples
    --------
    >>> import numpy as np
    >>> from synth_eval.dose_response.simulation import CurveSpec, simulate_items
    >>> curve = simulate_items(CurveSpec("linear", drop=0.2, n=400), np.random.default_rng(0)).accuracy_curve()
    >>> (verdict,) = judge_curves([curve])
    >>> verdict.verdict, verdict.conditional
    ('degraded', False)
    """
    refusals = [refusal_of_layout(curve) for curve in curves]
    ready: list[PreparedCurve | None] = []
    for i, curve in enumerate(curves):
        refusals[i] = refusals[i] or refusal_of_scores(curve, paired_differences(curve))
        ready.append(None if refusals[i] else prepare_curve(curve))
    fits = [None if prepared is None else prepared.fit() for prepared in ready]
    noises = pooled_noise(fits, [_pool(curve) for curve in curves])
    for i, (curve, noise) in enumerate(zip(curves, noises)):
        if curve.scatter_only and noise.declared and fits[i] is not None:
            refusals[i], fits[i] = _refusal_of_scatter(curve, noise), None
    return tuple(
        _verdict(curve, paired_differences(curve), "refused", refusal=refusal)
        if prepared is None or fit is None
        else _judged(prepared, fit, noise, seed=seed)
        for curve, refusal, prepared, fit, noise in zip(curves, refusals, ready, fits, noises)
    )


@dataclass(frozen=True)
class Corrected:
    """A curve's word once the number of curves that were judged with it is accounted for.

    ``curves`` is that number. ``probably`` is what a curve that got neither word is when tested alone (p < .05).
    """

    word: VerdictWord
    p_adjusted: float | None = None
    p_improved_adjusted: float | None = None
    probably: Probably = ""
    curves: int = 0


def corrected(
    verdicts: Sequence[CurveVerdict], groups: Sequence[Hashable], *, method: CorrectionMethod = "holm"
) -> tuple[Corrected, ...]:
    """Words and p-values corrected for the number of curves, each question by itself, harm and benefit apart.

    Parameters
    ----------
    verdicts : from `judge_curves`
    groups : (n,) the question that each curve belongs to; curves of the same one are corrected together
    method : holm keeps the chance that any curve of a question is called degraded without being it at 5%; fdr the
        expected share of such curves among those that are called

    Returns
    -------
    One a verdict, in order. A curve that is degraded, or improved, only by its own p-value is judged as any other: safe
    if shown within the margin up to the largest ratio, else inconclusive, and then probably worse or better.

    Raises
    ------
    ValueError : as many groups as verdicts are needed.

    References
    ----------
    "Many curves" in docs/methods.md.

    Examples
    --------
    >>> import numpy as np
    >>> from synth_eval.dose_response.simulation import CurveSpec, simulate_items
    >>> curve = simulate_items(CurveSpec("linear", drop=0.2, n=400), np.random.default_rng(0)).accuracy_curve()
    >>> verdict, again = judge_curves([curve, curve])
    >>> corrected([verdict, again], ["accuracy", "accuracy"])[0].p_adjusted == 2 * verdict.p_value
    True
    >>> corrected([verdict, again], ["accuracy", "NLL"])[0].p_adjusted == verdict.p_value
    True
    """
    of_group: dict[Hashable, list[int]] = {}
    for i, (verdict, group) in enumerate(zip(verdicts, groups, strict=True)):
        if verdict.p_value is not None:
            of_group.setdefault(group, []).append(i)
    found = [Corrected("refused") for _ in verdicts]
    for members in of_group.values():
        pairs = [(verdicts[i].p_value, verdicts[i].p_improved) for i in members]
        worse, better = (adjusted([1.0 if p is None else p for p in each], method) for each in zip(*pairs))
        for i, p, p_improved in zip(members, worse.tolist(), better.tolist()):
            word = _word(verdicts[i], p, p_improved)
            found[i] = Corrected(word, p, p_improved, _probably(verdicts[i], word), len(members))
    return tuple(found)


def _word(verdict: CurveVerdict, p_worse: float, p_better: float) -> VerdictWord:
    if p_worse < ALPHA:
        return "degraded"
    if p_better < ALPHA:
        return "improved"
    return "safe" if verdict.budget == verdict.ratios[-1] else "inconclusive"


def _probably(verdict: CurveVerdict, word: VerdictWord) -> Probably:
    """A loss that is not shown counts beside a gain that is: a curve may rise and then fall."""
    if word in ("inconclusive", "improved") and verdict.p_value is not None and verdict.p_value < ALPHA:
        return "worse"
    if word == "inconclusive" and verdict.p_improved is not None and verdict.p_improved < ALPHA:
        return "better"
    return ""


def _pool(curve: CurveData) -> Pool:
    """A curve of several tasks shares theirs, and where values have no errors the factor is on another scale."""
    metric = "" if curve.strata is not None else f"{curve.metric}, scatter" if curve.scatter_only else curve.metric
    return Pool(curve.measure, curve.size, metric if curve.metric else "")


def _judged(prepared: PreparedCurve, fit: Fit, noise: Noise, *, seed: int) -> CurveVerdict:
    curve, levels = prepared.curve, prepared.design.levels
    at_baseline = int(np.flatnonzero(levels == curve.baseline)[0])
    baseline_value = float((prepared.design.means @ prepared.mean)[at_baseline])
    margin = curve.margin_in_units(baseline_value)
    seed_variance = (noise.widening - 1) * prepared.item_variance
    if noise.declared:
        seed_variance = curve.declared_seed_sd(baseline_value) ** 2
        fit = prepared.fit(seed_variance)
    paired = paired_differences(curve, seed_variance=seed_variance, df=noise.quantile_df)

    null = simulated_null(fit, noise, prepared.late_contrasts, seed=seed)
    sides = sides_of(prepared, margin, seed_variance if noise.declared else 0.0)
    p_of = [p_of_side(fit, noise, null, side) for side in sides]
    worse = int(np.argmin(p_of))
    side, p_value = sides[worse], min(1.0, len(sides) * p_of[worse])
    degraded = p_value < ALPHA
    gain = improvement_of(prepared, margin, seed_variance if noise.declared else 0.0)
    p_improved = 1.0
    if gain is not None:
        of_gain = simulated_null(fit, noise, prepared.gain_contrasts, tents=True, seed=seed)
        p_improved = p_of_side(fit, noise, of_gain, gain, tents=True)

    crossings = [crossing(fit, noise, s.direction, baseline=curve.baseline, margin=s.margin) for s in sides]
    provable = min_provable(curve)
    shown_safe = min(budget(levels, c.lowest, curve.baseline) for c in crossings)
    if margin < provable:
        shown_safe = curve.baseline
    shown_safe = min(shown_safe, *(_not_contradicted(paired, curve.baseline, s, signed=curve.signed) for s in sides))
    at, at_ci = onset(fit, noise, side.direction) if degraded else (None, None)
    if degraded and (turned := onset_after_peak(fit, prepared.curve.ratios, noise, -side.direction)):
        at, at_ci = turned
    best, best_ci = None, None
    if not curve.signed:
        best, best_ci = best_ratio(fit_peaks(fit, prepared.curve.ratios, 1), noise)
    verdict = _verdict(curve, paired, "inconclusive")
    verdict = replace(
        verdict,
        p_value=p_value,
        p_improved=p_improved,
        first_below=next(iter(paired.beyond(curve.baseline, side.direction).tolist()), None) if degraded else None,
        helps_to=None if gain is None else next(iter(_helped(paired, curve, gain)), None),
        onset=at,
        onset_ci=at_ci,
        crossing=crossings[worse].at if isfinite(crossings[worse].at) else None,
        crossing_ci=_within(crossings[worse], float(levels[-1])),
        budget=shown_safe,
        margin=margin,
        min_detectable=max(provable, min_detectable(fit, noise, null, prepared.late_contrasts, tests=len(sides))),
        phi=noise.factor,
        df=float(noise.df),
        other_df=float(noise.other_df),
        conditional=noise.declared,
        seed_tolerance=(
            seed_tolerance(prepared, noise, side.direction, margin, tests=len(sides), seed=seed)
            if degraded and noise.declared
            else None
        ),
        direction=side.direction,
        seed_sd=float(np.sqrt(seed_variance)),
        seed_sd_by_ratio=prepared.seed_sd_by_ratio,
        item_sd=None if curve.scatter_only else float(np.sqrt(prepared.item_variance * curve.n_items)),
        best_ratio=best if best is not None else verdict.best_ratio,
        best_ratio_ci=best_ci,
        fitted=fitted_curve(fit, prepared.mean, prepared.curve.ratios, side.direction),
    )
    return replace(verdict, verdict=_word(verdict, p_value, p_improved))


def _not_contradicted(paired: PairedDifferences, baseline: float, side: Side, *, signed: bool) -> float:
    """The largest ratio up to which no tested one is by itself clearly worse, or estimated worse than the margin."""
    levels = paired.design.levels
    loss = side.direction * paired.difference
    contradicts = np.isin(levels, paired.beyond(baseline, side.direction)) | (loss > side.margin)
    if signed:
        contradicts &= np.abs(paired.values) > np.abs(paired.values[levels == baseline])
    first = levels[contradicts & (levels > baseline)]
    below = levels[levels < first[0]] if first.size else levels
    return float(below[-1])


def _helped(paired: PairedDifferences, curve: CurveData, gain: Side) -> list[float]:
    """Ratios above the baseline that are clearly better, the largest first; of a signed curve those nearer to 0 too."""
    clear = paired.beyond(curve.baseline, gain.direction)
    at_baseline = np.abs(paired.values[paired.design.levels == curve.baseline])
    nearer = paired.design.levels[~(np.abs(paired.values) >= at_baseline)] if curve.signed else clear
    return [ratio for ratio in clear[::-1].tolist() if ratio > curve.baseline and ratio in nearer]


def _within(found: Crossing, largest: float) -> tuple[float, float] | None:
    """The limits of a crossing within the tested ratios; None if even the lower one lies beyond them."""
    return (found.lowest, min(found.highest, largest)) if isfinite(found.lowest) else None


def _verdict(
    curve: CurveData, paired: PairedDifferences, word: VerdictWord, *, refusal: Refusal | None = None
) -> CurveVerdict:
    goodness: FloatArray = -np.abs(paired.values) if curve.signed else paired.values
    return CurveVerdict(
        ratios=paired.design.levels,
        values=paired.values,
        se=paired.se,
        difference=paired.difference,
        difference_ci=paired.reportable_interval if word == "refused" else paired.interval,
        verdict=word,
        refusal=refusal,
        best_ratio=float(paired.design.levels[int(np.argmax(goodness))]) if curve.n_items else None,
    )
