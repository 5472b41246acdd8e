"""How many items and seeds would settle a curve: the planner's arithmetic, from measured noise.

A checkpoint's mean has the variance ``item_sd**2 / n + seed_sd**2`` beyond what all checkpoints share, and everything
that the curve test can find scales with its root. So one factor a layout (ratios and seeds) is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, inf
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.dose_response.curve import CurveData
from synth_eval.dose_response.design import PreparedCurve, design_of, sides_of
from synth_eval.dose_response.noise import MIN_DF, Noise, f_quantile
from synth_eval.dose_response.shapes import Fit, fit_shapes
from synth_eval.dose_response.significance import Null, other_draws, p_of_side, simulated_null

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


# What a curve could have shown: the smallest fall it finds, and the seed noise at which its flag would be lost.

ALPHA = 0.05
POWER = 0.80
BISECTIONS = 10
RULE_OF_THREE = 3.0  # 95% upper limit of the expected number of events when none is seen


def min_provable(curve: CurveData) -> float:
    """Smallest fall that scores of two values (right, wrong) can exclude: that of the three items that weigh most.

    Near the ceiling hardly any item changes, and a variance estimated from so few is too small: without this bound 100
    items at an accuracy of .985 call a loss of 3.3% safe in one of eight simulated families.

    Returns
    -------
    float, in units of the scores; 0 for scores that take more than two values

    References
    ----------
    Hanley and Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?", JAMA 249, 1983 (the rule of three).
    """
    low, high = float(curve.scores.min()), float(curve.scores.max())
    two_values = bool(((curve.scores == low) | (curve.scores == high)).all())
    largest = 1 / curve.n_items if curve.weights is None else float(curve.weights.max() / curve.weights.sum())
    return RULE_OF_THREE * (high - low) * largest if two_values else 0.0


def min_detectable(fit: Fit, noise: Noise, null: Null, contrasts: FloatArray, *, tests: int = 1) -> float:
    """Fall at the largest ratio, on a straight line from the lowest, that both tests find with 80% power.

    The test takes the best of all shapes and so finds it at least as often as one that knew it was a line; the noise is
    taken as measured.

    Parameters
    ----------
    contrasts : as in `simulated_null`, the largest ratio last
    tests : 2 where either direction could be worse

    Returns
    -------
    float, in units of the scores
    """
    from scipy.special import ndtri, stdtrit

    sd = np.sqrt(noise.widening)
    power = float(ndtri(POWER)) if noise.declared else float(stdtrit(noise.quantile_df, POWER))
    straight = float(fit.lengths[0])  # the hinge with its knot at the lowest ratio
    level = 1 - null.larger_at(ALPHA / tests)
    by_shape = (np.sqrt(np.quantile(null.shape, level)) + power) * sd / straight
    largest_se = float(np.linalg.norm(contrasts[-1] @ fit.root))
    by_guard = (np.quantile(null.guard, level) + power) * sd * largest_se
    return float(max(by_shape, by_guard))


def seed_tolerance(
    prepared: PreparedCurve, noise: Noise, direction: int, margin: float, *, tests: int = 1, seed: int = 0
) -> float | None:
    """Largest declared seed SD at which a curve is still flagged, to about 1%; None if it is not even at 0.

    Parameters
    ----------
    noise : declared noise
    direction, margin : of the side that is flagged, as in `sides_of`
    tests : 2 where either direction could be worse
    """

    def flagged(seed_sd: float) -> bool:
        fit = prepared.fit(seed_sd**2)
        null = simulated_null(fit, noise, prepared.late_contrasts, seed=seed)
        sides = sides_of(prepared, margin, seed_sd**2)
        side = next(side for side in sides if side.direction == direction)
        return tests * p_of_side(fit, noise, null, side) < ALPHA

    if not flagged(0.0):
        return None
    # no test separates two means that differ by no more than the error it allows each of them
    low, high = 0.0, float(np.abs(prepared.late_contrasts @ prepared.mean).max())
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if flagged(middle) else (low, middle)
    return low


SAFE_DRAWS = 4_000
DRAWS = 40_000  # more than a verdict takes: quantiles far out are wanted where many curves are judged together


@dataclass(frozen=True)
class Layout:
    """Ratios of a curve, baseline among them, how many seeds each has, and what other curves add to its noise.

    ``other_df`` are the degrees of freedom that these add, `CurveVerdict.other_df`.
    """

    ratios: tuple[float, ...]
    seeds: int
    baseline: float = 0.0
    other_df: float = 0.0

    def __post_init__(self) -> None:
        if len(set(self.ratios)) < 3 or self.baseline not in self.ratios:
            raise ValueError("a plan needs at least 3 ratios, the baseline among them")
        if self.seeds < 1:
            raise ValueError(f"a plan needs at least 1 seed, not {self.seeds}")


def detectable_loss(
    layout: Layout, *, item_sd: float, seed_sd: float, n: int, curves: int = 1, tests: int = 1
) -> float:
    """Loss at the largest ratio, on a straight line from the lowest, that is called degraded with 80% power.

    Parameters
    ----------
    item_sd, seed_sd : as in `CurveVerdict`, in units of the scores
    n : items
    curves : judged together; the loss must survive Holm's first step, p < .05 / curves
    tests : 2 where either direction could be worse

    Returns
    -------
    float > 0, in units of the scores

    Examples
    --------
    >>> layout = Layout(ratios=(0.0, 0.25, 0.5), seeds=1)
    >>> few, many = (detectable_loss(layout, item_sd=0.4, seed_sd=0.0, n=n) for n in (100, 400))
    >>> round(few / many, 6)
    2.0
    """
    return _factors(layout, curves * tests)[0] * float(np.sqrt(item_sd**2 / n + seed_sd**2))


def items_to_detect(
    layout: Layout, loss: float, *, item_sd: float, seed_sd: float, curves: int = 1, tests: int = 1
) -> float:
    """Items from which on a loss is found with 80% power; inf if noise between training runs alone hides it.

    Parameters
    ----------
    layout, item_sd, seed_sd, curves, tests : as in `detectable_loss`
    loss : at the largest ratio, in units of the scores

    Examples
    --------
    >>> items_to_detect(Layout((0.0, 0.25, 0.5), 1), 0.02, item_sd=0.4, seed_sd=0.05)
    inf
    """
    return _items(loss, _factors(layout, curves * tests)[0], item_sd, seed_sd)


def items_to_show_safe(layout: Layout, margin: float, *, item_sd: float, seed_sd: float) -> float:
    """Items from which on a curve that does not fall at all is called safe up to the largest ratio in 80% of cases.

    Simulated: the largest fall in the 95% region over all shapes must stay within the margin.

    Parameters
    ----------
    layout, item_sd, seed_sd : as in `detectable_loss`
    margin : largest fall that counts as safe, in units of the scores

    Examples
    --------
    >>> items_to_show_safe(Layout((0.0, 0.25, 0.5), 1), 0.02, item_sd=0.4, seed_sd=0.05)
    inf
    """
    return _items(margin, _factors(layout, 1)[1], item_sd, seed_sd)


def _items(loss: float, factor: float, item_sd: float, seed_sd: float) -> float:
    allowed = (loss / factor) ** 2 - seed_sd**2
    return float(ceil(item_sd**2 / allowed)) if allowed > 0 else inf


@lru_cache(maxsize=256)
def _factors(layout: Layout, tests: int) -> tuple[float, float]:
    """(detectable loss, margin that can be shown safe) of one layout, in standard errors of a checkpoint's mean."""
    ratios = np.repeat(sorted(layout.ratios), layout.seeds)
    seeds = np.tile(np.arange(layout.seeds), len(layout.ratios))
    design = design_of(ratios, seeds, layout.baseline)
    fit = fit_shapes(np.zeros(len(ratios)), np.eye(len(ratios)), ratios, design.flat)
    df = fit.residual_df + layout.other_df
    noise = Noise(1.0 if df >= MIN_DF else None, df, layout.other_df, layout.other_df)
    contrasts: FloatArray = design.contrasts[design.levels != layout.baseline]
    null = simulated_null(fit, noise, contrasts, draws=DRAWS)
    return min_detectable(fit, noise, null, contrasts, tests=tests), _largest_fall(fit, noise)


def _largest_fall(fit: Fit, noise: Noise) -> float:
    """80% quantile, over curves that do not fall, of the largest fall at the last ratio that their region allows."""
    z = np.random.default_rng(0).standard_normal((SAFE_DRAWS, len(fit.mean)))
    along = z @ fit.directions
    gains = np.maximum(along, 0.0) ** 2
    reach: FloatArray | float = noise.reach
    if not noise.declared:
        flat = np.einsum("ij,ij->i", z, z) - np.sum((z @ fit.flat) ** 2, axis=1)
        left = (fit.residual(z.T, np.max(along**2, axis=1), flat) + other_draws(SAFE_DRAWS, noise.other_df)) / noise.df
        reach = (np.maximum(1.0, left) * f_quantile(noise.quantile_df))[:, None]
    room = reach - gains.max(axis=1, keepdims=True) + along**2
    largest = np.where(room >= 0, (along + np.sqrt(np.maximum(room, 0.0))) / fit.lengths, -np.inf).max(axis=1)
    return float(np.quantile(largest, POWER))
