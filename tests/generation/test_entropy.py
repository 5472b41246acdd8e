"""Entropy of n-grams, by hand and against scipy."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from synth_eval.generation import ngram_entropy


def test_by_hand() -> None:
    # a a b c: 1/2, 1/4, 1/4 -> 1.5 bits; bigrams aa (one sample) and bc (the other): 1 bit
    assert ngram_entropy([["a", "a"], ["b", "c"]], 1) == pytest.approx(1.5)
    assert ngram_entropy([["a", "a"], ["b", "c"]], 2) == pytest.approx(1.0)


def test_one_token_said_again_and_again_is_no_news() -> None:
    found = ngram_entropy([["a"] * 10], 1)
    assert found == 0.0
    assert math.copysign(1, found) == 1


def test_nothing() -> None:
    assert math.isnan(ngram_entropy([[], ["a"]], 2))


@given(tokens=st.lists(st.sampled_from("abcde"), min_size=1, max_size=60))
def test_agrees_with_scipy(tokens: list[str]) -> None:
    oracle = entropy(list(Counter(tokens).values()), base=2)
    assert ngram_entropy([tokens], 1) == pytest.approx(oracle, abs=1e-12)
    # said twice, in a sample of its own, the frequencies are the same
    assert ngram_entropy([tokens, tokens], 1) == pytest.approx(oracle, abs=1e-12)
