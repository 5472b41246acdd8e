"""Distinct-n and its length-adjusted form: by hand, and what must not change them."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.generation import distinct_n, expectation_adjusted_distinct

SAMPLES = st.lists(st.lists(st.sampled_from("abcd"), max_size=12), min_size=1, max_size=5)


def test_by_hand() -> None:
    samples = [["a", "b", "a"], ["a", "b"]]
    # unigrams a b a a b: 2 of 5; bigrams ab ba ab: 2 of 3; trigrams aba: 1 of 1; no 4-gram
    assert distinct_n(samples, 1) == pytest.approx(2 / 5)
    assert distinct_n(samples, 2) == pytest.approx(2 / 3)
    assert distinct_n(samples, 3) == 1.0
    assert math.isnan(distinct_n(samples, 4))


def test_adjusted_by_hand() -> None:
    # V = 2, C = 3: expected 2 (1 - (1/2)^3) = 7/4; two of them occur
    assert expectation_adjusted_distinct([["a", "b"], ["a"]], vocabulary=2) == pytest.approx(2 / (7 / 4))


def test_the_adjustment_removes_length_for_uniform_tokens() -> None:
    rng = random.Random(0)
    short, long = ([str(rng.randrange(500)) for _ in range(n)] for n in (200, 2000))
    assert distinct_n([short], 1) > 3 * distinct_n([long], 1)
    # the number of different ones has a standard deviation of about 5 (of 165) and 3 (of 491)
    assert expectation_adjusted_distinct([short], vocabulary=500) == pytest.approx(1.0, abs=0.1)
    assert expectation_adjusted_distinct([long], vocabulary=500) == pytest.approx(1.0, abs=0.03)


def test_nothing_has_no_diversity() -> None:
    assert math.isnan(distinct_n([[], []], 1))
    assert math.isnan(expectation_adjusted_distinct([[]]))


def test_impossible_options_are_refused() -> None:
    with pytest.raises(ValueError, match="n must be at least 1"):
        distinct_n([["a"]], 0)
    with pytest.raises(ValueError, match="vocabulary"):
        expectation_adjusted_distinct([["a"]], vocabulary=1)


@given(samples=SAMPLES, n=st.integers(1, 4))
def test_saying_everything_twice_halves_distinct_n(samples: list[list[str]], n: int) -> None:
    once, twice = distinct_n(samples, n), distinct_n(samples * 2, n)
    assert (math.isnan(once) and math.isnan(twice)) or twice == pytest.approx(once / 2)


@given(samples=SAMPLES, n=st.integers(1, 4), shuffle=st.randoms())
def test_order_and_names_do_not_matter(samples: list[list[str]], n: int, shuffle: random.Random) -> None:
    other = [[{"a": "d", "d": "a"}.get(token, token) for token in sample] for sample in samples]
    shuffle.shuffle(other)
    assert distinct_n(other, n) == pytest.approx(distinct_n(samples, n), nan_ok=True)
    assert expectation_adjusted_distinct(other) == pytest.approx(expectation_adjusted_distinct(samples), nan_ok=True)
