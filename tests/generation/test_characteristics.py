"""All characteristics at once: by hand on little text, and what must hold of any."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.generation import (
    CATALOGUE,
    Characteristics,
    PromptScores,
    Reference,
    characterise,
    kind_named,
    score_prompt,
)
from synth_eval.generation.intervals import bootstrap_means

TEXTS = st.lists(st.text(alphabet="abc .", max_size=30), min_size=1, max_size=4)


def test_every_number_has_a_place_in_the_catalogue() -> None:
    assert [kind.name for kind in CATALOGUE] == [field.name for field in dataclasses.fields(PromptScores)]
    assert kind_named("mattr").dimension == "vocabulary"
    with pytest.raises(KeyError, match="there is no characteristic 'matr'"):
        kind_named("matr")


def test_one_prompt_by_hand() -> None:
    found = score_prompt(
        ["a b a b a b a b", "a c", ""], prompt="a b a b a b", reference=Reference(frozenset("ab")), window=2
    )
    assert found.distinct_1 == pytest.approx(3 / 10)
    assert found.distinct_2 == pytest.approx(3 / 8)  # ab ba ac, of 7 + 1
    assert found.mattr == 1.0  # every window of two words, in both samples that have one
    assert found.repetition == pytest.approx(1 - 2 / 5)  # abab and baba, of five 4-grams; the others have none
    assert found.loops == pytest.approx(1 / 3)
    assert found.degenerate == pytest.approx(2 / 3)  # a loop, an empty text
    assert found.length == pytest.approx(10 / 3)
    # lengths 8, 2, 0 around 10/3: squares 196/9, 16/9, 100/9, over two
    assert found.length_spread == pytest.approx(math.sqrt(312 / 9 / 2))
    assert found.tail_mass == pytest.approx(1 / 10)
    assert found.prompt_copies == pytest.approx(
        1 / 2
    )  # all of the first, none of the second, the empty one has no share
    assert found.near_duplicates == 0.0
    assert math.isnan(found.near_duplicates_elsewhere)
    assert found.token_entropy == pytest.approx(-(0.5 * math.log2(0.5) + 0.4 * math.log2(0.4) + 0.1 * math.log2(0.1)))


def test_one_sample() -> None:
    found = score_prompt(["a b c d e"])
    undefined = {name for name, value in dataclasses.asdict(found).items() if math.isnan(value)}
    assert undefined == {
        "self_bleu",
        "mattr",
        "mtld",
        "length_spread",
        "tail_mass",
        "unseen_mass",
        "prompt_copies",
        "near_duplicates",
        "near_duplicates_elsewhere",
    }


def test_empty_samples_have_a_length_and_are_degenerate() -> None:
    found = score_prompt(["", ""], prompt="x y", reference=Reference(frozenset("a")))
    defined = {name: value for name, value in dataclasses.asdict(found).items() if not math.isnan(value)}
    assert defined == {"loops": 0.0, "length": 0.0, "length_spread": 0.0, "degenerate": 1.0}


def test_only_the_first_tokens_count_where_asked() -> None:
    long = ["One, two. Three four", "five"]
    cut = score_prompt(["One, two", "five"])
    found = score_prompt(long, longest=3)
    assert dataclasses.asdict(found) == pytest.approx(dataclasses.asdict(cut), nan_ok=True)
    whole = characterise([long, long], longest=3)
    assert whole["length"].value == 2.0


@settings(max_examples=40, deadline=None)
@given(texts=TEXTS, shuffle=st.randoms())
def test_the_order_of_samples_does_not_matter(texts: list[str], shuffle: random.Random) -> None:
    other = list(texts)
    shuffle.shuffle(other)
    first, second = (
        dataclasses.asdict(score_prompt(samples, prompt="a b c a b c", window=3)) for samples in (texts, other)
    )
    # but for compression, which reads from the front
    del first["compression_ratio"], second["compression_ratio"]
    assert first == pytest.approx(second, nan_ok=True)


def _texts(prompts: int, *, seed: int = 0) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[" ".join(f"w{i}" for i in rng.integers(30 + p, size=60)) for _ in range(3)] for p in range(prompts)]


def test_estimates_are_means_over_prompts() -> None:
    texts = _texts(12)
    found = characterise(texts, resamples=200)
    assert (found.prompts, found.samples) == (12, 36)
    each = [score_prompt(samples) for samples in texts]
    for name in ("distinct_2", "self_bleu", "mtld", "length"):
        assert found[name].value == pytest.approx(np.mean([getattr(scores, name) for scores in each]))
        np.testing.assert_allclose(found.per_prompt(name), [getattr(scores, name) for scores in each])
    assert found["mattr"].low < found["mattr"].value < found["mattr"].high
    assert found["mattr"].prompts == 12
    assert found["tail_mass"].prompts == 0
    assert math.isnan(found["tail_mass"].value)


def test_the_same_samples_twice_lower_distinct_and_raise_sameness() -> None:
    texts = _texts(6)
    once, twice = (characterise(samples, resamples=20) for samples in (texts, [samples * 2 for samples in texts]))
    for n in (1, 2, 3, 4):
        assert twice[f"distinct_{n}"].value == pytest.approx(once[f"distinct_{n}"].value / 2)
    assert twice["self_bleu"].value == pytest.approx(1.0)
    assert twice["near_duplicates"].value == 1.0
    assert twice["token_entropy"].value == pytest.approx(once["token_entropy"].value)


def test_the_order_of_prompts_moves_nothing_but_the_resamples() -> None:
    texts = _texts(8)
    first, second = characterise(texts, resamples=20), characterise(texts[::-1], resamples=20)
    for kind in CATALOGUE:
        assert second[kind.name].value == pytest.approx(first[kind.name].value, nan_ok=True)


def test_the_same_seed_gives_the_same_numbers() -> None:
    def low(seed: int) -> float:
        return characterise(_texts(8), resamples=50, seed=seed)["mattr"].low

    assert low(1) == low(1)
    assert low(1) != low(2)


def test_self_bleu_of_some_prompts_only() -> None:
    found = characterise(_texts(10), bleu_prompts=4, resamples=20)
    assert found["self_bleu"].prompts == 4
    assert found["distinct_1"].prompts == 10
    assert characterise(_texts(10), bleu_prompts=0, resamples=20)["self_bleu"].prompts == 0


def test_a_text_of_another_prompt_is_found() -> None:
    texts = _texts(5)
    texts[4][0] = texts[1][2]
    found = characterise(texts, resamples=20)
    np.testing.assert_allclose(found.per_prompt("near_duplicates_elsewhere"), [0, 1 / 3, 0, 0, 1 / 3])


@pytest.mark.parametrize(
    ("samples", "prompts", "message"),
    [
        ([], None, "no samples"),
        ([["a"], []], None, "prompt 1 needs"),
        (["a"], None, "prompt 0 needs"),
        ([["a"]], ["x", "y"], "2 prompts for the samples of 1"),
    ],
)
def test_what_cannot_be_characterised(samples: Sequence, prompts: list[str] | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        characterise(samples, prompts=prompts)


def test_a_single_text_is_no_list_of_samples() -> None:
    with pytest.raises(ValueError, match="at least one text"):
        score_prompt("a b c")
    with pytest.raises(ValueError, match="at least one text"):
        score_prompt([])


def test_intervals_are_those_of_a_mean() -> None:
    # 400 prompts with standard deviation 1: the interval is 1.96 / 20 to each side, within the noise of 2,000 resamples
    values = np.random.default_rng(0).normal(size=400)
    values = (values - values.mean()) / values.std()
    gaps = np.where(np.arange(400) % 2 == 0, values, np.nan)
    table = np.stack([values, gaps, np.full(400, np.nan), np.full(400, 0.25)], axis=1)
    whole, half, none, same = bootstrap_means(table, resamples=2000, rng=np.random.default_rng(1))
    assert whole.value == pytest.approx(0.0, abs=1e-12)
    assert (whole.high - whole.low) / 2 == pytest.approx(0.098, rel=0.08)
    spread = np.nanstd(gaps) / math.sqrt(200)
    assert (half.high - half.low) / 2 == pytest.approx(1.96 * spread, rel=0.08)
    assert half.prompts == 200
    assert math.isnan(none.value)
    assert (same.value, same.low, same.high) == pytest.approx((0.25, 0.25, 0.25))


def test_impossible_intervals_are_refused() -> None:
    with pytest.raises(ValueError, match="level"):
        characterise([["a"]], level=1.0)
    with pytest.raises(ValueError, match="resample"):
        characterise([["a"]], resamples=0)


def test_frozen() -> None:
    found: Characteristics = characterise([["a b"]], resamples=5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.prompts = 3  # type: ignore[misc]
