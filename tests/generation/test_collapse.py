"""When a collapse is called: planted changes of one side and of several, and what stands in the way of calling."""

from __future__ import annotations

import numpy as np
import pytest

from synth_eval.generation import CATALOGUE, Characteristics, Reference, Shift, characterise, collapse_signs
from synth_eval.generation.collapse import agreement

REFERENCE = Reference(frozenset(f"w{i}" for i in range(100)))


def written(
    *, seed: int, words: int = 1000, length: int = 60, loops: bool = False, prompts: int = 30
) -> Characteristics:
    """Three samples a prompt; word i with probability falling as 1 / i."""
    rng = np.random.default_rng(seed)
    probability = 1 / np.arange(1, words + 1)
    probability /= probability.sum()
    texts = []
    for _ in range(prompts):
        drawn = rng.choice(words, size=(3, length), p=probability)
        if loops:
            drawn[0, -30:] = np.tile(drawn[0, -10:], 3)
        texts.append([" ".join(f"w{i}" for i in row) for row in drawn])
    return characterise(texts, reference=REFERENCE, resamples=10)


def test_several_sides_that_agree_are_a_collapse() -> None:
    # a fifth of the words left: the tail (words 101 on) goes from 31% to 12% of the text, as the harmonic sums to 100,
    # 200 and 1,000 words are 5.19, 5.88 and 7.49
    signs = collapse_signs(written(seed=0), written(seed=1, words=200))
    assert signs.called
    assert {"vocabulary", "sameness", "tail"} <= set(signs.toward)
    assert signs.against == ()
    assert "toward collapse: vocabulary, sameness" in signs.reason


def test_the_other_way_round_is_none() -> None:
    signs = collapse_signs(written(seed=0, words=200), written(seed=1))
    assert not signs.called
    assert {"vocabulary", "sameness", "tail"} <= set(signs.against)


def test_one_side_alone_is_none() -> None:
    signs = collapse_signs(written(seed=0), written(seed=1, loops=True))
    assert not signs.called
    assert "repetition" in signs.toward
    assert "tail" not in signs.toward


def test_no_change_is_none() -> None:
    same = written(seed=0)
    signs = collapse_signs(same, same)
    assert not signs.called
    assert (signs.toward, signs.against) == ((), ())
    assert signs.reason == "toward collapse: none; away from it: none"
    assert {shift.difference for shift in signs.shifts} == {0.0}


def test_shifts_are_differences_by_prompt() -> None:
    baseline, model = written(seed=0), written(seed=1, words=200)
    (shift,) = [s for s in collapse_signs(baseline, model).shifts if s.kind.name == "tail_mass"]
    assert shift.difference == pytest.approx(model["tail_mass"].value - baseline["tail_mass"].value)
    assert shift.low < shift.difference < shift.high < 0
    assert (shift.sign, shift.prompts) == (1, 30)


def test_another_length_stands_in_the_way() -> None:
    signs = collapse_signs(written(seed=0), written(seed=1, words=200, length=80))
    assert not signs.called
    assert signs.reason == (
        "length moved from 60 to 80 tokens, and most characteristics with it; characterise both with longest=60"
    )


def test_few_prompts_stand_in_the_way() -> None:
    signs = collapse_signs(written(seed=0, prompts=19), written(seed=1, words=200, prompts=19))
    assert not signs.called
    assert signs.reason == "only 19 prompts; at least 20 are needed"


def test_too_few_sides_stand_in_the_way() -> None:
    # one sample a prompt and no reference: neither sameness nor tail
    one = characterise([["a b c d e f"]] * 25, resamples=10)
    signs = collapse_signs(one, one)
    assert not signs.called
    assert signs.reason == "not measured on enough prompts: sameness, tail; at least 3 of the 4 are needed"


def test_other_prompts_are_refused() -> None:
    with pytest.raises(ValueError, match="the baseline has 30 prompts, the model 25"):
        collapse_signs(written(seed=0), written(seed=0, prompts=25))
    with pytest.raises(ValueError, match="alpha"):
        collapse_signs(written(seed=0), written(seed=1), alpha=0.0)


def test_agreement_needs_three_sides_and_none_against() -> None:
    kinds = {kind.facet: kind for kind in CATALOGUE if kind.facet}

    def shifts(**signs: int) -> list[Shift]:
        return [Shift(kinds[facet], 0.0, 0.0, 0.0, 30, sign) for facet, sign in signs.items()]

    assert agreement(shifts(vocabulary=1, sameness=1, tail=1, repetition=0))[0]
    assert not agreement(shifts(vocabulary=1, sameness=1, tail=0, repetition=0))[0]
    called, toward, against = agreement(shifts(vocabulary=1, sameness=1, tail=1, repetition=-1))
    assert not called
    assert (toward, against) == (("vocabulary", "sameness", "tail"), ("repetition",))
