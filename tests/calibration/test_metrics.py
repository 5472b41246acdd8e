"""Scoring many data sets at once gives what the plain functions give on each of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval import calibration as cal
from synth_eval.calibration.answers import prepare_answers, prepare_choices
from synth_eval.calibration.bootstrap import Resamples, bootstrap, calibrated, observed
from synth_eval.calibration.metrics import METRICS, build_metric


def _signed_root(confidence, correct):
    square = cal.debiased_calibration_error(confidence, correct, squared=True)
    return np.sign(square) * abs(square) ** 0.5


PLAIN = {
    "accuracy": lambda c, y: y.mean(),
    "signed_gap": cal.signed_gap,
    "surprise_gap": cal.surprise_gap,
    "ece": cal.expected_calibration_error,
    "ece_mass": lambda c, y: cal.expected_calibration_error(c, y, scheme="mass"),
    "rms_error": lambda c, y: cal.expected_calibration_error(c, y, norm="l2"),
    "max_error": lambda c, y: cal.expected_calibration_error(c, y, norm="max"),
    "debiased_error": _signed_root,
    "smooth_ece": cal.smooth_calibration_error,
    "brier": cal.brier_score,
    "nll": cal.negative_log_likelihood,
    "auroc": cal.auroc,
    "aurc": cal.area_under_risk_coverage,
    "accuracy_at_50": lambda c, y: cal.accuracy_at_coverage(c, y, coverage=0.5),
    "accuracy_at_80": lambda c, y: cal.accuracy_at_coverage(c, y, coverage=0.8),
}
OF_CHOICES = {
    "surprise_gap": cal.choice_surprise_gap,
    "brier": cal.choice_brier_score,
    "nll": cal.choice_negative_log_likelihood,
    "classwise_ece": cal.classwise_calibration_error,
}
FIXED_BINS = {"ece_mass", "debiased_error"}  # resamples keep the bins of the observed items


def _some(seed, n=60, tied=True):
    rng = np.random.default_rng(seed)
    confidence = np.round(rng.random(n), 1) if tied else rng.random(n)
    return confidence, rng.random(n) < confidence


def test_every_metric_is_tested_here():
    assert set(PLAIN) | set(OF_CHOICES) == set(METRICS)


@pytest.mark.parametrize("name", PLAIN)
@given(seed=st.integers(0, 2**31), tied=st.booleans())
@settings(max_examples=20)
def test_observed_data_score_as_by_the_plain_function(name, seed, tied):
    confidence, correct = _some(seed, tied=tied)
    items = prepare_answers(confidence, correct)
    got = build_metric(name, items, bins=15).compute(observed(items))[0]
    assert got == pytest.approx(PLAIN[name](confidence, correct), abs=3e-5 if name == "smooth_ece" else 1e-10)


@pytest.mark.parametrize("name", sorted(set(PLAIN) - FIXED_BINS))
@pytest.mark.parametrize("tied", [False, True])
def test_weights_are_repetitions(name, tied):
    confidence, correct = _some(1, tied=tied)
    items = prepare_answers(confidence, correct)
    metric = build_metric(name, items, bins=15)
    for draws in bootstrap(items, resamples=5, rng=np.random.default_rng(0)):
        for row, got in zip(draws.weight.astype(int), metric.compute(draws)):
            expected = PLAIN[name](np.repeat(items.confidence, row), np.repeat(items.correct, row))
            assert got == pytest.approx(expected, abs=3e-5 if name == "smooth_ece" else 1e-10)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("tied", [False, True])
def test_calibrated_draws_score_as_by_the_plain_function(name, tied):
    confidence, correct = _some(2, tied=tied)
    items = prepare_answers(confidence, correct)
    metric = build_metric(name, items, bins=15)
    for draws in calibrated(items, resamples=5, rng=np.random.default_rng(0)):
        for answers, got in zip(draws.correct, metric.compute(draws)):
            expected = PLAIN[name](items.confidence, answers)
            assert got == pytest.approx(expected, abs=3e-5 if name == "smooth_ece" else 1e-10)


@pytest.mark.parametrize("name", OF_CHOICES)
def test_choice_metrics_agree_with_the_plain_functions_everywhere(name):
    rng = np.random.default_rng(3)
    probs = [rng.dirichlet(np.full(k, 0.7)) for k in rng.integers(2, 6, size=50)]
    gold = np.array([rng.integers(len(p)) for p in probs])
    items = prepare_choices(probs, gold)
    metric = build_metric(name, items, bins=15)
    assert metric.compute(observed(items))[0] == pytest.approx(OF_CHOICES[name](probs, gold))

    def rows(weight):  # items in their sorted order, as ragged lists again
        for i in np.repeat(np.arange(50), weight):
            row = np.empty(items.n_choices[i])
            row[items.choice[i, : items.n_choices[i]]] = items.slots[i, : items.n_choices[i]]
            yield row

    for draws in bootstrap(items, resamples=4, rng=rng):
        for weight, got in zip(draws.weight.astype(int), metric.compute(draws)):
            right = np.repeat(items.choice[np.arange(50), items.slot], weight)
            assert got == pytest.approx(OF_CHOICES[name](list(rows(weight)), right))
    for draws in calibrated(items, resamples=4, rng=rng):
        for slot, got in zip(draws.slot, metric.compute(draws)):
            right = items.choice[np.arange(50), slot]
            assert got == pytest.approx(OF_CHOICES[name](list(rows(np.ones(50, dtype=int))), right))


def test_standard_error_of_a_mean_by_hand():
    items = prepare_answers(np.array([0.2, 0.4, 0.6, 0.8]), np.array([False, True, False, True]))
    scores = np.where(items.correct, (1 - items.confidence) ** 2, items.confidence**2)
    error = build_metric("brier", items, bins=15).error(observed(items))[0]
    assert error == pytest.approx(scores.std() / 4**0.5)


def test_standard_error_of_clusters_is_that_of_their_totals():
    rng = np.random.default_rng(4)
    confidence, correct = _some(4)
    clusters = rng.integers(0, 12, size=60)
    items = prepare_answers(confidence, correct, clusters=clusters)
    scores = (items.confidence - items.correct) ** 2
    left = [(scores[items.cluster == g] - scores.mean()).sum() for g in range(12)]
    error = build_metric("brier", items, bins=15).error(observed(items))[0]
    assert error == pytest.approx(np.sqrt(np.sum(np.square(left))) / 60)


def test_one_outcome_has_no_auroc():
    items = prepare_answers(np.array([0.5, 0.7]), np.array([True, True]))
    assert np.isnan(build_metric("auroc", items, bins=15).compute(observed(items))[0])


def test_weight_zero_drops_an_item_from_every_metric():
    confidence, correct = _some(5, n=20)
    items = prepare_answers(confidence, correct)
    weight = np.ones((1, 20))
    weight[0, 3] = 0
    draws = Resamples(items, weight, items.correct[None, :])
    kept = np.arange(20) != 3
    for name in sorted(set(PLAIN) - FIXED_BINS):
        got = build_metric(name, items, bins=15).compute(draws)[0]
        expected = PLAIN[name](items.confidence[kept], items.correct[kept])
        assert got == pytest.approx(expected, abs=3e-5 if name == "smooth_ece" else 1e-10)


def test_unknown_names_and_classwise_without_choices_raise():
    items = prepare_answers(np.array([0.5]), np.array([True]))
    with pytest.raises(ValueError, match="no metric 'ese'"):
        build_metric("ese", items, bins=15)
    with pytest.raises(ValueError, match="use assess_choices"):
        build_metric("classwise_ece", items, bins=15)
