"""Does a source show the pattern of model collapse over tokens: loss that rises again, or ratio curves that cross?

Definitions, both beyond the scatter of single runs and corrected for the number of curves tested (Bonferroni):

- rising: at a mix, loss rises with tokens over the three largest budgets of a size, while natural data's does not;
- crossing: over the smaller half of the common budgets of a size a mix is better than natural data, over the larger
  half it is worse.

The scatter is what is left of log loss after a parabola in ln D for each size and ratio, so that no law is assumed.

References
----------
Dohmatob et al., "A Tale of Tails: Model Collapse as a Change of Scaling Laws", ICML 2024, arXiv 2402.07043 (scaling
that stops or turns with synthetic data). Kang et al., "Demystifying Synthetic Data in LLM Pre-training", EMNLP 2025,
arXiv 2510.01631 (the pattern with mixes of textbook-style data).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.scaling.points import Points

if TYPE_CHECKING:
    from synth_eval.types import BoolArray, FloatArray


ALPHA = 0.05
LAST = 3  # budgets over which loss may rise
MIN_DF = 5  # for the scatter
MIN_SCATTER = 1e-6  # of log loss; exact fits, as of rounded numbers, have no noise


@dataclass(frozen=True)
class Sign:
    """One size and mix that shows the pattern. ``change`` is of log loss: over the last budgets if it rises, or from
    natural data to the mix at the larger budgets if the curves cross. ``p_value`` is corrected."""

    kind: str  # "rising" or "crossing"
    size: float
    ratio: float
    change: float
    p_value: float


@dataclass(frozen=True)
class CollapsePattern:
    """``signs`` is empty where the pattern is not seen; ``tests`` counts the curves that were looked at."""

    signs: tuple[Sign, ...] = ()
    tests: int = 0
    refused: str = ""

    @property
    def seen(self) -> bool:
        return bool(self.signs)


def collapse_pattern(points: Points) -> CollapsePattern:
    """Look for the pattern at every size and mix. Ratio 0 is natural data.

    Examples
    --------
    >>> from synth_eval.scaling import points_of
    >>> collapse_pattern(points_of([1, 1], [1e9, 2e9], [0, 0], [3.0, 2.9])).refused.startswith("too few budgets")
    True
    """
    found = _scatter(points)
    if found is None:
        return CollapsePattern(
            refused="too few budgets to separate a pattern from scatter: 4 or more at most ratios help"
        )
    scatter, df = found
    candidates = [*_rising(points, scatter, df), *_crossing(points, scatter, df)]
    tests = len(candidates)
    signs = tuple(
        Sign(sign.kind, sign.size, sign.ratio, sign.change, min(1.0, sign.p_value * tests)) for sign in candidates
    )
    return CollapsePattern(tuple(sign for sign in signs if sign.p_value < ALPHA), tests)


def _scatter(points: Points) -> tuple[float, int] | None:
    squares, df = 0.0, 0
    for size in np.unique(points.log_size):
        for ratio in np.unique(points.ratio):
            x, y = _curve(points, (points.log_size == size) & (points.ratio == ratio))
            terms = min(3, np.unique(x).size)
            if x.size <= terms:
                continue
            design = np.vander(x, terms)
            residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
            squares, df = squares + float(residual @ residual), df + x.size - terms
    if df < MIN_DF:
        return None
    return max(float(np.sqrt(squares / df)), MIN_SCATTER), df


def _curve(points: Points, chosen: BoolArray) -> tuple[FloatArray, FloatArray]:
    """ln D and log loss of these points, by budget."""
    order = np.argsort(points.log_tokens[chosen], kind="stable")
    return points.log_tokens[chosen][order], points.log_loss[chosen][order]


def _mixes(points: Points) -> Iterator[tuple[float, float, BoolArray, BoolArray]]:
    """size, ratio, the mix's points, and natural data's at that size."""
    for size in np.unique(points.log_size):
        natural = (points.log_size == size) & (points.ratio == 0)
        for ratio in np.unique(points.ratio[(points.log_size == size) & (points.ratio > 0)]):
            if natural.any():
                mix = (points.log_size == size) & (points.ratio == ratio)
                yield float(np.exp(size) * points.size_unit), float(ratio), mix, natural


def _rising(points: Points, scatter: float, df: int) -> Iterator[Sign]:
    from scipy.special import stdtr

    for size, ratio, mix, natural in _mixes(points):
        slope, spread, span = _last_slope(points, mix)
        if spread == 0.0:
            continue
        natural_slope, natural_spread, _ = _last_slope(points, natural)
        rises_too = natural_spread == 0.0 or natural_slope > 0
        p_value = 1.0 if rises_too else float(stdtr(df, -slope * spread / scatter))
        yield Sign("rising", size, ratio, slope * span, p_value)


def _last_slope(points: Points, chosen: BoolArray) -> tuple[float, float, float]:
    """Slope of log loss over the last budgets, the root of the sum of squares of ln D there, and ln of their span."""
    x, y = _curve(points, chosen)
    budgets = np.unique(x)
    if budgets.size < LAST:
        return 0.0, 0.0, 0.0
    late = x >= budgets[-LAST]
    centred = x[late] - x[late].mean()
    spread = float(np.sqrt(centred @ centred))
    return float(centred @ y[late]) / spread**2, spread, float(budgets[-1] - budgets[-LAST])


def _crossing(points: Points, scatter: float, df: int) -> Iterator[Sign]:
    from scipy.special import stdtr

    for size, ratio, mix, natural in _mixes(points):
        common = np.intersect1d(points.log_tokens[mix], points.log_tokens[natural])
        if common.size < 2:
            continue
        half = common.size // 2
        small, small_se = _difference(points, mix, natural, common[:half])
        large, large_se = _difference(points, mix, natural, common[-half:])
        worse_later = float(stdtr(df, -large / (large_se * scatter)))
        better_before = float(stdtr(df, small / (small_se * scatter)))
        yield Sign("crossing", size, ratio, large, max(worse_later, better_before))


def _difference(points: Points, mix: BoolArray, natural: BoolArray, budgets: FloatArray) -> tuple[float, float]:
    """Mean log loss of the mix minus natural data at these budgets, and its standard error in units of the scatter."""
    at = np.isin(points.log_tokens, budgets)
    first, second = points.log_loss[mix & at], points.log_loss[natural & at]
    return float(first.mean() - second.mean()), float(np.sqrt(1.0 / first.size + 1.0 / second.size))


# Loss by domain: a source may help on average and still hurt many domains.

MIN_PAIRS = 3
MANY = 1 / 3  # share of domains hurt that deserves a flag when the average improves
Place = tuple[float, float]  # parameters, tokens


@dataclass(frozen=True)
class DomainEffect:
    """Change of log loss from natural data to a mix, averaged over the tested sizes and budgets (-0.01 is 1% lower).

    ``interval`` is None with fewer than 3 pairs; it is corrected for the number of domains.
    """

    domain: str
    change: float
    interval: tuple[float, float] | None
    pairs: int

    @property
    def hurt(self) -> bool:
        return self.interval is not None and self.interval[0] > 0

    @property
    def helped(self) -> bool:
        return self.interval is not None and self.interval[1] < 0


@dataclass(frozen=True)
class DomainEffects:
    """One mix on all domains. ``average`` weighs the domains alike."""

    ratio: float
    domains: tuple[DomainEffect, ...]
    average: DomainEffect

    @property
    def helps_but_hurts_many(self) -> bool:
        """Better on average, and worse on at least a third of the domains, both beyond doubt."""
        return self.average.helped and sum(domain.hurt for domain in self.domains) >= MANY * len(self.domains)


def domain_effects(points: Mapping[str, Points]) -> tuple[DomainEffects, ...]:
    """Compare each mix with natural data of the same size and budget, domain by domain.

    Parameters
    ----------
    points : by domain, two or more; ratio 0 is natural data.

    Returns
    -------
    One entry a ratio above 0 at which every domain has pairs; empty with fewer than two domains.

    Examples
    --------
    >>> from synth_eval.scaling import points_of
    >>> law, code = (points_of([1, 1], [1e9, 1e9], [0, 0.5], losses) for losses in ([3.0, 2.7], [2.0, 2.0]))
    >>> [round(domain.change, 3) for domain in domain_effects({"law": law, "code": code})[0].domains]
    [-0.105, 0.0]
    """
    if len(points) < 2:
        return ()
    ratios = sorted({float(r) for each in points.values() for r in each.ratio if r > 0})
    found = []
    for ratio in ratios:
        changes = {domain: _changes(each, ratio) for domain, each in points.items()}
        if not all(changes.values()):
            continue
        effects = tuple(
            _effect(domain, np.array(list(pairs.values())), ALPHA / len(points)) for domain, pairs in changes.items()
        )
        common = set.intersection(*(set(pairs) for pairs in changes.values()))
        means = np.array([np.mean([pairs[place] for pairs in changes.values()]) for place in sorted(common)])
        if means.size:
            found.append(DomainEffects(ratio, effects, _effect("average", means, ALPHA)))
    return tuple(found)


def _changes(points: Points, ratio: float) -> dict[Place, float]:
    """Log loss of the mix minus that of natural data, at each size and budget that has both; replicates averaged."""
    places = [(round(float(n), 9), round(float(d), 9)) for n, d in zip(points.log_size, points.log_tokens)]
    losses: dict[tuple[Place, float], list[float]] = {}
    for place, at, loss in zip(places, points.ratio, points.log_loss + np.log(points.loss_unit)):
        losses.setdefault((place, float(at)), []).append(float(loss))
    units = (np.log(points.size_unit), np.log(points.tokens_unit))
    return {
        (round(place[0] + units[0], 6), round(place[1] + units[1], 6)): float(
            np.mean(losses[place, ratio]) - np.mean(losses[place, 0.0])
        )
        for place in dict.fromkeys(places)
        if (place, ratio) in losses and (place, 0.0) in losses
    }


def _effect(domain: str, changes: FloatArray, alpha: float) -> DomainEffect:
    mean, pairs = float(changes.mean()), changes.size
    if pairs < MIN_PAIRS:
        return DomainEffect(domain, mean, None, pairs)
    from scipy.special import stdtrit

    half = float(stdtrit(pairs - 1, 1 - alpha / 2) * changes.std(ddof=1) / np.sqrt(pairs))
    return DomainEffect(domain, mean, (mean - half, mean + half), pairs)
