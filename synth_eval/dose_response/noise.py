"""How much noise there is beyond that of items: measured around the fitted shapes and between seeds, or declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

import numpy as np

from synth_eval.dose_response.shapes import Fit

FactorEstimate: TypeAlias = tuple[float, float]  # a noise factor and its degrees of freedom

MIN_DF = 3  # below this a noise factor is too uncertain, and a seed SD must be declared
LEVEL = 0.95
MIN_OTHERS = 2  # tasks that a prior is fitted to
MAX_PRIOR_DF = 8.0  # more is not believed: tasks share their training runs, so their noise is not independent
PRIOR_STEPS = 4  # a prior's degrees of freedom come in quarters, so that curves share their simulated draws
MIN_FACTOR = 1e-12
OUTLIER = 0.2  # rarity of a curve's own factor under the prior from which on it is believed less


@dataclass(frozen=True)
class Noise:
    """Noise of one curve, as a factor on the variance that items explain.

    ``factor`` is phi, the measured factor, on ``df`` degrees of freedom; None on none. ``other_rss`` and ``other_df``
    are the part from other curves: of the same pool, and ``prior_df`` from other tasks. A ``declared`` noise is in the
    covariance already: the factor is then taken as 1 and known.
    """

    factor: float | None
    df: float
    other_rss: float = 0.0
    other_df: float = 0
    prior_df: float = 0.0

    @property
    def declared(self) -> bool:
        return self.df < MIN_DF

    @property
    def quantile_df(self) -> float:
        """Degrees of freedom for quantiles: infinite where the noise is declared."""
        return inf if self.declared else float(self.df)

    @property
    def widening(self) -> float:
        """What variances are multiplied by in intervals: never less than items alone."""
        return 1.0 if self.declared or self.factor is None else max(1.0, self.factor)

    @property
    def reach(self) -> float:
        """How far above the best fit's sum of squares the 95% region reaches."""
        return self.widening * f_quantile(self.quantile_df)


def f_quantile(df: float) -> float:
    """95% quantile of F(1, df); 3.84, that of chi-square(1), for infinite df."""
    from scipy.special import fdtri

    return 3.841458820694124 if df == inf else float(fdtri(1, df, LEVEL))


@dataclass(frozen=True)
class Pool:
    """Which curves share their noise: those of one ``measure`` (a task and its metric), of one ``size`` first.

    Curves of one ``metric``, over tasks, have noise of their own but of a like size. Empty names share nothing.
    """

    measure: str = ""
    size: str = ""
    metric: str = ""


def pooled_noise(fits: Sequence[Fit | None], pools: Sequence[Pool]) -> tuple[Noise, ...]:
    """Noise of every curve: pooled with curves that measure the same thing, moderated by those of the same metric.

    Curves that agree in measure and size are pooled; where that leaves fewer than 3 degrees of freedom, those that
    agree in the measure. Sizes come second because one noisy size among quiet ones would be believed to be quiet.

    What is pooled is then drawn toward what the other tasks of the metric have (`prior_of`): one curve of 6 ratios and
    one seed knows its noise on 3 degrees of freedom only.

    Parameters
    ----------
    fits : one a curve; None where the curve is refused (it gets, and gives, nothing).
    pools : of each curve.

    References
    ----------
    "The curve test" in docs/methods.md. Smyth, "Linear Models and Empirical Bayes Methods for Assessing Differential
    Expression in Microarray Experiments", Statistical Applications in Genetics and Molecular Biology 3, 2004.
    """
    noises = []
    for i, fit in enumerate(fits):
        if fit is None:
            noises.append(Noise(None, 0))
            continue
        pool = pools[i]
        alike = [j for j, other in enumerate(fits) if other is not None and j != i and pool.measure == pools[j].measure]
        alike = alike if pool.measure else []
        others = [fits[j] for j in alike if pools[j].size == pool.size]
        if fit.residual_df + _df(others) < MIN_DF:
            others = [fits[j] for j in alike]
        other_rss, other_df = _rss(others), _df(others)
        df = fit.residual_df + other_df
        noises.append(Noise((_rss([fit]) + other_rss) / df if df else None, df, other_rss, other_df))
    return tuple(_moderated(noise, pool, noises, pools) for noise, pool in zip(noises, pools))


def _moderated(noise: Noise, pool: Pool, noises: Sequence[Noise], pools: Sequence[Pool]) -> Noise:
    """The noise with the prior of the other tasks of its metric; of the same size, where there are enough of them."""
    if noise.declared or noise.factor is None or not pool.metric:
        return noise
    estimates = {
        (other.measure, other.size): each
        for each, other in zip(noises, pools)
        if other.metric == pool.metric and other.measure != pool.measure and not each.declared
    }
    of_size = [each for (_, size), each in estimates.items() if size == pool.size]
    others = of_size if len(of_size) >= MIN_OTHERS else list(estimates.values())
    if len(others) < MIN_OTHERS:
        return noise
    known = [(each.factor, each.df) for each in others if each.factor]
    prior, prior_df = prior_of((noise.factor, noise.df), known)
    df = noise.df + prior_df
    factor = (noise.df * noise.factor + prior_df * prior) / df
    return Noise(factor, df, noise.other_rss + prior_df * prior, noise.other_df + prior_df, prior_df)


def prior_of(own: FactorEstimate, others: Sequence[FactorEstimate]) -> FactorEstimate:
    """Scaled inverse chi-square prior of a noise factor: its scale, and the degrees of freedom that it is worth.

    The moments of log factors are compared with what their degrees of freedom explain (digamma, trigamma): the more
    they differ beyond that, the fewer degrees of freedom. The curve's own factor counts in how much they differ, not in
    the scale; where it is larger than the prior lets expect, the prior counts less. So one noisy task among quiet ones
    is not drawn to them, which would flag .12 of such null curves.

    Parameters
    ----------
    own : (factor, degrees of freedom) of the curve
    others : of other tasks, at least one, all factors > 0

    Examples
    --------
    >>> scale, df = prior_of((1.0, 3), [(1.0, 3), (1.1, 3), (0.9, 3), (1.0, 3)])
    >>> df
    8.0
    """
    from scipy.special import digamma, fdtrc, polygamma

    factors, dfs = np.array([own, *others], dtype=float).T
    logs = np.log(np.maximum(factors, MIN_FACTOR)) - digamma(dfs / 2) + np.log(dfs / 2)
    explained = polygamma(1, dfs / 2)
    beyond = float(np.sum((logs - logs.mean()) ** 2) / (len(logs) - 1) - explained.mean())
    df = float(min(MAX_PRIOR_DF, dfs[1:].sum()))
    if beyond > 0:
        df = min(df, 2 * _inverse_trigamma(beyond))
    scale = float(np.exp(np.average(logs[1:], weights=1 / explained[1:]) + digamma(df / 2) - np.log(df / 2)))
    rarity = float(fdtrc(dfs[0], df, factors[0] / scale))
    df *= min(1.0, rarity / OUTLIER)
    return scale, round(df * PRIOR_STEPS) / PRIOR_STEPS


def _inverse_trigamma(value: float) -> float:
    """x with trigamma(x) = value > 0, by bisection of its logarithm."""
    from scipy.special import polygamma

    low, high = 1e-3, 1e6
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if polygamma(1, middle) > value else (low, middle)
    return low


def _df(fits: Sequence[Fit | None]) -> int:
    return sum(fit.residual_df for fit in fits if fit is not None)


def _rss(fits: Sequence[Fit | None]) -> float:
    """Sums of squares of the fits that leave any degrees of freedom."""
    return sum(fit.either_rss for fit in fits if fit is not None and fit.residual_df)
