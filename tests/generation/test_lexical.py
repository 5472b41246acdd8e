"""MATTR and MTLD against lexicalrichness, and by hand."""

from __future__ import annotations

import math

import lexicalrichness
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.generation import mattr, mtld

WORDS = st.lists(st.sampled_from("abcdefghijklmnop"), min_size=1, max_size=120)


@given(words=WORDS, window=st.integers(1, 60))
def test_mattr_agrees_with_lexicalrichness(words: list[str], window: int) -> None:
    oracle = lexicalrichness.LexicalRichness(" ".join(words))
    if window > len(words):
        assert math.isnan(mattr(words, window=window))
    else:
        assert mattr(words, window=window) == pytest.approx(oracle.mattr(window_size=window))


@given(words=WORDS, threshold=st.sampled_from([0.66, 0.72, 0.75]))
def test_mtld_agrees_with_lexicalrichness(words: list[str], threshold: float) -> None:
    oracle = lexicalrichness.LexicalRichness(" ".join(words))
    assert mtld(words, threshold=threshold) == pytest.approx(oracle.mtld(threshold=threshold))


def test_mattr_by_hand() -> None:
    # windows of 2: ab ba aa: 2, 2 and 1 different
    assert mattr(list("abaa"), window=2) == pytest.approx((1 + 1 + 0.5) / 3)


def test_mtld_by_hand() -> None:
    # threshold .5, "aaaa": the share of different words is 1, then 1/2: a factor every two words, in either direction
    assert mtld(list("aaaa"), threshold=0.5) == 2.0
    # "aab", forward: factor "aa", then "b" with share 1, part 0: 3 / 1. Backward "baa": shares 1, 1, 2/3, so the part
    # (1 - 2/3) / (1 - 1/2) = 2/3 and 3 / (2/3) = 4.5. Mean 3.75
    assert mtld(list("aab"), threshold=0.5) == pytest.approx(3.75)


def test_mattr_does_not_depend_on_length() -> None:
    words = [str(i % 70) for i in range(3000)]
    assert mattr(words[:200]) == mattr(words) == 1.0
    # a period of 10 words: 10 different in every window of 50
    assert mattr([str(i % 10) for i in range(300)]) == pytest.approx(0.2)


def test_nothing() -> None:
    assert math.isnan(mattr([]))
    assert math.isnan(mtld([]))


def test_impossible_options_are_refused() -> None:
    with pytest.raises(ValueError, match="window"):
        mattr(["a"], window=0)
    with pytest.raises(ValueError, match="threshold"):
        mtld(["a"], threshold=1.0)
