"""How much noise there is beyond that of items: measured around the fitted shapes and between seeds, or declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from synth_eval.dose_response.shapes import Fit

MIN_DF = 3  # below this a noise factor is too uncertain, and a seed SD must be declared
LEVEL = 0.95


@dataclass(frozen=True)
class Noise:
    """Noise of one curve, as a factor on the variance that items explain.

    ``factor`` is phi, the measured factor, on ``df`` degrees of freedom; None on none. ``other_rss`` and ``other_df``
    are the part from other curves of the same pool. A ``declared`` noise is in the covariance already: the
    factor is then taken as 1 and known.
    """

    factor: float | None
    df: int
    other_rss: float = 0.0
    other_df: int = 0

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


def pooled_noise(fits: Sequence[Fit | None], pools: Sequence[tuple[str, str]]) -> tuple[Noise, ...]:
    """Noise of every curve, pooled with curves that measure the same thing.

    Parameters
    ----------
    fits : one a curve; None where the curve is refused (it gets, and gives, nothing).
    pools : (what is measured, size of the model) of each curve. Curves that agree in both are pooled; where that leaves
        fewer than 3 degrees of freedom, those that agree in the first. An empty first name is not pooled. Sizes come
        second because one noisy size among quiet ones would be believed to be quiet.

    References
    ----------
    "The curve test" in docs/methods.md.
    """
    noises = []
    for i, fit in enumerate(fits):
        if fit is None:
            noises.append(Noise(None, 0))
            continue
        what, size = pools[i]
        alike = [j for j, other in enumerate(fits) if other is not None and j != i and what and pools[j][0] == what]
        others = [fits[j] for j in alike if pools[j][1] == size]
        if fit.residual_df + _df(others) < MIN_DF:
            others = [fits[j] for j in alike]
        other_rss, other_df = _rss(others), _df(others)
        df = fit.residual_df + other_df
        noises.append(Noise((_rss([fit]) + other_rss) / df if df else None, df, other_rss, other_df))
    return tuple(noises)


def _df(fits: Sequence[Fit | None]) -> int:
    return sum(fit.residual_df for fit in fits if fit is not None)


def _rss(fits: Sequence[Fit | None]) -> float:
    """Sums of squares of the fits that leave any degrees of freedom."""
    return sum(fit.either_rss for fit in fits if fit is not None and fit.residual_df)
