"""The numbers that `assess` gives, each able to score many data sets at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from synth_eval.calibration.answers import run_starts, runs
from synth_eval.calibration.binning import Binning, bin_index
from synth_eval.calibration.errors import Norm, debiased_square, gap_norm
from synth_eval.calibration.scores import choice_table
from synth_eval.calibration.selective import (
    resampled_accuracy_at,
    resampled_area_under_risk_coverage,
    resampled_auroc,
)
from synth_eval.calibration.smooth import MODES, cosine_basis, grid_cell, smoothed, solve_bandwidth

if TYPE_CHECKING:
    from synth_eval.calibration.answers import Answers
    from synth_eval.calibration.bootstrap import Resamples
    from synth_eval.types import FloatArray, IntArray


METRICS = (
    "accuracy",
    "signed_gap",
    "surprise_gap",
    "ece",
    "ece_mass",
    "rms_error",
    "max_error",
    "debiased_error",
    "smooth_ece",
    "classwise_ece",
    "brier",
    "nll",
    "auroc",
    "aurc",
    "accuracy_at_50",
    "accuracy_at_80",
)
_SMOOTH_FIELD = 64  # points at which the smoothed gap is kept for its interval, at bandwidths of .05 and more


@dataclass(frozen=True)
class Gaps:
    """What a calibration error is a norm of, for its interval: see `intervals.invert`.

    ``of(draws)`` gives gaps (c, b) as shares of all items; ``field(gaps, value)`` what the norm is taken of, given the
    observed value of the metric; ``norm(field)`` the metric (c,).
    """

    of: Callable[[Resamples], FloatArray]
    norm: Callable[[FloatArray], FloatArray]
    field: Callable[[FloatArray, float], FloatArray] = lambda gaps, value: gaps


@dataclass(frozen=True)
class AssessedMetric:
    """One number of a data set.

    ``compute(draws)`` scores each data set (c,); ``sides`` is 1 if only large values are evidence against calibration.
    ``gaps`` is there for calibration errors, ``error``, which gives standard errors (c,), for means of skewed scores.
    """

    name: str
    compute: Callable[[Resamples], FloatArray]
    sides: Literal[1, 2]
    gaps: Gaps | None = None
    error: Callable[[Resamples], FloatArray] | None = None


def build_metric(name: str, items: Answers, *, bins: int) -> AssessedMetric:
    """The metric of that name for these items. Raises ValueError if there is none.

    Parameters
    ----------
    name : one of `METRICS`
    items : the answers that it will score, in data sets drawn from them
    bins : for binned errors
    """
    ranks: dict[str, Callable[[Resamples, IntArray], FloatArray]] = {
        "auroc": resampled_auroc,
        "aurc": resampled_area_under_risk_coverage,
        "accuracy_at_50": partial(resampled_accuracy_at, coverage=0.5),
        "accuracy_at_80": partial(resampled_accuracy_at, coverage=0.8),
    }
    if name in ranks:
        score, starts = ranks[name], run_starts(items.confidence)
        return AssessedMetric(name, lambda resamples: score(resamples, starts), sides=2)
    binned: dict[str, tuple[Binning, Norm]] = {
        "ece": ("width", "l1"),
        "ece_mass": ("mass", "l1"),
        "rms_error": ("width", "l2"),
        "max_error": ("width", "max"),
    }
    if name in binned:
        scheme, norm = binned[name]
        return _binned(name, items, bins, scheme, norm)
    if name in ("accuracy", "signed_gap", "surprise_gap", "brier", "nll"):
        return _mean(name, items, skewed=name in ("surprise_gap", "brier", "nll"))
    others = {"debiased_error": _debiased, "smooth_ece": _smooth, "classwise_ece": _classwise}
    if name in others:
        return others[name](items, bins)
    raise ValueError(f"no metric {name!r}; there are {', '.join(METRICS)}")


def _mean(name: str, items: Answers, *, skewed: bool) -> AssessedMetric:
    """Mean of a score of items; with its standard error where the score is skewed."""
    table = _score_table(name, items)
    first = np.arange(len(items)) * table.shape[1]
    values = table.ravel()[first + items.slot]
    squares, cluster = values**2, items.cluster

    def mean(draws: Resamples) -> FloatArray:
        if draws.slot is None:
            total: FloatArray = (draws.weight @ values) / draws.size
            return total
        if table.shape[1] == 2:  # one product instead of a look-up an item
            other = table[:, 1]
            two: FloatArray = (draws.correct_as_float @ (table[:, 0] - other) + other.sum()) / len(other)
            return two
        average: FloatArray = table.ravel().take(draws.slot + first).mean(axis=1)
        return average

    def standard_error(draws: Resamples) -> FloatArray:
        """(c,) in data sets over the observed answers; of a ratio where there are clusters."""
        if cluster is None:
            n = draws.weight.shape[1]
            average = (draws.weight @ values) / n
            error: FloatArray = np.sqrt(np.maximum((draws.weight @ squares) / n - average**2, 0.0) / n)
            return error
        # a cluster of total score s and size m leaves s - mean m; the squares of that come from three sums
        score = np.bincount(cluster, weights=values)
        size = np.bincount(cluster).astype(np.float64)
        weight = draws.weight[:, np.unique(cluster, return_index=True)[1]]
        total = weight @ size
        average = (weight @ score) / total
        square = weight @ score**2 - 2.0 * average * (weight @ (score * size)) + average**2 * (weight @ size**2)
        ratio: FloatArray = np.sqrt(np.maximum(square, 0.0)) / total
        return ratio

    return AssessedMetric(name, mean, sides=2, error=standard_error if skewed else None)


def _score_table(name: str, items: Answers) -> FloatArray:
    """What each item scores if each of its slots is right, (n, k)."""
    if name in ("accuracy", "signed_gap"):
        right = np.zeros_like(items.slots)
        right[:, 0] = 1.0
        return right if name == "accuracy" else items.confidence[:, None] - right
    table = choice_table(items.slots, name)
    # one probability an item: the two slots' squared errors are equal, and the binary score is one of them
    return table / 2.0 if name == "brier" and items.choice is None else table


def _binned(name: str, items: Answers, bins: int, scheme: Binning, norm: Norm) -> AssessedMetric:
    starts = runs(items, bins=bins, scheme=scheme)
    share = np.diff(np.append(starts, len(items))) / len(items)

    def gaps(draws: Resamples) -> FloatArray:
        per_item: FloatArray = draws.excess(starts) / draws.size[:, None]
        return per_item

    def compute(draws: Resamples) -> FloatArray:
        return gap_norm(draws.excess(starts), draws.counts(starts), norm)

    return AssessedMetric(name, compute, sides=1, gaps=Gaps(gaps, partial(gap_norm, weight=share, norm=norm)))


def _debiased(items: Answers, bins: int) -> AssessedMetric:
    starts = runs(items, bins=bins, scheme="mass")

    def compute(draws: Resamples) -> FloatArray:
        square = debiased_square(draws.excess(starts), draws.counts(starts), draws.right(starts))
        # signed root: below 0 means less error than chance alone gives, and such values must keep their order
        root: FloatArray = np.sign(square) * np.sqrt(np.abs(square))
        return root

    # it estimates the same number as the plain root mean square error, whose interval allows for the bias
    plain = _binned("", items, bins, "mass", "l2")
    return AssessedMetric("debiased_error", compute, sides=1, gaps=plain.gaps)


def _smooth(items: Answers, bins: int) -> AssessedMetric:
    del bins  # there are none
    cell = grid_cell(items.confidence)
    starts = run_starts(cell)
    basis = cosine_basis(cell[starts], modes=MODES if len(items) <= 20_000 else 4 * MODES)

    def modes(draws: Resamples) -> FloatArray:
        coefficients: FloatArray = (draws.excess(starts) @ basis) / draws.size[:, None]
        return coefficients

    def compute(draws: Resamples) -> FloatArray:
        return solve_bandwidth(modes(draws))

    def field(coefficients: FloatArray, value: float) -> FloatArray:
        # the smooth error is below a bound exactly if the error at that bandwidth is: no need to solve again
        density = smoothed(coefficients, max(value, 1e-3))
        step = max(1, int(density.shape[-1] / _SMOOTH_FIELD * min(1.0, value / 0.05)))
        return density[..., step // 2 :: step]

    def norm(density: FloatArray) -> FloatArray:
        error: FloatArray = np.abs(density).mean(axis=-1)
        return error

    return AssessedMetric("smooth_ece", compute, sides=1, gaps=Gaps(modes, norm, field))


def _classwise(items: Answers, bins: int) -> AssessedMetric:
    """Pairs of item and slot, sorted by choice and bin, so that each (choice, bin) is one run of pairs."""
    if items.choice is None:
        raise ValueError("classwise_ece needs the probabilities of all choices: use assess_choices")
    k = items.slots.shape[1]
    item, slot = np.nonzero(np.arange(k) < items.n_choices[:, None])
    choice = items.choice[item, slot]
    probability = items.slots[item, slot]
    cell = np.empty(len(item), dtype=np.int64)
    for j in range(k):
        of_choice = choice == j
        cell[of_choice] = j * bins + bin_index(probability[of_choice], bins=bins, scheme="width")
    order = np.argsort(cell, kind="stable")
    item, slot, probability = item[order], slot[order], probability[order]
    starts = run_starts(cell[order])
    residual = (items.slot[item] == slot) - probability

    def totals(draws: Resamples) -> tuple[FloatArray, FloatArray]:
        if draws.slot is not None:
            right = draws.slot[:, item] == slot
            count = np.add.reduceat(right, starts, axis=1, dtype=np.float64)
            expected = np.add.reduceat(probability, starts)
            return np.diff(np.append(starts, len(item)))[None, :].astype(np.float64), count - expected
        weight = draws.weight[:, item]
        excess = np.add.reduceat(weight * residual, starts, axis=1)
        return np.add.reduceat(weight, starts, axis=1), excess

    def compute(draws: Resamples) -> FloatArray:
        weight, excess = totals(draws)
        return gap_norm(excess, weight, "l1")

    def gaps(draws: Resamples) -> FloatArray:
        weight, excess = totals(draws)
        per_pair: FloatArray = excess / weight.sum(axis=1, keepdims=True)
        return per_pair

    share = np.diff(np.append(starts, len(item))) / len(item)
    norm = partial(gap_norm, weight=share, norm="l1")
    return AssessedMetric("classwise_ece", compute, sides=1, gaps=Gaps(gaps, norm))
