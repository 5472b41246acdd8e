"""Votes over sampled answers: normalisation, majority, scores worked out by hand, invariants."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.calibration.items import score_samples
from synth_eval.calibration.votes import (
    Vote,
    is_right,
    majority_vote,
    normalised_answer,
    vote_scores,
)
from synth_eval.types import Samples

TEXTS = st.lists(st.sampled_from(["Paris", " paris.", "Rome", "the Rome", "", "[invalid]", "6"]), min_size=1)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (" Paris", "paris"),
        ("the  Netherlands.", "netherlands"),
        ('"New\n Delhi",', "new delhi"),
        ("**42**", "42"),
        ("-7", "-7"),
        (".5", ".5"),  # not 5
        ("A", "a"),  # a letter, not an article
        ("an A", "a"),
        ("[invalid]", ""),
        (" \n. ", ""),
    ],
)
def test_what_counts_as_the_same_answer(text: str, answer: str) -> None:
    assert normalised_answer(text) == answer


@given(st.text())
def test_normalising_again_changes_nothing(text: str) -> None:
    assert normalised_answer(normalised_answer(text)) == normalised_answer(text)


@given(st.sampled_from(["paris", "new delhi", "-7", "[invalid]"]), st.sampled_from(["", "the ", " A ", '"', "\n"]))
def test_what_is_dropped_does_not_matter(answer: str, before: str) -> None:
    for after in ("", ".", " ;", '"', "**"):
        assert normalised_answer(before + answer.upper() + after) == normalised_answer(answer)


def test_the_majority_and_its_share() -> None:
    assert majority_vote([" 6", "7", "6.", "8"]) == Vote("6", 2, 4)
    assert majority_vote([" 6", "7", "6.", "8"]).share == 0.5
    assert majority_vote(["7", "6"]) == Vote("7", 1, 2)  # a tie: the one given first
    assert majority_vote(["", "[invalid]", "7"]) == Vote("7", 1, 3)  # no answer is no vote, and lowers the share
    assert majority_vote(["", " . "]) == Vote("", 0, 2)
    with pytest.raises(ValueError, match="at least one text"):
        majority_vote([])


def test_an_empty_answer_is_never_right() -> None:
    assert is_right("The Rome.", ["rome"])
    assert is_right("b", ["a b", "b"])
    assert not is_right("", [""])


def test_scores_of_one_item() -> None:
    # three of four say 6: share 3/4; smoothed (3 + 1/2) / 5 = .7
    right = vote_scores(["6", "6", "7", "6"], ["6"])
    assert (right.answer, right.exact_match, right.confidence) == ("6", 1.0, 0.75)
    assert right.brier == pytest.approx(0.0625)
    assert right.nll == pytest.approx(-math.log(0.7))
    wrong = vote_scores(["6", "6", "7", "6"], ["7"])
    assert (wrong.exact_match, wrong.brier) == (0.0, pytest.approx(0.5625))
    assert wrong.nll == pytest.approx(-math.log(0.3))
    # nobody answers: 0 of 3 votes, wrong, (0 + 1/2) / 4 = 1/8
    silent = vote_scores(["", "", ""], ["7"])
    assert (silent.confidence, silent.exact_match, silent.brier) == (0.0, 0.0, 0.0)
    assert silent.nll == pytest.approx(-math.log(7 / 8))


@given(TEXTS, st.randoms())
def test_the_order_of_texts_changes_no_share(texts: list[str], random) -> None:
    shuffled = list(texts)
    random.shuffle(shuffled)
    assert majority_vote(shuffled).votes == majority_vote(texts).votes


@given(TEXTS, st.integers(2, 4))
def test_duplicating_all_texts_changes_no_share(texts: list[str], times: int) -> None:
    assert majority_vote(texts * times).share == majority_vote(texts).share


# --- item tables --------------------------------------------------------------------------------------------------


def table(repeats, **more):
    n = len(repeats)
    texts = tuple(each[0] for each in repeats)
    samples = Samples("t", "generation", tuple(range(n)), ("d",) * n, ("p",) * n, texts=texts, repeats=repeats, **more)
    return score_samples(samples, checkpoint="c", category="reasoning")


REPEATS = (("7", "6", "6", "6"), ("Rome", "Paris", "Oslo", "Rome."), ("", "", "[invalid]", ""))
TARGETS = (("6",), ("Paris", "Oslo"), ("1",))


def test_columns_of_a_table() -> None:
    columns = table(REPEATS, targets=TARGETS).columns
    assert list(columns["text"]) == ["7", "Rome", ""]
    assert list(columns["answer"]) == ["6", "rome", ""]
    assert columns["votes"].tolist() == [3, 2, 0]
    assert columns["n_answers"].tolist() == [4, 4, 4]
    assert columns["confidence"].tolist() == [0.75, 0.5, 0.0]
    assert columns["correct"].tolist() == [True, False, False]
    np.testing.assert_allclose(columns["brier"], [0.0625, 0.25, 0.0])
    np.testing.assert_allclose(columns["nll"], -np.log([0.7, 0.5, 0.9]))


def test_one_answer_an_item_is_no_vote() -> None:
    assert "confidence" not in table((("6",), ("7", "7")), targets=(("6",), ("7",))).columns
    assert "confidence" not in table((("6",),)).columns


def test_without_targets_there_is_a_confidence_and_no_correctness() -> None:
    columns = table(REPEATS).columns
    assert columns["confidence"].tolist() == [0.75, 0.5, 0.0]
    assert "correct" not in columns


@pytest.mark.parametrize(
    ("logged", "known"),
    [
        ((1.0, 0.0, 0.0), True),  # the majority, as our own tasks log it
        ((0.0, 0.0, 0.0), True),  # the first answer: 7, Rome, none
        ((1.0, 1.0, 0.0), False),  # neither: the task takes Rome for right, we would not
        ((0.0, 0.0, float("nan")), False),
    ],
)
def test_correctness_needs_lm_evals_comparison_to_be_ours(logged: tuple[float, ...], known: bool) -> None:
    assert ("correct" in table(REPEATS, targets=TARGETS, exact_match=logged).columns) == known


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 targets for 3 items"):
        table(REPEATS, targets=TARGETS[:2])
