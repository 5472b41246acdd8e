"""The paired comparison of every ratio with the baseline.

Two kinds of noise count. Items: another draw of test items would give other means; checkpoints share their items, so
the covariance of the means is taken over items. Seeds: another training run would give another checkpoint; that is seen
only in replicates, so it is pooled over the ratios of a curve. With one seed it cannot be seen, and the verdict is
conditional on there being none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr, stdtrit  # t distribution; scipy.stats takes a second to import

from synth_eval.stats.curve import CurveData, CurveVerdict
from synth_eval.stats.design import Design, design_of
from synth_eval.stats.multiplicity import holm
from synth_eval.types import VerdictWord

if TYPE_CHECKING:
    from synth_eval.types import FloatArray

ALPHA = 0.05
POWER = 0.80
MIN_ITEMS = 10
MIN_RATIOS = 2


@dataclass(frozen=True, eq=False)
class PairedDifferences:
    """Means and differences from the baseline over the distinct ratios, with their noise.

    ``item_se`` is the part of ``difference_se`` that comes from items. ``quantile_df`` are the degrees of freedom for
    t quantiles; ``phi`` and ``df`` are those of the seed noise, None where no ratio is replicated.
    """

    design: Design
    values: FloatArray
    se: FloatArray
    difference: FloatArray
    difference_se: FloatArray
    item_se: FloatArray
    quantile_df: float
    phi: float | None
    df: float | None

    @property
    def interval(self) -> FloatArray:
        """95% interval of each difference, (n_ratios, 2)."""
        half = stdtrit(self.quantile_df, 1 - ALPHA / 2) * self.difference_se
        return np.stack([self.difference - half, self.difference + half], axis=1)


def paired_differences(curve: CurveData) -> PairedDifferences:
    """Difference of every ratio from the baseline on the same items, with item and seed noise.

    Parameters
    ----------
    curve : at least 2 items for finite standard errors.

    Returns
    -------
    PairedDifferences. The variance of a difference is that over items plus what the scatter between seeds (residual of
    ratio + seed effects, pooled over ratios) exceeds the scatter that items alone explain, never less than zero.

    References
    ----------
    Miller, "Adding Error Bars to Evals", 2024 (arXiv 2411.00640), for paired item-level errors.
    """
    design = design_of(curve.ratios, curve.seeds, curve.baseline)
    mean, deviations = _weighted(curve)
    n = curve.n_items
    pairs = n * (n - 1) if n > 1 else np.nan
    covariance = deviations.T @ deviations / pairs

    phi, seed_variance = _seed_noise(mean, covariance, design.paired_residual, design.paired_df)
    item_variance = np.sum((deviations @ design.contrasts.T) ** 2, axis=0) / pairs
    total = item_variance + seed_variance * np.sum(design.contrasts**2, axis=1)

    _, level_variance = _seed_noise(mean, covariance, design.level_residual, design.level_df)
    value_variance = np.sum((deviations @ design.means.T) ** 2, axis=0) / pairs
    value_variance = value_variance + level_variance * np.sum(design.means**2, axis=1)
    replicated = design.paired_df > 0
    return PairedDifferences(
        design=design,
        values=design.means @ mean,
        se=np.sqrt(value_variance),
        difference=design.contrasts @ mean,
        difference_se=np.sqrt(total),
        item_se=np.sqrt(item_variance),
        quantile_df=float(min(design.paired_df, n - 1) if replicated else max(n - 1, 1)),
        phi=phi if replicated else None,
        df=float(design.paired_df) if replicated else None,
    )


def judge_curve(curve: CurveData) -> CurveVerdict:
    """Say whether one curve is degraded, safe, inconclusive or refused, by comparing every ratio with the baseline.

    Degraded: some ratio lies below the baseline (one-sided t test, Holm over ratios, p < .05). Safe: not degraded, and
    the lower 95% limit of every difference is within the margin. `judge_curves` in `synth_eval.stats.judge` is what
    callers use.
    """
    refusal = _refusal_before(curve)
    paired = paired_differences(curve)
    if not refusal:
        refusal = _refusal_after(curve, paired)
    if refusal:
        return _verdict(curve, paired, "refused", reason=refusal)

    others = paired.design.levels != curve.baseline
    adjusted = np.ones(len(others))
    adjusted[others] = holm(_one_sided_p(paired)[others])
    below = paired.design.levels[adjusted < ALPHA]
    baseline_value = float(paired.values[~others][0])
    margin = curve.margin_in_units(baseline_value)
    budget = _budget(paired, margin)
    word: VerdictWord = "inconclusive"
    if below.size:
        word = "degraded"
    elif budget == paired.design.levels[-1]:
        word = "safe"
    return _verdict(
        curve,
        paired,
        word,
        p_value=float(adjusted[others].min()),
        first_below=float(below[0]) if below.size else None,
        budget=budget,
        margin=margin,
        min_detectable=_min_detectable(paired, others),
    )


def _verdict(
    curve: CurveData,
    paired: PairedDifferences,
    word: VerdictWord,
    *,
    reason: str = "",
    p_value: float | None = None,
    first_below: float | None = None,
    budget: float | None = None,
    margin: float | None = None,
    min_detectable: float | None = None,
) -> CurveVerdict:
    best = float(paired.design.levels[int(np.argmax(paired.values))]) if curve.n_items else None
    return CurveVerdict(
        ratios=paired.design.levels,
        values=paired.values,
        se=paired.se,
        difference=paired.difference,
        difference_ci=paired.interval,
        verdict=word,
        reason=reason,
        p_value=p_value,
        first_below=first_below,
        budget=budget,
        margin=margin,
        min_detectable=min_detectable,
        phi=paired.phi,
        df=paired.df,
        conditional=word != "refused" and paired.df is None,
        best_ratio=best,
    )


def _weighted(curve: CurveData) -> tuple[FloatArray, FloatArray]:
    """Weighted column means, and each item's weighted deviation from them (its influence on the mean, times n)."""
    if curve.n_items == 0:
        return np.full(curve.scores.shape[1], np.nan), curve.scores
    weights = np.ones(curve.n_items) if curve.weights is None else curve.weights / curve.weights.mean()
    mean = np.average(curve.scores, axis=0, weights=weights)
    return mean, weights[:, None] * (curve.scores - mean)


def _seed_noise(mean: FloatArray, covariance: FloatArray, residual: FloatArray, df: int) -> tuple[float, float]:
    """Scatter between seeds over that expected from items alone, and the variance of one checkpoint beyond it."""
    if df == 0:
        return np.nan, 0.0
    observed = float(mean @ residual @ mean) / df
    expected = float(np.trace(residual @ covariance)) / df
    phi = observed / expected if expected > 0 else np.nan
    return phi, max(0.0, observed - expected)


def _one_sided_p(paired: PairedDifferences) -> FloatArray:
    """P(a difference this low or lower) if the ratio were as good as the baseline; 1 where nothing differs."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = paired.difference / paired.difference_se
    return np.where(np.isnan(t), 1.0, stdtr(paired.quantile_df, t))


def _budget(paired: PairedDifferences, margin: float) -> float | None:
    """Largest ratio such that it and every smaller one are shown within the margin; the baseline itself is."""
    within = paired.interval[:, 0] >= -margin
    shown = int(np.argmin(within)) if not within.all() else len(within)
    return float(paired.design.levels[shown - 1]) if shown else None


def _min_detectable(paired: PairedDifferences, others: FloatArray) -> float:
    """Smallest drop found with 80% power, at the ratio that is measured best, at the first step of Holm."""
    step = ALPHA / int(others.sum())
    reach = stdtrit(paired.quantile_df, 1 - step) + stdtrit(paired.quantile_df, POWER)
    return float(reach * paired.difference_se[others].min())


def _refusal_before(curve: CurveData) -> str:
    """Why the layout of the curve cannot be judged, or ''."""
    levels = np.unique(curve.ratios)
    if curve.baseline not in levels:
        return f"no checkpoint at the baseline ratio {curve.baseline:g}"
    if len(levels) < MIN_RATIOS:
        return f"only one ratio ({levels[0]:g}): nothing to compare the baseline with"
    cells, count = np.unique(np.stack([curve.ratios, curve.seeds]), axis=1, return_counts=True)
    if (count > 1).any():
        ratio, seed = cells[:, count > 1][:, 0]
        return f"{count.max()} checkpoints share ratio {ratio:g} and seed {int(seed)}: give them different seeds"
    if curve.n_items < MIN_ITEMS:
        return f"only {curve.n_items} shared items: at least {MIN_ITEMS} are needed"
    return ""


def _refusal_after(curve: CurveData, paired: PairedDifferences) -> str:
    """Why the numbers of the curve cannot be judged, or ''."""
    rounding = 1e-12 * float(np.abs(curve.scores).max())
    others = paired.design.levels != curve.baseline
    no_spread = paired.item_se[others] <= rounding
    no_change = np.abs(paired.difference[others]) <= rounding
    if (no_spread & no_change).all():
        return "every ratio scores exactly as the baseline on every item: are these the same checkpoint?"
    if (no_spread & ~no_change).any():
        ratio = paired.design.levels[others][no_spread & ~no_change][0]
        return f"ratio {ratio:g} differs from the baseline by the same amount on every item: no noise to judge it by"
    if curve.chance is not None:
        at_baseline = int(np.flatnonzero(~others)[0])
        reach = stdtrit(curve.n_items - 1, 1 - ALPHA) * paired.se[at_baseline]
        if paired.values[at_baseline] - reach <= curve.chance:
            return (
                f"the baseline scores {paired.values[at_baseline]:.3g}, "
                f"not clearly above chance ({curve.chance:.3g}): no room to fall"
            )
    return ""
