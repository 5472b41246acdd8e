"""Which item tables carry a confidence, and what is said of the others."""

from __future__ import annotations

import pytest

from synth_eval.calibration import assess
from synth_eval.calibration.answers import confidence_and_correct, why_no_confidence
from synth_eval.calibration.items import score_samples
from synth_eval.types import Samples

COMMON = ((0, 1), ("d", "e"), ("p", "q"))


def table(kind, **columns):
    return score_samples(Samples("my_task", kind, *COMMON, **columns), checkpoint="c", category="x")


def test_votes_can_be_assessed_like_choices() -> None:
    votes = table("generation", texts=("a", "b"), repeats=(("x", "x"), ("y", "z")), targets=(("x",), ("z",)))
    choices = table("choice", choice_logliks=((0.0, 0.0), (0.0, 0.0)), gold=(0, 1))
    assert [array.tolist() for array in confidence_and_correct(votes)] == [[1.0, 0.5], [True, False]]
    assert [array.tolist() for array in confidence_and_correct(choices)] == [[0.5, 0.5], [True, False]]
    assert why_no_confidence(votes) == why_no_confidence(choices) == ""
    # votes: mean confidence .75 and accuracy .5
    assert assess(*confidence_and_correct(votes), metrics=["signed_gap"], resamples=0)["signed_gap"].value == 0.25


@pytest.mark.parametrize(
    ("kind", "columns", "reason"),
    [
        ("rolling", {"loglik": (-1.0, -2.0), "n_bytes": (3, 4)}, "my_task is a rolling task: it scores the likelihood"),
        ("generation", {"texts": ("a", "b")}, "one answer an item: sample several"),
        ("generation", {"texts": ("a", "b"), "repeats": (("a", "b"), ("b", "b"))}, "targets are not logged"),
    ],
)
def test_the_reason_why_not(kind: str, columns: dict, reason: str) -> None:
    assert reason in why_no_confidence(table(kind, **columns))
    with pytest.raises(ValueError, match=reason):
        confidence_and_correct(table(kind, **columns))
