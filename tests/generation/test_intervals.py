"""Texts cut to one length: by hand, and what must hold of any texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.generation.intervals import cut_alike, usual_least
from synth_eval.generation.words import tokenise

words = st.lists(st.sampled_from(["a", "b.", "cup"]), min_size=0, max_size=9).map(" ".join)
written = st.lists(st.lists(words, max_size=4), min_size=3, max_size=3)


def test_nine_tenths_have_the_usual_least() -> None:
    # ten texts of 1 to 10 tokens: the .1 quantile lies at position .9 of 0 ... 9, so at the first
    assert usual_least([[" ".join("a" * n) for n in range(1, 11)]]) == 1
    # eleven of 1 to 11: at position 1, the second
    assert usual_least([[" ".join("a" * n)] for n in range(1, 12)]) == 2
    assert usual_least([[], []]) == 0


def test_cut_by_hand() -> None:
    first = [["a b c d", "a", "e f g"], ["a b c", "a b c"]]
    second = [["h i j", "k l m", "n o p"], ["x y z", "x y"]]
    # prompt 1: the first model has two texts of 3 tokens, so both keep two; prompt 2: the second has one, which is none
    assert cut_alike([first, second], tokens=3) == [[("a b c", "e f g"), ()], [("h i j", "k l m"), ()]]


@given(st.lists(written, min_size=1, max_size=3), st.integers(1, 6))
def test_all_that_is_left_is_alike(models, tokens: int) -> None:
    found = cut_alike(models, tokens=tokens)
    for of_prompt in zip(*found):
        assert len({len(texts) for texts in of_prompt}) == 1
        assert len(of_prompt[0]) != 1
        assert all(len(tokenise(text)) == tokens for texts in of_prompt for text in texts)
    assert cut_alike(models[::-1], tokens=tokens) == found[::-1]


def test_what_cannot_be_paired_is_refused() -> None:
    with pytest.raises(ValueError, match="numbers of prompts"):
        cut_alike([[["a"]], [["a"], ["b"]]], tokens=1)
    with pytest.raises(ValueError, match="at least 1"):
        cut_alike([[["a"]]], tokens=0)
