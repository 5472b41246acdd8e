"""Means and standard errors from results files alone, by hand."""

from __future__ import annotations

import math

import pytest

from synth_eval.errors import ResultsError
from synth_eval.results import Estimate, TaskResult, estimate
from synth_eval.results.aggregates import MetricValue


def result(metric: str, value: float | None, stderr: float | None, n: int | None = None) -> TaskResult:
    return TaskResult("t", (MetricValue(metric, "none", value, stderr),), n_samples=n)


def test_as_it_is_given() -> None:
    assert estimate(result("f1", 0.4, 0.02, 500), "f1") == Estimate(0.4, 0.02, 500)
    # a clustered error may be larger than that of a share, and is kept
    assert estimate(result("acc", 0.5, 0.1, 101), "acc") == Estimate(0.5, 0.1, 101)


@pytest.mark.parametrize("stderr", [None, 0.0, -1.0])
def test_the_error_of_a_share_follows_from_the_items(stderr: float | None) -> None:
    # sqrt(.2 * .8 / 400) = .4 / 20
    assert estimate(result("acc", 0.2, stderr, 401), "acc") == Estimate(0.2, pytest.approx(0.02), 401)


def test_the_items_of_a_share_follow_from_its_error() -> None:
    # the older layout: 1 + .25 / .05^2
    assert estimate(result("exact_match", 0.5, 0.05), "exact_match").n_items == 101


def test_all_right_has_no_error() -> None:
    assert estimate(result("acc", 1.0, 0.0, 50), "acc") == Estimate(1.0, 0.0, 50)
    assert estimate(result("acc", 0.0, None, 50), "acc") == Estimate(0.0, 0.0, 50)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (result("acc", 54.2, 1.0, 500), "acc is 54.2, which is no share of right answers"),
        (result("acc", -0.1, 0.01, 500), "no share"),
        (result("acc", 0.5, None), "neither a standard error of acc nor a number of items"),
        (result("acc", 0.5, None, 1), r"acc of 1 item\(s\) has no standard error"),
        (result("acc", 1.0, 0.0), "neither"),
        (result("acc", None, 0.01, 500), "no number for acc"),
        (result("f1", 0.5, 0.01, 500), "no number for acc"),
    ],
)
def test_refused_with_a_reason(given: TaskResult, reason: str) -> None:
    with pytest.raises(ResultsError, match=reason) as caught:
        estimate(given, "acc")
    assert "\n" not in str(caught.value)


def test_other_metrics_need_their_error_and_their_items() -> None:
    with pytest.raises(ResultsError, match="no standard error of bits_per_byte: run lm_eval with --log_samples"):
        estimate(result("bits_per_byte", 0.9, None, 500), "bits_per_byte")
    with pytest.raises(ResultsError, match="lacks the number of items of f1: run lm_eval"):
        estimate(result("f1", 0.4, 0.02), "f1")


def test_it_is_the_error_of_the_items() -> None:
    right = [1.0] * 30 + [0.0] * 70
    variance = sum((x - 0.3) ** 2 for x in right) / 99
    assert estimate(result("acc", 0.3, None, 100), "acc").se == pytest.approx(math.sqrt(variance / 100))
