"""Which requirements a comparison meets, and what is said of those that it does not."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
from cells import CELL, changed
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.cell import Cell
from synth_eval.compare import comparison_from_json, comparison_to_json
from synth_eval.compare.gate import check_gate, judge_gate
from synth_eval.comparison import Comparison
from synth_eval.errors import ManifestError
from synth_eval.types import Gate, GateRule, Location


def cell(task: str = "arc", **changes) -> Cell:
    """A safe accuracy curve at 0, 20 and 50%."""
    safe = changed(
        CELL, task=task, ratios=(0.0, 0.2, 0.5), values=(0.8, 0.8, 0.8), se=(0.01, 0.01, 0.01),
        difference=(0.0, 0.0, 0.0), difference_ci=(None, None, None), verdict="safe", reason="all within 3%",
        budget=0.5, first_below=None,
    )  # fmt: skip
    return changed(safe, **changes)


def judged(gate: Gate, *cells: Cell, **more):
    return judge_gate(Comparison("f", "now", {}, cells, (), **more), gate)


def row_of(rule: GateRule, *cells: Cell, **more):
    (row,) = judged(Gate(rules=(rule,)), *cells, **more)
    return row


DEGRADED = {"verdict": "degraded", "reason": "below baseline from 50% on", "budget": 0.2}
REFUSED = {"verdict": "refused", "reason": "no room to fall", "budget": None}


def test_no_gate_has_no_rows() -> None:
    assert judged(Gate(), cell(**DEGRADED)) == ()


def test_fail_on_degraded_asks_every_metric() -> None:
    cells = (cell(), cell(metric="nll", **DEGRADED), cell(metric="ece", display_only=True, **DEGRADED))
    (row,) = judged(Gate(fail_on="degraded", where="--fail-on degraded"), *cells)
    assert (row.rule, row.where, row.passed, row.judged) == (
        "no curve is degraded", "--fail-on degraded", False, 2,
    )  # fmt: skip
    assert row.reason == "1 of 2 curves: arc, NLL: degraded: below baseline from 50% on"
    assert [failed.metric for failed in row.failed] == ["nll"]


def test_fail_on_warning_adds_a_row() -> None:
    rows = judged(Gate(fail_on="warning"), cell(), warnings=("x: left out", "y"))
    assert [(row.rule, row.passed) for row in rows] == [("no curve is degraded", True), ("no warning", False)]
    assert rows[1].reason == "2 warnings, the first: x: left out"
    assert all(row.passed for row in judged(Gate(fail_on="warning"), cell()))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"budget": 0.3}, ""),
        ({"budget": 0.1 + 0.2}, ""),  # 0.30000000000000004
        ({"budget": 0.29, "verdict": "inconclusive"}, "shown safe up to 29% only (inconclusive: all within 3%)"),
        (DEGRADED, "shown safe up to 20% only (degraded: below baseline from 50% on)"),
        ({**DEGRADED, "budget": 0.0}, "nothing above 0% is shown safe (degraded: below baseline from 50% on)"),
        ({"verdict": "inconclusive", "budget": None}, "nothing above 0% is shown safe (inconclusive: all within 3%)"),
        (REFUSED, "refused: no room to fall"),
        ({"ratios": (0.0, 0.2), "budget": 0.2}, "tested up to 20% only (safe: all within 3%)"),
    ],
)
def test_a_minimum_budget(changes, why: str) -> None:
    row = row_of(GateRule(minimum_budget=0.3), cell(**changes))
    assert row.passed is (why == "")
    assert [failed.reason for failed in row.failed] == ([why] if why else [])


def test_the_budget_is_said_once() -> None:
    # the reason as compare.wording builds it
    start, assumed = (
        "starts at about 32% (95% interval 20% to 48%), significant at 50%",
        "if training runs differ by 1 pp",
    )
    reason, because = f"{start}; safe budget 20%; {assumed}", f"{start}; {assumed}"
    row = row_of(GateRule(minimum_budget=0.3), cell(**{**DEGRADED, "reason": reason, "because": because}))
    assert row.failed[0].reason == (
        "shown safe up to 20% only (degraded: starts at about 32% (95% interval 20% to 48%), significant at 50%; "
        "if training runs differ by 1 pp)"
    )


def test_a_degraded_curve_may_have_budget_enough() -> None:
    assert row_of(GateRule(minimum_budget=0.2), cell(**DEGRADED)).passed
    assert not row_of(GateRule(minimum_budget=0.2, fail_on="degraded"), cell(**DEGRADED)).passed


def test_without_a_metric_a_budget_is_the_headline_s() -> None:
    cells = (cell(budget=0.5), cell(metric="nll", budget=None), cell("qa", metric="exact_match", budget=0.2))
    assert [f.task for f in row_of(GateRule(minimum_budget=0.5), *cells).failed] == ["qa"]
    assert row_of(GateRule(minimum_budget=0.5, metrics=("all",)), *cells).judged == 3
    assert row_of(GateRule(minimum_budget=0.5, metrics=("NLL",)), *cells).judged == 1
    assert row_of(GateRule(fail_on="degraded"), *cells).judged == 3


@pytest.mark.parametrize(
    ("rule", "tasks"),
    [
        (GateRule(fail_on="degraded"), ["arc", "qa", "far"]),
        (GateRule(categories=("retrieval",), fail_on="degraded"), ["qa"]),
        (GateRule(tasks=("arc", "far"), fail_on="degraded"), ["arc", "far"]),
        (GateRule(sizes=("1.4B",), fail_on="degraded"), ["far"]),
        (GateRule(iterations=(2,), fail_on="degraded"), ["far"]),
        (GateRule(sources=("self",), fail_on="degraded"), ["arc", "qa"]),
        (GateRule(categories=("reasoning",), sources=("web",), fail_on="degraded"), ["far"]),
    ],
)
def test_which_curves_a_rule_is_about(rule: GateRule, tasks: list[str]) -> None:
    cells = [
        cell(**DEGRADED),
        cell("qa", category="retrieval", **DEGRADED),
        cell("far", size="1.4B", iteration=2, source="web", **DEGRADED),
    ]
    assert [failed.task for failed in row_of(rule, *cells).failed] == tasks


def test_a_rule_without_curves_fails_and_says_what_there_is() -> None:
    row = row_of(GateRule(categories=("retreival",), minimum_budget=0.3), cell(), cell("qa", category="retrieval"))
    assert not row.passed
    assert row.reason == "no curve is there to show it (categories: reasoning, retrieval; tasks: arc, qa)"


def test_words() -> None:
    rule = GateRule(
        categories=("retrieval", "domain"), sizes=("160M",), iterations=(1, 2), metrics=("accuracy",),
        minimum_budget=0.3, fail_on="inconclusive",
    )  # fmt: skip
    row = row_of(rule, cell(category="domain", size="160M"))
    assert row.rule == (
        "retrieval and domain at 160M, iteration 1 and 2, accuracy: budget of at least 30% and every curve is safe"
    )
    assert row.reason == "1 curve, the lowest budget is 50%"


def test_the_most_urgent_first_and_the_place_where_it_varies() -> None:
    cells = (cell(verdict="inconclusive"), cell("qa", **REFUSED), cell("far", size="1.4B", **DEGRADED))
    row = row_of(GateRule(fail_on="inconclusive"), *cells)
    assert [failed.task for failed in row.failed] == ["far", "qa", "arc"]
    assert row.reason == "3 of 3 curves: far, 1.4B, accuracy: degraded: below baseline from 50% on; 2 more"


def test_unknown_metrics_are_refused_before_anything_runs() -> None:
    check_gate(
        Gate(rules=tuple(GateRule(metrics=(name,)) for name in ("Accuracy", "acc", "NLL", "surprise gap", "all")))
    )
    for name, mend in (("acuracy", "did you mean 'accuracy'?"), ("ece", "there are accuracy, ")):
        with pytest.raises(
            ManifestError, match=rf"^c\.yaml:3: no metric '{name}' carries a verdict: {re.escape(mend)}"
        ):
            check_gate(Gate(rules=(GateRule(metrics=(name,), where=Location("c.yaml", 3)),)))


def test_rows_survive_comparison_json() -> None:
    comparison = Comparison("f", "now", {}, (cell(**DEGRADED), cell("qa", **REFUSED)), ())
    rows = judge_gate(comparison, Gate(fail_on="degraded", rules=(GateRule(minimum_budget=0.5),)))
    written = comparison_to_json(dataclasses.replace(comparison, gate=rows))
    assert comparison_to_json(comparison_from_json(written)) == written
    assert [row["passed"] for row in json.loads(written)["gate"]] == [False, False]


@given(
    budgets=st.lists(st.sampled_from([None, 0.0, 0.2, 0.5]), min_size=1, max_size=5),
    asked=st.sampled_from([0.1, 0.2, 0.3, 0.5]),
    less=st.sampled_from([0.05, 0.1]),
)
def test_asking_less_fails_no_more(budgets, asked: float, less: float) -> None:
    cells = [cell(f"t{i}", budget=budget, verdict="inconclusive") for i, budget in enumerate(budgets)]
    strict, lax = (
        {f.task for f in row_of(GateRule(minimum_budget=minimum), *cells).failed} for minimum in (asked, asked - less)
    )
    assert lax <= strict
    assert strict == {f"t{i}" for i, budget in enumerate(budgets) if (budget or 0) < asked}


def mean(name: str = "reasoning", level: str = "category", **changes) -> Cell:
    return dataclasses.replace(cell(name, **changes), level=level, question="category")


def test_a_rule_may_be_about_the_curve_of_a_category() -> None:
    overall = (mean("suite", "suite"), mean(**DEGRADED), mean("retrieval", category="retrieval"))
    rule = GateRule(curve="category", categories=("reasoning",), minimum_budget=0.5)
    row = row_of(rule, cell(), overall=overall)
    assert (row.rule, row.passed, row.judged) == ("the mean of reasoning: budget of at least 50%", False, 1)
    assert [(failed.level, failed.task) for failed in row.failed] == [("category", "reasoning")]
    assert row_of(dataclasses.replace(rule, categories=("retrieval",)), cell(**DEGRADED), overall=overall).passed
    suite = row_of(GateRule(curve="suite", fail_on="inconclusive"), cell(**DEGRADED), overall=overall)
    assert (suite.rule, suite.passed) == ("the mean of the suite: every curve is safe", True)
    # a rule about tasks is not about their means
    assert row_of(GateRule(fail_on="degraded"), cell(), overall=overall).passed


def test_a_rule_about_a_mean_that_is_not_there_fails() -> None:
    rule = GateRule(curve="category", categories=("domain",), fail_on="degraded")
    row = row_of(rule, cell(), overall=(mean(),))
    assert (row.passed, row.reason) == (False, "no curve is there to show it (means: reasoning)")


def test_fail_on_counts_a_category_of_one_task_once() -> None:
    own = dataclasses.replace(mean(**DEGRADED), question="headline")  # its only task's verdict
    (row,) = judged(Gate(fail_on="degraded", where="x"), cell(**DEGRADED), overall=(own, mean("suite", "suite")))
    assert (row.judged, len(row.failed)) == (2, 1)
