"""Bad input raises with the item named; nothing is clipped or dropped."""

import numpy as np
import pytest

from synth_eval.calibration import (
    accuracy_at_coverage,
    area_under_risk_coverage,
    assess,
    auroc,
    brier_decomposition,
    brier_score,
    choice_brier_score,
    classwise_calibration_error,
    debiased_calibration_error,
    expected_calibration_error,
    negative_log_likelihood,
    recalibrate,
    reliability_curve,
    risk_coverage_curve,
    signed_gap,
    smooth_calibration_error,
    surprise_gap,
)
from synth_eval.calibration.check import checked_choices, checked_clusters

TAKE_CONFIDENCE = [
    area_under_risk_coverage,
    assess,
    auroc,
    brier_decomposition,
    brier_score,
    debiased_calibration_error,
    expected_calibration_error,
    lambda c, y: accuracy_at_coverage(c, y, coverage=0.5),
    negative_log_likelihood,
    recalibrate,
    reliability_curve,
    risk_coverage_curve,
    signed_gap,
    smooth_calibration_error,
    surprise_gap,
]


@pytest.mark.parametrize("function", TAKE_CONFIDENCE)
@pytest.mark.parametrize(
    ("confidence", "correct", "message"),
    [
        ([0.5, 1.0000001], [True, False], r"must lie in \[0, 1\]: item 1 has 1.0000001"),
        ([-0.1, 0.5], [True, False], "item 0 has -0.1"),
        ([0.5, float("nan")], [True, False], "item 1 has nan"),
        ([0.5, float("inf")], [True, False], "item 1 has inf"),
        ([], [], "at least one item"),
        ([0.5, 0.5], [True], "2 confidences for 1 outcomes"),
        ([0.5, 0.5], [1, 2], "only True and False"),
        ([0.5, 0.5], [1.0, float("nan")], "only True and False"),
        ([[0.5, 0.5]], [True], "must be 1-D, got 2-D"),
        ([0.5, 0.5], [[True, False]], "correct must be 1-D"),
    ],
)
def test_wrong_input_raises(function, confidence, correct, message):
    with pytest.raises(ValueError, match=message):
        function(np.array(confidence), np.array(correct))


def test_outcomes_may_be_numbers():
    assert expected_calibration_error(np.array([0.25, 0.75]), np.array([0, 1])) == pytest.approx(0.25)


@pytest.mark.parametrize("function", [choice_brier_score, classwise_calibration_error])
@pytest.mark.parametrize(
    ("probs", "gold", "message"),
    [
        ([[0.5, 0.6]], [0], "sum to 1: item 0"),
        ([[0.5, 0.5], [1.5, -0.5]], [0, 0], "item 1"),
        ([[0.5, float("nan")]], [0], "item 0"),
        ([[0.5, 0.5]], [2], r"gold 2 is outside 0 \.\.\. 1 at item 0"),
        ([[0.5, 0.5]], [-1], "gold -1"),
        ([[0.5, 0.5]], [0, 1], "2 gold for 1 items"),
        ([[0.5, 0.5]], [0.0], "gold must be integers"),
        ([0.5, 0.5], [0, 1], r"probs must be \(n, k\)"),
    ],
)
def test_wrong_choices_raise(function, probs, gold, message):
    with pytest.raises(ValueError, match=message):
        function(np.array(probs), np.array(gold))


def test_ragged_choices_are_filled_up_with_nothing():
    matrix, gold, n_choices = checked_choices([np.array([0.5, 0.5]), np.array([0.2, 0.2, 0.6])], [1, 2])
    np.testing.assert_array_equal(matrix, [[0.5, 0.5, 0.0], [0.2, 0.2, 0.6]])
    np.testing.assert_array_equal(gold, [1, 2])
    np.testing.assert_array_equal(n_choices, [2, 3])
    with pytest.raises(ValueError, match=r"gold 2 is outside 0 \.\.\. 1 at item 0"):  # the filling is no choice
        checked_choices([np.array([0.5, 0.5]), np.array([0.2, 0.2, 0.6])], [2, 2])
    with pytest.raises(ValueError, match="item 0 has no choices"):
        checked_choices([np.array([]), np.array([1.0])], [0, 0])
    with pytest.raises(ValueError, match="at least one item"):
        checked_choices([], np.array([], dtype=int))


def test_clusters_become_numbers():
    np.testing.assert_array_equal(checked_clusters(["b", "a", "b"], 3), [1, 0, 1])
    assert checked_clusters(None, 3) is None
    with pytest.raises(ValueError, match="2 clusters for 3 items"):
        checked_clusters(["a", "b"], 3)
    with pytest.raises(ValueError, match="all items are in one cluster"):
        checked_clusters(["a", "a"], 2)
