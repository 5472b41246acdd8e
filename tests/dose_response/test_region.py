"""Onset, crossing and budget: by hand on curves almost without noise."""

from __future__ import annotations

import numpy as np
import pytest

from synth_eval.dose_response.noise import Noise
from synth_eval.dose_response.region import budget, crossing, onset
from synth_eval.dose_response.shapes import Fit, fit_shapes

SIX = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
KNOWN = Noise(None, 0)


def _fit(values, *, variance: float = 1e-10) -> Fit:
    return fit_shapes(np.asarray(values, dtype=float), variance * np.eye(6), SIX)


def test_a_hinge_is_found() -> None:
    # .65, then -6 points from .25 to .5: a fall of 1.95 points is reached at .25 + .25 x 1.95 / 6 = .33125
    fit = _fit(0.65 - 0.06 * np.clip((SIX - 0.25) / 0.25, 0, None))
    at, (low, high) = onset(fit, KNOWN, -1)
    assert at == pytest.approx(0.25)
    assert low <= 0.25 <= high
    assert high - low < 0.011
    found = crossing(fit, KNOWN, -1, baseline=0.0, margin=0.0195)
    np.testing.assert_allclose([found.at, found.lowest, found.highest], 0.33125, atol=1e-3)
    assert budget(SIX, found.lowest, 0.0) == 0.3


def test_a_power_is_found_too() -> None:
    # -10 points times (r / .5)^2: 2.5 points are lost at half of the range
    found = crossing(_fit(1 - 0.1 * (SIX / 0.5) ** 2), KNOWN, -1, baseline=0.0, margin=0.025)
    assert found.at == pytest.approx(0.25, abs=1e-3)


def test_the_fall_counts_from_the_baseline() -> None:
    # a line of -10 points over .5, baseline .2: 2 points more are lost at .3
    fit = _fit(1 - 0.2 * SIX)
    assert crossing(fit, KNOWN, -1, baseline=0.2, margin=0.02).at == pytest.approx(0.3, abs=1e-3)


def test_upwards_is_the_mirror_image() -> None:
    values = 0.2 * np.clip(SIX - 0.2, 0, None)
    down, up = _fit(-values), _fit(values)
    assert onset(down, KNOWN, -1) == onset(up, KNOWN, +1)
    assert crossing(down, KNOWN, -1, baseline=0.0, margin=0.03) == crossing(up, KNOWN, 1, baseline=0.0, margin=0.03)


def test_only_the_last_ratio_falls() -> None:
    # hinges from .4 on are all the same at the tested ratios: the crossing is that of the first, .4 + .1 x .03 / .1
    found = crossing(_fit([0.8, 0.8, 0.8, 0.8, 0.8, 0.7]), KNOWN, -1, baseline=0.0, margin=0.03)
    assert found.at == pytest.approx(0.43)


def test_nothing_lost_is_never_crossed() -> None:
    found = crossing(_fit(0.6 + 0.2 * SIX), KNOWN, -1, baseline=0.0, margin=0.02)
    assert np.isinf([found.at, found.lowest, found.highest]).all()
    assert budget(SIX, found.lowest, 0.0) == 0.5


def test_limits_by_hand_when_every_shape_is_the_same() -> None:
    # two ratios, difference -.1 with standard error .02: sizes up to .1 + 1.96 x .02 = .1392 are in the region.
    # The earliest crossing is that of the square root, (.05 / .1392)^2; the latest that of the hinge from .98 on,
    # at .98 + .02 x .05 / (.1 - .0392)
    fit = fit_shapes(np.array([0.1, 0.0]), 0.0002 * np.eye(2), np.array([0.0, 1.0]))
    found = crossing(fit, KNOWN, -1, baseline=0.0, margin=0.05)
    assert found.lowest == pytest.approx((0.05 / 0.1392) ** 2, rel=1e-3)
    assert found.highest == pytest.approx(0.98 + 0.02 * 0.05 / 0.0608, rel=1e-3)
    assert onset(fit, KNOWN, -1)[1] == pytest.approx((0.0, 0.98))


def test_noise_widens() -> None:
    values = 0.65 - 0.06 * np.clip((SIX - 0.2) / 0.3, 0, None)
    quiet, noisy = (_fit(values, variance=1e-5) for _ in range(2))
    calm, jittery = Noise(1.0, 8), Noise(4.0, 8)
    low, high = onset(quiet, calm, -1)[1]
    wide_low, wide_high = onset(noisy, jittery, -1)[1]
    assert wide_low < low
    assert wide_high > high
    assert (
        crossing(noisy, jittery, -1, baseline=0.0, margin=0.02).lowest
        < crossing(quiet, calm, -1, baseline=0.0, margin=0.02).lowest
    )


def test_budget_rounds_down() -> None:
    assert budget(SIX, 0.3999, 0.0) == 0.3
    assert budget(SIX, 0.4, 0.0) == 0.4
    assert budget(SIX, 0.05, 0.0) == 0.0
    assert budget(SIX, 0.15, 0.2) == 0.2  # never below the baseline
