"""In which direction a curve may get worse, and the sign rule of the surprise gap."""

from __future__ import annotations

import numpy as np
import pytest
from families_simulated import normal_curve

from synth_eval.dose_response import judge_curves
from synth_eval.dose_response.design import improvement_of, prepare_curve, sides_of


def _gap(means: tuple[float, ...], **more):
    """A curve of a signed metric with exactly these means and standard errors of about .01 around a common level."""
    curve = normal_curve(1, means, n=400, noise=0.2, exact=True, signed=True, margin=0.02, margin_kind="absolute")
    item = curve.scores.mean(axis=1, keepdims=True)
    level = item - item.mean() + 3  # take out the helper's level of 3 and most of what an item has of its own
    object.__setattr__(curve, "scores", curve.scores - level + 0.05 * (item - item.mean()))
    return curve


def test_an_ordinary_curve_can_only_fall() -> None:
    # means from each ratio on: (0 - .1 + .1 - .2) / 4 = -.05, -.2/3, -.05, -.2; the largest ratio alone comes last
    curve = normal_curve(0, (0.0, 0.0, -0.1, 0.1, -0.2), exact=True)
    prepared = prepare_curve(curve)
    (side,) = sides_of(prepared, 0.09)
    assert (side.direction, side.margin) == (-1, 0.09)
    np.testing.assert_allclose(prepared.late_contrasts @ prepared.mean, [-0.05, -0.2 / 3, -0.05, -0.2], atol=1e-12)
    np.testing.assert_allclose(prepared.late @ prepared.mean, np.subtract(3, [0.05, 0.2 / 3, 0.05, 0.2]))
    assert (side.standardised > 0).all()
    assert side.standardised.argmax() == 3


def test_a_calibrated_baseline_can_drift_either_way() -> None:
    up, down = sides_of(prepare_curve(_gap((0.0, 0.0, 0.1, 0.2, 0.3))), 0.02)
    assert (up.direction, down.direction) == (1, -1)
    assert up.margin == down.margin == 0.02
    assert up.standardised[-1] > 5
    assert down.standardised[-1] < -5


def test_towards_calibration_is_no_degradation() -> None:
    # underconfident by .3, calibrated at the end
    verdict = judge_curves([_gap((-0.3, -0.2, -0.1, 0.0, 0.0))])[0]
    assert verdict.verdict == "improved"
    assert verdict.p_value == 1
    assert verdict.p_improved < 1e-3
    assert verdict.best_ratio in (0.3, 0.4)


@pytest.mark.parametrize(
    ("means", "word", "direction"),
    [
        ((-0.3, -0.2, -0.1, 0.1, 0.2), "improved", 0),  # through 0, and not as far on the other side
        ((-0.1, 0.1, 0.3, 0.5, 0.7), "degraded", 1),  # through 0, and much further
        ((-0.1, -0.2, -0.3, -0.4, -0.5), "degraded", -1),  # further to the side where it was
        ((0.0, 0.1, 0.2, 0.3, 0.4), "degraded", 1),
        ((0.0, -0.1, -0.2, -0.3, -0.4), "degraded", -1),
    ],
)
def test_worse_is_further_from_zero(means: tuple[float, ...], word: str, direction: int) -> None:
    verdict = judge_curves([_gap(means)])[0]
    assert verdict.verdict == word
    if direction:
        assert verdict.direction == direction


def test_the_way_through_zero_is_not_counted_against_it() -> None:
    # baseline -.3 with standard error s: upwards it may move .02 + 2 (.3 - 1.96 s)
    prepared = prepare_curve(_gap((-0.3, -0.2, -0.1, 0.0, 0.1)))
    up, down = sides_of(prepared, 0.02)
    se = np.sqrt(prepared.covariance[0, 0])
    assert up.margin == pytest.approx(0.02 + 2 * (0.3 - 1.96 * se))
    assert down.margin == 0.02


def test_mirrored_gaps_get_mirrored_verdicts() -> None:
    curve = _gap((0.0, 0.0, 0.05, 0.1, 0.2))
    mirrored = _gap((0.0, 0.0, 0.05, 0.1, 0.2))
    object.__setattr__(mirrored, "scores", -curve.scores)
    one, other = judge_curves([curve])[0], judge_curves([mirrored])[0]
    assert (one.direction, other.direction) == (1, -1)
    assert one.p_value == pytest.approx(other.p_value)
    assert one.onset == other.onset
    assert one.budget == other.budget
    np.testing.assert_allclose(one.difference, -other.difference)


@pytest.mark.parametrize(
    ("means", "direction"),
    [((0.3, 0.2, 0.1, 0.0, 0.0), -1), ((-0.3, -0.2, -0.1, 0.0, 0.0), 1), ((0.0, 0.1, 0.2, 0.3, 0.4), None)],
)
def test_better_is_nearer_to_zero(means: tuple[float, ...], direction: int | None) -> None:
    gain = improvement_of(prepare_curve(_gap(means)), 0.02)
    assert (None if gain is None else gain.direction) == direction  # the last one starts calibrated: it has no room


def test_as_far_beyond_zero_is_no_improvement() -> None:
    gain = improvement_of(prepare_curve(_gap((-0.3, 0.3, 0.3, 0.3, 0.3))), 0.02)
    assert gain.standardised.max() < 1
    assert judge_curves([_gap((-0.3, 0.3, 0.3, 0.3, 0.3))])[0].p_improved > 0.3
