"""The budget table: the least budget of a category, which task binds, and the sentence."""

from __future__ import annotations

import pytest
from cells import cell, changed

from synth_eval.cell import Cell
from synth_eval.compare.budgets import budgets_of

CELL = cell(
    "deduction",
    seeds=1,
    ratios=(0.0, 0.1, 0.2),
    values=(0.8, 0.8, 0.7),
    se=(0.01, 0.01, 0.01),
    difference=(0.0, 0.0, -0.1),
    difference_ci=(None, None, None),
    reason="",
    first_below=None,
    onset=0.12,
    budget=0.1,
)
SAFE = changed(CELL, verdict="safe", onset=None, budget=0.2)


def _rows(*cells: Cell, baseline: float = 0.0):
    return budgets_of(cells, (), baseline_ratio=baseline)


def test_the_weakest_task_binds() -> None:
    (row,) = _rows(CELL, changed(SAFE, task="arithmetic", n_items=2000, seeds=3))
    assert (row.budget, row.verdict, row.limited_by) == (0.1, "degraded", ("deduction",))
    assert (row.tasks, row.judged, row.degraded, row.n_items, row.seeds) == (2, 2, 1, 500, 1)
    assert row.reason == (
        "for every task of reasoning, up to 10% synthetic is shown safe at 410M, and nothing above it with 500 items "
        "and 1 seed (deduction limits it)"
    )


def test_all_safe() -> None:
    (row,) = _rows(SAFE)
    assert (row.budget, row.verdict, row.limited_by) == (0.2, "safe", ())
    assert row.reason == "for every task of reasoning, up to 20% synthetic is shown safe at 410M: all that was tested"


@pytest.mark.parametrize("budget", [None, 0.0])
def test_nothing_is_shown_safe(budget: float | None) -> None:
    (row,) = _rows(changed(CELL, verdict="inconclusive", onset=None, budget=budget, seeds=2, n_items=2000))
    assert (row.budget, row.verdict) == (None, "inconclusive")
    assert row.reason == (
        "for every task of reasoning, nothing above 0% is shown safe at 410M with 2,000 items and 2 seeds "
        "(deduction limits it)"
    )


def test_a_budget_at_the_baseline_is_none() -> None:
    # with a baseline of 10%, 'up to 10%' says nothing
    (row,) = _rows(CELL, baseline=0.1)
    assert row.budget is None
    assert row.reason.startswith("for every task of reasoning, nothing above 10% is shown safe at 410M with")


def test_of_tasks_that_bind_alike_the_most_urgent_comes_first() -> None:
    names = ("wide", "late", "soon", "b", "c")
    changes = ({"verdict": "inconclusive", "onset": None}, {"onset": 0.18}, {"onset": 0.02}, {}, {"onset": 0.15})
    (row,) = _rows(*(changed(CELL, task=name, **change) for name, change in zip(names, changes)))
    assert row.limited_by == ("soon", "b", "c", "late", "wide")
    assert "(soon, b, c and 2 more limit it)" in row.reason


def test_refused_tasks_limit_nothing_but_are_counted() -> None:
    refused = changed(CELL, task="tracking", verdict="refused", budget=None, onset=None, reason="no room to fall")
    (row,) = _rows(SAFE, refused)
    assert (row.budget, row.tasks, row.judged) == (0.2, 2, 1)
    assert row.reason.endswith("; 1 more could not be judged")
    (alone,) = _rows(refused)
    assert (alone.budget, alone.verdict) == (None, "refused")
    assert alone.reason == "no task of reasoning could be judged at 410M: no room to fall"


def test_only_the_headline_metric_counts() -> None:
    shown = changed(CELL, metric="ece", display_only=True, verdict="refused", budget=None)
    (row,) = _rows(shown, SAFE, changed(CELL, metric="nll", budget=0.0))
    assert row.budget == 0.2


def test_rows_by_size_then_category() -> None:
    cells = [
        changed(CELL, task=category, category=category, size=size)
        for size in ("1.4B", "70M", "")
        for category in ("retrieval", "reasoning")
    ]
    rows = _rows(*cells)
    assert [(row.place.size, row.category) for row in rows] == [
        (size, category) for size in ("70M", "1.4B", "") for category in ("retrieval", "reasoning")
    ]
    assert " at " not in rows[-1].reason


def test_nothing_compared() -> None:
    assert _rows() == ()
