"""Which checkpoints are set against which: the contrasts with the baseline, and what is left over as seed noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.dose_response.covariance import contrast_variance, mean_covariance, weighted_means
from synth_eval.dose_response.curve import CurveData
from synth_eval.dose_response.noise import MIN_DF
from synth_eval.dose_response.shapes import SHAPE_PARAMETERS, Fit, fit_shapes

if TYPE_CHECKING:
    from synth_eval.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Design:
    """Linear maps from the checkpoints of a curve (columns) to what is asked of them.

    Attributes
    ----------
    levels : (n_ratios,) distinct ratios, ascending.
    seeds_per_level : (n_ratios,) number of checkpoints at each ratio.
    means : (n_ratios, n_checkpoints); ``means @ y`` are the means over seeds.
    contrasts : (n_ratios, n_checkpoints); ``contrasts @ y`` are the differences from the baseline, each seed against
        the baseline of its own seed where there is one, else against the mean baseline. NaN without a baseline.
    paired_residual, paired_df
        Projection (n_checkpoints, n_checkpoints) onto what neither ratio nor seed explains, and its rank: the noise
        that bears on ``contrasts``. A seed's own level cancels in paired differences, so it is taken out first.
    level_residual, level_df
        The same with the seeds' own level left in: the noise that bears on ``means``.
    flat : (n_checkpoints, n_levels) 0 or 1; what does not change with the ratio: one column a seed, or one for all.
    """

    levels: FloatArray
    seeds_per_level: IntArray
    means: FloatArray
    contrasts: FloatArray
    paired_residual: FloatArray
    paired_df: int
    level_residual: FloatArray
    level_df: int
    flat: FloatArray


def design_of(ratios: FloatArray, seeds: IntArray, baseline: float) -> Design:
    """Lay out the checkpoints of one curve; `ratios` and `baseline` must be rounded alike.

    Parameters
    ----------
    ratios, seeds : (n_checkpoints,)
    baseline : one of the ratios
    """
    levels, level_of = np.unique(ratios, return_inverse=True)
    at_level = (level_of[None, :] == np.arange(len(levels))[:, None]).astype(float)
    count = at_level.sum(axis=1).astype(np.int64)
    means = at_level / count[:, None]
    contrasts = _contrasts(means, ratios, seeds, baseline)

    at_seed = (seeds[:, None] == np.unique(seeds)[None, :]).astype(float)
    level_residual, level_df = _residual(at_level.T)
    paired_residual, paired_df = level_residual, level_df
    if np.isfinite(contrasts).all() and np.abs(contrasts @ at_seed).max() < 1e-9:
        with_seeds, df = _residual(np.hstack([at_level.T, at_seed]))
        if df > 0:
            paired_residual, paired_df = with_seeds, df
    return Design(
        levels,
        count,
        means,
        contrasts,
        paired_residual,
        paired_df,
        level_residual,
        level_df,
        _flat(ratios, at_seed, baseline),
    )


def _contrasts(means: FloatArray, ratios: FloatArray, seeds: IntArray, baseline: float) -> FloatArray:
    at_baseline = ratios == baseline
    if not at_baseline.any():
        return np.full_like(means, np.nan)
    same_seed = at_baseline[None, :] & (seeds[:, None] == seeds[None, :])
    reference = np.where(same_seed.any(axis=1, keepdims=True), same_seed, at_baseline[None, :]).astype(float)
    reference /= reference.sum(axis=1, keepdims=True)  # row c: what checkpoint c is compared with
    contrasts: FloatArray = means @ (np.eye(len(ratios)) - reference)
    return contrasts


def _flat(ratios: FloatArray, at_seed: FloatArray, baseline: float) -> FloatArray:
    """A level for each seed where all have a baseline to fall from and enough is left over to measure noise by.

    A seed's level cancels in the differences of interest, so leaving it in would only count it as noise of them.
    """
    has_baseline = at_seed[ratios == baseline].any(axis=0)
    has_more = at_seed.sum(axis=0) > 1
    left_over = len(ratios) - SHAPE_PARAMETERS - at_seed.shape[1]
    own_levels = has_baseline.all() and has_more.all() and left_over >= MIN_DF
    return at_seed if own_levels else np.ones((len(ratios), 1))


def _residual(effects: FloatArray) -> tuple[FloatArray, int]:
    """Projection onto the complement of the columns of `effects`, and its rank."""
    projection = np.eye(len(effects)) - effects @ np.linalg.pinv(effects)
    return projection, round(float(np.trace(projection)))


@dataclass(frozen=True, eq=False)
class PreparedCurve:
    """A curve ready for fitting: checkpoints ordered by ratio, then seed, so that their first order does not matter.

    ``covariance`` (C, C) is that of ``mean`` (C,) over items. ``item_variance`` is that of one checkpoint's mean over
    items, beyond what all checkpoints share, or those of one seed where seeds have a level each.
    """

    curve: CurveData
    design: Design
    mean: FloatArray
    deviations: FloatArray
    covariance: FloatArray

    @property
    def late(self) -> FloatArray:
        """(n_above, C); row i takes the scores to the mean of all ratios from the i-th above the baseline on."""
        return self._late(self.design.means)

    @property
    def late_contrasts(self) -> FloatArray:
        """(n_above, C); the same for the differences from the baseline: last comes the largest ratio alone."""
        return self._late(self.design.contrasts)

    @property
    def gains(self) -> FloatArray:
        """(m, C); `late`, and every ratio above the baseline by itself."""
        return np.vstack([self.late, self.design.means[self.design.levels > self.curve.baseline]])

    @property
    def gain_contrasts(self) -> FloatArray:
        """(m, C); the same for the differences from the baseline."""
        return np.vstack([self.late_contrasts, self.design.contrasts[self.design.levels > self.curve.baseline]])

    def _late(self, of_levels: FloatArray) -> FloatArray:
        above = of_levels[self.design.levels > self.curve.baseline]
        late: FloatArray = above[::-1].cumsum(axis=0)[::-1] / np.arange(len(above), 0, -1)[:, None]
        return late

    @property
    def item_variance(self) -> float:
        return contrast_variance(self.covariance, self.design.flat)

    @property
    def seed_sd_by_ratio(self) -> FloatArray:
        """(n_ratios,) SD between training runs at each ratio, beyond that of items; NaN where it has one run.

        What the seeds' own levels explain is taken out first, as in the noise. Each rests on few runs: they show
        whether noise is uneven, and no verdict uses them.
        """
        residual, at_level = self.design.paired_residual, (self.design.means.T > 0).astype(float)
        squares = (residual @ self.mean) ** 2 - np.diag(residual @ self.covariance @ residual)
        mixed = at_level.T @ residual**2 @ at_level  # how much of each ratio's noise shows at each
        several = (self.design.seeds_per_level > 1) & (np.diag(mixed) > 1e-9)
        variance = np.full(len(several), np.nan)
        if several.any():
            chosen = np.ix_(several, several)
            variance[several] = np.linalg.lstsq(mixed[chosen], (squares @ at_level)[several], rcond=None)[0]
        sd: FloatArray = np.sqrt(np.maximum(variance, 0.0))
        return sd

    def fit(self, seed_variance: float = 0.0) -> Fit:
        """Every shape, on the noise of items and a declared noise between training runs."""
        covariance = self.covariance + seed_variance * np.eye(len(self.mean))
        return fit_shapes(self.mean, covariance, self.curve.ratios, self.design.flat)


def prepare_curve(curve: CurveData) -> PreparedCurve:
    """Means and covariance of a curve that `refusal_of_layout` lets through."""
    order = np.lexsort([curve.seeds, curve.ratios])
    curve = replace(curve, scores=curve.scores[:, order], ratios=curve.ratios[order], seeds=curve.seeds[order])
    mean, deviations = weighted_means(curve.scores, curve.weights, curve.strata)
    design = design_of(curve.ratios, curve.seeds, curve.baseline)
    return PreparedCurve(curve, design, mean, deviations, mean_covariance(deviations))


# In which direction a curve can get worse: down, or for a signed metric away from 0 on either side; and better.

CLEARLY = 1.96  # standard errors from 0 at which the side of a baseline is known


@dataclass(frozen=True, eq=False)
class Side:
    """One direction of getting worse, or better.

    ``standardised`` (n_above,): difference from the baseline of the mean of every late part of the curve (from each
    ratio above the baseline to the largest) over its standard error, positive in this direction; -inf where a signed
    metric did not move away from 0. ``margin`` is the move in this direction that still counts as safe.
    """

    direction: int
    standardised: FloatArray
    margin: float


def sides_of(prepared: PreparedCurve, margin: float, seed_variance: float = 0.0) -> tuple[Side, ...]:
    """The single downward side of an ordinary curve, or both sides of a signed one.

    A signed metric is worse only where its distance from 0 grew: an underconfident baseline that becomes calibrated has
    improved. If the baseline's own side is clear and a later part lies beyond 0 from it, that must be clearly further
    from 0 too, and the way through 0 to the mirror image of the baseline comes on top of the margin.

    Parameters
    ----------
    margin : in units of the scores
    seed_variance : declared noise of each checkpoint's mean, beyond that of items

    References
    ----------
    "Early warning" in docs/methods.md.
    """
    late = _parts(prepared, prepared.late, prepared.late_contrasts, seed_variance)
    if not prepared.curve.signed:
        return (Side(-1, -late.difference, margin),)
    sides = []
    for direction in (+1, -1):
        standardised, allowed = direction * late.difference, margin
        if late.clear > 0 and direction * late.baseline < 0:
            standardised = np.minimum(standardised, direction * late.together)
            allowed = margin + 2 * late.clear
        sides.append(Side(direction, np.where(late.grown, standardised, -np.inf), allowed))
    return tuple(sides)


def improvement_of(prepared: PreparedCurve, margin: float, seed_variance: float = 0.0) -> Side | None:
    """The direction in which a curve gets better: up, or for a signed metric towards 0.

    A signed metric has improved where its distance from 0 shrank: it moved from the clear side of its baseline towards
    0, and not as far beyond 0 as it was before. None where the side of its baseline is not clear: it has no room.

    Parameters
    ----------
    margin, seed_variance : as in `sides_of`
    """
    late = _parts(prepared, prepared.gains, prepared.gain_contrasts, seed_variance)
    if not prepared.curve.signed:
        return Side(+1, late.difference, margin)
    if late.clear <= 0:
        return None
    direction = -1 if late.baseline > 0 else 1
    return Side(direction, np.minimum(direction * late.difference, -direction * late.together), margin)


@dataclass(frozen=True, eq=False)
class _Parts:
    """Standardised ``difference`` of every part from the baseline; the rest is of signed curves alone: their
    sum with the baseline ``together``, whether its distance from 0 has ``grown``, and by how much the ``baseline`` is
    ``clear`` of 0."""

    difference: FloatArray
    together: FloatArray
    grown: BoolArray
    baseline: float
    clear: float


def _parts(prepared: PreparedCurve, parts: FloatArray, contrasts: FloatArray, seed_variance: float) -> _Parts:
    covariance = prepared.covariance + seed_variance * np.eye(len(prepared.mean))
    difference = _standardised(contrasts, prepared.mean, covariance)
    at_baseline = prepared.design.means[prepared.design.levels == prepared.curve.baseline]
    baseline = float((at_baseline @ prepared.mean)[0])
    return _Parts(
        difference=difference,
        together=_standardised(parts + at_baseline, prepared.mean, covariance),
        grown=np.abs(parts @ prepared.mean) > abs(baseline),
        baseline=baseline,
        clear=abs(baseline) - CLEARLY * float(np.sqrt(_variance(at_baseline, covariance)[0])),
    )


def _standardised(contrasts: FloatArray, mean: FloatArray, covariance: FloatArray) -> FloatArray:
    standardised: FloatArray = contrasts @ mean / np.sqrt(_variance(contrasts, covariance))
    return standardised


def _variance(contrasts: FloatArray, covariance: FloatArray) -> FloatArray:
    variance: FloatArray = np.einsum("ij,jk,ik->i", contrasts, covariance, contrasts)
    return variance
