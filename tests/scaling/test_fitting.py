"""Fits recover what made the data; intervals widen for few points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scaling_families import Truth, curve, family
from scipy.stats import t as student_t

from synth_eval.scaling import Points, fit_law, interval, points_of
from synth_eval.scaling.laws import CHINCHILLA, MIXTURE, POWER, RECTIFIED


def test_exact_data_give_the_truth_back() -> None:
    truth = Truth(u1=-0.05)
    fit = fit_law(MIXTURE, family(truth, noise=0.0), resamples=0)
    unit = fit.points.loss_unit
    assert np.exp(fit.parameter("log_E")) * unit == pytest.approx(1.7, rel=1e-3)
    assert np.exp(fit.parameter("log_a")) == pytest.approx(0.34, rel=1e-3)
    assert np.exp(fit.parameter("log_b")) == pytest.approx(0.28, rel=1e-3)
    # the geometric mean of the budgets is 16B, where u is u0
    assert fit.parameter("u0") == pytest.approx(0.3, abs=1e-3)
    assert fit.parameter("u1") == pytest.approx(-0.05, abs=1e-3)
    assert fit.parameter("u2") == pytest.approx(0.0, abs=1e-3)
    assert fit.parameter("v") == pytest.approx(0.5, abs=1e-3)
    assert fit.scatter < 1e-5
    assert fit.loss(1e9, 1e11, 0.4)[0] == pytest.approx(truth.loss(1e9, np.array(1e11), 0.4), rel=1e-4)


def test_rectified_law_gives_its_offset_back() -> None:
    tokens = np.geomspace(1e8, 1e12, 14)
    unit = np.exp(np.log(tokens).mean())
    points = points_of(np.ones(14), tokens, np.zeros(14), 2.0 + 3.0 / (0.5 + (tokens / unit) ** 0.4))
    fit = fit_law(RECTIFIED, points, resamples=0)
    assert np.exp(fit.parameter("log_beta")) == pytest.approx(0.4, rel=1e-3)
    assert np.exp(fit.parameter("log_l")) == pytest.approx(0.5, rel=1e-2)


def test_one_outlier_moves_little() -> None:
    points = family(seed=1)
    spoilt = np.array(points.loss)
    spoilt[10] *= 1.2
    clean = fit_law(MIXTURE, points, resamples=0)
    dirty = fit_law(MIXTURE, points_of(points.size, points.tokens, points.ratio, spoilt), resamples=0)
    best = [fit.parameter("u0") / (2 * fit.parameter("v")) for fit in (clean, dirty)]
    assert best[0] == pytest.approx(best[1], abs=0.01)  # least squares moves it by more than .03


@given(scale=st.floats(1e-3, 1e3), tokens_scale=st.floats(1e-6, 1e6))
@settings(max_examples=5, deadline=None)
def test_units_do_not_matter(scale: float, tokens_scale: float) -> None:
    points = curve(9, 300, seed=2)
    other = points_of(points.size, points.tokens * tokens_scale, points.ratio, points.loss * scale)
    one, two = (fit_law(POWER, each, resamples=0) for each in (points, other))
    assert two.theta == pytest.approx(one.theta, abs=1e-4)


@given(st.randoms(use_true_random=False))
@settings(max_examples=5, deadline=None)
def test_the_order_of_points_does_not_matter(random) -> None:  # type: ignore[no-untyped-def]
    points = family(Truth(u0=0.0, v=0.0), seed=3, ratios=(0.0,))
    order = list(range(len(points)))
    random.shuffle(order)
    shuffled = Points(*(getattr(points, name)[order] for name in ("log_size", "log_tokens", "ratio", "log_loss")),
                      points.size_unit, points.tokens_unit, points.loss_unit)  # fmt: skip
    one, two = (fit_law(CHINCHILLA, each, resamples=0) for each in (points, shuffled))
    assert two.cost == pytest.approx(one.cost, rel=1e-6)


def test_the_same_seed_gives_the_same_draws() -> None:
    points = curve(9, 300)
    first, again, other = (fit_law(POWER, points, resamples=20, seed=seed).draws for seed in (5, 5, 6))
    assert (first == again).all()
    assert (first != other).any()


def test_too_few_points() -> None:
    with pytest.raises(ValueError, match="3 points cannot determine the 3 parameters"):
        fit_law(POWER, curve(3, 10))


def test_interval_by_hand() -> None:
    # draws 0, .01, ... 10: percentiles .25 and 9.75; around 5 they reach 4.75 each way; t(.975, 4) / 1.96 = 1.4165
    draws = np.arange(1001) / 100
    wider = student_t.ppf(0.975, 4) / 1.959964
    assert wider == pytest.approx(1.4165, abs=1e-3)
    assert interval(5.0, draws, 4) == pytest.approx((5 - 4.75 * wider, 5 + 4.75 * wider))
    assert interval(0.0, draws, 4)[0] == 0.0  # an estimate below all draws stays the end
    with pytest.raises(ValueError, match="degrees of freedom"):
        interval(5.0, draws, 1)
