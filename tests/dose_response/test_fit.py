"""All fits at once, against least squares one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.dose_response.shapes import fit_shapes, shapes_over


def test_by_hand() -> None:
    # means 1, 1, 0 with variance .25 each. Line: slope -1, sum of squares explained .5 / .25 = 2.
    # Flat: (1 + 1 + 4) / 9 / .25 = 8/3. Any knot from .5 on: an exact fit.
    fit = fit_shapes(np.array([1.0, 1.0, 0.0]), 0.25 * np.eye(3), np.array([0.0, 0.5, 1.0]))
    assert fit.flat_rss == pytest.approx(8 / 3)
    assert fit.rise[0] == pytest.approx(-1)
    assert fit.scores[0] == pytest.approx(-np.sqrt(2))
    np.testing.assert_allclose(fit.scores[25:50] ** 2, 8 / 3)
    assert fit.either_rss == pytest.approx(0, abs=1e-12)
    assert fit.residual_df == 0


def test_a_level_for_each_seed_by_hand() -> None:
    # seed 0: 1, 1, 0; seed 1: 3, 3, 2. Around its own mean each is 1/3, 1/3, -2/3: flat 2 (1 + 1 + 4) / 9 = 4/3.
    # Line: -.5, 0, .5 in each seed, squares 1 in all; product with the means 2 (-1/6 - 1/3) = -1.
    # Any knot from .5 on: an exact fit.
    fit = fit_shapes(
        np.array([1.0, 3.0, 1.0, 3.0, 0.0, 2.0]), np.eye(6), np.repeat([0.0, 0.5, 1.0], 2), np.tile(np.eye(2), (3, 1))
    )
    assert fit.flat_rss == pytest.approx(4 / 3)
    assert fit.rise[0] == pytest.approx(-1)
    assert fit.scores[0] == pytest.approx(-1)
    assert fit.either_rss == pytest.approx(0, abs=1e-12)
    assert fit.residual_df == 6 - 2 - 2


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_constants_of_the_flat_columns_change_nothing(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    ratios, flat = np.repeat(np.linspace(0, 1, 4), levels), np.tile(np.eye(levels), (4, 1))
    half = rng.standard_normal((4 * levels, 4 * levels + 2))
    covariance, mean = half @ half.T, rng.standard_normal(4 * levels)
    fit = fit_shapes(mean, covariance, ratios, flat)
    moved = fit_shapes(mean + flat @ rng.standard_normal(levels), covariance, ratios, flat)
    np.testing.assert_allclose(moved.scores, fit.scores, atol=1e-7)
    assert moved.flat_rss == pytest.approx(fit.flat_rss, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 9))
def test_every_shape_agrees_with_generalised_least_squares(seed: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    ratios = np.sort(np.concatenate([[0.0, 1.0], rng.random(columns - 2)]))
    half = rng.standard_normal((columns, columns + 2))
    covariance, mean = half @ half.T, rng.standard_normal(columns)
    fit = fit_shapes(mean, covariance, ratios)
    whiten = np.linalg.inv(np.linalg.cholesky(covariance))
    shapes = shapes_over(0.0, 1.0).at(ratios)
    for k in (0, 17, 49, 50, 55):
        design = whiten @ np.column_stack([np.ones(columns), shapes[:, k]])
        (_, rise), *_ = np.linalg.lstsq(design, whiten @ mean, rcond=None)
        assert fit.rise[k] == pytest.approx(rise, rel=1e-6, abs=1e-9)
        residual = whiten @ mean - design @ np.linalg.lstsq(design, whiten @ mean, rcond=None)[0]
        assert fit.flat_rss - fit.scores[k] ** 2 == pytest.approx(residual @ residual, rel=1e-6, abs=1e-8)


def test_a_tent_fits_what_rises_and_falls() -> None:
    ratios = np.linspace(0, 0.5, 6)
    mean = 3 + np.minimum(ratios, 0.2) * 2 - np.maximum(ratios - 0.2, 0) * 1
    fit = fit_shapes(mean, 0.01 * np.eye(6), ratios)
    assert fit.either_rss == pytest.approx(0, abs=1e-9)
    assert fit.flat_rss - np.max(fit.scores**2) > 1  # no shape of one direction does
    gain = fit.tents.rising(fit.mean, 1)
    assert gain == pytest.approx(fit.flat_rss)  # it explains all that differs from a flat line
    falls_first = fit_shapes(-mean, 0.01 * np.eye(6), ratios)
    assert falls_first.tents.rising(falls_first.mean, -1) == pytest.approx(gain)
    assert falls_first.tents.rising(falls_first.mean, 1) < gain


def test_noise_of_a_flat_curve_is_what_it_is() -> None:
    ratios, rng = np.linspace(0, 0.5, 6), np.random.default_rng(1)
    found = [fit_shapes(rng.standard_normal(6), np.eye(6), ratios).either_rss / 3 for _ in range(1500)]
    assert np.mean(found) == pytest.approx(1, abs=0.08)  # its standard error is .026
