"""Data sets drawn from the one at hand: bootstrap resamples, and what a calibrated model would have shown.

Both are item-level and exact. A bootstrap resample is kept as how often each unit was drawn, which is all that any
statistic needs; for many units the draws are first shared out over blocks by a multinomial and then made within each
block, which is the same distribution (a multinomial split by groups) and stays in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.binning import Binning, bin_index
from synth_eval.calibration.check import checked, checked_choices, checked_clusters

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Answers:
    """n answers in the form that resampling wants: in rising order of confidence, so that every bin is one run of them.

    ``slots`` (n, k) holds each item's probabilities with the predicted choice first, so that slot 0 is right exactly
    if the item is, and the others in falling order, so that a larger uniform number draws a more surprising answer;
    ``slot`` (n,) is the right one and ``choice`` (n, k) says which choice a slot stands for. Without
    choice probabilities there are two slots, right and wrong, and ``choice`` is None.
    """

    confidence: FloatArray
    correct: BoolArray
    slots: FloatArray
    slot: IntArray
    choice: IntArray | None
    n_choices: IntArray
    cluster: IntArray | None
    _memo: dict[bytes, FloatArray] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.confidence)

    @cached_property
    def residual(self) -> FloatArray:
        """(n,) correct - confidence."""
        return self.correct - self.confidence

    def confidence_totals(self, starts: IntArray) -> FloatArray:
        """Sum of confidence over each run of items; kept, since every resample asks again."""
        key = starts.tobytes()
        if key not in self._memo:
            self._memo[key] = np.add.reduceat(self.confidence, starts)
        return self._memo[key]

    @property
    def units(self) -> int:
        """How many things are resampled independently: clusters, or items where there are none."""
        return len(self) if self.cluster is None else int(self.cluster.max()) + 1

    @property
    def one_outcome(self) -> bool:
        """Whether all answers are right or all are wrong."""
        return bool(self.correct.all() or not self.correct.any())


def prepare(confidence: FloatArray, correct: BoolArray, *, clusters: AnyArray | None = None) -> Answers:
    """Items known by the confidence in their answer and whether it was right. Raises ValueError as `check.checked`."""
    confidence, correct = checked(confidence, correct)
    cluster = checked_clusters(clusters, len(confidence))
    order = np.lexsort((correct, confidence))
    confidence, correct = confidence[order], correct[order]
    return Answers(
        confidence=confidence,
        correct=correct,
        slots=np.column_stack([confidence, 1.0 - confidence]),
        slot=(~correct).astype(np.int64),
        choice=None,
        n_choices=np.full(len(correct), 2),
        cluster=None if cluster is None else cluster[order],
    )


def prepare_choices(
    probs: FloatArray | Sequence[FloatArray],
    gold: IntArray,
    *,
    pred: IntArray | None = None,
    clusters: AnyArray | None = None,
) -> Answers:
    """Items known by the probabilities of all their choices.

    ``pred`` (n,) is the predicted choice, the first most probable one if None. Raises ValueError as
    `check.checked_choices`, or if a prediction is out of range.
    """
    matrix, gold, n_choices = checked_choices(probs, gold)
    cluster = checked_clusters(clusters, len(matrix))
    answer = matrix.argmax(axis=1) if pred is None else np.asarray(pred, dtype=np.int64)
    if answer.shape != gold.shape or (answer < 0).any() or (answer >= n_choices).any():
        raise ValueError("pred must name one of each item's choices")
    rows = np.arange(len(matrix))
    confidence = matrix[rows, answer]
    order = np.lexsort((answer == gold, confidence))
    matrix, gold, answer = matrix[order], gold[order], answer[order]
    # the predicted choice first, then falling probability, choices that an item lacks last
    n_choices = n_choices[order]
    rank = np.where(np.arange(matrix.shape[1]) < n_choices[:, None], -matrix, 1.0)
    rank[rows, answer] = -2.0
    choice = np.argsort(rank, axis=1, kind="stable")
    slot = np.argmax(choice == gold[:, None], axis=1)
    return Answers(
        confidence=confidence[order],
        correct=slot == 0,
        slots=np.take_along_axis(matrix, choice, axis=1),
        slot=slot,
        choice=choice,
        n_choices=n_choices,
        cluster=None if cluster is None else cluster[order],
    )


def runs(items: Answers, *, bins: int, scheme: Binning) -> IntArray:
    """First item of each filled bin."""
    index = bin_index(items.confidence, bins=bins, scheme=scheme)
    return run_starts(index)


def run_starts(sorted_values: AnyArray) -> IntArray:
    """Where each run of equal values starts."""
    starts: IntArray = np.flatnonzero(np.concatenate([[True], sorted_values[1:] != sorted_values[:-1]]))
    return starts


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
    """Data sets of as many units, drawn with replacement; clusters whole."""
    correct = items.correct[None, :]
    for rows in _chunks(resamples, len(items)):
        weight = draw_counts(items.units, rows=rows, rng=rng)
        if items.cluster is not None:
            weight = weight[:, items.cluster]
        yield Resamples(items, weight, correct)


def calibrated(items: Answers, *, resamples: int, rng: np.random.Generator) -> Iterator[Resamples]:
    """The same items with answers drawn from their own probabilities: what perfect calibration looks like.

    Within clusters the draws are correlated as strongly as the observed residuals are, see `_latent_uniforms`.
    """
    thresholds = items.slots.cumsum(axis=1)
    uniforms = _latent_uniforms(items, rng=rng)
    weight = np.ones((1, len(items)))
    for rows in _chunks(resamples, len(items)):
        draw = uniforms(rows)
        correct = draw < items.confidence
        yield Resamples(items, weight, correct, _slot(draw, correct, thresholds, items.n_choices))


def draw_counts(units: int, *, rows: int, rng: np.random.Generator) -> FloatArray:
    """How often each unit comes up in ``units`` draws with replacement: (rows, units) float, rows sum to units."""
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


# Answers within a cluster hang together: calibrated draws must do so as well, or the null band comes out too narrow.
#
# Calibrated answers are drawn by comparing a uniform number with the probabilities. Within a cluster the uniforms are
# tied by a Gaussian copula: u = Phi(sqrt(r) z_cluster + sqrt(1 - r) e_item). Every item keeps its own probabilities
# exactly; r is set so that products of residuals within clusters have the mean that was observed (0 if that is
# negative).
#
# With some tens of clusters that mean is itself uncertain, and a null band that takes it for the truth is too narrow,
# as a normal interval is where a t interval is due. So every calibrated data set has an r of its own: the variance of
# cluster totals V is bootstrapped over clusters, and since V* / V is distributed about as V is around the true
# variance, V^2 / V* stands for the latter.

_NODES = 24  # of the Gauss-Hermite rule
_MAX_CORRELATION = 0.99  # above this the cluster is one item repeated
_GRID = 33  # values of r at which products are computed; straight lines between them are off by at most .003


def _latent_uniforms(items: Answers, *, rng: np.random.Generator) -> Callable[[int], FloatArray]:
    """A function that draws (rows, n) uniform numbers, correlated within clusters like the items' residuals."""
    n = len(items)
    if _observed_products(items) <= 0.0:
        return lambda rows: rng.random((rows, n))
    from scipy.special import ndtr  # numpy has no normal distribution function

    cluster, units, expected = items.cluster, items.units, _expected_products(items)
    assert cluster is not None  # without clusters there are no products

    def draw(rows: int) -> FloatArray:
        correlation = _correlation(_products_of_truth(items, rows=rows, rng=rng), expected)[:, None]
        shared = rng.standard_normal((rows, units))[:, cluster]
        own = rng.standard_normal((rows, n))
        uniform: FloatArray = ndtr(correlation**0.5 * shared + (1.0 - correlation) ** 0.5 * own)
        return uniform

    return draw


def _correlation(products: FloatArray, expected: FloatArray) -> FloatArray:
    """The r at which such products are expected, 0 or .99 outside of what any r gives."""
    found: FloatArray = np.interp(products, np.maximum.accumulate(expected), np.linspace(0.0, _MAX_CORRELATION, _GRID))
    return found


def _observed_products(items: Answers) -> float:
    if items.units == len(items):  # no clusters, or no pairs: below, rounding would leave something
        return 0.0
    # the overall gap is what is under test, not dependence: take it out before looking at products
    return _products(items.residual - items.residual.mean(), items)


def _products_of_truth(items: Answers, *, rows: int, rng: np.random.Generator) -> FloatArray:
    """What the true sum of products may be, (rows,), given the observed one."""
    residual = items.residual - items.residual.mean()
    square = np.bincount(items.cluster, weights=residual) ** 2  # type: ignore[arg-type]
    units = len(square)
    # taking out the mean cost one of the clusters
    variance = square.sum() * units / (units - 1)
    weight = rng.multinomial(units, np.full(units, 1.0 / units), size=rows)
    resampled = np.maximum(weight @ square, 1e-12 * variance)
    products: FloatArray = variance * (square.sum() / resampled) - (residual**2).sum()
    return products


def _products(residual: FloatArray, items: Answers) -> float:
    """Sum of residual_i residual_j over pairs of different items of a cluster (each pair twice)."""
    total = np.bincount(items.cluster, weights=residual)  # type: ignore[arg-type]
    return float((total**2).sum() - (residual**2).sum())


def _expected_products(items: Answers) -> FloatArray:
    """The same in the mean over calibrated answers, (_GRID,), for r from 0 to .99."""
    from scipy.special import ndtr, ndtri

    with np.errstate(divide="ignore"):
        threshold = ndtri(items.confidence)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    expected = np.zeros(_GRID)
    for i, correlation in enumerate(np.linspace(0.0, _MAX_CORRELATION, _GRID)):
        for z, weight in zip(nodes, weights / weights.sum()):
            given = ndtr((threshold - correlation**0.5 * z) / (1.0 - correlation) ** 0.5)
            expected[i] += weight * _products(given - items.confidence, items)
    return expected
