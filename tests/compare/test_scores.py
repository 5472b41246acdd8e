"""Item scores and their orientation, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from synth_eval.calibration import score_samples
from synth_eval.compare.metrics import METRICS, metric_named
from synth_eval.compare.pairing import chance_level, ece, item_scores, oriented
from synth_eval.types import ItemTable, Samples


@pytest.fixture
def table() -> ItemTable:
    log = np.log
    samples = Samples(
        task="t",
        kind="choice",
        doc_id=(0, 1),
        doc_hash=("a", "b"),
        prompt_hash=("p", "q"),
        choice_logliks=((log(0.8), log(0.2)), (log(0.7), log(0.1), log(0.1), log(0.1))),
        choice_bytes=((1, 1), (1, 1, 1, 1)),
        gold=(0, 1),
    )
    return score_samples(samples, checkpoint="c", category="reasoning")


def test_item_scores_by_hand(table: ItemTable) -> None:
    # item 0: right with .8; item 1: says choice 0 with .7, gold has .1
    expected = {
        "acc": [1, 0],
        "nll": [-np.log(0.8), -np.log(0.1)],
        "brier": [0.04 + 0.04, 0.49 + 0.81 + 0.01 + 0.01],
        "confidence_minus_accuracy": [-0.2, 0.7],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(item_scores(table, metric_named(name)), values)
    assert item_scores(table, metric_named("ece")) is None


def test_ece_by_hand(table: ItemTable) -> None:
    # .8 lies in bin [12/15, 13/15), .7 in [10/15, 11/15): (|1 - .8| + |0 - .7|) / 2
    assert ece(table, np.array([0, 1])) == pytest.approx(0.45)
    assert ece(table, np.array([1])) == pytest.approx(0.7)
    assert np.isnan(ece(table, np.array([], dtype=int)))


def test_chance_is_the_mean_over_items(table: ItemTable) -> None:
    assert chance_level(table, np.array([0, 1])) == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert chance_level(table, np.array([], dtype=int)) is None


def test_orientation() -> None:
    scores = np.array([[0.1, -0.3], [0.3, -0.1]])
    np.testing.assert_array_equal(oriented(scores, metric_named("acc")), scores)
    np.testing.assert_array_equal(oriented(scores, metric_named("nll")), -scores)
    # neither way is better: the curve test is told that the metric is signed
    np.testing.assert_array_equal(oriented(scores, metric_named("surprise_gap")), scores)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_no_items_stay_no_items(metric) -> None:
    assert oriented(np.empty((0, 3)), metric).shape == (0, 3)
