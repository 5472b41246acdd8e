"""Brier and its parts, negative log-likelihood, surprise gap, signed gap."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.calibration import (
    brier_decomposition,
    brier_score,
    choice_brier_decomposition,
    choice_brier_score,
    choice_negative_log_likelihood,
    choice_surprise_gap,
    negative_log_likelihood,
    signed_gap,
    surprise_gap,
)

P = np.array([0.8, 0.8, 0.6, 0.6])
RIGHT = np.array([True, False, True, True])


def test_by_hand():
    assert signed_gap(P, RIGHT) == pytest.approx(0.7 - 0.75)
    assert brier_score(P, RIGHT) == pytest.approx((0.04 + 0.64 + 0.16 + 0.16) / 4)
    nll = -(math.log(0.8) + math.log(0.2) + 2 * math.log(0.6)) / 4
    assert negative_log_likelihood(P, RIGHT) == pytest.approx(nll)
    entropies = [-(p * math.log(p) + (1 - p) * math.log(1 - p)) for p in P]
    assert surprise_gap(P, RIGHT) == pytest.approx(nll - np.mean(entropies))


def test_decomposition_by_hand_where_each_bin_holds_one_forecast():
    parts = brier_decomposition(P, RIGHT, bins=5)
    # bins .8 (1 of 2 right) and .6 (2 of 2); base rate 3/4
    assert parts.reliability == pytest.approx((0.3**2 + 0.4**2) / 2)
    assert parts.resolution == pytest.approx((0.25**2 + 0.25**2) / 2)
    assert parts.uncertainty == pytest.approx(3 / 16)
    assert parts.within_bin == pytest.approx(0.0, abs=1e-15)
    assert parts.brier == pytest.approx(0.25)


def test_within_bin_part_by_hand():
    # one bin: variance of the forecasts .01; covariance with the outcome (1/4)(.1 (-.25 + .75) - .1 (.25 + .25)) = 0
    # spread: +.1, +.1, -.1, -.1; outcome less 3/4: .25, -.75, .25, .25 -> (.025 - .075 - .025 - .025) / 4 = -.025
    parts = brier_decomposition(P, RIGHT, bins=1)
    assert parts.reliability == pytest.approx(0.05**2)
    assert parts.resolution == 0.0
    assert parts.within_bin == pytest.approx(0.01 + 2 * 0.025)


rows = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


@given(rows, st.integers(1, 20), st.sampled_from(["width", "mass"]))
def test_parts_sum_to_the_brier_score(pairs, bins, scheme):
    p, right = (np.array(column) for column in zip(*pairs))
    parts = brier_decomposition(p, right, bins=bins, scheme=scheme)
    assert parts.brier == pytest.approx(brier_score(p, right), abs=1e-12)
    total = parts.reliability - parts.resolution + parts.uncertainty + parts.within_bin
    assert total == pytest.approx(parts.brier, abs=1e-12)


@given(st.integers(0, 2**31), st.integers(2, 6), st.integers(1, 20))
def test_parts_of_all_choices_sum_to_the_choice_brier_score(seed, k, bins):
    rng = np.random.default_rng(seed)
    probs, gold = rng.dirichlet(np.full(k, 0.5), size=30), rng.integers(0, k, size=30)
    parts = choice_brier_decomposition(probs, gold, bins=bins)
    assert parts.brier == pytest.approx(choice_brier_score(probs, gold), abs=1e-12)
    total = parts.reliability - parts.resolution + parts.uncertainty + parts.within_bin
    assert total == pytest.approx(parts.brier, abs=1e-12)


@given(rows)
def test_two_choices_agree_with_one_probability(pairs):
    p, right = (np.array(column) for column in zip(*pairs))
    probs, gold = np.column_stack([p, 1 - p]), (~right).astype(int)
    assert choice_brier_score(probs, gold) == pytest.approx(2 * brier_score(p, right), abs=1e-12)
    assert choice_negative_log_likelihood(probs, gold) == pytest.approx(negative_log_likelihood(p, right), abs=1e-12)
    assert choice_surprise_gap(probs, gold) == pytest.approx(surprise_gap(p, right), abs=1e-12)


@given(st.integers(0, 2**31), st.permutations(range(4)))
def test_relabelling_choices_and_absent_choices_change_nothing(seed, order):
    rng = np.random.default_rng(seed)
    probs, gold = rng.dirichlet(np.ones(4), size=20), rng.integers(0, 4, size=20)
    ragged = [*list(probs), np.array([0.25, 0.75])]
    for score in (choice_brier_score, choice_negative_log_likelihood, choice_surprise_gap):
        assert score(probs[:, order], np.argsort(order)[gold]) == pytest.approx(score(probs, gold))
        both = (20 * score(probs, gold) + score(np.array([[0.25, 0.75]]), np.array([0]))) / 21
        assert score(ragged, np.append(gold, 0)) == pytest.approx(both)


def test_certain_mistakes_cost_the_floor():
    assert negative_log_likelihood(np.array([1.0]), np.array([False])) == pytest.approx(6 * math.log(10))
    assert choice_negative_log_likelihood(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(6 * math.log(10))
    assert negative_log_likelihood(np.array([1.0]), np.array([True])) == 0.0


def test_surprise_gap_has_the_sign_of_overconfidence():
    p = np.full(100, 0.9)
    assert surprise_gap(p, np.arange(100) < 70) > 0 > surprise_gap(p, np.arange(100) < 99)
    assert surprise_gap(p, np.arange(100) < 90) == pytest.approx(0.0, abs=1e-12)
