"""Binned calibration errors: how far confidence and accuracy are apart, bin by bin, as one number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from synth_eval.calibration.binning import Binning, bin_gaps, bin_index
from synth_eval.calibration.check import checked, checked_choices

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, BoolArray, FloatArray, IntArray


Norm: TypeAlias = Literal["l1", "l2", "max"]


def expected_calibration_error(
    confidence: FloatArray, correct: BoolArray, *, bins: int = 15, scheme: Binning = "width", norm: Norm = "l1"
) -> float:
    """Gap between confidence and accuracy, averaged over bins.

    ``l1`` is the expected calibration error, sum_b w_b |gap_b| with w_b the share of items in bin b; ``l2`` the root
    mean square error, sqrt(sum_b w_b gap_b^2); ``max`` the maximum calibration error, max |gap_b| over filled bins.

    Parameters
    ----------
    confidence : (n,) float in [0, 1]
        Probability given to the predicted answer.
    correct : (n,) bool
        Whether that answer was right.
    bins : int
        Number of bins; see `binning` for which bin holds an edge, 0, 1 and ties.
    scheme : "width" or "mass"
        Bins of equal width, or of equal numbers of items.
    norm : "l1", "l2" or "max"

    Returns
    -------
    float in [0, 1]; biased upward by O(sqrt(bins / n)): a calibrated model does not read 0, see `assess`.

    Raises
    ------
    ValueError : lengths differ, n = 0, a confidence outside [0, 1] or NaN, or an unknown option.

    References
    ----------
    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    Nguyen and O'Connor, "Posterior calibration and exploratory analysis for NLP models", EMNLP 2015 (equal mass).

    Examples
    --------
    >>> import numpy as np
    >>> confidence, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    >>> round(expected_calibration_error(confidence, correct), 3)
    0.35
    >>> round(expected_calibration_error(confidence, correct, norm="max"), 3)
    0.7
    """
    confidence, correct = checked(confidence, correct)
    count, excess = bin_gaps(confidence, correct, bins=bins, scheme=scheme, counted=norm != "l1")
    return float(np.abs(excess).sum() / len(confidence)) if norm == "l1" else float(gap_norm(excess, count, norm))


def debiased_calibration_error(
    confidence: FloatArray, correct: BoolArray, *, bins: int = 15, scheme: Binning = "mass", squared: bool = False
) -> float:
    """Root mean square gap over bins, less what chance alone adds to its square.

    From each squared gap the sampling variance of the bin's accuracy, a (1 - a) / (m - 1) with m items in the bin, is
    taken off. A bin of one item has no variance of its own and counts as no error.

    Parameters
    ----------
    confidence, correct, bins, scheme : as in `expected_calibration_error`; equal mass is the authors' choice.
    squared : bool
        Give the squared error, which is unbiased and may be negative, instead of the root of its positive part.

    Returns
    -------
    float

    Raises
    ------
    ValueError : as `expected_calibration_error`.

    References
    ----------
    Kumar, Liang and Ma, "Verified uncertainty calibration", NeurIPS 2019.

    Examples
    --------
    >>> import numpy as np
    >>> confidence, correct = np.full(100, 0.7), np.arange(100) < 60
    >>> round(debiased_calibration_error(confidence, correct), 3)
    0.087
    >>> round(expected_calibration_error(confidence, correct, norm="l2"), 3)
    0.1
    """
    confidence, correct = checked(confidence, correct)
    index = bin_index(confidence, bins=bins, scheme=scheme)
    count = np.bincount(index, minlength=bins)
    right = np.bincount(index, weights=correct, minlength=bins)
    excess = np.bincount(index, weights=correct - confidence, minlength=bins)
    error = float(debiased_square(excess, count, right))
    return error if squared else max(error, 0.0) ** 0.5


def classwise_calibration_error(
    probs: FloatArray | Sequence[FloatArray], gold: IntArray, *, bins: int = 15, scheme: Binning = "width"
) -> float:
    """Expected calibration error of every choice's probability, not only the predicted one's, averaged over choices.

    sum_j sum_b |sum of ([gold is j] - p_j) over the items of bin b of choice j| / number of (item, choice) pairs.
    Where all items have k choices this is the mean over choices of each one's expected calibration error; items
    with fewer choices add nothing to those they lack.

    Parameters
    ----------
    probs : (n, k) float, or n arrays of their own lengths
    gold : (n,) int
    bins, scheme : as in `expected_calibration_error`

    Raises
    ------
    ValueError : as `check.checked_choices`, or an unknown option.

    References
    ----------
    Kull et al., "Beyond temperature scaling: obtaining well-calibrated multi-class probabilities with Dirichlet
    calibration", NeurIPS 2019.

    Examples
    --------
    >>> import numpy as np
    >>> probs, gold = np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([0, 0])
    >>> round(classwise_calibration_error(probs, gold), 3)
    0.45
    """
    matrix, gold, n_choices = checked_choices(probs, gold)
    total = 0.0
    for j in range(matrix.shape[1]):
        has = n_choices > j
        index = bin_index(matrix[has, j], bins=bins, scheme=scheme)
        excess = np.bincount(index, weights=(gold[has] == j) - matrix[has, j], minlength=bins)
        total += float(np.abs(excess).sum())
    return total / float(n_choices.sum())


def gap_norm(excess: AnyArray, weight: AnyArray, norm: Norm) -> FloatArray:
    """Norm over bins (the last axis) of gaps given as sums.

    Parameters
    ----------
    excess : (..., b) float
        Sum over the bin's items of correct - confidence.
    weight : (..., b)
        Number of items in the bin; empty bins are left out.

    Returns
    -------
    (...) float

    Raises
    ------
    ValueError : an unknown norm.
    """
    if norm == "l1":
        total: FloatArray = np.abs(excess).sum(axis=-1) / weight.sum(axis=-1)
        return total
    # an empty bin has excess 0, so any divisor will do
    gap = excess / np.maximum(weight, 1e-300)
    if norm == "l2":
        square: FloatArray = np.sqrt((excess * gap).sum(axis=-1) / weight.sum(axis=-1))
        return square
    if norm == "max":
        largest: FloatArray = np.abs(gap).max(axis=-1)
        return largest
    raise ValueError(f"norm must be 'l1', 'l2' or 'max', got {norm!r}")


def debiased_square(excess: AnyArray, weight: AnyArray, right: AnyArray) -> FloatArray:
    """Debiased squared error over bins (the last axis) from sums; see `debiased_calibration_error`.

    Parameters
    ----------
    excess : (..., b) float
        Sum over the bin's items of correct - confidence.
    weight : (..., b)
        Number of items in the bin.
    right : (..., b)
        Number of right answers in it.
    """
    filled = np.maximum(weight, 1)
    rate = right / filled
    error = (excess / filled) ** 2 - rate * (1.0 - rate) / np.maximum(filled - 1, 1)
    total: FloatArray = (weight * np.where(weight > 1, error, 0.0)).sum(axis=-1) / weight.sum(axis=-1)
    return total
