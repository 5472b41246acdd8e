"""The table of metrics holds together."""

from __future__ import annotations

import pytest

from synth_eval.compare.metrics import METRICS, metric_named, metrics_of


def test_names_are_unique_and_found() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    assert all(metric_named(metric.name) is metric for metric in METRICS)
    assert metric_named("no such metric") is None


@pytest.mark.parametrize(("kind", "headline"), [("choice", "acc"), ("rolling", "bits_per_byte")])
def test_headline_comes_first(kind, headline: str) -> None:
    assert metrics_of(kind)[0].name == headline


def test_which_metrics_carry_verdicts() -> None:
    verdicts = {metric.name for metric in METRICS if not metric.display_only}
    assert verdicts == {"acc", "nll", "brier", "surprise_gap", "bits_per_byte"}


def test_margins_are_those_of_the_methods() -> None:
    assert {metric.name: (metric.margin, metric.margin_kind) for metric in METRICS if not metric.display_only} == {
        "acc": (0.03, "relative"),
        "nll": (0.03, "relative"),
        "brier": (0.03, "relative"),
        "bits_per_byte": (0.03, "relative"),
        "surprise_gap": (0.02, "absolute"),
    }
