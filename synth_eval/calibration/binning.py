"""The one bin convention of this package.

Equal width: bin j of B is [j/B, (j+1)/B), closed on the left, and the last bin also holds 1. So 0 lies in the first
bin, 1 in the last, and a confidence on an edge in the bin above it.

Equal mass: items are ranked by confidence; tied items share the mean of their ranks and so one bin, whatever the order
of the items. A group of ties with ``below`` items under it and ``m`` in it goes to bin floor(B (below + m/2) / n).
Large ties leave bins empty rather than being split; without ties, bin sizes differ by at most one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from synth_eval.calibration.check import require_within

if TYPE_CHECKING:
    from synth_eval.types import BoolArray, FloatArray, IntArray


# Sums over items, block by block: the working arrays of a block stay in the processor's cache.
#
# A whole array of a million doubles is written to memory and read back for every step of a formula; a block is not.

BLOCK = 1 << 16  # items whose working arrays fit a second-level cache
_FACTORS = 32  # probabilities of 1e-6 and more multiply to 1e-192 and more, far above the smallest double


def blocks(
    probability: FloatArray, correct: BoolArray, *, size: int = BLOCK
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Probabilities, and outcomes as 0.0 and 1.0, of up to ``size`` items at a time.

    The array of outcomes is the same every time and may be overwritten. Raises ValueError at a probability outside
    [0, 1] or NaN: looking at a block that is about to be used is next to free, a pass over all of them is not.

    Parameters
    ----------
    probability : (n,) float in [0, 1]
    correct : (n,) bool
    size : int
        Items in a block, at most.
    """
    outcome = np.empty(min(size, len(correct)))
    for start in range(0, len(correct), size):
        block = probability[start : start + size]
        require_within(block, first=start)
        right = outcome[: len(block)]
        right[...] = correct[start : start + size]
        yield block, right


def log_sum(values: FloatArray) -> float:
    """Sum of the logarithms of values (n,) from 1e-6 to 1: of products of 32 of them, a logarithm in 32.

    Rounding moves the logarithm of a product by some 32 * 1.1e-16, as it does a sum of 32 logarithms.
    """
    even = len(values) // _FACTORS * _FACTORS
    products = np.multiply.reduce(values[:even].reshape(_FACTORS, -1), axis=0)
    return float(np.log(products).sum() + np.log(values[even:]).sum())


# Equal-mass bins: from sorted confidences, or for many items by counting, which sorts next to none of them.
#
# Counting puts confidences into 4,096 equal cells of [0, 1]. Equal confidences share a cell, so the mean ranks of a
# cell's ties lie between those of its first and its last place. If both ends fall into one bin the whole cell does,
# and its sums are enough; that leaves at most one cell an edge between bins, of which the items are sorted. The bins
# are the same to the last item.

_CELLS = 1 << 12  # a power of two: confidence * cells is exact
_FEW = 20_000  # items that are sorted sooner than counted


def mass_gaps(confidence: FloatArray, correct: BoolArray, bins: int) -> tuple[IntArray, FloatArray]:
    """Items in each equal-mass bin, and the sum over them of correct - confidence, each (bins,).

    Parameters
    ----------
    confidence : (n,) float in [0, 1]
    correct : (n,) bool
    bins : int, at least 1
    """
    if len(confidence) <= _FEW:
        ordered = np.sort(confidence)
        return _sorted_gaps(ordered, np.sort(confidence[correct]), np.arange(len(ordered)), len(ordered), bins)
    return _counted_gaps(confidence, correct, bins)


def mass_thresholds(ordered: FloatArray, bins: int) -> tuple[FloatArray, IntArray]:
    """Smallest confidence of each filled equal-mass bin and the bin's number, from confidences in rising order."""
    first, number = _first_of_bins(ordered, np.arange(len(ordered)), len(ordered), bins)
    return ordered[first], number


def _first_of_bins(ordered: FloatArray, rank: IntArray, n: int, bins: int) -> tuple[IntArray, IntArray]:
    """Where in ``ordered`` each filled bin starts, and its number; ``rank`` counts the items below each place."""
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    size = np.diff(np.append(first, len(ordered)))
    # in whole numbers, so that no rounding decides
    number = (bins * (2 * rank[first] + size)) // (2 * n)
    new = np.concatenate([[True], number[1:] != number[:-1]])
    return first[new], number[new].astype(np.int64)


def _sorted_gaps(
    ordered: FloatArray, right: FloatArray, rank: IntArray, n: int, bins: int
) -> tuple[IntArray, FloatArray]:
    """Sums from the confidences and from those of right answers, both in rising order."""
    first, number = _first_of_bins(ordered, rank, n, bins)
    count, excess = np.zeros(bins, dtype=np.int64), np.zeros(bins)
    count[number] = np.diff(np.append(first, len(ordered)))
    hits = np.diff(np.append(np.searchsorted(right, ordered[first]), len(right)))
    excess[number] = hits - np.add.reduceat(ordered, first)
    return count, excess


def _counted_gaps(confidence: FloatArray, correct: BoolArray, bins: int) -> tuple[IntArray, FloatArray]:
    n = len(confidence)
    size, gap = np.zeros(_CELLS + 1, dtype=np.int64), np.zeros(_CELLS + 1)  # the last cell holds exact ones
    cells = np.empty(n, dtype=np.uint16)
    start = 0
    for block, right in blocks(confidence, correct):
        cell = (block * _CELLS).astype(np.int64)
        cells[start : start + len(block)] = cell
        start += len(block)
        size += np.bincount(cell, minlength=_CELLS + 1)
        gap += np.bincount(cell, weights=np.subtract(right, block, out=right), minlength=_CELLS + 1)
    below = np.cumsum(size) - size
    lowest = bins * (2 * below + 1) // (2 * n)
    highest = bins * (2 * (below + size) - 1) // (2 * n)
    whole, divided = (size > 0) & (lowest == highest), (size > 0) & (lowest != highest)
    count = np.bincount(lowest[whole], weights=size[whole], minlength=bins).astype(np.int64)
    excess = np.bincount(lowest[whole], weights=gap[whole], minlength=bins).astype(np.float64)
    if divided.any():
        chosen = np.flatnonzero(divided[cells])
        values, outcomes = confidence[chosen], correct[chosen]
        # ranks run on within a cell and jump from one divided cell to the next
        places = np.arange(len(values)) + np.repeat(
            below[divided] - np.cumsum(size[divided]) + size[divided], size[divided]
        )
        more = _sorted_gaps(np.sort(values), np.sort(values[outcomes]), places, n, bins)
        count, excess = count + more[0], excess + more[1]
    return count, excess


Binning: TypeAlias = Literal["width", "mass"]


def bin_index(confidence: FloatArray, *, bins: int, scheme: Binning) -> IntArray:
    """Bin of each confidence.

    Parameters
    ----------
    confidence : (n,) float in [0, 1], not checked here
    bins : int, at least 1
    scheme : "width" or "mass"

    Returns
    -------
    (n,) int in 0 ... bins - 1

    Raises
    ------
    ValueError : fewer than one bin, or an unknown scheme.
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    if scheme == "width":
        return _width_index(confidence, bins)
    if scheme == "mass":
        return _mass_index(confidence, bins)
    raise ValueError(f"scheme must be 'width' or 'mass', got {scheme!r}")


def width_edges(bins: int) -> FloatArray:
    """The bins + 1 edges of equal-width bins."""
    edges: FloatArray = np.arange(bins + 1) / bins
    return edges


def bin_gaps(
    confidence: FloatArray, correct: BoolArray, *, bins: int, scheme: Binning, counted: bool = True
) -> tuple[IntArray, FloatArray]:
    """Number of items in each bin, and the sum over them of correct - confidence, each (bins,).

    What two bincounts on `bin_index` give, without an index of every item: see `blocks` and `equal_mass`. Numbers of
    items are left 0 where they are not ``counted``. Raises ValueError as `bin_index`.

    Parameters
    ----------
    confidence : (n,) float in [0, 1]
    correct : (n,) bool
    bins, scheme : as in `bin_index`
    counted : whether numbers of items are wanted
    """
    if scheme == "mass" and bins >= 1:
        return mass_gaps(confidence, correct, bins)
    bin_index(confidence[:0], bins=bins, scheme=scheme)  # for its errors
    direct = _product_is_exact(bins)
    count, excess = np.zeros(bins + 1, dtype=np.int64), np.zeros(bins + 1)
    for block, right in blocks(confidence, correct):
        index = (block * bins).astype(np.int64) if direct else _width_index(block, bins)
        excess += np.bincount(index, weights=np.subtract(right, block, out=right), minlength=bins + 1)
        if counted:
            count += np.bincount(index, minlength=bins + 1)
    for sums in (count, excess):  # confidence 1 landed one bin too high
        sums[bins - 1] += sums[bins]
    return count[:bins], excess[:bins]


def _width_index(confidence: FloatArray, bins: int) -> IntArray:
    if not _product_is_exact(bins):
        index = np.searchsorted(width_edges(bins), confidence, side="right") - 1
    else:
        index = (confidence * bins).astype(np.int64)
    return np.minimum(index, bins - 1, out=index)


def _product_is_exact(bins: int) -> bool:
    """Whether truncating confidence * bins finds the same bin as comparing with the edges.

    Rounding is monotone, so it is enough that each edge lands on its own number and its lower neighbour below it.
    1/49 * 49 < 1 in floating point, for example: there the edges are searched instead.
    """
    edges, numbers = width_edges(bins), np.arange(bins + 1)
    return bool((edges * bins >= numbers).all() and (np.nextafter(edges[1:], 0.0) * bins < numbers[1:]).all())


def _mass_index(confidence: FloatArray, bins: int) -> IntArray:
    thresholds, numbers = mass_thresholds(np.sort(confidence), bins)
    index: IntArray = numbers[np.searchsorted(thresholds, confidence, side="right") - 1]
    return index
