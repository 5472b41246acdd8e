"""A family over tokens, from tables to report: one curve a budget, contrasts between budgets, scaling laws."""

from __future__ import annotations

import dataclasses

import pytest
from simulated_family import Flat, Simulated, Task, hinge, simulate

from synth_eval.compare import compare_family, comparison_from_json, comparison_to_json
from synth_eval.compare.scaling import comparison_losses, family_scaling
from synth_eval.compare.tidy import reliability_diagrams
from synth_eval.comparison import Comparison
from synth_eval.report.terminal.explain import explain_text
from synth_eval.report.view import report_view
from synth_eval.types import Family

RATIOS = (0.0, 0.2, 0.3, 0.5)
BITS = {1e9: 1.2, 4e9: 1.1}


def at_budget(made: Simulated, tokens: float, mark: str) -> Simulated:
    """The same checkpoints under other names, trained on this many tokens."""
    names = {c.name: f"{mark}-{c.name}" for c in made.family.checkpoints}
    checkpoints = tuple(dataclasses.replace(c, name=names[c.name], tokens=tokens) for c in made.family.checkpoints)
    tables = {
        (names[name], task): dataclasses.replace(table, checkpoint=names[name])
        for (name, task), table in made.tables.items()
    }
    return Simulated(dataclasses.replace(made.family, checkpoints=checkpoints), tables)


@pytest.fixture(scope="module")
def family_over_tokens() -> Simulated:
    """At 1B tokens accuracy stays, at 4B it falls from ratio .1 on."""
    worlds = {1e9: Task(Flat(0.8), n=800), 4e9: Task(hinge(0.8, onset=0.1, slope=0.8), n=800)}
    parts = [
        at_budget(
            simulate({"t": task, "d": Task(Flat(BITS[tokens]), kind="rolling", n=200)}, ratios=RATIOS), tokens, mark
        )
        for mark, (tokens, task) in zip("ab", worlds.items())
    ]
    checkpoints = tuple(c for part in parts for c in part.family.checkpoints)
    tables = {key: table for part in parts for key, table in part.tables.items()}
    return Simulated(Family("simulated", ("t", "d"), checkpoints), tables)


@pytest.fixture(scope="module")
def compared(family_over_tokens: Simulated) -> Comparison:
    made = family_over_tokens
    return compare_family(made.family, made.tables, created="2026-01-01T00:00:00+00:00")


def test_a_cell_a_budget(compared: Comparison) -> None:
    verdicts = {
        cell.place.tokens: cell.verdict.word for cell in compared.cells if (cell.task, cell.metric) == ("t", "acc")
    }
    assert set(verdicts) == {1e9, 4e9}
    assert verdicts[1e9] != "degraded"
    assert verdicts[4e9] == "degraded"
    assert {cell.data.seeds for cell in compared.cells} == {2}  # of one budget, not of both
    assert {(row.place.tokens, row.verdict) for row in compared.budgets if row.category == "reasoning"} >= {
        (4e9, "degraded")
    }
    assert "at 281k and 4B tokens" in next(row.reason for row in compared.budgets if row.place.tokens == 4e9)


def test_budgets_are_set_against_each_other(compared: Comparison) -> None:
    rows = [row for row in compared.contrasts if row.kind == "tokens" and row.task == "t"]
    assert {(row.first, row.second) for row in rows} == {(1e9, 4e9)}
    assert rows[-1].label == "t: 1B tokens against 4B tokens, relative loss at 50%"
    assert rows[-1].verdict == "different"
    assert rows[-1].estimate < 0  # 4B loses more
    assert rows[-1].place.tokens == 1e9  # that of the first


def test_leads_and_json_keep_the_budget(compared: Comparison) -> None:
    assert {row.place.tokens for row in compared.leads} == {1e9, 4e9}
    assert comparison_from_json(comparison_to_json(compared)) == compared


def test_reports_name_the_budget(compared: Comparison) -> None:
    view = report_view(compared)
    assert {"t, 1B tokens", "t, 4B tokens"} <= {status.title for status in view.statuses}
    chart = next(chart for chart in view.charts if chart.task == "t")
    assert [curve.tokens for curve in chart.curves] == ["1B tokens", "4B tokens"]
    assert [map_.place for map_ in view.losses] == ["1B tokens", "4B tokens"]
    assert "Tokens by ratio" in {grid.title for grid in view.grids}
    assert "t, 4B tokens: degraded" in explain_text(compared, "t")
    assert view.contrasts is not None
    texts = {entry.text for row in view.contrasts.rows for entry in row}
    assert not any("e+" in text for text in texts)


def test_reliability_by_budget(family_over_tokens: Simulated) -> None:
    found = reliability_diagrams(family_over_tokens.family, family_over_tokens.tables)
    assert list(found) == ["t, 1B tokens", "t, 4B tokens"]


def test_losses_have_their_own_tokens(compared: Comparison) -> None:
    rows = [row for row in comparison_losses(compared).rows if row.task == "d" and row.ratio == 0]
    assert {row.tokens: round(row.loss, 1) for row in rows} == BITS


def test_scaling_where_there_are_budgets(compared: Comparison) -> None:
    report = family_scaling(compared)
    assert report is not None
    task = next(task for task in report.tasks if task.task == "d")
    assert {curve.answers.budgets for curve in task.curves} == {2}
    assert all("at least 5" in curve.answers.asymptote.refused for curve in task.curves)
    one = dataclasses.replace(compared, cells=tuple(cell for cell in compared.cells if cell.place.tokens == 1e9))
    assert family_scaling(one) is None
