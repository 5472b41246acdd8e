"""The simulator keeps its word: accuracy, pairing, calibration, truth."""

from __future__ import annotations

import numpy as np
import pytest

from synth_eval.dose_response.simulation import CurveSpec, simulate_items

RATIOS = np.array([0.0, 0.1, 0.25, 0.5])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [  # share of a 10-point drop at ratios 0, .1, .25, .5; onset .25
        ("null", [0, 0, 0, 0]),
        ("hinge", [0, 0, 0, 1]),
        ("linear", [0, 0.2, 0.5, 1]),
        ("accelerating", [0, 0.04, 0.25, 1]),
        ("saturating", [0, 0.63640, 0.92414, 1]),  # (1 - e^-1) / (1 - e^-5), (1 - e^-2.5) / (1 - e^-5)
        ("improve-then-degrade", [0, -0.14, -0.35, 1]),
        ("improve-then-return", [0, -0.4, -1, 0]),
        ("improve-only", [0, -0.4, -1, -1]),
    ],
)
def test_shapes_by_hand(shape: str, expected: list[float]) -> None:
    np.testing.assert_allclose(
        CurveSpec(shape, onset=0.25, drop=0.1).fall(RATIOS), np.multiply(expected, 0.1), atol=1e-6
    )


def test_crossing_by_hand() -> None:
    # 3% of .65 is 1.95 points: at .2 + .3 x 1.95 / 6
    assert CurveSpec("hinge", onset=0.2, drop=0.06).crossing == pytest.approx(0.2975, abs=1e-4)
    assert CurveSpec("linear", drop=0.01).crossing == np.inf


def test_accuracy_is_that_asked_for() -> None:
    spec = CurveSpec("linear", drop=0.2, n=40_000, ratios=(0.0, 0.25, 0.5))
    items = simulate_items(spec, np.random.default_rng(0))
    np.testing.assert_allclose(items.correct.mean(axis=0), [0.65, 0.55, 0.45], atol=0.01)  # 4 standard errors


def test_items_are_paired_and_seeds_are_not_alike() -> None:
    items = simulate_items(CurveSpec(n=5000, seeds=2, seed_sd=0.05), np.random.default_rng(1))
    assert items.correct.shape == (5000, 12)
    assert 0.3 < np.corrcoef(items.correct.T)[0, 5] < 0.7
    means = items.correct.mean(axis=0)
    assert 0.02 < means.std() < 0.09


def test_a_seeds_own_level_is_the_same_at_all_ratios() -> None:
    spec = CurveSpec(n=40_000, seeds=2, ratios=(0.0, 0.25, 0.5), level_sd=0.1, drift_level_sd=0.3)
    items = simulate_items(spec, np.random.default_rng(4), gap=True)
    for scores in (items.correct, items.gap):
        apart = scores[:, items.seeds == 1] - scores[:, items.seeds == 0]
        assert np.abs(apart.mean(axis=0)).min() > 0.02
        change = apart[:, 1:] - apart[:, :1]
        assert (np.abs(change.mean(axis=0)) < 4 * change.std(axis=0) / np.sqrt(len(change))).all()


def test_without_drift_the_gap_is_zero_at_any_accuracy() -> None:
    spec = CurveSpec("linear", drop=0.3, n=40_000, ratios=(0.0, 0.25, 0.5))
    gap = simulate_items(spec, np.random.default_rng(2), gap=True).gap
    error = gap.std(axis=0) / np.sqrt(len(gap))
    assert (np.abs(gap.mean(axis=0)) < 4 * error).all()


def test_drift_moves_the_gap_and_not_the_answers() -> None:
    spec = CurveSpec(n=4000, drift=0.5, drift_onset=0.2)
    drifting = simulate_items(spec, np.random.default_rng(3), gap=True)
    calibrated = simulate_items(CurveSpec(n=4000), np.random.default_rng(3), gap=True)
    np.testing.assert_array_equal(drifting.correct, calibrated.correct)
    np.testing.assert_allclose(drifting.gap[:, :3], calibrated.gap[:, :3])
    assert drifting.gap[:, 5].mean() > 0.1


def test_the_gap_must_be_asked_for() -> None:
    with pytest.raises(ValueError, match="gap=True"):
        simulate_items(CurveSpec(n=20), np.random.default_rng(0)).gap_curve()
