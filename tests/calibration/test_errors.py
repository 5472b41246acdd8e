"""Binned calibration errors: by hand, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.calibration import (
    classwise_calibration_error,
    debiased_calibration_error,
    expected_calibration_error,
)

# two bins of width .5: {.2 wrong, .4 right} and {.6 wrong, .8 wrong, .9 right}
CONFIDENCE = np.array([0.2, 0.4, 0.6, 0.8, 0.9])
CORRECT = np.array([False, True, False, False, True])
# accuracy - confidence: 1/2 - .3 = .2 and 1/3 - 2.3/3 = -1.3/3


@pytest.mark.parametrize(
    ("norm", "expected"),
    [
        ("l1", 2 / 5 * 0.2 + 3 / 5 * 1.3 / 3),
        ("l2", (2 / 5 * 0.2**2 + 3 / 5 * (1.3 / 3) ** 2) ** 0.5),
        ("max", 1.3 / 3),
    ],
)
def test_equal_width_by_hand(norm, expected):
    assert expected_calibration_error(CONFIDENCE, CORRECT, bins=2, norm=norm) == pytest.approx(expected)


def test_equal_mass_by_hand():
    # ranks in half items are 1, 3, 5, 7, 9 of 10: with two bins the middle item goes up, {.2, .4} and {.6, .8, .9}
    assert expected_calibration_error(CONFIDENCE, CORRECT, bins=2, scheme="mass") == pytest.approx(0.4 * 0.2 + 0.26)
    # with five bins each item is its own: gaps .2, .6, .6, .8, .1
    assert expected_calibration_error(CONFIDENCE, CORRECT, bins=5, scheme="mass") == pytest.approx(2.3 / 5)


def test_debiased_by_hand():
    # variances of the two accuracies: (1/2)(1/2)/1 and (1/3)(2/3)/2
    square = 2 / 5 * (0.04 - 0.25) + 3 / 5 * ((1.3 / 3) ** 2 - 1 / 9)
    got = debiased_calibration_error(CONFIDENCE, CORRECT, bins=2, scheme="width", squared=True)
    assert got == pytest.approx(square)
    assert square < 0
    assert debiased_calibration_error(CONFIDENCE, CORRECT, bins=2, scheme="width") == 0.0


def test_debiased_square_is_unbiased_and_the_plain_one_is_not():
    rng = np.random.default_rng(0)
    confidence = np.repeat([0.3, 0.6, 0.9], 20)
    truth = np.repeat([0.4, 0.6, 0.7], 20)  # mean squared gap (.01 + 0 + .04) / 3
    draws = rng.random((4000, 60)) < truth
    options = {"bins": 3, "scheme": "mass"}
    debiased = np.mean([debiased_calibration_error(confidence, y, squared=True, **options) for y in draws])
    plain = np.mean([expected_calibration_error(confidence, y, norm="l2", **options) ** 2 for y in draws])
    assert debiased == pytest.approx(0.05 / 3, abs=0.001)  # standard error .0003
    assert plain == pytest.approx(0.05 / 3 + (0.24 + 0.24 + 0.21) / 20 / 3, abs=0.001)


def test_classwise_by_hand():
    # choice 0: (.7, right) and (.4, wrong), in different bins of two: gaps .3 and -.4; choice 1 mirrors it
    probs = np.array([[0.7, 0.3], [0.4, 0.6]])
    assert classwise_calibration_error(probs, np.array([0, 1]), bins=2) == pytest.approx((0.3 + 0.4) / 2)


def test_classwise_is_the_mean_over_choices_of_each_ones_error():
    rng = np.random.default_rng(1)
    probs = rng.dirichlet(np.ones(4), size=300)
    gold = rng.integers(0, 4, size=300)
    each = [expected_calibration_error(probs[:, j], gold == j) for j in range(4)]
    assert classwise_calibration_error(probs, gold) == pytest.approx(np.mean(each))


def test_classwise_leaves_out_choices_that_items_lack():
    even = [np.array([0.7, 0.3]), np.array([0.4, 0.6])]
    ragged = [*even, np.array([0.0, 0.0, 1.0])]
    gold = np.array([0, 1, 2])
    # the third item is right and certain on all its three choices: pairs go from 4 to 7, the sum of gaps stays
    assert classwise_calibration_error(ragged, gold, bins=2) == pytest.approx(
        classwise_calibration_error(even, gold[:2], bins=2) * 4 / 7, abs=1e-12
    )


@pytest.mark.parametrize(
    ("confidence", "correct", "expected"),
    [
        ([0.7], [True], 0.3),  # one item
        ([1.0] * 5, [True] * 5, 0.0),  # certain and right
        ([1.0] * 4, [True, True, True, False], 0.25),  # all tied at 1
        ([0.0, 0.0], [False, False], 0.0),
        ([0.5] * 4, [True] * 4, 0.5),  # one outcome only
    ],
)
@pytest.mark.parametrize("scheme", ["width", "mass"])
@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
def test_defined_where_data_are_degenerate(confidence, correct, expected, scheme, norm):
    got = expected_calibration_error(np.array(confidence), np.array(correct), scheme=scheme, norm=norm)
    assert got == pytest.approx(expected)


def test_unknown_options_raise():
    with pytest.raises(ValueError, match="'l1', 'l2' or 'max'"):
        expected_calibration_error(CONFIDENCE, CORRECT, norm="l3")
    with pytest.raises(ValueError, match="'width' or 'mass'"):
        expected_calibration_error(CONFIDENCE, CORRECT, scheme="log")


items = st.lists(st.tuples(st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0]), st.booleans()), min_size=1, max_size=50)


@given(
    items, st.integers(1, 20), st.sampled_from(["width", "mass"]), st.sampled_from(["l1", "l2", "max"]), st.randoms()
)
def test_order_and_duplication_change_nothing(rows, bins, scheme, norm, random):
    def error(pairs):
        confidence, correct = (np.array(column) for column in zip(*pairs))
        return expected_calibration_error(confidence, correct, bins=bins, scheme=scheme, norm=norm)

    plain = error(rows)
    assert error(random.sample(rows, len(rows))) == pytest.approx(plain, abs=1e-12)
    assert error(rows * 3) == pytest.approx(plain, abs=1e-12)


@given(items, st.integers(1, 20), st.sampled_from(["width", "mass"]))
def test_norms_are_ordered_and_bounded(rows, bins, scheme):
    confidence, correct = (np.array(column) for column in zip(*rows))
    mean, root, largest = (
        expected_calibration_error(confidence, correct, bins=bins, scheme=scheme, norm=norm)
        for norm in ("l1", "l2", "max")
    )
    assert abs(confidence.mean() - correct.mean()) <= mean + 1e-12
    assert mean <= root + 1e-12
    assert root <= largest + 1e-12
    assert largest <= 1.0 + 1e-12


@given(st.integers(0, 2**31), st.permutations(range(4)))
def test_relabelling_choices_changes_no_classwise_error(seed, order):
    rng = np.random.default_rng(seed)
    probs, gold = rng.dirichlet(np.ones(4), size=40), rng.integers(0, 4, size=40)
    moved = classwise_calibration_error(probs[:, order], np.argsort(order)[gold])
    assert moved == pytest.approx(classwise_calibration_error(probs, gold))
