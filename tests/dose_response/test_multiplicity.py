"""Corrections for several p-values against values derived by hand, and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from synth_eval.dose_response.significance import benjamini_hochberg, holm

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_values_by_hand() -> None:
    # sorted .01 .03 .04 -> 3 x .01 = .03, 2 x .03 = .06, 1 x .04 = .04 but never below the one before: .06
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])


def test_never_above_one() -> None:
    np.testing.assert_allclose(holm([0.9, 0.6]), [1.0, 1.0])  # 2 x .6 = 1.2


def test_one_question_is_not_corrected() -> None:
    np.testing.assert_allclose(holm([0.2]), [0.2])


def test_no_questions() -> None:
    assert holm([]).shape == (0,)


@pytest.mark.parametrize("correct", [holm, benjamini_hochberg])
@pytest.mark.parametrize("p", [[-0.1], [1.1], [float("nan")], [[0.1, 0.2]]])
def test_bad_input(p: list[float], correct) -> None:
    with pytest.raises(ValueError, match="p-values"):
        correct(p)


@given(P_VALUES)
def test_false_discovery_rate_as_in_scipy(p: list[float]) -> None:
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p, method="bh"), atol=1e-12)


@given(P_VALUES, st.randoms(use_true_random=False))
def test_order_of_questions_does_not_matter(p: list[float], random) -> None:
    order = list(range(len(p)))
    random.shuffle(order)
    np.testing.assert_array_equal(holm(np.asarray(p)[order]), holm(p)[order])


@given(P_VALUES)
def test_between_raw_and_bonferroni_and_in_the_same_order(p: list[float]) -> None:
    adjusted = holm(p)
    assert (adjusted >= np.asarray(p)).all()
    assert (adjusted <= np.minimum(1, len(p) * np.asarray(p))).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()
