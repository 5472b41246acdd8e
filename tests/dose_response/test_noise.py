"""Noise factors: by hand, and who is pooled with whom."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from scipy import stats

from synth_eval.dose_response.noise import Noise, f_quantile, pooled_noise
from synth_eval.dose_response.shapes import Fit, fit_shapes


def _fit(seed: int, ratios: int, *, scale: float = 1.0) -> Fit:
    mean = scale * np.random.default_rng(seed).standard_normal(ratios)
    return fit_shapes(mean, np.eye(ratios), np.linspace(0, 1, ratios))


def test_one_curve_alone() -> None:
    # 7 ratios: 7 - 3 = 4 degrees of freedom
    fit = _fit(0, 7)
    (noise,) = pooled_noise([fit], [("", "")])
    assert (noise.df, noise.other_df, noise.declared) == (4, 0, False)
    assert noise.factor == pytest.approx(fit.either_rss / 4)


def test_replicates_add_their_degrees_of_freedom() -> None:
    # 3 ratios x 2 seeds: (3 - 3) + 3 (2 - 1) = 3. Levels 0, 0, -1; seeds differ by +-.1: 6 x .01 around an exact fit
    mean = np.array([0.1, -0.1, 0.1, -0.1, -0.9, -1.1])
    fit = fit_shapes(mean, np.eye(6), np.repeat([0.0, 0.5, 1.0], 2))
    (noise,) = pooled_noise([fit], [("", "")])
    assert noise.df == 3
    assert noise.factor == pytest.approx(0.06 / 3)


def test_iterations_of_a_size_first_and_sizes_only_if_needed() -> None:
    fits = [_fit(i, 5) for i in range(4)]  # 2 degrees of freedom each
    pools = [("acc", "70M"), ("acc", "70M"), ("acc", "1B"), ("nll", "1B")]
    noises = pooled_noise(fits, pools)
    assert [noise.df for noise in noises] == [4, 4, 6, 2]  # 1B has 2 alone: all of acc; nll stands alone
    assert noises[0].factor == pytest.approx((fits[0].either_rss + fits[1].either_rss) / 4)
    assert noises[0].other_rss == pytest.approx(fits[1].either_rss)
    assert noises[2].factor == pytest.approx(sum(fit.either_rss for fit in fits[:3]) / 6)
    assert noises[3].declared


def test_unnamed_and_refused_curves_are_not_pooled() -> None:
    noises = pooled_noise([_fit(0, 5), _fit(1, 5), None], [("", ""), ("", ""), ("", "")])
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
