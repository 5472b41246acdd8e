"""Near-duplicates: by hand, and MinHash against comparing every pair."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.generation import jaccard, near_duplicate_share
from synth_eval.generation.repetition import CrossPromptDuplicates

TOKENS = st.lists(st.sampled_from("abcd"), max_size=10)


def test_jaccard_by_hand() -> None:
    # trigrams abc bcd cde against abc bcd cdf: 2 shared of 4
    assert jaccard(list("abcde"), list("abcdf")) == pytest.approx(0.5)
    assert jaccard(list("ab"), list("ab")) == 1.0  # shorter than a trigram: compared whole
    assert jaccard(list("ab"), list("abc")) == 0.0
    assert jaccard([], []) == 0.0


@given(a=TOKENS, b=TOKENS)
def test_jaccard_is_symmetric_and_one_with_itself(a: list[str], b: list[str]) -> None:
    assert jaccard(a, b) == jaccard(b, a)
    assert jaccard(a, a) == (1.0 if a else 0.0)


def test_share_by_hand() -> None:
    samples = [list("abcde"), list("abcdf"), list("vwxyz"), []]
    # the first two have Jaccard 1/2; the empty one is left out
    assert near_duplicate_share(samples, similar=0.5) == pytest.approx(2 / 3)
    assert near_duplicate_share(samples, similar=0.6) == 0.0
    assert math.isnan(near_duplicate_share([["a"], []]))


@given(st.lists(TOKENS.filter(bool), min_size=1, max_size=4))
def test_said_twice_every_sample_is_a_duplicate(samples: list[list[str]]) -> None:
    assert near_duplicate_share(samples * 2) == 1.0


def _random_texts(rng: np.random.Generator, prompts: int) -> list[list[list[str]]]:
    """Two samples a prompt of 60 tokens; some are other prompts' samples with a few tokens changed."""
    texts = [[[f"w{i}" for i in rng.integers(1000, size=60)] for _ in range(2)] for _ in range(prompts)]
    for prompt in range(0, prompts, 3):
        copy = list(texts[(prompt + 7) % prompts][0])
        for at in rng.integers(60, size=prompt % 6):
            copy[at] = "changed"
        texts[prompt][1] = copy
    return texts


def test_minhash_finds_what_comparing_every_pair_finds() -> None:
    texts = _random_texts(np.random.default_rng(3), 90)
    search = CrossPromptDuplicates()
    for i, samples in enumerate(texts):
        search.add(samples, prompt=i)
    exact = [
        np.mean([any(jaccard(s, t) >= 0.7 for j, o in enumerate(texts) if j != i for t in o) for s in samples])
        for i, samples in enumerate(texts)
    ]
    found = search.share(len(texts))
    assert np.mean(exact) > 0.2
    assert (found <= np.array(exact)).all()  # what it finds was compared exactly
    assert found.mean() >= 0.95 * np.mean(exact)  # at least .988 of the pairs become candidates


def test_samples_of_the_same_prompt_do_not_count() -> None:
    search = CrossPromptDuplicates()
    search.add([list("abcdef")] * 3, prompt=0)
    assert np.isnan(search.share(2)).all()  # there is no other prompt
    search.add([list("uvwxyz")], prompt=1)
    np.testing.assert_array_equal(search.share(3), [0.0, 0.0, np.nan])
    search.add([list("abcdef"), []], prompt=2)
    np.testing.assert_array_equal(search.share(3), [1.0, 0.0, 1.0])


def test_a_total_collapse_is_found_whatever_the_bucket() -> None:
    search = CrossPromptDuplicates()
    for i in range(40):
        search.add([list("abcdefgh")] * 5, prompt=i)
    np.testing.assert_array_equal(search.share(40), np.ones(40))


def test_hashes_do_not_depend_on_the_process() -> None:
    code = (
        "from synth_eval.generation.repetition import CrossPromptDuplicates; e = CrossPromptDuplicates(); "
        "e.add([['a', 'b', 'c', 'd']], prompt=0); print(e._sets[0].tolist())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1  # Python's own hashes of strings would differ
    assert len(json.loads(printed.pop())) == 2  # abc and bcd
