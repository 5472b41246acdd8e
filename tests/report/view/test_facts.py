"""Onset, crossing and budget as text."""

from __future__ import annotations

from synth_eval.comparison import Comparison
from synth_eval.report.view import report_view
from synth_eval.report.view.facts import facts_of, verdict_table


def _facts(*cells):
    view = report_view(Comparison("f", "now", {}, cells, ()))
    return view.facts[0]


def test_every_fact_of_a_fitted_curve(make_cell) -> None:
    facts = _facts(make_cell())
    assert facts.onset == "20% [14%, 26%]"
    assert facts.crossing == "23.6% [18%, 50%+]"  # the upper limit is the largest tested ratio
    assert facts.budget == "0%"
    assert (facts.phi, facts.df, facts.p_adjusted) == ("1.30", "4", "< 0.001")
    assert facts.min_detectable == "4.1 pp"
    assert facts.data == "500 items, 2 seeds"


def test_a_curve_without_a_fit_says_where_it_is_clear(make_cell) -> None:
    facts = _facts(make_cell(onset=None, onset_ci=None, crossing=None, crossing_ci=None))
    assert facts.onset == "not fitted; clear at 50%"
    assert facts.crossing == ""


def test_an_onset_that_did_not_survive_correction_is_not_shown(make_cell) -> None:
    facts = _facts(make_cell(verdict="inconclusive", first_below=None))
    assert facts.onset == ""


def test_a_crossing_that_was_not_reached(make_cell) -> None:
    assert _facts(make_cell(crossing=None, crossing_ci=None)).crossing == "beyond 50%"


def test_the_table_sorts_by_number_and_has_no_row_for_what_is_only_shown(compared: Comparison) -> None:
    view = report_view(compared)
    judged = [cell for cell in compared.cells if not cell.display_only]
    assert len(view.verdicts.rows) == len(view.facts) == len(judged)
    assert all(len(row) == len(view.verdicts.columns) for row in view.verdicts.rows)
    budgets = [row[view.verdicts.columns.index("safe budget")] for row in view.verdicts.rows]
    assert {budget.sort for budget in budgets} == {cell.verdict.budget for cell in judged}


def test_no_curves_no_rows() -> None:
    assert facts_of([]) == ()
    assert verdict_table([]).rows == ()
