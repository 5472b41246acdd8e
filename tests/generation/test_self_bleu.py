"""Self-BLEU: by hand, and against sacrebleu's own sentence scores."""

from __future__ import annotations

import math

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.generation import self_bleu


def test_the_same_text_again_and_again_scores_one() -> None:
    assert self_bleu([list("abcdef")] * 3) == pytest.approx(1.0)


def test_by_hand() -> None:
    # Each of "a b c d e" and "a b c d f" against the other: 4/5 unigrams, 3/4 bigrams, 2/3 trigrams, 1/2 4-grams, equal
    # length: (4/5 * 3/4 * 2/3 * 1/2)^(1/4) = (1/5)^(1/4)
    assert self_bleu([list("abcde"), list("abcdf")]) == pytest.approx(0.2**0.25)


def test_texts_with_nothing_in_common_score_nothing() -> None:
    assert self_bleu([list("abcd"), list("efgh")]) == 0.0


def test_one_sample_has_nothing_to_be_compared_with() -> None:
    assert math.isnan(self_bleu([["a", "b"]]))
    assert math.isnan(self_bleu([["a", "b"], []]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=15), min_size=2, max_size=4))
def test_agrees_with_sacrebleu(samples: list[list[str]]) -> None:
    texts = [" ".join(sample) for sample in samples]
    # a copy as a reference too makes every sample a perfect match
    assert self_bleu(samples * 2) == pytest.approx(1.0)
    scores = [
        sacrebleu.sentence_bleu(text, [*texts[:i], *texts[i + 1 :]], tokenize="none", use_effective_order=True).score
        for i, text in enumerate(texts)
    ]
    assert self_bleu(samples) == pytest.approx(sum(scores) / len(scores) / 100, abs=1e-9)
    assert self_bleu(samples[::-1]) == pytest.approx(self_bleu(samples), abs=1e-9)
