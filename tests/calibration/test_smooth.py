"""Smooth calibration error: closed forms, direct sums of the kernel, invariants."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.calibration import smooth_calibration_error
from synth_eval.calibration.smooth import GRID, MODES, cosine_basis, error_at, smoothed, solve_bandwidth


def _reflected(x, centre, bandwidth):
    """Gaussian density on [0, 1] with its tails folded back at 0 and 1, by its images."""
    images = [sign * centre + 2 * k for k in range(-6, 7) for sign in (1, -1)]
    return sum(np.exp(-0.5 * ((x - m) / bandwidth) ** 2) for m in images) / (bandwidth * math.sqrt(2 * math.pi))


@pytest.mark.parametrize("bandwidth", [0.01, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("cell", [0, 100, GRID // 2, GRID - 1])
def test_one_item_smooths_to_a_reflected_gaussian(bandwidth, cell):
    density = smoothed(cosine_basis(np.array([cell])), bandwidth)[0]
    x = (np.arange(MODES) + 0.5) / MODES
    np.testing.assert_allclose(density, _reflected(x, (cell + 0.5) / GRID, bandwidth), atol=1e-9)


def test_fixed_bandwidth_agrees_with_a_direct_sum():
    rng = np.random.default_rng(0)
    cells = rng.integers(0, GRID, size=200)
    confidence, correct = (cells + 0.5) / GRID, rng.random(200) < 0.6
    x = (np.arange(4000) + 0.5) / 4000
    for bandwidth in (0.02, 0.1, 0.5):
        field = sum((y - c) * _reflected(x, c, bandwidth) for c, y in zip(confidence, correct)) / 200
        got = smooth_calibration_error(confidence, correct, bandwidth=bandwidth)
        assert got == pytest.approx(np.abs(field).mean(), abs=2e-5)


def test_chosen_bandwidth_equals_the_error_there():
    rng = np.random.default_rng(1)
    confidence = rng.random(300)
    correct = rng.random(300) < confidence**2
    error = smooth_calibration_error(confidence, correct)
    assert smooth_calibration_error(confidence, correct, bandwidth=error) == pytest.approx(error, abs=2e-5)


@pytest.mark.parametrize(
    ("confidence", "correct", "expected"),
    [
        ([0.7, 0.7], [True, True], 0.3),  # residuals of one sign: smoothing cannot cancel them
        ([1.0, 0.0], [True, False], 0.0),
        ([1.0] * 4, [False] * 4, 1.0),
        ([0.3], [False], 0.3),
    ],
)
def test_closed_forms(confidence, correct, expected):
    assert smooth_calibration_error(np.array(confidence), np.array(correct)) == pytest.approx(expected, abs=2e-5)


@given(st.integers(0, 2**31))
def test_error_falls_with_bandwidth_and_stays_above_the_signed_gap(seed):
    rng = np.random.default_rng(seed)
    confidence, correct = rng.random(40), rng.random(40) < 0.5
    errors = [smooth_calibration_error(confidence, correct, bandwidth=s) for s in (0.01, 0.03, 0.1, 0.3, 1.0)]
    assert (np.diff(errors) <= 1e-9).all()
    assert errors[-1] >= abs(confidence.mean() - correct.mean()) - 1e-3
    order = rng.permutation(40)
    assert smooth_calibration_error(confidence[order], correct[order]) == pytest.approx(
        smooth_calibration_error(confidence, correct), abs=1e-9
    )


@given(st.integers(0, 2**31))
def test_moving_confidences_a_little_moves_the_error_a_little(seed):
    rng = np.random.default_rng(seed)
    confidence, correct = rng.random(50) * 0.9, rng.random(50) < 0.5
    moved = smooth_calibration_error(confidence + 0.002, correct)
    assert abs(moved - smooth_calibration_error(confidence, correct)) < 0.01  # a binned error may jump


def test_rows_are_solved_independently_of_one_another():
    rng = np.random.default_rng(2)
    modes = rng.normal(size=(5, GRID)) @ cosine_basis(np.arange(GRID)) / GRID
    together = solve_bandwidth(modes)
    np.testing.assert_allclose(together, [solve_bandwidth(row[None, :])[0] for row in modes], atol=1e-9)
    np.testing.assert_allclose(error_at(modes, together), together, atol=2e-5)


def test_bandwidth_must_be_positive():
    with pytest.raises(ValueError, match="bandwidth must be positive"):
        smooth_calibration_error(np.array([0.5]), np.array([True]), bandwidth=0.0)
