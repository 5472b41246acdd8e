"""The paired comparison of every ratio with the baseline: what the tables print beside the verdict of the curve.

Two kinds of noise count. Items: another draw of test items would give other means; checkpoints share their items, so
the covariance of the means is taken over items. Seeds: another training run would give another checkpoint. The curve
test measures that, around the curve and between replicates; where it is not asked, replicates alone do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.dose_response.covariance import weighted_means
from synth_eval.dose_response.curve import CurveData
from synth_eval.dose_response.design import Design, design_of
from synth_eval.dose_response.noise import MIN_DF
from synth_eval.dose_response.significance import holm

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


ALPHA = 0.05


@dataclass(frozen=True, eq=False)
class PairedDifferences:
    """Means and differences from the baseline over the distinct ratios, with their noise.

    ``item_se`` is the part of ``difference_se`` that comes from items. ``quantile_df`` are the degrees of freedom for
    t quantiles; ``phi`` and ``df`` are those of the noise between seeds, None where no ratio is replicated.
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
        from scipy.special import stdtrit

        half = stdtrit(self.quantile_df, 1 - ALPHA / 2) * self.difference_se
        return np.stack([self.difference - half, self.difference + half], axis=1)

    @property
    def reportable_interval(self) -> FloatArray:
        """`interval`, NaN where it would rest on fewer than 3 degrees of freedom; 0 at the baseline all the same.

        A t quantile on 1 degree of freedom is 12.7: such an interval reflects how few runs there are, not the curve.
        """
        if self.quantile_df >= MIN_DF:
            return self.interval
        hidden: FloatArray = np.full_like(self.interval, np.nan)
        hidden[~np.any(self.design.contrasts != 0, axis=1)] = 0.0
        return hidden

    def beyond(self, baseline: float, direction: int) -> FloatArray:
        """Ratios clearly on one side of the baseline (t test, Holm over ratios), ascending."""
        from scipy.special import stdtr

        others = self.design.levels != baseline
        with np.errstate(divide="ignore", invalid="ignore"):
            t = direction * self.difference / self.difference_se
        p = np.where(np.isnan(t), 1.0, stdtr(self.quantile_df, -t))
        clear: FloatArray = self.design.levels[others][holm(p[others]) < ALPHA]
        return clear


def paired_differences(
    curve: CurveData, *, seed_variance: float | None = None, df: float | None = None
) -> PairedDifferences:
    """Difference of every ratio from the baseline on the same items, with item and seed noise.

    Parameters
    ----------
    curve : at least 2 items for finite standard errors.
    seed_variance : variance of one checkpoint's mean between training runs, as the curve test found it, on `df`
        degrees of freedom (infinite where it was declared). If None, it is taken from replicate seeds: what their
        scatter (residual of ratio + seed effects, pooled over ratios) exceeds that of items alone, never less than
        zero; without replicates there is none.

    References
    ----------
    Miller, "Adding Error Bars to Evals", 2024 (arXiv 2411.00640), for paired item-level errors.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    >>> curve = CurveData(scores, np.array([0.0, 0.5]), np.array([0, 0]))
    >>> paired_differences(curve).difference
    array([ 0. , -0.5])
    """
    design = design_of(curve.ratios, curve.seeds, curve.baseline)
    mean, deviations = weighted_means(curve.scores, curve.weights, curve.strata)
    n = curve.n_items
    pairs = n * (n - 1) if n > 1 else np.nan
    covariance = deviations.T @ deviations / pairs

    phi, paired_variance = _seed_noise(mean, covariance, design.paired_residual, design.paired_df)
    _, level_variance = _seed_noise(mean, covariance, design.level_residual, design.level_df)
    replicated = design.paired_df > 0
    quantile_df = float(min(design.paired_df, n - 1) if replicated else max(n - 1, 1))
    if seed_variance is not None:
        own_levels = design.flat.shape[1] > 1  # then the curve test leaves out what a value by itself still has
        level_variance = max(seed_variance, level_variance) if own_levels else seed_variance
        paired_variance = seed_variance
        quantile_df = float(min(df if df is not None else np.inf, max(n - 1, 1)))
    elif curve.scatter_only and not replicated:  # rounding does not measure how runs differ
        level_variance, quantile_df = np.nan, 0.0
    item_variance = np.sum((deviations @ design.contrasts.T) ** 2, axis=0) / pairs
    value_variance = np.sum((deviations @ design.means.T) ** 2, axis=0) / pairs
    return PairedDifferences(
        design=design,
        values=design.means @ mean,
        se=np.sqrt(value_variance + level_variance * np.sum(design.means**2, axis=1)),
        difference=design.contrasts @ mean,
        difference_se=np.sqrt(item_variance + paired_variance * np.sum(design.contrasts**2, axis=1)),
        item_se=np.sqrt(item_variance),
        quantile_df=quantile_df,
        phi=phi if replicated else None,
        df=float(design.paired_df) if replicated else None,
    )


def _seed_noise(mean: FloatArray, covariance: FloatArray, residual: FloatArray, df: int) -> tuple[float, float]:
    """Scatter between seeds over that expected from items alone, and the variance of one checkpoint beyond it."""
    if df == 0:
        return np.nan, 0.0
    observed = float(mean @ residual @ mean) / df
    expected = float(np.trace(residual @ covariance)) / df
    phi = observed / expected if expected > 0 else np.nan
    return phi, max(0.0, observed - expected)
