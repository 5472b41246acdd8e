"""The fitted curve that is drawn: by hand, and as the best of all fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.dose_response.shapes import fit_shapes, fitted_curve, shapes_over

SIX = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
SMALL = 1e-8 * np.eye(6)


def _fitted(values, direction: int = -1):
    mean = np.asarray(values, dtype=float)
    return fitted_curve(fit_shapes(mean, SMALL, SIX), mean, SIX, direction)


def test_a_hinge() -> None:
    found = _fitted(0.65 - 0.06 * np.clip((SIX - 0.25) / 0.25, 0, None))
    assert found is not None
    assert found.shape == "hinge"
    assert (found.parameter, found.start, found.end) == pytest.approx((0.25, 0.65, 0.59), abs=1e-6)


def test_a_power() -> None:
    found = _fitted(0.9 - 0.1 * (SIX / 0.5) ** 2)
    assert found is not None
    assert found.shape == "power"
    assert (found.parameter, found.start, found.end) == pytest.approx((2.0, 0.9, 0.8), abs=1e-6)


def test_only_the_last_ratio_falls() -> None:
    # any knot from .4 on fits alike, on the grid of .01: .40 to .49, whose mean is .445
    found = _fitted([0.8, 0.8, 0.8, 0.8, 0.8, 0.7])
    assert found is not None
    assert (found.parameter, found.start, found.end) == pytest.approx((0.445, 0.8, 0.7), abs=1e-6)


def test_no_curve_where_nothing_runs_that_way() -> None:
    rising = 0.5 + SIX
    assert _fitted(rising) is None
    up = _fitted(rising, +1)
    assert up is not None
    assert (up.start, up.end) == pytest.approx((0.5, 1.0), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_no_falling_shape_comes_nearer(seed: int) -> None:
    """Generalised least squares over every shape, one by one, finds none with a smaller sum of squares."""
    rng = np.random.default_rng(seed)
    half = rng.standard_normal((6, 8))
    covariance, mean = half @ half.T, rng.standard_normal(6) - 2 * SIX
    whiten = np.linalg.inv(np.linalg.cholesky(covariance))
    found = fitted_curve(fit_shapes(mean, covariance, SIX), mean, SIX, -1)
    flat = whiten @ np.ones((6, 1))
    sums = [float(np.linalg.lstsq(flat, whiten @ mean, rcond=None)[1][0])]
    for shape in shapes_over(0.0, 0.5).at(SIX).T:
        design = whiten @ np.column_stack([np.ones(6), shape])
        solution = np.linalg.lstsq(design, whiten @ mean, rcond=None)[0]
        if solution[1] < 0:
            sums.append(float(np.sum((whiten @ mean - design @ solution) ** 2)))
    if found is None:
        assert len(sums) == 1
        return
    if found.shape == "hinge":
        share = np.clip((SIX - found.parameter) / (0.5 - found.parameter), 0, None)
    else:
        share = (SIX / 0.5) ** found.parameter
    rest = mean - share * (found.end - found.start)
    assert np.mean(rest - found.start) == pytest.approx(0, abs=1e-9)  # the curve passes through the middle
    level = np.linalg.lstsq(flat, whiten @ rest, rcond=None)[0]
    assert np.sum((whiten @ (rest - level)) ** 2) == pytest.approx(min(sums), rel=1e-6, abs=1e-9)
