"""The one bin convention of this package.

Equal width: bin j of B is [j/B, (j+1)/B), closed on the left, and the last bin also holds 1. So 0 lies in the first
bin, 1 in the last, and a confidence on an edge in the bin above it.

Equal mass: items are ranked by confidence; tied items share the mean of their ranks and so one bin, whatever the order
of the items. A group of ties with ``below`` items under it and ``m`` in it goes to bin floor(B (below + m/2) / n).
Large ties leave bins empty rather than being split; without ties, bin sizes differ by at most one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from synth_eval.types import BoolArray, FloatArray, IntArray

Binning: TypeAlias = Literal["width", "mass"]
_BLOCK = 1 << 15  # items whose working arrays fit a second-level cache


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

    What two bincounts on `bin_index` give, without an index of every item: equal widths go block by block through the
    processor's cache, equal masses through two sorts. Numbers of items are left 0 where they are not ``counted``.
    Raises ValueError as `bin_index`.
    """
    if scheme == "mass" and bins >= 1:
        return _mass_gaps(confidence, correct, bins)
    bin_index(confidence[:0], bins=bins, scheme=scheme)  # for its errors
    direct = _product_is_exact(bins)
    count, excess = np.zeros(bins + 1, dtype=np.int64), np.zeros(bins + 1)
    for start in range(0, len(confidence), _BLOCK):
        block = confidence[start : start + _BLOCK]
        index = (block * bins).astype(np.int64) if direct else _width_index(block, bins)
        excess += np.bincount(index, weights=correct[start : start + _BLOCK] - block, minlength=bins + 1)
        if counted:
            count += np.bincount(index, minlength=bins + 1)
    for sums in (count, excess):  # confidence 1 landed one bin too high
        sums[bins - 1] += sums[bins]
    return count[:bins], excess[:bins]


def _mass_gaps(confidence: FloatArray, correct: BoolArray, bins: int) -> tuple[IntArray, FloatArray]:
    ordered, right = np.sort(confidence), np.sort(confidence[correct])
    thresholds, numbers = mass_thresholds(ordered, bins)
    first = np.searchsorted(ordered, thresholds)
    count, excess = np.zeros(bins, dtype=np.int64), np.zeros(bins)
    count[numbers] = np.diff(np.append(first, len(ordered)))
    hits = np.diff(np.append(np.searchsorted(right, thresholds), len(right)))
    excess[numbers] = hits - np.add.reduceat(ordered, first)
    return count, excess


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


def mass_thresholds(ordered: FloatArray, bins: int) -> tuple[FloatArray, IntArray]:
    """Smallest confidence of each filled equal-mass bin and the bin's number, from confidences in rising order."""
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    size = np.diff(np.append(first, len(ordered)))
    # in whole numbers, so that no rounding decides
    number = (bins * (2 * first + size)) // (2 * len(ordered))
    new = np.concatenate([[True], number[1:] != number[:-1]])
    return ordered[first[new]], number[new].astype(np.int64)
