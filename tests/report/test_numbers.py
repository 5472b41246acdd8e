"""How numbers are written."""

from __future__ import annotations

import math

import pytest

from synth_eval.report.text import amount_text, change_text, interval_text, share, value_text


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (0.8351, "acc", "83.5%"),
        (1.0, "acc", "100.0%"),
        *((0.5, name, "50.0%") for name in ("acc_norm", "exact_match", "em", "pass@1", "f1", "mc2", "loops")),
        (0.034, "confidence_minus_accuracy", "+3.4 pp"),
        (0.4284, "nll", "0.428"),
        (0.034, "surprise_gap", "+0.034"),
        (-0.00001, "surprise_gap", "+0.000"),
        (0.0333, "ece", "0.033"),
        (1.0, "a metric of tomorrow", "1.000"),
        (math.nan, "acc", "n/a"),
    ],
)
def test_value(value: float, metric: str, text: str) -> None:
    assert value_text(value, metric) == text


@pytest.mark.parametrize(
    ("difference", "interval", "metric", "text"),
    [
        (-0.042, (-0.061, -0.023), "acc", "-4.2 pp [-6.1, -2.3]"),
        (-0.042, (-0.061, -0.023), "exact_match", "-4.2 pp [-6.1, -2.3]"),
        (0.1354, (0.0521, 0.2184), "nll", "+0.135 [+0.052, +0.218]"),
        (-0.0001, (-0.002, 0.002), "brier", "+0.000 [-0.002, +0.002]"),
        (0.01, None, "ece", "+0.010"),
        (math.nan, None, "acc", "n/a"),
    ],
)
def test_change(difference: float, interval, metric: str, text: str) -> None:
    assert change_text(difference, interval, metric) == text


def test_estimated_ratios_have_one_decimal() -> None:
    assert [share(ratio) for ratio in (0.2, 0.2361, 1.0, 0.0004, -0.0004)] == ["20%", "23.6%", "100%", "0%", "0%"]


def test_intervals_of_ratios() -> None:
    assert interval_text((0.184, 0.302)) == "[18%, 30%]"
    assert interval_text((0.18, 0.5), largest=0.5) == "[18%, 50%+]"  # nothing is known beyond
    assert interval_text((0.18, 0.49), largest=0.5) == "[18%, 49%]"


def test_amounts_have_no_sign() -> None:
    assert amount_text(0.041, "acc") == "4.1 pp"
    assert amount_text(0.0412, "nll") == "0.041"
    assert amount_text(0.5, "a metric of another version") == "0.500"
