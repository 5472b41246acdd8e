"""Best ratios and onsets after a peak, on curves whose shape is known."""

from __future__ import annotations

import numpy as np
import pytest

from synth_eval.dose_response.noise import Noise
from synth_eval.dose_response.peaks import best_ratio, fit_peaks, onset_after_peak
from synth_eval.dose_response.shapes import Fit, fit_shapes

RATIOS = np.round(np.linspace(0, 0.5, 11), 2)
KNOWN = Noise(None, 0)


def _fit(mean: np.ndarray, sd: float = 0.01) -> Fit:
    return fit_shapes(mean, sd**2 * np.eye(len(RATIOS)), RATIOS)


def _rise_and_fall(first: float, last: float, up: float = 0.1, down: float = 0.2) -> np.ndarray:
    return up * np.minimum(RATIOS / first, 1) - down * np.clip((RATIOS - last) / (0.5 - last), 0, None)


@pytest.mark.parametrize(("first", "last"), [(0.2, 0.2), (0.1, 0.3), (0.3, 0.35)])
def test_the_peak_of_an_exact_curve(first: float, last: float) -> None:
    fit = _fit(_rise_and_fall(first, last))
    best, (low, high) = best_ratio(fit_peaks(fit, RATIOS, 1), KNOWN)
    assert best == pytest.approx(first)
    assert low <= first <= high
    at, (low, high) = onset_after_peak(fit, RATIOS, KNOWN, 1)
    assert at == pytest.approx(last)
    assert low <= last <= high
    assert high - low < 0.2


def test_more_noise_wider_regions() -> None:
    widths = []
    for sd in (0.01, 0.03, 0.3):
        low, high = best_ratio(fit_peaks(_fit(_rise_and_fall(0.2, 0.2), sd), RATIOS, 1), KNOWN)[1]
        widths.append(high - low)
    assert widths[0] < widths[1] < widths[2] == pytest.approx(0.5)  # nothing is known in the end


def test_a_curve_that_only_falls_has_no_peak_to_count_from() -> None:
    falls = -0.2 * np.clip((RATIOS - 0.2) / 0.3, 0, None)
    fit = _fit(falls)
    assert onset_after_peak(fit, RATIOS, KNOWN, 1) is None
    best, (low, _) = best_ratio(fit_peaks(fit, RATIOS, 1), KNOWN)
    assert best == low == 0.0


def test_a_curve_that_rises_to_the_end_is_best_there() -> None:
    fit = _fit(RATIOS * 1.0)
    best, (low, high) = best_ratio(fit_peaks(fit, RATIOS, 1, straight=True), KNOWN)
    assert best == high == 0.5
    assert low > 0.3


def test_better_may_mean_lower() -> None:
    up, down = _fit(_rise_and_fall(0.2, 0.3)), _fit(-_rise_and_fall(0.2, 0.3))
    found, mirrored = fit_peaks(up, RATIOS, 1), fit_peaks(down, RATIOS, -1)
    np.testing.assert_allclose(found.gains, mirrored.gains, atol=1e-6)


def test_no_shape_gains_more_than_least_squares_allows() -> None:
    rng = np.random.default_rng(3)
    fit = _fit(0.01 * rng.standard_normal(len(RATIOS)))
    peaks = fit_peaks(fit, RATIOS, 1)
    assert (peaks.gains >= 0).all()
    assert (peaks.gains <= fit.flat_rss + 1e-9).all()
    # against a fit of one shape by numpy: up to .2, level to .3, then down
    shape = np.column_stack([np.ones(11), np.minimum(RATIOS / 0.2, 1), -np.clip((RATIOS - 0.3) / 0.2, 0, None)])
    mean = _rise_and_fall(0.15, 0.35) + 0.01 * rng.standard_normal(11)
    rest = np.linalg.lstsq(shape, mean, rcond=None)[1][0] / 0.01**2
    peaks, fit = fit_peaks(_fit(mean), RATIOS, 1, straight=True), _fit(mean)
    at = np.isclose(peaks.first, 0.2) & np.isclose(peaks.last, 0.3)
    assert fit.flat_rss - peaks.gains[at][0] == pytest.approx(rest)
