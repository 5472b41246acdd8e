"""Data sets drawn from the one at hand: bootstrap resamples, and what a calibrated model would have shown.

Both are item-level and exact. A bootstrap resample is kept as how often each unit was drawn, which is all that any
statistic needs; for many units the draws are first shared out over blocks by a multinomial and then made within each
block, which is the same distribution (a multinomial split by groups) and stays in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.answers import Answers
from synth_eval.calibration.dependence import latent_uniforms

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, BoolArray, FloatArray, IntArray


_BLOCK = 1 << 16
_CHUNK = 1 << 18  # numbers in one matrix of a chunk: 2 MiB, about a second-level cache


@dataclass(frozen=True)
class Resamples:
    """c data sets over the same n items.

    ``weight`` (c or 1, n): how often an item is in each data set; ``correct`` (c or 1, n): whether its answer is
    right; ``slot`` (c, n): which slot of `Answers` is right, None where that is as observed.
    """

    items: Answers
    weight: FloatArray
    correct: BoolArray
    slot: AnyArray | None = None
    _memo: dict[tuple[str, bytes], FloatArray] = field(default_factory=dict, repr=False)

    def counts(self, starts: IntArray) -> FloatArray:
        """Number of items (c or 1, b) in each run of items."""
        return self._once("counts", starts, lambda: np.add.reduceat(self.weight, starts, axis=1))

    def excess(self, starts: IntArray) -> FloatArray:
        """Sum of correct - confidence (c, b) over each run of items."""
        if self.slot is not None:  # the same items, and so confidences, in every data set
            return self._once("excess", starts, lambda: self.right(starts) - self.items.confidence_totals(starts))
        return self._once("excess", starts, lambda: np.add.reduceat(self.weight * self.items.residual, starts, axis=1))

    def right(self, starts: IntArray) -> FloatArray:
        """Number of right answers (c, b) in each run of items."""
        product = self.weight * self.correct if self.slot is None else self.correct_as_float
        total: FloatArray = np.add.reduceat(product, starts, axis=1)
        return total

    @cached_property
    def size(self) -> FloatArray:
        """Number of items (c or 1,) of each data set; only clusters make it vary."""
        total: FloatArray = self.weight.sum(axis=1)
        return total

    @cached_property
    def correct_as_float(self) -> FloatArray:
        """``correct`` in the form that sums and matrix products take without converting."""
        return self.correct.astype(np.float64)

    def _once(self, name: str, starts: IntArray, make: Callable[[], FloatArray]) -> FloatArray:
        """Several metrics share the same bins."""
        key = (name, starts.tobytes())
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]


def observed(items: Answers) -> Resamples:
    """The data set at hand."""
    return Resamples(items, np.ones((1, len(items))), items.correct[None, :])


def bootstrap(items: Answers, *, resamples: int, rng: np.random.Generator) -> Iterator[Resamples]:
    """Data sets of as many units, drawn with replacement; clusters whole.

    Parameters
    ----------
    items : n answers
    resamples : data sets in all
    rng : source of the draws
    """
    correct = items.correct[None, :]
    for rows in _chunks(resamples, len(items)):
        weight = draw_counts(items.units, rows=rows, rng=rng)
        if items.cluster is not None:
            weight = weight[:, items.cluster]
        yield Resamples(items, weight, correct)


def calibrated(items: Answers, *, resamples: int, rng: np.random.Generator) -> Iterator[Resamples]:
    """The same items with answers drawn from their own probabilities: what perfect calibration looks like.

    Within clusters the draws are correlated as strongly as the observed residuals are, see `latent_uniforms`.

    Parameters
    ----------
    items, resamples, rng : as in `bootstrap`
    """
    thresholds = items.slots.cumsum(axis=1)
    uniforms = latent_uniforms(items, rng=rng)
    weight = np.ones((1, len(items)))
    for rows in _chunks(resamples, len(items)):
        draw = uniforms(rows)
        correct = draw < items.confidence
        yield Resamples(items, weight, correct, _slot(draw, correct, thresholds, items.n_choices))


def draw_counts(units: int, *, rows: int, rng: np.random.Generator) -> FloatArray:
    """How often each unit comes up in ``units`` draws with replacement: (rows, units) float, rows sum to units.

    Parameters
    ----------
    units : how many there are, and how many draws
    rows : data sets
    rng : source of the draws
    """
    if units <= _BLOCK:
        drawn = rng.integers(0, units, size=(rows, units), dtype=np.int64)
        drawn += np.arange(rows)[:, None] * units
        counts = np.bincount(drawn.ravel(), minlength=rows * units)
        return counts.reshape(rows, units).astype(np.float64)
    sizes = np.full(-(-units // _BLOCK), _BLOCK)
    sizes[-1] = units - _BLOCK * (len(sizes) - 1)
    out = np.empty((rows, units))
    for row in range(rows):
        start = 0
        for size, draws in zip(sizes, rng.multinomial(units, sizes / units)):
            drawn = rng.integers(0, size, size=draws, dtype=np.uint16)
            out[row, start : start + size] = np.bincount(drawn, minlength=size)
            start += size
    return out


def _slot(draw: FloatArray, correct: BoolArray, thresholds: FloatArray, n_choices: IntArray) -> AnyArray:
    """Which slot each uniform number falls in."""
    wrong = ~correct
    if thresholds.shape[1] == 2:
        return wrong.view(np.uint8)
    slot = wrong.astype(np.int64)
    for j in range(1, thresholds.shape[1] - 1):
        slot += draw >= thresholds[:, j]
    # rounding may leave the last threshold just below 1: never choose a slot that is not there
    return np.minimum(slot, n_choices - 1, out=slot)


def _chunks(resamples: int, n: int) -> Iterator[int]:
    rows = max(1, _CHUNK // n)
    for start in range(0, resamples, rows):
        yield min(rows, resamples - start)
