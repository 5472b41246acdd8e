"""Differences of single ratios from the baseline: by hand, against scipy, and what must not matter."""

from __future__ import annotations

import dataclasses
from math import inf

import numpy as np
import pytest
from families_simulated import normal_curve
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synth_eval.dose_response.curve import CurveData
from synth_eval.dose_response.paired import paired_differences


def test_one_seed_by_hand() -> None:
    # 16 items, all right at baseline, 8 of them wrong at .5: difference -.5, variance .25 x 16/15, se^2 = .25/15 = 1/60
    scores = np.ones((16, 2))
    scores[:8, 1] = 0
    paired = paired_differences(CurveData(scores, np.array([0.0, 0.5]), np.array([0, 0])))
    half = stats.t.ppf(0.975, 15) / np.sqrt(60)
    np.testing.assert_allclose(paired.values, [1.0, 0.5])
    np.testing.assert_allclose(paired.difference, [0.0, -0.5])
    np.testing.assert_allclose(paired.interval, [[0, 0], [-0.5 - half, -0.5 + half]])
    assert paired.phi is None
    assert paired.df is None


def test_scatter_between_seeds_widens_the_interval() -> None:
    # Seed differences -.2 and -.4; items add +-.1 alike for both seeds, so that items explain none of the scatter.
    # items: .01/(26 - 1) = .0004; seeds: residual .01 on 1 df (see test_design), times the squared weights 4 x .25 = 1
    rng = np.random.default_rng(0)
    item, wobble = rng.normal(size=26), np.repeat([-0.1, 0.1], 13)
    scores = np.stack([item, item, item + wobble - 0.2, item + wobble - 0.4], axis=1)
    curve = CurveData(scores, np.array([0, 0, 0.5, 0.5]), np.array([0, 1, 0, 1]))
    paired = paired_differences(curve)
    assert paired.difference[1] == pytest.approx(-0.3)
    assert paired.item_se[1] == pytest.approx(np.sqrt(0.0004))
    assert paired.difference_se[1] == pytest.approx(np.sqrt(0.0104))
    assert paired.df == 1
    np.testing.assert_allclose(paired.interval[1], -0.3 + np.array([-1, 1]) * 12.7062047 * np.sqrt(0.0104))
    np.testing.assert_array_equal(paired.reportable_interval, [[0, 0], [np.nan, np.nan]])


@pytest.mark.parametrize(
    ("ratios", "told"), [((0.0, 0.5), False), ((0.0, 0.2, 0.5), False), ((0.0, 0.1, 0.2, 0.5), True)]
)
def test_an_interval_is_told_from_3_degrees_of_freedom_on(ratios: tuple[float, ...], told: bool) -> None:
    # two seeds at R ratios: residual of ratio + seed effects on R - 1 degrees of freedom
    paired = paired_differences(normal_curve(4, (0.0,) * len(ratios), ratios=ratios, seeds=2))
    assert paired.quantile_df == len(ratios) - 1
    assert np.isfinite(paired.reportable_interval[1:]).all() == told
    assert np.isfinite(paired.interval).all()
    if told:
        np.testing.assert_array_equal(paired.reportable_interval, paired.interval)


def test_noise_of_items_is_not_counted_twice() -> None:
    # means agree between seeds although items do not: the seeds add nothing, phi = 0
    scores = np.tile([[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]], (10, 1))
    paired = paired_differences(CurveData(scores, np.array([0, 0, 0.5, 0.5]), np.array([0, 1, 0, 1])))
    assert paired.phi == pytest.approx(0)
    np.testing.assert_allclose(paired.difference_se, paired.item_se)


def test_seed_noise_from_the_curve_by_hand() -> None:
    # one seed: variance of a difference is that of items plus twice that of a training run; a value has it once
    curve = normal_curve(3, (0.0, 0.0, 0.0), ratios=(0.0, 0.2, 0.5))
    alone, noisy = paired_differences(curve), paired_differences(curve, seed_variance=0.04, df=5)
    np.testing.assert_allclose(noisy.difference_se[1:] ** 2, alone.item_se[1:] ** 2 + 0.08)
    np.testing.assert_allclose(noisy.se**2, alone.se**2 + 0.04)
    assert (alone.quantile_df, noisy.quantile_df) == (79, 5)
    assert paired_differences(curve, seed_variance=0.04, df=inf).quantile_df == 79


def test_outside_oracle() -> None:
    curve = normal_curve(1, (0.0, 0.0, -0.3), ratios=(0.0, 0.2, 0.5))
    for c in (1, 2):
        oracle = stats.ttest_rel(curve.scores[:, c], curve.scores[:, 0]).confidence_interval(0.95)
        np.testing.assert_allclose(paired_differences(curve).interval[c], [oracle.low, oracle.high])


def test_ratios_beyond_the_baseline_are_holm_corrected() -> None:
    curve = normal_curve(2, (0.0, -0.15, -0.3), ratios=(0.0, 0.2, 0.5), exact=True, n=100)
    raw = [stats.ttest_rel(curve.scores[:, c], curve.scores[:, 0], alternative="less").pvalue for c in (1, 2)]
    assert raw[0] < 0.05
    assert raw[1] < 0.025
    assert paired_differences(curve).beyond(0.0, -1).tolist() == [0.2, 0.5]
    assert paired_differences(curve).beyond(0.0, +1).tolist() == []
    upwards = dataclasses.replace(curve, scores=-curve.scores)
    assert paired_differences(upwards).beyond(0.0, +1).tolist() == [0.2, 0.5]
    weak = normal_curve(2, (0.0, -0.13, 0.0), ratios=(0.0, 0.2, 0.5), exact=True, n=100)
    p = stats.ttest_rel(weak.scores[:, 1], weak.scores[:, 0], alternative="less").pvalue
    assert 0.025 < p < 0.05  # alone it would be
    assert paired_differences(weak).beyond(0.0, -1).tolist() == []


def test_weighted_mean_by_hand() -> None:
    # weights 1 and 3 on differences 0 and -.4: mean -.3. Influences w (d - mean) / mean(w): .5 x .3 = .15 and
    # 1.5 x -.1 = -.15. For 5 pairs of such items: sum of squares 10 x .0225 / (10 x 9) = .0025
    base = np.full(10, 2.0)
    other = base - np.tile([0.0, 0.4], 5)
    curve = CurveData(
        np.stack([base, other], axis=1), np.array([0, 0.5]), np.array([0, 0]), weights=np.tile([1.0, 3.0], 5)
    )
    paired = paired_differences(curve)
    assert paired.difference[1] == pytest.approx(-0.3)
    assert paired.item_se[1] == pytest.approx(0.05)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_level_of_an_item_cancels(seed: int) -> None:
    curve = normal_curve(seed, seeds=2)
    harder = curve.scores + 5 * np.random.default_rng(seed).normal(size=(curve.n_items, 1))
    paired, shifted = paired_differences(curve), paired_differences(dataclasses.replace(curve, scores=harder))
    np.testing.assert_allclose(shifted.difference_se, paired.difference_se)
