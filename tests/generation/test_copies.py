"""Runs copied from the prompt and compression, by hand."""

from __future__ import annotations

import math
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.generation import compression_ratio, copied_share


def test_copied_runs_by_hand() -> None:
    prompt = list("abcdef")
    # "abc" and "cde" lie in "abcde", 5 of 8 tokens, each counted once; "ab" alone is too short for a run of 3
    assert copied_share(list("abcdexab"), prompt, run=3) == pytest.approx(5 / 8)
    assert copied_share(list("abcxdefx"), prompt, run=3) == pytest.approx(6 / 8)
    assert copied_share(list("fedcba"), prompt, run=3) == 0.0
    assert copied_share(prompt, prompt, run=3) == 1.0


def test_a_prompt_without_a_run_defines_nothing() -> None:
    assert math.isnan(copied_share(["a"], ["a", "b"], run=3))
    assert math.isnan(copied_share([], ["a", "b", "c"], run=3))


@given(
    tokens=st.lists(st.sampled_from("ab"), min_size=1, max_size=20),
    prompt=st.lists(st.sampled_from("ab"), min_size=3, max_size=10),
)
def test_agrees_with_marking_every_token(tokens: list[str], prompt: list[str]) -> None:
    marked = [False] * len(tokens)
    for start in range(len(tokens) - 2):
        if any(tokens[start : start + 3] == prompt[at : at + 3] for at in range(len(prompt) - 2)):
            marked[start : start + 3] = [True] * 3
    assert copied_share(tokens, prompt, run=3) == pytest.approx(sum(marked) / len(marked))


def test_compression_by_hand() -> None:
    assert compression_ratio(["ab", "c"]) == pytest.approx(4 / len(zlib.compress(b"ab\nc", 9)))
    assert compression_ratio(["the same words again. " * 100]) > 20
    assert math.isnan(compression_ratio(["", ""]))
    assert math.isfinite(compression_ratio(["\ud800"]))  # half a surrogate pair, which some tokenizers emit


@given(st.lists(st.text(alphabet="abcdefghij ", min_size=30, max_size=200), min_size=1, max_size=4))
def test_saying_everything_twice_compresses_better(texts: list[str]) -> None:
    assert compression_ratio(texts * 2) > compression_ratio(texts)
