"""The budget table: the least budget of a category, and what limits it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synth_eval.cell import Member
from synth_eval.comparison import Comparison
from synth_eval.report.view import report_view


def _budgets(*cells):
    return report_view(Comparison("f", "now", {}, cells, ())).budgets


def test_the_weakest_task_limits_its_category(make_cell) -> None:
    table = _budgets(
        make_cell("strong", verdict="safe", budget=0.5),
        make_cell("weak", verdict="degraded", budget=0.2),
        make_cell("other", category="retrieval", verdict="safe", budget=0.5),
    )
    assert table is not None
    assert table.columns == ("size", "by", "reasoning", "retrieval")
    ((size, by, reasoning, retrieval),) = table.rows
    assert by.text == "every task"
    assert size.text == "410M"
    assert (reasoning.text, reasoning.sort) == ("up to 20%", 0.2)
    assert reasoning.note == "limited by weak; 1 of 2 degraded"
    assert (retrieval.text, retrieval.tone) == ("up to 50%", "safe")


@pytest.mark.parametrize("budget", [None, 0.0])
def test_nothing_above_the_baseline_is_shown(make_cell, budget) -> None:
    table = _budgets(make_cell(verdict="inconclusive", budget=budget), make_cell("fine", verdict="safe", budget=0.5))
    assert table is not None
    assert table.rows[0][2].text == "none shown"
    assert table.rows[0][2].tone == "inconclusive"


def test_refused_curves_limit_nothing(make_cell) -> None:
    table = _budgets(make_cell("a", verdict="refused", budget=None), make_cell("b", verdict="safe", budget=0.5))
    assert table is not None
    assert table.rows[0][2].text == "up to 50%"
    alone = _budgets(make_cell("a", verdict="refused", budget=None))
    assert alone is not None
    assert alone.rows[0][2].text == "not judged"


def test_mean_tasks_and_calibration_side_by_side(make_cell) -> None:
    gap = {"metric": "surprise_gap", "verdict": "degraded", "higher_is_better": False}
    cells = (
        make_cell("a", verdict="safe", budget=0.5),
        make_cell("b", verdict="inconclusive", budget=0.2),
        make_cell("a", budget=0.2, **gap),
        make_cell("b", budget=None, **gap),
        make_cell("text", category="domain", metric="bits_per_byte", verdict="safe", budget=0.5),
    )
    members = (Member("a", 0.5), Member("b", 0.5))
    mean = replace(make_cell("reasoning", verdict="safe", budget=0.5), level="category", members=members)
    table = report_view(Comparison("f", "now", {}, cells, (), overall=(mean,))).budgets
    assert [[entry.text for entry in row] for row in table.rows] == [
        ["410M", "mean", "up to 50%", ""],
        ["410M", "every task", "up to 20%", "up to 50%"],
        ["410M", "calibration", "none shown", ""],
    ]
    assert table.rows[2][2].tone == "degraded"


def test_sizes_stand_in_order(make_cell) -> None:
    table = _budgets(*(make_cell(size=size) for size in ("1.4B", "70M", "410M")))
    assert table is not None
    assert [row[0].text for row in table.rows] == ["70M", "410M", "1.4B"]


def test_nothing_compared() -> None:
    assert _budgets() is None
