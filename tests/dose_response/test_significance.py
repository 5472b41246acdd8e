"""Null distributions against the ones that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from synth_eval.dose_response.noise import Noise
from synth_eval.dose_response.shapes import fit_shapes
from synth_eval.dose_response.significance import guard_statistic, shape_statistic, simulated_null

TWO = np.array([0.0, 1.0])
KNOWN = Noise(None, 0)


def _two(mean: tuple[float, float] = (0.0, 0.0)):
    """Two ratios: every shape is the same difference of two means."""
    return fit_shapes(np.array(mean), 0.5 * np.eye(2), TWO)


def test_with_known_noise_and_two_ratios_both_are_normal() -> None:
    null = simulated_null(_two(), KNOWN, np.array([[-1.0, 1.0]]))
    for z in (0.5, 1.645, 2.5, 4.0, 6.0):  # the last ones by the extrapolated tail
        p = stats.norm.sf(z)
        assert null.p_shape(z**2) == pytest.approx(p, rel=0.2 if p < 0.02 else 0.06)
        assert null.p_guard(z) == pytest.approx(p, rel=0.2 if p < 0.02 else 0.06)


def test_an_estimated_factor_makes_it_a_t() -> None:
    # own curve leaves no degrees of freedom, others bring 6: a t with 6
    null = simulated_null(_two(), Noise(1.0, 6, 6.0, 6), np.array([[-1.0, 1.0]]))
    for t in (0.5, 1.943, 3.0):
        assert null.p_guard(t) == pytest.approx(stats.t.sf(t, 6), rel=0.06 if t < 1 else 0.25)


def test_statistics_by_hand() -> None:
    # difference -2 with variance 1: gain 4, over a factor of 2; nothing gained by rising
    fit = _two((1.0, -1.0))
    assert shape_statistic(fit, Noise(2.0, 5), -1) == pytest.approx(2.0)
    assert shape_statistic(fit, Noise(2.0, 5), +1) == 0.0
    assert guard_statistic(np.array([2.0, -1.0]), Noise(4.0, 5)) == pytest.approx(1.0)
    assert guard_statistic(np.array([2.0]), Noise(4.0, 2)) == pytest.approx(2.0)  # declared: not divided


def test_more_ratios_give_more_ways_to_look_degraded() -> None:
    ratios = np.linspace(0, 1, 11)
    fit = fit_shapes(np.zeros(11), np.eye(11), ratios)
    contrasts = np.hstack([-np.ones((10, 1)), np.eye(10)])
    null = simulated_null(fit, KNOWN, contrasts)
    assert null.p_shape(1.645**2) > 0.08
    assert null.p_guard(1.645) > 0.15
    assert np.isfinite(null.p_shape(1e4))


def test_same_seed_same_null() -> None:
    one, two, other = (simulated_null(_two(), KNOWN, np.array([[-1.0, 1.0]]), seed=s) for s in (3, 3, 4))
    np.testing.assert_array_equal(one.shape, two.shape)
    assert not np.array_equal(one.shape, other.shape)


def test_both_tests_together_reject_as_often_as_promised() -> None:
    fit = fit_shapes(np.zeros(6), np.eye(6), np.linspace(0, 0.5, 6))
    contrasts = np.eye(6)[1:] - np.eye(6)[0]
    null = simulated_null(fit, Noise(1.0, 3), contrasts)
    larger = null.both  # of every draw, ascending
    flagged = np.mean([null.p_both(p) < 0.05 for p in larger[:2000]]) * 2000 / len(larger)
    alone = np.mean(larger < 0.05)
    assert alone < 0.04  # two tests rarely reject by chance at once
    assert alone < flagged < 0.05
    assert (np.diff([null.p_both(p) for p in np.linspace(1e-6, 1, 500)]) > 0).all()
    for level in (0.2, 0.05, 0.05 / 8, 0.05 / 100):
        assert null.p_both(null.larger_at(level)) == pytest.approx(level, rel=0.02)
