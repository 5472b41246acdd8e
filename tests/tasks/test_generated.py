"""What the generated-answer tasks report, and the requests of the second pass, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from synth_eval.errors import SynthEvalError
from synth_eval.harness.follow_up import (
    likelihood_confidence,
    truth_confidence,
    truth_requests,
    with_unanswered,
)
from synth_eval.tasks import generated

DOC = {"question": "1 + 1 =", "choices": ["3", "2"], "answer": 1}


def test_scores_of_one_item() -> None:
    scores = generated.process_results(DOC, [["2", "2", "3", "2"]])
    # share 3/4, right; smoothed (3 + 1/2) / 5 = .7
    assert scores == {
        "exact_match": 1.0,
        "vote_share": 0.75,
        "brier": 0.0625,
        "nll": pytest.approx(-math.log(0.7)),
        "ece": (0.75, 1.0),
    }
    assert generated.process_results(DOC, [["3", "3"]])["exact_match"] == 0.0


def test_a_filter_that_keeps_one_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="take_first_k"):
        generated.process_results(DOC, ["2"])


def test_the_question_whether_an_answer_is_right() -> None:
    yes, no = truth_requests("1 + 1 =", " 2 ")
    assert yes[0] == no[0] == "1 + 1 = 2\nIs this answer True or False? This answer is"
    assert (yes[1], no[1]) == (" True", " False")


def test_confidences_from_log_likelihoods() -> None:
    assert likelihood_confidence(math.log(0.25)) == pytest.approx(0.25)
    assert likelihood_confidence(math.log(0.25), tokens=2) == pytest.approx(0.5)
    assert likelihood_confidence(1e-7) == 1.0  # rounding of a certain answer
    assert likelihood_confidence(-math.inf) == 0.0
    # .06 against .02, whatever else the model might say
    assert truth_confidence(math.log(0.06), math.log(0.02)) == pytest.approx(0.75)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.5])
def test_impossible_likelihoods_are_refused(bad: float) -> None:
    with pytest.raises(SynthEvalError, match="sound"):
        likelihood_confidence(bad)
    if not math.isfinite(bad):
        with pytest.raises(SynthEvalError, match="sound"):
            truth_confidence(bad, -1.0)


def test_items_without_an_answer_are_wrong_and_have_no_confidence() -> None:
    found = with_unanswered("vote", "greedy", [0.5, 0.25], [True, False, True], [True, True, False])
    np.testing.assert_array_equal(found.confidence, [0.5, 0.0, 0.25])
    assert found.correct.tolist() == [True, False, False]
    assert (len(found), found.unanswered) == (3, 1)
    with pytest.raises(ValueError, match="1 confidences for 2 answered items of 3"):
        with_unanswered("vote", "greedy", [0.5], [True, False, True], [True, True, False])
