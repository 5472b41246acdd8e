"""AUROC and selective prediction: by hand, by counting, by averaging over orders of ties."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.calibration import accuracy_at_coverage, area_under_risk_coverage, auroc, risk_coverage_curve

CONFIDENCE = np.array([0.9, 0.8, 0.7, 0.6])
CORRECT = np.array([True, False, True, False])


def test_by_hand():
    assert auroc(CONFIDENCE, CORRECT) == pytest.approx(3 / 4)  # of four pairs only (.7, .8) is the wrong way round
    curve = risk_coverage_curve(CONFIDENCE, CORRECT)
    np.testing.assert_allclose(curve.coverage, [0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(curve.risk, [0, 1 / 2, 1 / 3, 1 / 2])
    assert area_under_risk_coverage(CONFIDENCE, CORRECT) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert accuracy_at_coverage(CONFIDENCE, CORRECT, coverage=0.5) == pytest.approx(1 / 2)
    assert accuracy_at_coverage(CONFIDENCE, CORRECT, coverage=0.6) == pytest.approx(2 / 3)  # ceil(2.4) = 3 items


def test_rounding_does_not_accept_one_item_too_many():
    confidence = np.linspace(1.0, 0.0, 100)
    correct = np.arange(100) < 7
    assert 0.07 * 100 > 7  # the trap
    assert accuracy_at_coverage(confidence, correct, coverage=0.07) == 1.0


ties = st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.9]), st.booleans()), min_size=1, max_size=6)


@given(ties)
def test_ties_are_averaged_over_their_orders(pairs):
    confidence, correct = (np.array(column) for column in zip(*pairs))
    risks = [
        np.cumsum(~correct[list(order)]) / np.arange(1, len(pairs) + 1)
        for order in itertools.permutations(range(len(pairs)))
        if all(confidence[a] >= confidence[b] for a, b in itertools.pairwise(order))
    ]
    expected = np.mean(risks, axis=0)
    np.testing.assert_allclose(risk_coverage_curve(confidence, correct).risk, expected)
    assert area_under_risk_coverage(confidence, correct) == pytest.approx(expected.mean())


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.5, 0.8]), st.booleans()), min_size=2, max_size=30))
def test_auroc_counts_pairs(pairs):
    right = [c for c, y in pairs if y]
    wrong = [c for c, y in pairs if not y]
    confidence, correct = (np.array(column) for column in zip(*pairs))
    if not right or not wrong:
        assert np.isnan(auroc(confidence, correct))
        return
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a in right for b in wrong]
    assert auroc(confidence, correct) == pytest.approx(np.mean(wins))
    assert auroc(confidence**2, correct) == pytest.approx(np.mean(wins))  # only the order counts
    assert auroc(1.0 - confidence, correct) == pytest.approx(1.0 - np.mean(wins))


def test_coverage_outside_its_range_raises():
    for coverage in (0.0, 1.1, float("nan")):
        with pytest.raises(ValueError, match="coverage must lie in"):
            accuracy_at_coverage(CONFIDENCE, CORRECT, coverage=coverage)
