"""Likelihood as it is, per byte, per token: numbers by hand and invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.calibration.items import score_samples
from synth_eval.calibration.normalised import normalised_choices, with_normalisations
from synth_eval.types import Samples

# Two choices: "no" (2 bytes, 1 token) at log-likelihood -2, "perhaps so" (10 bytes, 2 tokens) at -3.
# raw: 1 / (1 + e^-1) for the first. Per byte: -1 and -.3, the second by .7. Per token: -2 and -1.5, the second by .5.
LOGLIKS, BYTES, TOKENS = ((-2.0, -3.0),), ((2, 10),), ((1, 2),)


def logistic(x: float) -> float:
    return float(1.0 / (1.0 + np.exp(-x)))


@pytest.mark.parametrize(
    ("likelihood", "lengths", "pred", "confidence"),
    [("raw", None, 0, logistic(1.0)), ("bytes", BYTES, 1, logistic(0.7)), ("tokens", TOKENS, 1, logistic(0.5))],
)
def test_by_hand(likelihood, lengths, pred: int, confidence: float) -> None:
    scores = normalised_choices(LOGLIKS, [1], lengths=lengths, likelihood=likelihood)
    assert scores.likelihood == likelihood
    assert scores.pred.tolist() == [pred]
    assert scores.correct.tolist() == [pred == 1]
    np.testing.assert_allclose(scores.confidence, [confidence])
    np.testing.assert_allclose(scores.probs[0][pred], confidence)


def samples(logliks, gold, sizes=()):
    n = len(gold)
    return Samples("t", "choice", tuple(range(n)), ("d",) * n, ("p",) * n, logliks, sizes, gold)


def test_a_table_gets_columns_and_keeps_its_own() -> None:
    logliks = (*LOGLIKS, (-1.0, -1.5, -9.0))
    plain = score_samples(samples(logliks, (1, 0), (*BYTES, (1, 3, 3))), checkpoint="c", category="x")
    table = with_normalisations(plain, choice_tokens=[*TOKENS, (1, 1, 1)])
    assert all(table.columns[name] is column for name, column in plain.columns.items())
    assert plain.columns["correct"].tolist() == [False, True]
    # per byte the second item is -1, -.5, -3: its second choice
    assert table.columns["correct_bytes"].tolist() == [True, False]
    assert table.columns["correct_tokens"].tolist() == [True, True]
    assert table.columns["pred_bytes"].tolist() == [1, 1]
    np.testing.assert_allclose(table.columns["confidence_tokens"], [logistic(0.5), plain.columns["confidence"][1]])
    assert [len(row) for row in table.columns["probs_bytes"]] == [2, 3]
    assert table.columns["choice_tokens"][0].tolist() == [1, 2]


@pytest.mark.parametrize("sizes", [(), ((2, 0),)])
def test_unknown_or_empty_choices_have_no_likelihood_per_byte(sizes) -> None:
    plain = score_samples(samples(LOGLIKS, (1,), sizes), checkpoint="c", category="x")
    assert set(with_normalisations(plain).columns) == set(plain.columns)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"likelihood": "bytes"}, "lengths are needed for bytes"),
        ({"lengths": BYTES}, "lengths are not used for raw"),
        ({"likelihood": "words", "lengths": BYTES}, "no likelihood 'words'"),
        ({"likelihood": "bytes", "lengths": ((2, 0),)}, "item 0: a choice of length 0"),
        ({"likelihood": "bytes", "lengths": ((2, 1, 1),)}, "item 0: 3 lengths for 2 choices"),
        ({"likelihood": "bytes", "lengths": (*BYTES, *BYTES)}, "differ in their number of items"),
        ({"gold": [2]}, "item 0: gold 2 is outside 0 ... 1"),
        ({"choice_logliks": ((-1.0, float("nan")),)}, "item 0: NaN log-likelihood"),
    ],
)
def test_bad_input_is_named(changes: dict, message: str) -> None:
    arguments = {"choice_logliks": LOGLIKS, "gold": [0]} | changes
    with pytest.raises(ValueError, match=message):
        normalised_choices(arguments.pop("choice_logliks"), arguments.pop("gold"), **arguments)


def test_other_kinds_have_no_choices() -> None:
    rolling = Samples("t", "rolling", (0,), ("d",), ("p",), loglik=(-1.0,), n_bytes=(3,))
    with pytest.raises(ValueError, match="t is a rolling task"):
        with_normalisations(score_samples(rolling, checkpoint="c", category="x"))


rows = st.lists(st.floats(-50, 0), min_size=1, max_size=5)


@given(rows, st.integers(1, 40))
def test_equal_lengths_keep_the_prediction_and_lower_the_confidence(row: list[float], length: int) -> None:
    raw = normalised_choices([row], [0])
    even = normalised_choices([row], [0], lengths=[[length] * len(row)], likelihood="tokens")
    assert row[even.pred[0]] == pytest.approx(row[raw.pred[0]], abs=1e-12)
    assert even.confidence[0] <= raw.confidence[0] + 1e-12
    assert even.probs[0].sum() == pytest.approx(1.0)


@given(rows, st.data())
def test_lengths_move_with_their_choices(row: list[float], data) -> None:
    lengths = data.draw(st.lists(st.integers(1, 30), min_size=len(row), max_size=len(row)))
    order = data.draw(st.permutations(range(len(row))))
    here = normalised_choices([row], [0], lengths=[lengths], likelihood="bytes")
    there = normalised_choices(
        [[row[i] for i in order]], [0], lengths=[[lengths[i] for i in order]], likelihood="bytes"
    )
    np.testing.assert_allclose(there.probs[0], here.probs[0][list(order)])
