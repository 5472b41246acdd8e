"""Smooth calibration error: no bins, and a bandwidth that the data choose.

The residuals correct - confidence are smoothed along the confidence axis with a Gaussian reflected at 0 and 1; the
error at bandwidth s is the integral of the absolute value. It falls with s, and the smooth error is the point where it
equals s. On a grid of half-sample cells the reflected Gaussian is diagonal in the cosine basis, mode k shrinking by
exp(-(pi k s)^2 / 2), so one Fourier transform serves every bandwidth, and thousands of resamples are one matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.check import checked

if TYPE_CHECKING:
    from synth_eval.types import BoolArray, FloatArray, IntArray


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

    Examples
    --------
    >>> import numpy as np
    >>> round(smooth_calibration_error(np.full(100, 0.7), np.arange(100) < 60), 2)
    0.1
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
