"""Intervals and p-values against closed forms."""

import numpy as np
import pytest
from scipy import stats

from synth_eval.calibration.errors import gap_norm
from synth_eval.calibration.intervals import (
    expansion,
    invert,
    null_p_value,
    percentile_interval,
    studentized_interval,
)

RNG = np.random.default_rng(0)


def _l1(gaps):
    return np.abs(gaps).sum(axis=-1)


def test_expansion_turns_a_bootstrap_deviation_into_a_t_one():
    assert expansion(10, level=0.95) == pytest.approx(2.262157 / 1.959964 * (10 / 9) ** 0.5, rel=1e-6)  # t table, 9 df
    assert expansion(10**6, level=0.95) == pytest.approx(1.0, abs=1e-5)


def test_percentiles_of_a_normal_bootstrap_are_the_t_interval():
    # the bootstrap standard error of a mean of ten with sample deviation 1 is sqrt(.9) / sqrt(10)
    resampled = stats.norm(5.0, (0.9 / 10) ** 0.5).ppf((np.arange(200_000) + 0.5) / 200_000)
    low, high = percentile_interval(resampled, units=10, level=0.95)
    half = stats.t(9).ppf(0.975) / 10**0.5
    assert (low, high) == (pytest.approx(5.0 - half, abs=1e-3), pytest.approx(5.0 + half, abs=1e-3))


def test_studentized_interval_turns_the_pivot_round():
    # pivots run from -1 to 2: the limits are value - 2 error and value + 1 error
    error = np.full(2001, 0.5)
    resampled = 3.0 + 0.5 * np.linspace(-1.0, 2.0, 2001)
    low, high = studentized_interval(3.0, 0.1, resampled, error, units=50, level=0.999)
    assert low == pytest.approx(3.0 - 0.1 * 2.0, abs=1e-3)
    assert high == pytest.approx(3.0 + 0.1 * 1.0, abs=1e-3)


def test_studentized_interval_falls_back_where_resamples_have_no_spread():
    resampled = RNG.normal(size=500)
    got = studentized_interval(0.0, 1.0, resampled, np.zeros(500), units=50, level=0.95)
    assert got == percentile_interval(resampled, units=50, level=0.95)


def test_one_large_gap_inverts_to_the_t_interval():
    resampled = 0.4 + stats.norm(0, 0.03).ppf((np.arange(20_000) + 0.5) / 20_000)[:, None]
    low, high = invert(np.array([0.4]), resampled, norm=_l1, null_p=0.001, units=200, level=0.95)
    half = expansion(200, level=0.95) * 1.959964 * 0.03
    assert low == pytest.approx(0.4 - half, abs=1e-3)
    assert high == pytest.approx(0.4 + half, abs=1e-3)


def test_lower_limit_is_zero_exactly_where_calibrated_data_do_as_much():
    gap = np.array([0.1, -0.1])
    resampled = gap + RNG.normal(scale=0.02, size=(2000, 2))
    assert invert(gap, resampled, norm=_l1, null_p=0.026, units=200, level=0.95)[0] == 0.0
    assert invert(gap, resampled, norm=_l1, null_p=0.024, units=200, level=0.95)[0] > 0.05


def test_interval_of_a_norm_undoes_its_bias():
    # 15 true gaps of 0 seen through noise: the norm is about 15 * .8 * .01, the truth 0
    gap = RNG.normal(scale=0.01, size=15)
    resampled = gap + RNG.normal(scale=0.01, size=(4000, 15))
    low, high = invert(gap, resampled, norm=_l1, null_p=0.5, units=500, level=0.95)
    assert low == 0.0
    plain = np.quantile(_l1(resampled), [0.025, 0.975])
    assert plain[0] > 0.1  # plain percentiles exclude the truth by far
    assert high < plain[1]


def test_no_spread_gives_the_value_itself():
    gap = np.array([0.2, 0.0])
    assert invert(gap, np.tile(gap, (50, 1)), norm=_l1, null_p=0.01, units=9, level=0.95) == pytest.approx((0.2, 0.2))


def test_root_mean_square_inverts_too():
    share = np.full(4, 0.25)
    gap = 0.25 * np.array([0.3, 0.3, -0.3, 0.3])
    resampled = gap + 0.25 * RNG.normal(scale=0.02, size=(4000, 4))
    low, high = invert(gap, resampled, norm=lambda g: gap_norm(g, share, "l2"), null_p=0.0005, units=1000, level=0.95)
    # the root mean square of four gaps with errors .02 has error .02 / 2
    assert low == pytest.approx(0.3 - 1.96 * 0.01, abs=2e-3)
    assert high == pytest.approx(0.3 + 1.96 * 0.01, abs=2e-3)


@pytest.mark.parametrize(
    ("value", "sides", "expected"),
    [
        (98.5, 1, (1 + 0.5) / 100),  # only 99 lies above; the value counts half
        (99, 1, (0 + 0.5 * 2) / 100),  # a tie counts half, so does the value
        (200, 1, 0.5 / 100),
        (200, 2, 2 * 0.5 / 100),
        (-5, 2, 2 * 0.5 / 100),
        (-5, 1, 99.5 / 100),
        (50, 2, 1.0),
    ],
)
def test_p_values_by_counting(value, sides, expected):
    assert null_p_value(float(value), np.arange(1.0, 100.0), sides=sides) == pytest.approx(expected)


def test_sums_in_another_order_are_still_ties():
    assert null_p_value(0.1 + 0.2, np.full(99, 0.3), sides=2) == 1.0
