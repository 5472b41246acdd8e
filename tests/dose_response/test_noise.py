"""Noise factors: by hand, and who is pooled with whom."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from synth_eval.dose_response.noise import Noise, Pool, f_quantile, pooled_noise, prior_of
from synth_eval.dose_response.shapes import Fit, fit_shapes


def _fit(seed: int, ratios: int, *, scale: float = 1.0) -> Fit:
    mean = scale * np.random.default_rng(seed).standard_normal(ratios)
    return fit_shapes(mean, np.eye(ratios), np.linspace(0, 1, ratios))


def test_one_curve_alone() -> None:
    # 7 ratios: 7 - 3 = 4 degrees of freedom
    fit = _fit(0, 7)
    (noise,) = pooled_noise([fit], [Pool()])
    assert (noise.df, noise.other_df, noise.declared) == (4, 0, False)
    assert noise.factor == pytest.approx(fit.either_rss / 4)


def test_replicates_add_their_degrees_of_freedom() -> None:
    # 3 ratios x 2 seeds: (3 - 3) + 3 (2 - 1) = 3. Levels 0, 0, -1; seeds differ by +-.1: 6 x .01 around an exact fit
    mean = np.array([0.1, -0.1, 0.1, -0.1, -0.9, -1.1])
    fit = fit_shapes(mean, np.eye(6), np.repeat([0.0, 0.5, 1.0], 2))
    (noise,) = pooled_noise([fit], [Pool()])
    assert noise.df == 3
    assert noise.factor == pytest.approx(0.06 / 3)


def test_iterations_of_a_size_first_and_sizes_only_if_needed() -> None:
    fits = [_fit(i, 5) for i in range(4)]  # 2 degrees of freedom each
    pools = [Pool("acc", "70M"), Pool("acc", "70M"), Pool("acc", "1B"), Pool("nll", "1B")]
    noises = pooled_noise(fits, pools)
    assert [noise.df for noise in noises] == [4, 4, 6, 2]  # 1B has 2 alone: all of acc; nll stands alone
    assert noises[0].factor == pytest.approx((fits[0].either_rss + fits[1].either_rss) / 4)
    assert noises[0].other_rss == pytest.approx(fits[1].either_rss)
    assert noises[2].factor == pytest.approx(sum(fit.either_rss for fit in fits[:3]) / 6)
    assert noises[3].declared


def test_unnamed_and_refused_curves_are_not_pooled() -> None:
    noises = pooled_noise([_fit(0, 5), _fit(1, 5), None], [Pool(), Pool(), Pool()])
    assert [noise.df for noise in noises] == [2, 2, 0]
    assert noises[2].factor is None


def test_declared_noise_is_known() -> None:
    noise = Noise(7.0, 2)
    assert (noise.declared, noise.widening, noise.quantile_df) == (True, 1.0, inf)
    assert noise.reach == pytest.approx(stats.chi2.ppf(0.95, 1))


def test_intervals_are_never_narrower_than_items() -> None:
    assert Noise(0.2, 8).widening == 1.0
    assert Noise(2.5, 8).reach == pytest.approx(2.5 * stats.f.ppf(0.95, 1, 8))


@pytest.mark.parametrize("df", [3, 8, 40])
def test_f_quantile(df: int) -> None:
    assert f_quantile(df) == pytest.approx(stats.f.ppf(0.95, 1, df))


def _tasks(factors: list[float], size: str = "1B") -> tuple[list[Fit], list[Pool]]:
    """One curve a task on 7 ratios, with the noise factors given, on 4 degrees of freedom each."""
    fits = [_fit(i, 7) for i in range(len(factors))]
    scales = [(factor / (fit.either_rss / 4)) ** 0.5 for factor, fit in zip(factors, fits)]
    fits = [_fit(i, 7, scale=scale) for i, scale in enumerate(scales)]
    return fits, [Pool(f"task {i} acc", size, "acc") for i in range(len(factors))]


def test_tasks_of_a_metric_share_a_prior() -> None:
    noises = pooled_noise(*_tasks([1.0, 2.0, 2.0, 2.0, 2.0]))
    # equal factors differ less than 4 degrees of freedom explain: the most that is believed
    prior_df = 8.0
    assert [noise.df for noise in noises] == [4 + prior_df] * 5
    assert noises[0].prior_df == noises[0].other_df == prior_df
    # the mean of log chi-square(4)/4 is digamma(2) - log 2, that of the prior's 8 degrees of freedom digamma(4) - log 4
    scale = 2.0 * np.exp(-(special.digamma(2) - np.log(2)) + special.digamma(4) - np.log(4))
    assert noises[0].factor == pytest.approx((4 * 1.0 + 8 * scale) / 12)
    assert noises[0].other_rss == pytest.approx(8 * scale)


def test_a_prior_needs_other_tasks_of_the_metric() -> None:
    fits, pools = _tasks([1.0, 2.0, 3.0])
    apart = [Pool(pool.measure, pool.size, f"metric {i}") for i, pool in enumerate(pools)]
    for without in (apart, [Pool(pool.measure, pool.size) for pool in pools]):
        assert [noise.prior_df for noise in pooled_noise(fits, without)] == [0, 0, 0]
    assert pooled_noise(fits[:2], pools[:2])[0].prior_df == 0  # one other task cannot show how tasks differ


def test_sizes_with_enough_tasks_have_priors_of_their_own() -> None:
    fits, pools = _tasks([1.0, 1.0, 1.0, 9.0, 9.0, 9.0])
    sized = [Pool(pool.measure, "1B" if i < 3 else "70M", "acc") for i, pool in enumerate(pools)]
    small, large = pooled_noise(fits, sized)[0], pooled_noise(fits, sized)[5]
    assert large.factor == pytest.approx(9 * small.factor)


def test_tasks_that_differ_have_little_in_common() -> None:
    alike = prior_of((1.0, 4), [(1.0, 4)] * 5)[1]
    apart = prior_of((1.0, 4), [(0.1, 4), (10.0, 4), (1.0, 4), (0.05, 4), (20.0, 4)])[1]
    assert apart < 2 < alike == 8


def test_a_noisy_task_is_not_drawn_to_quiet_ones() -> None:
    quiet = [(1.0, 4.0)] * 7
    rare = stats.f.sf(10.0 / prior_of((1.0, 4), quiet)[0], 4, 8)
    assert rare < 0.01
    assert prior_of((10.0, 4), quiet)[1] < 1
    assert prior_of((0.1, 4), quiet)[1] > 3  # a quiet one may be so by chance: its noise is not believed


def test_few_others_are_not_worth_more_than_their_own_degrees_of_freedom() -> None:
    assert prior_of((1.0, 3), [(1.0, 3), (1.0, 3)])[1] == 6


@given(st.floats(0.05, 20), st.floats(0.1, 10))
def test_the_inverse_of_trigamma_shows_in_the_prior(spread: float, scale: float) -> None:
    factors = [scale * np.exp(spread * i) for i in (-1, 0, 1)]
    found, df = prior_of((scale, 50), [(factor, 50.0) for factor in factors])
    assert 0 <= df <= 8
    again = prior_of((3 * scale, 50), [(3 * factor, 50.0) for factor in factors])
    assert again == (pytest.approx(3 * found), df)
