"""Repeated n-grams, loops and degenerate texts, by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.generation import degeneracy, ends_in_loop, repeated_share, tokenise


def test_repeated_share_by_hand() -> None:
    # 4-grams of abcdabcd: abcd bcda cdab dabc abcd: 4 of 5 different
    assert repeated_share(list("abcdabcd")) == pytest.approx(1 / 5)
    assert repeated_share(list("abcd")) == 0.0
    assert math.isnan(repeated_share(list("abc")))


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("x y a b a b a b", True),  # "a b" three times
        ("x y a b a b a b a", True),  # cut off in the fourth: "b a" three times
        ("x y a b a b a", False),  # "b a" twice and a half
        ("a b a b a b x", False),  # not at the end
        ("a a a a a a", True),  # "a a" three times
        ("x a a a a a", False),  # one token five times is no phrase of two said three times
        ("the cat sat . the cat sat . the cat sat .", True),
        ("", False),
    ],
)
def test_loops_by_hand(text: str, loops: bool) -> None:
    assert ends_in_loop(text.split()) is loops


@given(
    start=st.lists(st.sampled_from("abc"), max_size=10),
    phrase=st.lists(st.sampled_from("abc"), min_size=2, max_size=6),
    times=st.integers(3, 5),
)
def test_whatever_comes_before_a_loop_is_one(start: list[str], phrase: list[str], times: int) -> None:
    assert ends_in_loop(start + phrase * times)


@given(tokens=st.lists(st.integers(), unique=True, max_size=40).map(lambda ids: [str(i) for i in ids]))
def test_a_text_without_a_repeated_token_never_loops(tokens: list[str]) -> None:
    assert not ends_in_loop(tokens)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The dog sat down.", ""),
        ("", "empty"),
        ("... !!", "empty"),
        ("Well, and so on and so on and so on", "loop"),
        # 4-grams of (a b c d e) * 3 and an x: 13, of which 5 and the last one, "c d e x", differ: 7/13 repeated
        ("a b c d e " * 3 + "x", "repetitive"),
        ("x + ( y ) ; { 1 }", "few words"),  # 3 of 9
    ],
)
def test_degenerate_texts(text: str, why: str) -> None:
    assert degeneracy(tokenise(text)) == why


def test_impossible_options_are_refused() -> None:
    with pytest.raises(ValueError, match="times must be at least 2"):
        ends_in_loop(["a"], times=1)
