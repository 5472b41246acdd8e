"""Leads of a family: which rows there are, and what they say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from cells import of_row
from simulated_family import Flat, Simulated, Task, hinge, simulate

from synth_eval.compare import compare_family
from synth_eval.comparison import Comparison


@pytest.fixture(scope="module")
def warned() -> Simulated:
    """Confidence drifts from the start, accuracy falls from 30% on."""
    return simulate(
        {"warned": Task(hinge(0.85, onset=0.3, slope=1.5), drift=lambda r: 1.5 * r, n=1500)}, sizes=("70M", "410M")
    )


def _lead(comparison: Comparison, **where: object):
    (row,) = (row for row in comparison.leads if all(of_row(row, key) == value for key, value in where.items()))
    return row


def test_calibration_warned(warned: Simulated) -> None:
    comparison = compare_family(warned.family, warned.tables)
    assert [row.label for row in comparison.leads] == ["warned, 70M", "warned, 410M"]
    row = _lead(comparison, size="410M")
    assert (row.task, row.place.iteration, row.place.source, row.verdict) == ("warned", 1, "self", "early")
    # the onsets are those of the cells
    onset = {cell.metric: cell.verdict.onset for cell in comparison.cells if cell.place.size == "410M"}
    assert (row.accuracy_onset, row.calibration_onset) == (onset["acc"], onset["surprise_gap"])
    assert row.estimate == pytest.approx(onset["acc"] - onset["surprise_gap"])
    assert 0 < row.interval[0] < row.estimate < row.interval[1]
    assert row.reason.startswith("calibration warned first")


def test_one_row_a_task_that_has_both(studied: Simulated) -> None:
    comparison = compare_family(studied.family, studied.tables)
    # documents have no surprise gap
    assert [row.task for row in comparison.leads] == ["retrieval", "falls", "stays", "overconfident"]
    assert [row.level for row in comparison.leads] == ["category", "task", "task", "task"]
    assert _lead(comparison, task="falls").verdict == "none"
    overconfident = _lead(comparison, task="overconfident")
    assert overconfident.verdict == "accuracy not reached"
    assert overconfident.reason.endswith("accuracy onset not reached (> 0.5)")


def test_the_words_are_those_after_correction() -> None:
    # a drift that its own test finds, but not among 15 other curves of the same family
    made = simulate({f"t{i}": Task(Flat(0.8), drift=lambda r: 0.5 * r, n=300) for i in range(4)}, seeds=1, seed=2)
    comparison = compare_family(made.family, made.tables)
    gaps = {cell.task: cell for cell in comparison.cells if cell.metric == "surprise_gap"}
    settled = [cell for cell in gaps.values() if cell.verdict.p_value < 0.05 and cell.verdict.word != "degraded"]
    assert settled, "the simulated drift must lie between the two thresholds"
    for cell in settled:
        assert _lead(comparison, task=cell.task).verdict == "none"


def test_items_that_one_metric_lacks_are_left_out_of_both(warned: Simulated) -> None:
    tables = dict(warned.tables)
    key = next(iter(tables))
    gap = tables[key].columns["surprise_gap"].copy()
    gap[:7] = np.nan
    tables[key] = dataclasses.replace(tables[key], columns={**tables[key].columns, "surprise_gap": gap})
    comparison = compare_family(warned.family, tables)
    n_items = {cell.metric: cell.data.n_items for cell in comparison.cells if cell.place.size == "70M"}
    assert (n_items["acc"], n_items["surprise_gap"]) == (1500, 1493)
    assert _lead(comparison, size="70M").verdict == "early"


def test_refused_curves_have_no_lead() -> None:
    two = simulate({"t": Task(Flat(0.8), n=200)}, ratios=(0.0, 0.5), seeds=1)
    assert compare_family(two.family, two.tables).leads == ()
