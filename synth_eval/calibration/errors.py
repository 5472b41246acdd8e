"""Binned calibration errors: how far confidence and accuracy lie apart, bin by bin, as one number."""

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
    """
    confidence, correct = checked(confidence, correct)
    count, excess = bin_gaps(confidence, correct, bins=bins, scheme=scheme, counted=norm != "l1")
    return float(np.abs(excess).sum() / len(confidence)) if norm == "l1" else float(gap_norm(excess, count, norm))


def debiased_calibration_error(
    confidence: FloatArray, correct: BoolArray, *, bins: int = 15, scheme: Binning = "mass", squared: bool = False
) -> float:
    """Root mean square gap over bins, less what chance alone adds to its square.

    From each squared gap the sampling variance of the bin's accuracy, a (1 - a) / (m - 1) with m items in the bin, is
    taken off. A bin of one item says nothing about its own variance and counts as no error.

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

    Raises
    ------
    ValueError : as `check.checked_choices`, or an unknown option.

    References
    ----------
    Kull et al., "Beyond temperature scaling: obtaining well-calibrated multi-class probabilities with Dirichlet
    calibration", NeurIPS 2019.
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
    """Debiased squared error over bins (the last axis) from sums; see `debiased_calibration_error`."""
    filled = np.maximum(weight, 1)
    rate = right / filled
    error = (excess / filled) ** 2 - rate * (1.0 - rate) / np.maximum(filled - 1, 1)
    total: FloatArray = (weight * np.where(weight > 1, error, 0.0)).sum(axis=-1) / weight.sum(axis=-1)
    return total


# Smooth calibration error: no bins, and a bandwidth that the data choose.
#
# The residuals correct - confidence are smoothed along the confidence axis with a Gaussian reflected at 0 and 1; the
# error at bandwidth s is the integral of the absolute value. It falls with s, and the smooth error is the point where
# it equals s. On a grid of half-sample cells the reflected Gaussian is diagonal in the cosine basis, mode k shrinking
# by
# exp(-(pi k s)^2 / 2), so one Fourier transform serves every bandwidth, and thousands of resamples are one matrix.

GRID = 1024  # cells over [0, 1]: rounding moves an item by at most 1/2048, far below any bandwidth that data choose
MODES = 256  # kept in resamples: enough for bandwidths down to .005
_STEPS = 40


def smooth_calibration_error(confidence: FloatArray, correct: BoolArray, *, bandwidth: float | None = None) -> float:
    """Integral of the smoothed gap between accuracy and confidence.

    Parameters
    ----------
    confidence : (n,) float in [0, 1]
    correct : (n,) bool
    bandwidth : float, optional
        Standard deviation of the smoothing kernel; chosen from the data if None.

    Returns
    -------
    float in [0, 1]. Within a constant factor of the distance to the nearest calibrated predictor, and continuous in
    the confidences, which a binned error is not. Still biased upward on finite samples.

    Raises
    ------
    ValueError : as `check.checked`, or a bandwidth that is not positive.

    References
    ----------
    Blasiok and Nakkiran, "Smooth ECE: principled reliability diagrams via kernel smoothing", ICLR 2024
    (arXiv 2309.12236, 2023).
    """
    confidence, correct = checked(confidence, correct)
    if bandwidth is not None and not bandwidth > 0:
        raise ValueError(f"bandwidth must be positive, got {bandwidth}")
    mass = np.bincount(grid_cell(confidence), weights=correct - confidence, minlength=GRID)
    modes = _all_modes(mass / len(confidence))[None, :]
    if bandwidth is None:
        return float(solve_bandwidth(modes)[0])
    return float(error_at(modes, np.array([bandwidth]))[0])


def grid_cell(confidence: FloatArray) -> IntArray:
    """Cell of the smoothing grid that holds each confidence."""
    cell = (confidence * GRID).astype(np.int64)
    return np.minimum(cell, GRID - 1, out=cell)


def cosine_basis(cells: IntArray, *, modes: int = MODES) -> FloatArray:
    """(c, modes) matrix that takes masses (..., c) in these grid cells to their cosine coefficients (..., modes)."""
    middle = (cells + 0.5) / GRID
    basis: FloatArray = 2.0 * np.cos(np.pi * middle[:, None] * np.arange(modes))
    return basis


def smoothed(modes: FloatArray, bandwidth: FloatArray | float) -> FloatArray:
    """Density on [0, 1] of masses given by their modes, after smoothing: (..., m) from (..., m) modes.

    Point i of the result lies at (i + 1/2) / m. ``bandwidth`` is one number, or one for each row.
    """
    m = modes.shape[-1]
    k = np.arange(m)
    decay = np.exp(-0.5 * (np.pi * k * np.asarray(bandwidth)[..., None]) ** 2)
    spectrum = np.zeros((*modes.shape[:-1], m + 1), dtype=np.complex128)
    np.multiply(modes * decay, np.exp(0.5j * np.pi * k / m), out=spectrum[..., :m])
    density: FloatArray = np.fft.irfft(spectrum, n=2 * m, axis=-1)[..., :m] * m
    return density


def error_at(modes: FloatArray, bandwidth: FloatArray) -> FloatArray:
    """Smooth error (r,) of each row of residual modes (r, m) at its bandwidth (r,)."""
    error: FloatArray = np.abs(smoothed(modes, bandwidth)).mean(axis=-1)
    return error


def solve_bandwidth(modes: FloatArray, *, tolerance: float = 1e-5) -> FloatArray:
    """Smooth error (r,) of each row of residual modes (r, m): where error_at(s) = s.

    False position with the Illinois rule on a bracket: mode 0 is the whole residual, which no smoothing removes, so
    the error is at least its size; and it is at most 1.
    """
    low, high = np.abs(modes[:, 0]) / 2.0, np.ones(len(modes))
    at_low = error_at(modes, np.maximum(low, tolerance)) - low
    at_high = error_at(modes, high) - high
    kept = np.zeros(len(modes), dtype=np.int64)  # which end the last step left in place: -1 low, 1 high
    answer = low.copy()
    active = np.flatnonzero(at_low > tolerance)
    for _ in range(_STEPS):
        if active.size == 0:
            break
        a, b, above_a, below_b = low[active], high[active], at_low[active], at_high[active]
        guess = b - below_b * (b - a) / (below_b - above_a)
        value = error_at(modes[active], guess) - guess
        up = value > 0  # the answer lies above the guess: the high end stays
        twice = kept[active] == np.where(up, 1, -1)
        low[active], high[active] = np.where(up, guess, a), np.where(up, b, guess)
        at_low[active] = np.where(up, value, np.where(twice, above_a / 2, above_a))
        at_high[active] = np.where(up, np.where(twice, below_b / 2, below_b), value)
        kept[active] = np.where(up, 1, -1)
        answer[active] = guess
        active = active[np.abs(value) > tolerance]
    return answer


def _all_modes(mass: FloatArray) -> FloatArray:
    """Every cosine coefficient (GRID,) of masses (GRID,): `cosine_basis` by one Fourier transform."""
    k = np.arange(GRID)
    # the mirrored masses are even about -1/2 cell: the shift makes their spectrum real
    spectrum = np.fft.rfft(np.concatenate([mass, mass[::-1]]))[:GRID] * np.exp(-0.5j * np.pi * k / GRID)
    real: FloatArray = spectrum.real
    return real
