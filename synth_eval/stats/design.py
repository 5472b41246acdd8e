"""Which checkpoints are set against which: the contrasts with the baseline, and what is left over as seed noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.stats.fit import SHAPE_PARAMETERS
from synth_eval.stats.noise import LEAST_DF

if TYPE_CHECKING:
    from synth_eval.types import FloatArray, IntArray


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
    """Lay out the checkpoints of one curve; `ratios` and `baseline` must be rounded alike."""
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

    A seed's level cancels in the differences that are asked for, so leaving it in would only count it as noise of them.
    """
    has_baseline = at_seed[ratios == baseline].any(axis=0)
    has_more = at_seed.sum(axis=0) > 1
    left_over = len(ratios) - SHAPE_PARAMETERS - at_seed.shape[1]
    own_levels = has_baseline.all() and has_more.all() and left_over >= LEAST_DF
    return at_seed if own_levels else np.ones((len(ratios), 1))


def _residual(effects: FloatArray) -> tuple[FloatArray, int]:
    """Projection onto the complement of the columns of `effects`, and its rank."""
    projection = np.eye(len(effects)) - effects @ np.linalg.pinv(effects)
    return projection, round(float(np.trace(projection)))
