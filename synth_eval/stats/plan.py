"""How many items and seeds would settle a curve: the planner's arithmetic, from measured noise.

A checkpoint's mean has the variance ``item_sd**2 / n + seed_sd**2`` beyond what all checkpoints share, and everything
that the curve test can find scales with its root. So one factor a layout (ratios and seeds) says it all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, inf
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.stats.curve_test import simulated_null
from synth_eval.stats.design import design_of
from synth_eval.stats.fit import Fit, fit_shapes
from synth_eval.stats.noise import LEAST_DF, Noise, f_quantile
from synth_eval.stats.sensitivity import POWER, min_detectable

if TYPE_CHECKING:
    from synth_eval.types import FloatArray

SAFE_DRAWS = 4_000
DRAWS = 40_000  # more than a verdict takes: quantiles far out are wanted where many curves are judged together


@dataclass(frozen=True)
class Layout:
    """Ratios of a curve, baseline among them, and how many seeds each has."""

    ratios: tuple[float, ...]
    seeds: int
    baseline: float = 0.0

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
    float, in units of the scores
    """
    return _factors(layout, curves * tests)[0] * float(np.sqrt(item_sd**2 / n + seed_sd**2))


def items_to_detect(
    layout: Layout, loss: float, *, item_sd: float, seed_sd: float, curves: int = 1, tests: int = 1
) -> float:
    """Items from which on a loss is found with 80% power; inf if noise between training runs alone hides it."""
    return _items(loss, _factors(layout, curves * tests)[0], item_sd, seed_sd)


def items_to_show_safe(layout: Layout, margin: float, *, item_sd: float, seed_sd: float) -> float:
    """Items from which on a curve that does not fall at all is called safe up to the largest ratio in 80% of cases.

    Simulated: the largest fall in the 95% region over all shapes must stay within the margin.
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
    df = fit.residual_df
    noise = Noise(1.0 if df >= LEAST_DF else None, df)
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
        left = np.maximum(flat - np.max(along**2, axis=1), 0.0) / noise.df
        reach = (np.maximum(1.0, left) * f_quantile(noise.quantile_df))[:, None]
    room = reach - gains.max(axis=1, keepdims=True) + along**2
    largest = np.where(room >= 0, (along + np.sqrt(np.maximum(room, 0.0))) / fit.lengths, -np.inf).max(axis=1)
    return float(np.quantile(largest, POWER))
