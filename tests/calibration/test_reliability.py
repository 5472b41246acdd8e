"""Reliability curves: points by hand, bands by closed forms."""

import numpy as np
import pytest
from scipy import stats

from synth_eval.calibration import reliability_curve

CONFIDENCE = np.array([0.2, 0.4, 0.6, 0.8, 0.9])
CORRECT = np.array([False, True, False, False, True])


def _data(n, power=1.0, seed=0):
    rng = np.random.default_rng(seed)
    confidence = rng.random(n)
    return confidence, rng.random(n) < confidence**power


@pytest.mark.parametrize("kind", ["width", "mass"])
def test_bins_by_hand(kind):
    curve = reliability_curve(CONFIDENCE, CORRECT, kind=kind, bins=2, resamples=50)
    np.testing.assert_allclose(curve.confidence, [0.3, 2.3 / 3])
    np.testing.assert_allclose(curve.accuracy, [1 / 2, 1 / 3])
    np.testing.assert_array_equal(curve.count, [2, 3])
    assert curve.bandwidth is None


def test_empty_bins_are_left_out():
    curve = reliability_curve(CONFIDENCE, CORRECT, bins=10, resamples=0)
    np.testing.assert_allclose(curve.confidence, CONFIDENCE)
    assert np.isnan(curve.low).all()
    assert np.isnan(curve.null_low).all()


def test_consistency_band_of_one_bin_is_binomial():
    curve = reliability_curve(np.full(100, 0.6), np.arange(100) < 80, resamples=20_000)
    expected = stats.binom(100, 0.6).ppf([0.025, 0.975]) / 100
    np.testing.assert_allclose([curve.null_low[0], curve.null_high[0]], expected, atol=0.0101)
    assert curve.accuracy[0] > curve.null_high[0]  # 80 of 100 are too many


def test_bootstrap_band_of_one_bin_is_near_jeffreys_interval():
    for right in (50, 97, 100):
        curve = reliability_curve(np.full(100, 0.9), np.arange(100) < right, resamples=20_000)
        expected = stats.beta(right + 0.5, 100 - right + 0.5).ppf([0.025, 0.975])
        np.testing.assert_allclose([curve.low[0], curve.high[0]], expected, atol=0.012)


def test_three_right_answers_do_not_claim_to_be_certain():
    curve = reliability_curve(np.array([0.9, 0.9, 0.9]), np.ones(3, dtype=bool))
    assert curve.low[0] < 0.75


def test_kernel_curve_of_one_confidence_has_its_gap_everywhere():
    curve = reliability_curve(np.full(40, 0.5), np.arange(40) < 30, kind="kernel", bandwidth=0.1, resamples=0)
    np.testing.assert_allclose(curve.accuracy, np.minimum(curve.confidence + 0.25, 1.0), atol=1e-9)
    assert abs(curve.confidence[np.argmax(curve.count)] - 0.5) < 0.05
    # all items sit at the kernel's peak 1 / (s sqrt(2 pi)), times the reach 2 s sqrt(pi): 40 sqrt(2)
    assert curve.count.max() == pytest.approx(40 * 2**0.5, rel=0.01)
    assert curve.count.min() >= 2.0


def test_kernel_curve_agrees_with_a_weighted_mean():
    confidence, correct = _data(400)
    curve = reliability_curve(confidence, correct, kind="kernel", bandwidth=0.07, bins=9, resamples=0)
    for x, got in zip(curve.confidence, curve.accuracy):
        images = [confidence, -confidence, 2.0 - confidence]
        weight = sum(np.exp(-0.5 * ((x - image) / 0.07) ** 2) for image in images)
        assert got == pytest.approx(x + (weight * (correct - confidence)).sum() / weight.sum(), abs=1e-3)


@pytest.mark.parametrize("kind", ["width", "mass", "kernel"])
def test_bands_hold_what_they_should(kind):
    inside, covered, found = [], [], []
    for seed in range(20):
        calibrated = reliability_curve(*_data(800, seed=seed), kind=kind, resamples=200, seed=seed)
        inside += list((calibrated.null_low <= calibrated.accuracy) & (calibrated.accuracy <= calibrated.null_high))
        bent = reliability_curve(*_data(800, power=2.0, seed=seed), kind=kind, resamples=200, seed=seed)
        truth = bent.confidence**2  # nearly: bins and kernels average over a range
        covered += list((bent.low <= truth) & (truth <= bent.high))
        assert ((bent.low <= bent.accuracy) & (bent.accuracy <= bent.high)).all()
        middle = np.abs(bent.confidence - 0.5) < 0.2  # c^2 is .24 to .25 below c
        found += list((bent.accuracy < bent.null_low)[middle])
    assert np.mean(inside) > 0.9  # 95% is meant; 300 points, neighbouring kernel points alike
    assert np.mean(covered) > 0.9
    assert np.mean(found) > 0.85  # a bin of 53 items sees a gap of .24 as 3.6 standard errors


@pytest.mark.parametrize("kind", ["width", "mass", "kernel"])
def test_order_and_seed(kind):
    confidence, correct = _data(100)
    order = np.random.default_rng(1).permutation(100)
    one = reliability_curve(confidence, correct, kind=kind, resamples=40)
    two = reliability_curve(confidence[order], correct[order], kind=kind, resamples=40)
    for name in ("confidence", "accuracy", "count", "low", "high", "null_low", "null_high"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_clusters_widen_the_bands():
    rng = np.random.default_rng(2)
    confidence = np.repeat(rng.uniform(0.5, 0.6, 50), 10)
    correct = np.repeat(rng.random(50) < 0.55, 10)
    plain = reliability_curve(confidence, correct, bins=1)
    whole = reliability_curve(confidence, correct, bins=1, clusters=np.repeat(np.arange(50), 10))
    assert whole.high[0] - whole.low[0] > 2 * (plain.high[0] - plain.low[0])
    assert whole.null_high[0] - whole.null_low[0] > 2 * (plain.null_high[0] - plain.null_low[0])


def test_one_item_has_a_point_and_a_null_band():
    curve = reliability_curve(np.array([0.7]), np.array([True]), kind="kernel", resamples=20)
    assert len(curve.accuracy) >= 1
    np.testing.assert_allclose(curve.accuracy, np.minimum(curve.confidence + 0.3, 1.0), atol=1e-9)
    assert np.isnan(curve.low).all()
    assert (curve.null_low <= curve.null_high).all()


def test_bad_options_raise():
    for options, message in (
        ({"kind": "log"}, "'width', 'mass' or 'kernel'"),
        ({"level": 0.0}, "level must lie between"),
        ({"bins": 0}, "bins must be at least 1"),
        ({"kind": "kernel", "bins": 0}, "bins must be at least 1"),
        ({"kind": "kernel", "bandwidth": -1.0}, "bandwidth must be positive"),
    ):
        with pytest.raises(ValueError, match=message):
            reliability_curve(CONFIDENCE, CORRECT, **options)
