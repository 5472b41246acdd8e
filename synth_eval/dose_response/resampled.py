"""Curves drawn again together: items once for all that share them, training runs once for each checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, sqrt
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.cell import VerdictWord
from synth_eval.dose_response.curve import CurveData, CurveVerdict
from synth_eval.dose_response.design import PreparedCurve, prepare_curve
from synth_eval.dose_response.noise import LEVEL, f_quantile

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, FloatArray, IntArray


# Items drawn with replacement, as counts: a matrix product then gives the means of every resample at once.
#
# In double precision: in single precision the order in which a processor's BLAS adds up, which differs between
# columns, shows in differences that are exactly 0.

AT_ONCE = 4_000_000  # item counts of resamples held in memory at the same time


def resampled_counts(n: int, resamples: int, *seed: int) -> Iterator[FloatArray]:
    """How often each of n items is drawn in each resample, in batches (at most `resamples` in all, n).

    Parameters
    ----------
    seed : the same numbers give the same draws
    """
    step = max(1, AT_ONCE // n)
    for start in range(0, resamples, step):
        yield _counts(n, min(step, resamples - start), (*seed, start))


@lru_cache(maxsize=2)  # the tasks of a family tend to have the same number of items
def _counts(n: int, resamples: int, seed: tuple[int, ...]) -> FloatArray:
    drawn = np.random.default_rng(seed).integers(0, n, size=(resamples, n), dtype=np.int32)
    cells = drawn + np.arange(resamples, dtype=np.int64)[:, None] * n
    return np.bincount(cells.ravel(), minlength=drawn.size).reshape(drawn.shape).astype(float)


RESAMPLES = 1000
RUNS = 1  # which stream of random numbers stands for training runs


@dataclass(frozen=True, eq=False)
class CurveSample:
    """A judged curve that is to be set against others of the same task.

    ``word`` is its verdict after correction for all curves. ``items`` (n_items,) are labels, all different: items
    of the same label are the same in all sides. ``checkpoints`` are names, one a column: the same name is the same
    training run.

    Raises
    ------
    ValueError : labels or names that do not fit, a curve that was refused, or a signed one, which has no relative loss.
    """

    curve: CurveData
    verdict: CurveVerdict
    word: VerdictWord
    items: AnyArray
    checkpoints: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.items) != self.curve.n_items or len(self.checkpoints) != len(self.curve.ratios):
            raise ValueError(
                f"{len(self.items)} item labels and {len(self.checkpoints)} checkpoint names for scores of shape "
                f"{self.curve.scores.shape}"
            )
        if self.word == "refused" or self.verdict.seed_sd is None:
            raise ValueError("a refused curve cannot be set against others")
        if self.curve.signed:
            raise ValueError("a signed curve has no relative loss")


@dataclass(frozen=True, eq=False)
class ResampledCurve:
    """A curve as measured and in each of m resamples.

    ``levels`` (K,) are its ratios, ascending; ``losses`` (K,) and ``drawn_losses`` (m, K) how much worse than the
    baseline, as a share of the baseline's mean (below 0 where better). ``onset`` and ``onsets`` (m,) are None where it
    is not degraded.
    """

    baseline: float
    levels: FloatArray
    losses: FloatArray
    drawn_losses: FloatArray
    onset: float | None = None
    onsets: FloatArray | None = None

    @property
    def above(self) -> FloatArray:
        """The ratios above the baseline."""
        return self.levels[self.levels > self.baseline]

    def losses_at(self, ratios: FloatArray, *, mean_too: bool = False) -> FloatArray:
        """(k,) losses at some of the levels, their mean put first if so wanted."""
        return _with_mean(self.losses[self._columns(ratios)], mean_too)

    def drawn_losses_at(self, ratios: FloatArray, *, mean_too: bool = False) -> FloatArray:
        """(m, k), the same of every resample."""
        return _with_mean(self.drawn_losses[:, self._columns(ratios)], mean_too)

    def _columns(self, ratios: FloatArray) -> IntArray:
        columns: IntArray = np.searchsorted(self.levels, ratios)
        return columns


def resample_together(
    sides: Sequence[CurveSample], *, seed: Sequence[int] = (0,), resamples: int = RESAMPLES, df: float | None = None
) -> tuple[ResampledCurve, ...]:
    """Draw the items and training runs of several curves of one task again, and read off onsets and losses.

    One draw of items serves all sides, so that what is common to them cancels in their differences; sides without an
    item in common are independent. Training runs add normal noise of the standard deviation that the verdict measured
    or was given, one number a checkpoint: a variance of phi times that of items in all, as for the early warning, but
    independent between checkpoints, and common to both sides where they share one. Deviations are stretched by the
    quantile of t over that of the normal, since the noise is measured on few degrees of freedom.

    Parameters
    ----------
    sides : those that are set against each other
    seed : numbers that name the draw; another task takes another
    df : degrees of freedom of the noise; `joint_df` of the sides if None

    Returns
    -------
    One resampled curve a side, in order.

    Raises
    ------
    ValueError : an item label occurs twice in one curve.

    References
    ----------
    "Contrasts" in docs/methods.md.

    Examples
    --------
    >>> import numpy as np
    >>> from synth_eval.dose_response.simulation import CurveSpec, simulate_items
    >>> from synth_eval.dose_response import judge_curves
    >>> curve = simulate_items(CurveSpec("linear", drop=0.2, n=400), np.random.default_rng(0)).accuracy_curve()
    >>> (verdict,) = judge_curves([curve])
    >>> sample = CurveSample(curve, verdict, verdict.verdict, np.arange(400), tuple("abcdef"))
    >>> (found,) = resample_together([sample], resamples=50)
    >>> found.drawn_losses.shape
    (50, 6)
    """
    ready = [prepare_curve(side.curve) for side in sides]
    order = [np.lexsort([side.curve.seeds, side.curve.ratios]) for side in sides]  # as `prepare_curve` puts them
    names = [[side.checkpoints[i] for i in each] for side, each in zip(sides, order)]
    of_items = _item_draws(sides, ready, seed=seed, resamples=resamples)
    of_runs = _run_draws(names, seed=seed, resamples=resamples)
    stretch = sqrt(f_quantile(joint_df(sides) if df is None else df) / f_quantile(inf))
    return tuple(
        _resampled(side, prepared, stretch * (items + (side.verdict.seed_sd or 0.0) * runs))
        for side, prepared, items, runs in zip(sides, ready, of_items, of_runs)
    )


def joint_df(sides: Sequence[CurveSample]) -> float:
    """Degrees of freedom of a sum of the sides' noise (Welch and Satterthwaite); infinite where all was declared.

    Sides whose noise was pooled share one estimate, which counts once.

    Examples
    --------
    >>> from synth_eval.dose_response import judge_curves
    >>> from synth_eval.dose_response.simulation import CurveSpec, simulate_items
    >>> few = simulate_items(CurveSpec("linear", drop=0.2, n=100), np.random.default_rng(0)).accuracy_curve()
    >>> verdict = judge_curves([few])[0]
    >>> joint_df([CurveSample(few, verdict, "degraded", np.arange(100), tuple("abcdef"))])
    3.0
    """
    total = 0.0
    pools: dict[tuple[float, float], float] = {}
    for side in sides:
        verdict = side.verdict
        at_baseline = verdict.values[verdict.ratios == side.curve.baseline][0]
        variance = ((verdict.item_sd or 0.0) ** 2 / side.curve.n_items + (verdict.seed_sd or 0.0) ** 2) / at_baseline**2
        total += variance
        if not verdict.conditional and verdict.df is not None and verdict.phi is not None:
            pool = (verdict.df, float(f"{verdict.phi:.9g}"))
            pools[pool] = pools.get(pool, 0.0) + variance
    uncertain = sum(variance**2 / df for (df, _), variance in pools.items())
    return float(total**2 / uncertain) if uncertain > 0 else inf


def interval_of_draws(draws: FloatArray) -> tuple[float, float]:
    """95% interval of draws (m,), an equal share cut off at each end.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = interval_of_draws(np.arange(41.0))
    >>> round(low, 6), round(high, 6)
    (1.0, 39.0)
    """
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(draws, [tail, 1 - tail]).tolist()
    return low, high


def _item_draws(
    sides: Sequence[CurveSample], ready: Sequence[PreparedCurve], *, seed: Sequence[int], resamples: int
) -> list[FloatArray]:
    """Deviations of every side's means from the measured ones, (resamples, n_checkpoints) each."""
    labels, row_of = np.unique(np.concatenate([np.asarray(side.items) for side in sides]), return_inverse=True)
    rows = np.split(row_of, np.cumsum([side.curve.n_items for side in sides])[:-1])
    columns = []
    for prepared, its_rows in zip(ready, rows):
        if len(np.unique(its_rows)) < len(its_rows):
            raise ValueError("an item label occurs twice in one curve: number the copies")
        # an item that a side lacks deviates by 0 there: the variance stays that of its own items
        influence = np.zeros((len(labels), prepared.deviations.shape[1]))
        influence[its_rows] = prepared.deviations / len(its_rows)
        columns.append(influence)
    influence = np.hstack(columns)
    draws = np.concatenate([counts @ influence for counts in resampled_counts(len(labels), resamples, *seed)])
    widths = [column.shape[1] for column in columns]
    return list(np.split(draws, np.cumsum(widths)[:-1], axis=1))


def _run_draws(names: Sequence[Sequence[str]], *, seed: Sequence[int], resamples: int) -> list[FloatArray]:
    """Standard normal numbers, one a training run and resample, (resamples, n_checkpoints) for each side."""
    place = {name: i for i, name in enumerate(dict.fromkeys(name for each in names for name in each))}
    rng = np.random.default_rng(np.random.SeedSequence(list(seed), spawn_key=(RUNS,)))
    draws = rng.standard_normal((resamples, len(place)))
    return [draws[:, [place[name] for name in each]] for each in names]


def _resampled(side: CurveSample, prepared: PreparedCurve, deviations: FloatArray) -> ResampledCurve:
    verdict, design = side.verdict, prepared.design
    losses = _losses(prepared, prepared.mean[None, :])[0]
    drawn_losses = _losses(prepared, prepared.mean + deviations)
    onset, onsets = None, None
    if side.word == "degraded" and verdict.onset is not None:
        fit = prepared.fit((verdict.seed_sd or 0.0) ** 2 if verdict.conditional else 0.0)
        # the best hinge's knot, of the means as of the draws: where a rise comes first, not the onset of the verdict
        measured = np.concatenate([np.zeros((1, len(fit.mean))), deviations])
        along = fit.scores[: fit.shapes.hinges] + fit.whiten(measured) @ fit.directions[:, : fit.shapes.hinges]
        onset, *rest = fit.shapes.likeliest_knot(np.maximum(verdict.direction * along, 0.0) ** 2).tolist()
        onsets = np.array(rest)
    return ResampledCurve(side.curve.baseline, design.levels, losses, drawn_losses, onset, onsets)


def _losses(prepared: PreparedCurve, means: FloatArray) -> FloatArray:
    """(m, C) means of checkpoints -> (m, n_ratios) losses relative to the baseline's mean."""
    design = prepared.design
    reference = means @ design.means[design.levels == prepared.curve.baseline][0]
    losses: FloatArray = -(means @ design.contrasts.T) / np.abs(reference)[:, None]
    return losses


def _with_mean(losses: FloatArray, mean_too: bool) -> FloatArray:
    return np.concatenate([losses.mean(axis=-1, keepdims=True), losses], axis=-1) if mean_too else losses
