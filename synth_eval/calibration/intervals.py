"""Intervals and p-values from resamples.

Shares and rank statistics take the expanded percentile interval, skewed scores the studentized one. Calibration errors
are norms of a vector of gaps: noise only ever adds to a norm, so percentiles of resampled errors lie above the truth
(and never reach 0). Their interval asks instead which true gaps would make the observed error unremarkable: `invert`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


_STEPS = 14  # halvings: the end of an interval is found to 1e-4 of its length
_FAR = 1e6  # standard errors
_TIE = 1e-9  # two values this close are the same number, summed in another order


def expansion(units: int, *, level: float) -> float:
    """How much too small a bootstrap deviation is: its variance lacks n / (n - 1), and t is wider than normal."""
    from scipy.special import ndtri, stdtrit  # numpy has neither quantile

    tail = (1.0 + level) / 2.0
    return float(stdtrit(units - 1, tail) / ndtri(tail) * (units / (units - 1)) ** 0.5)


def percentile_interval(resampled: FloatArray, *, units: int, level: float) -> tuple[float, float]:
    """Percentiles of resampled values (r,), taken further out to have the length of a t interval.

    Parameters
    ----------
    resampled : (r,) values of resamples
    units : things that were resampled, at least 2
    level : in (0, 1)

    References
    ----------
    Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69, 2015.
    """
    from scipy.special import ndtr, ndtri

    tail = float(ndtr(ndtri((1.0 - level) / 2.0) * expansion(units, level=level)))
    low, high = np.nanquantile(resampled, [tail, 1.0 - tail])
    return float(low), float(high)


def studentized_interval(
    value: float, error: float, resampled: FloatArray, resampled_error: FloatArray, *, units: int, level: float
) -> tuple[float, float]:
    """Bootstrap-t interval from values and standard errors of resamples (r,): right for skewed scores too.

    Falls back on `percentile_interval` where so many resamples have no spread that a limit would be infinite.

    Parameters
    ----------
    value, error : observed, with its standard error
    resampled, resampled_error : (r,) the same of resamples
    units : things that were resampled, at least 2
    level : in (0, 1)

    References
    ----------
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 12.
    """
    deviation = resampled - value
    pivot = np.where(deviation < 0, -np.inf, np.where(deviation > 0, np.inf, 0.0))
    np.divide(deviation, resampled_error, out=pivot, where=resampled_error > 0)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(pivot, [tail, 1.0 - tail], method="nearest")  # linear would meet inf - inf
    if not (np.isfinite(low) and np.isfinite(high)):
        return percentile_interval(resampled, units=units, level=level)
    return float(value - high * error), float(value - low * error)


def invert(
    gap: FloatArray,
    resampled_gap: FloatArray,
    *,
    norm: Callable[[FloatArray], FloatArray],
    null_p: float,
    units: int,
    level: float,
) -> tuple[float, float]:
    """Interval for the norm of the true gaps, by asking which truths would make the observed norm unremarkable.

    Candidates for the truth lie on a path through the observed gaps: every gap moved by t standard errors away from
    0 (t > 0) or towards it, stopping there (t < 0). Resampling noise is added to a candidate; the lower limit is the
    least norm of a candidate that reaches the observed norm often enough. Noise that is common to many gaps (all
    answers a little better than expected) can hide a truth whose signs the observed gaps no longer show; so the upper
    limit is the larger one of two, from that path and from one of gaps proportional to their standard errors, with
    the signs of the noise's first principal component.

    Parameters
    ----------
    gap : (b,) float
        Observed gaps, each times its bin's share of the items (or a density): sums of residuals, not means. Their
        variance is found without bias even in a bin of one item, where that of a mean cannot be.
    resampled_gap : (r, b) float
        The same in bootstrap resamples.
    norm : takes such gaps (r, b), gives (r,)
    null_p : float
        p-value of the observed norm in calibrated data. If it is above (1 - level) / 2, the interval starts at 0.
    units : int, at least 2
    level : float in (0, 1)

    Returns
    -------
    low, high : float
    """
    tail = (1.0 - level) / 2.0
    noise = (resampled_gap - gap) * expansion(units, level=level)
    value = float(norm(gap[None, :])[0])
    error = noise.std(axis=0)
    moving = error > 0
    if not moving.any():
        return value, value

    def share_below(truth: FloatArray) -> float:
        return float((norm(truth + noise) <= value * (1.0 + _TIE)).mean())

    def end(path: Callable[[float], FloatArray], share: float, low: float) -> float:
        """Norm at the point of the path, above ``low``, where that share of noisy norms lies below the value."""
        if share_below(path(low)) <= share:
            return float(norm(path(low)[None, :])[0])
        high = low + 4.0
        while share_below(path(high)) > share and high - low < _FAR:
            high = low + 2.0 * (high - low)
        for _ in range(_STEPS):
            middle = (low + high) / 2.0
            low, high = (middle, high) if share_below(path(middle)) > share else (low, middle)
        return float(norm(path((low + high) / 2.0)[None, :])[0])

    sign, size = np.where(gap < 0, -1.0, 1.0), np.abs(gap)
    common = np.where(np.linalg.eigh(noise.T @ noise)[1][:, -1] < 0, -1.0, 1.0)

    def through_observed(t: float) -> FloatArray:
        moved: FloatArray = sign * np.maximum(size + t * error, 0.0)
        return moved

    def along_common(t: float) -> FloatArray:
        moved: FloatArray = common * t * error
        return moved

    nothing = -float((size[moving] / error[moving]).max())  # every gap that can reach 0 has reached it
    upper = max(end(through_observed, tail, nothing), end(along_common, tail, 0.0))
    return 0.0 if null_p > tail else end(through_observed, 1.0 - tail, nothing), upper


def null_p_value(value: float, null: FloatArray, *, sides: int) -> float:
    """Chance that calibrated data (null, (r,)) are as much evidence against calibration as the value is.

    One-sided, the share of draws above the value; two-sided, twice the smaller tail. Ties count half (the maximum error
    has many, and would hardly ever reject if they counted whole), and the observed data set counts as one more draw,
    so p is never 0.

    Parameters
    ----------
    value : observed
    null : (r,) of calibrated data
    sides : 1 where only large values are evidence against calibration, else 2
    """
    tie = np.abs(null - value) <= _TIE * max(1.0, abs(value))
    above, below, ties = (float(np.count_nonzero(x)) for x in ((null > value) & ~tie, (null < value) & ~tie, tie))
    tail = above if sides == 1 else min(above, below)
    return min(1.0, sides * (tail + 0.5 * (1.0 + ties)) / (1.0 + len(null)))
