"""Tokens, cutting and rare words, by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.generation import (
    COMMON_ENGLISH,
    Reference,
    ngrams,
    only_words,
    reference_from,
    tail_mass,
    tokenise,
    unseen_mass,
)
from synth_eval.generation.words import cut


def test_tokens_by_hand() -> None:
    assert tokenise("Don't say: 'It’s 3.5'!") == ["don't", "say", ":", "'", "it’s", "3", ".", "5", "'", "!"]
    assert only_words(tokenise("It’s 3.5, é!")) == ["it’s", "3", "5", "é"]
    assert tokenise(" \n") == []


def test_ngrams_by_hand() -> None:
    assert list(ngrams(list("abc"), 2)) == [("a", "b"), ("b", "c")]
    assert list(ngrams(list("abc"), 4)) == []


def test_cut_by_hand() -> None:
    assert cut("  One, two; three", tokens=3) == "  One, two"
    assert cut("One, two", tokens=9) == "One, two"
    with pytest.raises(ValueError, match="tokens"):
        cut("One", tokens=0)


@given(text=st.text(alphabet="ab,'é \n", max_size=40), n=st.integers(1, 10))
def test_a_cut_text_has_the_first_tokens(text: str, n: int) -> None:
    assert tokenise(cut(text, tokens=n)) == tokenise(text)[:n]


def test_reference_by_hand() -> None:
    # a 5, b 3, c and d 1 each, of 10 words: a and b make up 80%
    texts = ["a a a a a b.", "b b c d!"]
    assert reference_from(texts, head=0.8) == Reference(frozenset("ab"), frozenset("cd"))
    assert reference_from(texts, head=0.5) == Reference(frozenset("a"), frozenset("bcd"))
    # the words of the count that reaches the share stay together, whatever their order
    assert reference_from(texts, head=0.85) == Reference(frozenset("abcd"), frozenset())
    assert reference_from(texts[::-1], head=0.8) == reference_from(texts, head=0.8)


def test_rare_and_unseen_words_by_hand() -> None:
    known = Reference(frozenset("ab"), frozenset("cd"))
    assert tail_mass(list("aacx"), known) == 0.25
    assert unseen_mass(list("aacx"), known) == 0.25
    # a reference without rare words: every other word is rare, none unseen
    assert tail_mass(list("aacx"), Reference(frozenset("ab"))) == 0.5
    assert math.isnan(unseen_mass(list("aacx"), Reference(frozenset("ab"))))
    assert math.isnan(tail_mass([], known))
    assert math.isnan(unseen_mass([], known))


def test_the_common_words() -> None:
    assert tail_mass(tokenise("The house by the sea was very old"), COMMON_ENGLISH) == 0.0
    assert tail_mass(tokenise("The chandelier glistened"), COMMON_ENGLISH) == pytest.approx(2 / 3)
    assert len(COMMON_ENGLISH.frequent) == 528  # they never move


def test_impossible_references_are_refused() -> None:
    with pytest.raises(ValueError, match="no words"):
        reference_from(["...", ""])
    with pytest.raises(ValueError, match="head"):
        reference_from(["a"], head=1.0)
