"""What the report says, before anything is drawn."""

from __future__ import annotations

import dataclasses
import math

import pytest
from cells import cell

from synth_eval.cell import Cell, Member
from synth_eval.comparison import Comparison
from synth_eval.report.view import report_view
from synth_eval.report.view.curves import BASELINE


def _view(*cells: Cell, **changes):
    return report_view(Comparison("f", "now", {}, cells, (), **changes))


def test_worst_first() -> None:
    view = _view(
        cell("fine", verdict="safe", first_below=None),
        cell("unjudged", verdict="refused", first_below=None),
        cell("open", verdict="inconclusive", first_below=None),
        cell("late", first_below=0.5),
        cell("early", first_below=0.1),
    )
    assert [status.title for status in view.statuses] == ["early", "late", "open", "unjudged", "fine"]
    assert view.headline[0] == (
        "2 of 5 tasks are degraded, the earliest from 10% synthetic data on (early); 1 inconclusive, 1 safe, 1 refused."
    )


def test_among_open_ones_those_with_other_metrics_degraded_come_first() -> None:
    gap = {"metric": "surprise_gap", "higher_is_better": False}
    view = _view(
        cell("plain", verdict="inconclusive", first_below=None),
        cell("plain", verdict="safe", first_below=None, **gap),
        cell("warned", verdict="inconclusive", first_below=None),
        cell("warned", first_below=0.2, **gap),
    )
    assert [status.title for status in view.statuses] == ["warned", "plain"]
    assert view.statuses[0].also == "but degraded: surprise gap from 20%"
    assert view.statuses[1].also == ""
    assert "Calibration is degraded where accuracy is not shown to be: warned." in view.headline


def test_what_is_judged_where_accuracy_is_at_chance_is_explained() -> None:
    refused = {"verdict": "refused", "first_below": None, "budget": None}
    at_chance = {**refused, "refusal": "at chance"}
    nll = {"metric": "nll", "higher_is_better": False}
    said = "Where accuracy is at chance it has no room to fall; NLL and Brier score have, and are judged on their own: "
    view = _view(
        cell("hard", **at_chance), cell("hard", **nll), cell("odd", **at_chance), cell("odd", **nll, **refused)
    )
    assert f"{said}hard." in view.headline
    for unexplained in (
        (cell("few", **{**refused, "refusal": "few items"}), cell("few", **nll)),  # not for chance
        (cell("easy"), cell("easy", **nll)),
    ):
        assert not any(line.startswith(said[:20]) for line in _view(*unexplained).headline)


@pytest.mark.parametrize(
    ("onset", "sentence"),
    [
        (
            {"onset": 0.236, "onset_ci": (0.18, 0.3)},
            "from about 23.6% synthetic data on (t, 95% interval 18% to 30%).",
        ),
        ({"onset": 0.0, "onset_ci": (0.0, 0.19)}, "from the lowest ratios on (t, 95% interval 0% to 19%)."),
        ({"onset": 0.3}, "from about 30% synthetic data on (t)."),
        ({}, "from 50% synthetic data on (t)."),
    ],
)
def test_the_headline_says_how_sure_the_onset_is(onset, sentence: str) -> None:
    assert _view(cell("t", **onset)).headline[0] == f"1 of 1 tasks is degraded, {sentence}"


def test_curves_with_an_onset_are_ordered_by_it() -> None:
    view = _view(cell("late", onset=0.4, first_below=0.1), cell("early", onset=0.05, first_below=0.5))
    assert [status.title for status in view.statuses] == ["early", "late"]


@pytest.mark.parametrize(
    ("budgets", "sentence"),
    [
        ((0.2, 0.5), "Up to 20% synthetic data is shown safe for every task by accuracy."),
        ((0.0, 0.5), "No ratio above 0% is shown safe for every task by accuracy."),
        ((None, 0.5), "No ratio above 0% is shown safe for every task by accuracy."),
    ],
)
def test_budget_of_all_tasks(budgets, sentence: str) -> None:
    view = _view(*(cell(f"t{i}", budget=budget, verdict="safe") for i, budget in enumerate(budgets)))
    assert view.headline[:2] == ("None of 2 tasks is shown degraded; 2 safe.", sentence)


def test_refused_tasks_have_no_budget() -> None:
    view = _view(cell("a", verdict="refused", budget=None), cell("b", budget=0.5, verdict="safe"))
    assert view.headline[1] == "Up to 50% synthetic data is shown safe for every task that could be judged by accuracy."


def test_nothing_to_compare() -> None:
    view = _view(warnings=("r00: not evaluated, left out",))
    assert view.headline == ("Nothing could be compared.",)
    assert view.warnings == ("r00: not evaluated, left out",)
    assert view.tables == ()


def test_titles_say_only_what_varies() -> None:
    assert _view(cell("t")).statuses[0].title == "t"
    view = _view(cell("t"), cell("t", size="70M"), cell("t", size="70M", iteration=2))
    assert {status.title for status in view.statuses} == {
        "t, 410M, iteration 1",
        "t, 70M, iteration 1",
        "t, 70M, iteration 2",
    }
    assert "3 of 3 curves are degraded" in view.headline[0]


def test_changes_stand_against_the_baseline() -> None:
    (table,) = _view(cell("t"), cell("t", metric="nll", higher_is_better=False)).tables
    accuracy, nll = (column for group in table.groups for column in group)
    assert table.ratios == ("0%", "50%")
    assert accuracy.values == ("80.0%", "70.0%")
    assert accuracy.changes == (BASELINE, "-10.0 pp [-12.0, -8.0]")
    assert accuracy.worse == (False, True)
    assert nll.worse == (False, False)  # a lower NLL is no loss


def test_a_missing_baseline_shows_no_change() -> None:
    lone = cell(
        "t",
        ratios=(0.2, 0.5),
        difference=(math.nan,) * 2,
        difference_ci=(None, None),
        verdict="refused",
        first_below=None,
    )
    (table,) = _view(lone).tables
    assert table.groups[0][0].changes == ("n/a", "n/a")


@pytest.mark.parametrize(
    ("value", "difference", "interval", "worse"),
    [
        (0.30, 0.28, (0.20, 0.36), True),  # from +.02 to +.30
        (-0.30, -0.32, (-0.40, -0.24), True),  # from +.02 to -.30
        (0.01, 0.31, (0.20, 0.42), False),  # from -.30 to +.01: nearer to 0
        (0.05, 0.03, (-0.01, 0.07), False),  # not clear
    ],
)
def test_a_signed_gap_is_worse_where_it_grew(value: float, difference: float, interval, worse: bool) -> None:
    gap = cell(
        "t",
        metric="surprise_gap",
        higher_is_better=False,
        values=(value - difference, value),
        difference=(0.0, difference),
        difference_ci=((0.0, 0.0), interval),
    )
    (table,) = _view(cell("t"), gap).tables
    assert table.groups[0][1].worse == (False, worse)


def test_documents_share_a_table(compared: Comparison) -> None:
    table = report_view(compared).tables[0]
    assert table.title == "domain: bits per byte"
    assert [column.header for group in table.groups for column in group] == ["synth_python_code", "synth_python_docs"]


def test_a_missing_seed_is_said(compared: Comparison) -> None:
    assert all(table.note.endswith("3 seeds; some ratios lack a seed") for table in report_view(compared).tables)
    assert "lack" not in _view(cell("t")).tables[0].note


def test_failures_come_from_the_checkpoints(compared: Comparison) -> None:
    view = report_view(compared)
    assert view.failures == ("281k-r020-it1-s1: no weights in runs/[bold red]r20[/]/model.safetensors \x1b[31m",)
    assert view.headline[-1] == "1 of 21 checkpoints failed: this report is partial."


def test_plots_span_the_margin(compared: Comparison) -> None:
    row = next(row for row in report_view(compared).plots if row.title == "synth_lookup")
    accuracy = row.plots[0]
    assert accuracy.margin == pytest.approx(0.03 * accuracy.values[0])
    assert next(plot for plot in row.plots if plot.label == "surprise gap").margin == 0.02


def _mean(name: str, level: str, tasks: int, **changes) -> Cell:
    members = tuple(Member(f"t{i}", 1 / tasks) for i in range(tasks))
    return dataclasses.replace(cell(name, **changes), level=level, members=members, question="category")


def test_suite_then_categories_then_tasks() -> None:
    overall = (
        _mean("reasoning", "category", 3, verdict="safe", budget=0.5),
        _mean("suite", "suite", 5, verdict="degraded", onset=0.24, onset_ci=(0.18, 0.3)),
        _mean("retrieval", "category", 2, verdict="inconclusive", probably="worse"),
    )
    view = report_view(Comparison("f", "now", {}, (cell("t0", verdict="safe"),), (), overall=overall))
    assert view.headline[:3] == (
        "Suite: degraded from about 24% synthetic data on (95% interval 18% to 30%).",
        "Categories: retrieval probably worse; reasoning safe.",
        "None of 1 tasks is shown degraded; 1 safe.",
    )
    assert [(status.title, status.word, status.label) for status in view.overall] == [
        ("suite", "degraded", "degraded"),
        ("retrieval", "inconclusive", "probably worse"),
        ("reasoning", "safe", "safe"),
    ]
    assert view.overall[0].sentence.startswith("accuracy (mean of 5 tasks) degraded: ")
    assert [status.title for status in view.statuses] == ["t0"]
    assert [chart.task for chart in view.charts] == ["suite", "retrieval", "reasoning", "t0"]


def test_suites_at_many_places_are_counted() -> None:
    small, large = (
        _mean("suite", "suite", 5, size=size, verdict=word, onset=0.2, onset_ci=(0.1, 0.3))
        for size, word in (("70M", "degraded"), ("410M", "safe"))
    )
    cells = (cell("t0", size="70M", verdict="safe"), cell("t0", size="410M", verdict="safe"))
    view = report_view(Comparison("f", "now", {}, cells, (), overall=(small, large)))
    assert view.headline[0] == (
        "Suite: 1 of 2 curves is degraded, from about 20% synthetic data on (suite, 70M, 95% interval 10% to "
        "30%); 1 safe."
    )


def test_what_is_safe_names_its_metric_and_what_is_worse_there() -> None:
    cells = (
        cell("a", verdict="safe", budget=0.5),
        cell("a", metric="nll", verdict="degraded", onset=0.08, higher_is_better=False),
        cell("b", verdict="safe", budget=0.5),
        cell("b", metric="nll", verdict="degraded", onset=0.2, higher_is_better=False),
        cell("b", metric="brier", verdict="degraded", onset=0.6, higher_is_better=False),
    )
    view = _view(*cells)
    assert (
        "Up to 50% synthetic data is shown safe for every task by accuracy, but degraded there: NLL from 8% on (a)."
        in view.headline
    )


def test_probably_worse_comes_between_degraded_and_inconclusive() -> None:
    view = _view(
        cell("open", verdict="inconclusive"),
        cell("likely", verdict="inconclusive", probably="worse"),
        cell("bad", verdict="degraded"),
        cell("better", verdict="inconclusive", probably="better"),
    )
    assert [status.label for status in view.statuses] == [
        "degraded", "probably worse", "inconclusive", "probably better",
    ]  # fmt: skip
    assert view.headline[0].endswith("; 1 probably worse, 1 probably better, 1 inconclusive.")
