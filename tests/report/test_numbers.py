"""How numbers are written."""

from __future__ import annotations

import math

import pytest

from synth_eval.report.numbers import change_text, value_text


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (0.8351, "acc", "83.5%"),
        (1.0, "acc", "100.0%"),
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
        (0.1354, (0.0521, 0.2184), "nll", "+0.135 [+0.052, +0.218]"),
        (-0.0001, (-0.002, 0.002), "brier", "+0.000 [-0.002, +0.002]"),
        (0.01, None, "ece", "+0.010"),
        (math.nan, None, "acc", "n/a"),
    ],
)
def test_change(difference: float, interval, metric: str, text: str) -> None:
    assert change_text(difference, interval, metric) == text
