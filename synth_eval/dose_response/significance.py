"""The curve test: does the best shape of degradation fit better than a flat line, and does it end below the baseline?

The second question is the guard against curves that improve and then return. It is asked of every late part of the
curve, the mean from some ratio to the largest: the differences of single ratios from one noisy baseline find less, at
the same rate of false flags (.90 against .94 of the hinges of "Power" in docs/validation.md on 11 ratios).

Both statistics are maxima (over shapes, over ratios), so their null distributions are simulated, with the noise factor
estimated in every draw as it was in the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from synth_eval.dose_response.design import Side
from synth_eval.dose_response.noise import Noise
from synth_eval.dose_response.shapes import Fit

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


DRAWS = 10_000
TAIL = 100  # p-values with fewer draws beyond them than this are extrapolated
BISECTIONS = 30
MIN_FACTOR = 1e-12


@dataclass(frozen=True, eq=False)
class Null:
    """Both statistics of curves without degradation, (n_draws,) each, ascending. ``df`` as in `Noise.quantile_df`."""

    shape: FloatArray
    guard: FloatArray
    both: FloatArray
    df: float

    def p_shape(self, statistic: float) -> float:
        """P(a gain this large), one-sided: only falling shapes count."""
        return _p_value(np.sqrt(statistic), np.sqrt(self.shape), self.df)

    def p_guard(self, statistic: float) -> float:
        """P(some late part of the curve this far below the baseline)."""
        return _p_value(statistic, self.guard, self.df)

    def p_both(self, larger: float) -> float:
        """p-value of the two tests together: half-way between the larger of their p-values and its null distribution.

        Both rarely reject by chance at once, so that the larger p-value alone flags .03 of flat curves. Its own null
        distribution, the same draws, flags .05; half of that gain is left as room for what the draws do not know: the
        items' covariance is estimated, and run noise may differ between ratios.
        """
        place = np.searchsorted(self.both, larger, side="right")
        tail = min(TAIL, len(self.both)) - 1
        share = place / len(self.both) if place > tail else larger * (tail + 1) / len(self.both) / self.both[tail]
        return float((larger + share) / 2)

    def larger_at(self, level: float) -> float:
        """The larger p-value at which `p_both` is a level."""
        low, high = level / 2, 2 * level
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.p_both(middle) < level else (low, middle)
        return low


def shape_statistic(fit: Fit, noise: Noise, direction: int, *, tents: bool = False) -> float:
    """Fall in the residual sum of squares by the best shape of one direction, over the noise factor.

    Parameters
    ----------
    direction : -1 for shapes that fall, +1 for shapes that rise
    tents : whether shapes count that run in the direction at first and may turn
    """
    gain = max(0.0, float(np.max(direction * fit.scores))) ** 2
    if tents:
        gain = max(gain, float(fit.tents.rising(fit.mean, direction)))
    return gain / _factor(noise)


def guard_statistic(standardised: FloatArray, noise: Noise) -> float:
    """Largest difference from the baseline in the wanted direction, over the square root of the noise factor.

    Parameters
    ----------
    standardised : (n_above,) differences over their standard errors from items, positive in the wanted direction
    """
    return float(np.max(standardised)) / float(np.sqrt(_factor(noise)))


def simulated_null(
    fit: Fit, noise: Noise, contrasts: FloatArray, *, tents: bool = False, seed: int = 0, draws: int = DRAWS
) -> Null:
    """Null distributions of both statistics for one curve.

    Parameters
    ----------
    contrasts : (n_above, C); rows take the means to the differences from the baseline that the guard looks at
    tents : as in `shape_statistic`
    seed, draws : curves with the same number of checkpoints share their draws

    Returns
    -------
    Null, for either direction: the draws are symmetric.
    """
    z = _normal_draws(draws, len(fit.mean), seed)
    scores = fit.directions.T @ z  # draws run along rows, where numpy takes maxima several times faster
    highest, lowest = scores.max(axis=0), scores.min(axis=0)
    factor: FloatArray | float = 1.0
    if not noise.declared:
        flat = np.sum(z**2, axis=0) - np.sum((fit.flat.T @ z) ** 2, axis=0)
        own = fit.residual(z, np.maximum(highest, -lowest) ** 2, flat) if fit.residual_df else 0.0
        factor = np.maximum((own + other_draws(draws, noise.other_df, seed)) / noise.df, MIN_FACTOR)
    gain = np.maximum(highest, 0.0) ** 2
    if tents:
        gain = np.maximum(gain, fit.tents.rising(z, 1))
    spread = contrasts @ fit.root
    spread = spread / np.linalg.norm(spread, axis=1, keepdims=True)
    guard = (spread @ z).max(axis=0)
    shape_of, guard_of = gain / factor, guard / np.sqrt(factor)
    shape_of, shape_rank = _sorted(shape_of)
    guard_of, guard_rank = _sorted(guard_of)
    both = np.sort(1 - np.minimum(shape_rank, guard_rank) / draws)
    return Null(shape_of, guard_of, both, noise.quantile_df)


def p_of_side(fit: Fit, noise: Noise, null: Null, side: Side, *, tents: bool = False) -> float:
    """The larger p-value of both tests, for one direction of getting worse.

    Parameters
    ----------
    fit, noise : of the curve
    null : of both tests, from `simulated_null`
    side : direction of getting worse
    """
    return null.p_both(
        max(
            null.p_shape(shape_statistic(fit, noise, side.direction, tents=tents)),
            null.p_guard(guard_statistic(side.standardised, noise)),
        )
    )


def _sorted(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The values ascending, and the place of each among them."""
    order = np.argsort(values)
    place = np.empty(len(values))
    place[order] = np.arange(len(values))
    return values[order], place


def _factor(noise: Noise) -> float:
    return 1.0 if noise.declared or noise.factor is None else max(noise.factor, MIN_FACTOR)


@lru_cache(maxsize=16)
def _normal_draws(draws: int, columns: int, seed: int) -> FloatArray:
    """(columns, draws)"""
    return np.ascontiguousarray(np.random.default_rng([seed, columns]).standard_normal((draws, columns)).T)


@lru_cache(maxsize=64)
def other_draws(draws: int, df: float, seed: int = 0) -> FloatArray | float:
    """What other curves add to the residual sum of squares, (draws,); 0 where they add nothing."""
    return np.random.default_rng([seed, round(4 * df), 1]).chisquare(df, draws) if df else 0.0


def _p_value(statistic: float, null: FloatArray, df: float) -> float:
    """Share of draws at least this large; far out, extended by the tail of t, which a maximum of t's shares."""
    beyond = len(null) - int(np.searchsorted(null, statistic, side="left"))
    if beyond >= TAIL or len(null) <= TAIL:
        return (1 + beyond) / (1 + len(null))
    anchor = float(null[-TAIL])
    upper = _survival(anchor, df)
    return TAIL / len(null) * (_survival(statistic, df) / upper if upper > 0 else 0.0)


def _survival(x: float, df: float) -> float:
    from scipy.special import ndtr, stdtr

    return float(ndtr(-x)) if df == inf else float(stdtr(df, -x))


CorrectionMethod: TypeAlias = Literal["holm", "fdr"]


def adjusted(p: ArrayLike, method: CorrectionMethod = "holm") -> FloatArray:
    """p-values corrected for their number: `holm` or, for the false discovery rate, `benjamini_hochberg`."""
    return {"holm": holm, "fdr": benjamini_hochberg}[method](p)


def holm(p: ArrayLike) -> FloatArray:
    """Holm's step-down adjusted p-values: valid under any dependence between the tests.

    Parameters
    ----------
    p : (m,) float in [0, 1]

    Returns
    -------
    (m,) float in [0, 1], in the order given; reject where it is below the wanted family-wise error rate.

    Raises
    ------
    ValueError : not one-dimensional, or a value outside [0, 1] or NaN.

    References
    ----------
    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6, 1979.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p = _checked(p)
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(len(p), 0, -1)
    found = np.empty_like(p)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found


def benjamini_hochberg(p: ArrayLike) -> FloatArray:
    """Adjusted p-values of the step-up test of Benjamini and Hochberg.

    As scipy.stats has it, whose import takes longer than a comparison of a small family. Rejecting where they are below
    q keeps the expected share of false discoveries among the rejected at q or less, for
    independent tests and for those that depend on each other positively, as curves over the same checkpoints do.

    Parameters
    ----------
    p : (m,) float in [0, 1]

    Returns
    -------
    (m,) float in [0, 1], in the order given.

    Raises
    ------
    ValueError : not one-dimensional, or a value outside [0, 1] or NaN.

    References
    ----------
    Benjamini and Hochberg, "Controlling the False Discovery Rate", JRSS B 57, 1995; Benjamini and Yekutieli, "The
    Control of the False Discovery Rate in Multiple Testing under Dependency", Annals of Statistics 29, 2001.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    array([0.03, 0.04, 0.04])
    """
    p = _checked(p)
    order = np.argsort(p, kind="stable")
    steps = p[order] * len(p) / np.arange(1, len(p) + 1)
    found = np.empty_like(p)
    found[order] = np.minimum.accumulate(steps[::-1])[::-1]
    return found


def _checked(p: ArrayLike) -> FloatArray:
    p = np.asarray(p, dtype=float)
    if p.ndim != 1:
        raise ValueError(f"p-values must be one-dimensional, not of shape {p.shape}")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values must lie in [0, 1]")
    return p
