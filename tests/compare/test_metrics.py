"""The table of metrics holds together."""

from __future__ import annotations

import pytest

from synth_eval.compare.metrics import METRICS, metric_named, metrics_among, metrics_of

KINDS = ("choice", "rolling", "generation")


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_unique_within_a_kind(kind) -> None:
    names = [metric.name for metric in metrics_of(kind)]
    assert len(set(names)) == len(names)


def test_one_name_reads_the_same_in_every_kind() -> None:
    # a cell carries the name alone
    for metric in METRICS:
        found = metric_named(metric.name)
        assert (found.label, found.unit, found.higher_is_better, found.signed) == (
            metric.label, metric.unit, metric.higher_is_better, metric.signed,
        )  # fmt: skip
    unknown = metric_named("no such metric")
    assert (unknown.label, unknown.role, unknown.signed) == ("no such metric", "other", False)


@pytest.mark.parametrize(("kind", "headline"), [("choice", "acc"), ("rolling", "acc"), ("generation", "exact_match")])
def test_headline_comes_first(kind, headline: str) -> None:
    assert metrics_of(kind)[0].name == headline


def test_which_metrics_carry_verdicts() -> None:
    verdicts = {kind: {metric.name for metric in metrics_of(kind) if not metric.display_only} for kind in KINDS}
    assert verdicts == {
        "choice": {"acc", "acc_norm", "nll", "brier", "surprise_gap", "mc1", "mc2", "multiple_choice_grade", "mcc"},
        "rolling": {"acc", "bits_per_byte"},
        "generation": {"exact_match", "em", "acc", "pass@1", "prompt_level_strict_acc", "f1", "nll", "brier"},
    }


def test_margins_are_those_of_the_methods() -> None:
    margins = {m.name: (m.margin, m.margin_kind) for m in METRICS if not m.display_only}
    assert margins.pop("surprise_gap") == (0.02, "absolute")
    assert set(margins.values()) == {(0.03, "relative")}


@pytest.mark.parametrize(
    ("names", "kind", "expected"),
    [
        ({"acc", "acc_norm"}, None, ["acc"]),
        ({"acc_norm"}, None, ["acc_norm"]),
        ({"exact_match", "f1", "nll"}, None, ["exact_match", "f1", "nll"]),
        ({"bits_per_byte", "byte_perplexity"}, None, ["bits_per_byte"]),
        ({"acc", "f1"}, None, ["acc"]),
        ({"acc", "f1"}, "generation", ["acc", "f1"]),
        ({"eqbench"}, None, []),
    ],
)
def test_which_metrics_aggregates_are_compared_by(names, kind, expected) -> None:
    assert [metric.name for metric in metrics_among(names, kind)] == expected
