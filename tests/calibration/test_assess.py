"""Assessments: what they hold, where numbers are undefined, what must not change them."""

import math

import numpy as np
import pytest

from synth_eval.calibration import (
    METRICS,
    assess,
    assess_choices,
    assess_tables,
    score_choices,
    score_generation,
    score_rolling,
)
from synth_eval.types import Samples


def _data(n=300, power=1.0, seed=0):
    rng = np.random.default_rng(seed)
    confidence = 0.25 + 0.75 * rng.random(n)
    return confidence, rng.random(n) < confidence**power


def _samples(n, seed, task="toy"):
    rng = np.random.default_rng(seed)
    rows = tuple(tuple(rng.normal(size=k).tolist()) for k in rng.integers(2, 5, size=n))
    ids = tuple(str(i) for i in range(n))
    gold = tuple(int(rng.integers(len(row))) for row in rows)
    return Samples(task, "choice", tuple(range(n)), ids, ids, choice_logliks=rows, choice_bytes=(), gold=gold)


def test_overconfidence_is_found_and_calibration_is_left_alone():
    wrong, right = assess(*_data(power=2.0)), assess(*_data())
    for name in ("signed_gap", "surprise_gap", "ece", "ece_mass", "rms_error", "debiased_error", "smooth_ece"):
        assert wrong[name].p_value < 0.01
        assert not wrong.within_null(name)
        assert wrong[name].interval[0] > 0
        assert right.within_null(name)
        assert right[name].interval[0] <= 0
    assert wrong["signed_gap"].value > 0


def test_calibrated_ece_lies_inside_its_null_band_though_far_from_zero():
    ece = assess(*_data())["ece"]
    assert ece.value > 0.03
    assert ece.null_band[0] == 0.0 < ece.value < ece.null_band[1]
    assert ece.null_mean == pytest.approx(ece.value, abs=0.03)


def test_everything_that_applies_is_there_in_order():
    confidence, correct = _data(60)
    plain = assess(confidence, correct, resamples=20)
    assert [e.name for e in plain.estimates] == [m for m in METRICS if m != "classwise_ece"]
    probs = np.column_stack([confidence, 1 - confidence])
    chosen = assess_choices(probs, (~correct).astype(int), pred=np.zeros(60, dtype=int), resamples=20)
    assert [e.name for e in chosen.estimates] == list(METRICS)
    assert chosen["ece"].value == pytest.approx(plain["ece"].value)
    assert chosen["brier"].value == pytest.approx(2 * plain["brier"].value)
    assert chosen["nll"].value == pytest.approx(plain["nll"].value)
    for estimate in plain.estimates:
        assert estimate.interval[0] <= estimate.interval[1]
        assert estimate.null_band[0] <= estimate.null_mean <= estimate.null_band[1]
        assert 0 < estimate.p_value <= 1
    with pytest.raises(KeyError, match="no estimate 'nope'"):
        plain["nope"]


def test_the_same_seed_gives_the_same_numbers_and_order_of_items_does_not_matter():
    confidence, correct = _data(80)
    order = np.random.default_rng(1).permutation(80)
    first = assess(confidence, correct, resamples=50)
    assert first == assess(confidence, correct, resamples=50)
    assert first == assess(confidence[order], correct[order], resamples=50)
    assert first != assess(confidence, correct, resamples=50, seed=1)


def test_one_item_has_a_value_and_no_interval():
    one = assess(np.array([0.7]), np.array([True]))
    assert one["ece"].value == pytest.approx(0.3)
    assert one["ece"].interval is None
    assert "one item" in one["ece"].note
    assert one["ece"].p_value == pytest.approx(
        0.65, abs=0.05
    )  # .3 of draws are wrong and show .7; the rest tie, half of .7


@pytest.mark.parametrize("outcome", [True, False])
def test_one_outcome_only_has_no_intervals_and_no_auroc(outcome):
    all_alike = assess(np.full(50, 0.9), np.full(50, outcome), resamples=200)
    assert math.isnan(all_alike["auroc"].value)
    assert "undefined" in all_alike["auroc"].note
    for estimate in all_alike.estimates:
        assert estimate.interval is None
    assert f"all answers are {'right' if outcome else 'wrong'}" in all_alike["ece"].note
    assert all_alike["ece"].value == pytest.approx(0.1 if outcome else 0.9)
    assert all_alike["ece"].null_band is not None


def test_all_tied_confidences_are_defined():
    tied = assess(np.full(100, 0.6), np.arange(100) < 60, resamples=200)
    assert tied["ece"].value == pytest.approx(0.0, abs=1e-12)
    assert tied["auroc"].value == pytest.approx(0.5)
    assert tied["accuracy_at_50"].value == pytest.approx(0.6)
    assert tied.within_null("ece")


def test_certain_and_right_is_calibrated():
    sure = assess(np.ones(20), np.ones(20, dtype=bool), resamples=100)
    for name in ("ece", "rms_error", "max_error", "smooth_ece", "brier", "nll"):
        assert sure[name].value == 0.0
        assert sure[name].p_value == pytest.approx(0.5 if name not in ("brier", "nll") else 1.0, abs=1e-9)


def test_clusters_widen_intervals_and_null_bands():
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(60), 8)
    confidence = np.repeat(rng.uniform(0.3, 0.9, 60), 8)
    correct = np.repeat(rng.random(60), 8) < confidence  # one draw a cluster: as good as 60 items
    plain = assess(confidence, correct, metrics=("signed_gap", "ece", "nll"))
    whole = assess(confidence, correct, clusters=clusters, metrics=("signed_gap", "ece", "nll"))
    assert (plain.units, whole.units) == (480, 60)
    for name in ("signed_gap", "nll"):
        width, wide = (a[name].interval[1] - a[name].interval[0] for a in (plain, whole))
        assert wide > 2 * width  # sqrt(8) = 2.8 for fully dependent items
    assert whole["ece"].null_mean > 1.8 * plain["ece"].null_mean


def test_no_resamples_give_values_alone():
    values = assess(*_data(50), resamples=0)
    assert values["ece"].value > 0
    assert (values["ece"].interval, values["ece"].null_band, values["ece"].p_value) == (None, None, None)
    assert values["ece"].note == "no resamples requested"
    assert values.within_null("ece")


def test_tables_are_pooled_item_by_item():
    tables = [score_choices(_samples(n, n), checkpoint="c", category="reasoning") for n in (30, 70)]
    pooled = assess_tables(tables, resamples=0)
    probs = [p for table in tables for p in table.columns["probs"]]
    gold = np.concatenate([table.columns["gold"] for table in tables])
    assert pooled.n == 100
    for estimate in assess_choices(probs, gold, resamples=0).estimates:
        assert pooled[estimate.name].value == pytest.approx(estimate.value)
    single = assess_tables(tables[0], resamples=0)
    assert single["nll"].value == pytest.approx(tables[0].columns["nll"].mean())
    assert single["surprise_gap"].value == pytest.approx(tables[0].columns["surprise_gap"].mean())
    assert single["brier"].value == pytest.approx(tables[0].columns["brier"].mean())
    assert single["accuracy"].value == pytest.approx(tables[0].columns["correct"].mean())


def _votes(repeats, targets):
    n = len(repeats)
    ids = tuple(map(str, range(n)))
    texts = tuple(each[0] for each in repeats)
    samples = Samples("free", "generation", tuple(range(n)), ids, ids, texts=texts, repeats=repeats, targets=targets)
    return score_generation(samples, checkpoint="c", category="generation")


def test_tables_of_votes_are_assessed_by_their_shares():
    # shares 1 and 2/3, the first right and the second wrong
    table = _votes((("a", "a", "a"), ("b", "c", "b")), (("a",), ("c",)))
    found = assess_tables([table, table], resamples=0)
    assert (found.n, found["accuracy"].value) == (4, 0.5)
    assert found["signed_gap"].value == pytest.approx((1 + 2 / 3) / 2 - 1 / 2)
    assert found["brier"].value == pytest.approx((0 + 4 / 9) / 2)
    with pytest.raises(ValueError, match="free: one answer an item: sample several"):
        assess_tables(_votes((("a",), ("b",)), (("a",), ("c",))))
    choices = score_choices(_samples(5, 0), checkpoint="c", category="reasoning")
    with pytest.raises(ValueError, match="multiple choice and generated answers"):
        assess_tables([table, choices])


def test_rolling_tables_are_refused():
    rolling = Samples("text", "rolling", (0,), ("d",), ("p",), loglik=(-1.0,), n_bytes=(4,))
    with pytest.raises(ValueError, match="text is a rolling task: it scores the likelihood of a text"):
        assess_tables(score_rolling(rolling, checkpoint="c", category="domain"))
    with pytest.raises(ValueError, match="no item tables"):
        assess_tables([])


def test_bad_options_raise():
    data = _data(10)
    with pytest.raises(ValueError, match="level must lie between"):
        assess(*data, level=1.0)
    with pytest.raises(ValueError, match="resamples must not be negative"):
        assess(*data, resamples=-1)
    with pytest.raises(ValueError, match="bins must be at least 1"):
        assess(*data, bins=0)
    with pytest.raises(ValueError, match="no metric 'ese'"):
        assess(*data, metrics=("ese",))
