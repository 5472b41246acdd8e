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
MIN_FACTOR = 1e-12


@dataclass(frozen=True, eq=False)
class Null:
    """Both statistics of curves without degradation, (n_draws,) each, ascending. ``df`` as in `Noise.quantile_df`."""

    shape: FloatArray
    guard: FloatArray
    df: float

    def p_shape(self, statistic: float) -> float:
        """P(a gain this large), one-sided: only falling shapes count."""
        return _p_value(np.sqrt(statistic), np.sqrt(self.shape), self.df)

    def p_guard(self, statistic: float) -> float:
        """P(some late part of the curve this far below the baseline)."""
        return _p_value(statistic, self.guard, self.df)


def shape_statistic(fit: Fit, noise: Noise, direction: int) -> float:
    """Fall in the residual sum of squares by the best shape of one direction, over the noise factor.

    Parameters
    ----------
    direction : -1 for shapes that fall, +1 for shapes that rise
    """
    gain = max(0.0, float(np.max(direction * fit.scores))) ** 2
    return gain / _factor(noise)


def guard_statistic(standardised: FloatArray, noise: Noise) -> float:
    """Largest difference from the baseline in the wanted direction, over the square root of the noise factor.

    Parameters
    ----------
    standardised : (n_above,) differences over their standard errors from items, positive in the wanted direction
    """
    return float(np.max(standardised)) / float(np.sqrt(_factor(noise)))


def simulated_null(fit: Fit, noise: Noise, contrasts: FloatArray, *, seed: int = 0, draws: int = DRAWS) -> Null:
    """Null distributions of both statistics for one curve.

    Parameters
    ----------
    contrasts : (n_above, C); rows take the means to the differences from the baseline that the guard looks at
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
        largest = np.maximum(highest, -lowest)
        own = np.maximum(flat - largest**2, 0.0) if fit.residual_df else 0.0
        factor = np.maximum((own + _others(draws, noise.other_df, seed)) / noise.df, MIN_FACTOR)
    gain = np.maximum(highest, 0.0) ** 2
    spread = contrasts @ fit.root
    spread = spread / np.linalg.norm(spread, axis=1, keepdims=True)
    guard = (spread @ z).max(axis=0)
    return Null(np.sort(gain / factor), np.sort(guard / np.sqrt(factor)), noise.quantile_df)


def p_of_side(fit: Fit, noise: Noise, null: Null, side: Side) -> float:
    """The larger p-value of both tests, for one direction of getting worse.

    Parameters
    ----------
    fit, noise : of the curve
    null : of both tests, from `simulated_null`
    side : direction of getting worse
    """
    return max(
        null.p_shape(shape_statistic(fit, noise, side.direction)),
        null.p_guard(guard_statistic(side.standardised, noise)),
    )


def _factor(noise: Noise) -> float:
    return 1.0 if noise.declared or noise.factor is None else max(noise.factor, MIN_FACTOR)


@lru_cache(maxsize=16)
def _normal_draws(draws: int, columns: int, seed: int) -> FloatArray:
    """(columns, draws)"""
    return np.ascontiguousarray(np.random.default_rng([seed, columns]).standard_normal((draws, columns)).T)


def _others(draws: int, df: int, seed: int) -> FloatArray | float:
    """Residual sums of squares of the other curves of a pool."""
    return np.random.default_rng([seed, df, 1]).chisquare(df, draws) if df else 0.0


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


Correction: TypeAlias = Literal["holm", "fdr"]


def adjusted(p: ArrayLike, method: Correction = "holm") -> FloatArray:
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

    Rejecting where they are below q keeps the expected share of false discoveries among the rejected at q or less, for
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
