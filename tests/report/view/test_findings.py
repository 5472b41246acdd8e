"""Leads, contrasts and findings as tables."""

from __future__ import annotations

from cells import CELL, make_contrast

from synth_eval.comparison import Comparison, Lead
from synth_eval.report.view import report_view
from synth_eval.report.view.summaries import row_table


def _texts(rows, **options):
    table = row_table("name", "title", "note", rows, **options)
    assert table is not None
    return table.columns, [[entry.text for entry in row] for row in table.rows]


def _lead(label: str, **more) -> Lead:
    return Lead(label, "", CELL.place, "none", "", **more)


def test_known_fields_first_and_in_words() -> None:
    row = make_contrast("70M against 1.4B", reason="so", estimate=-0.14, interval=(-0.24, 0.02))
    columns, rows = _texts([row], without=("first", "second", "verdict", "iteration", "source"))
    assert columns == ("what", "estimate", "95% interval", "in words", "measure")
    assert rows == [["70M against 1.4B", "-14%", "[-24%, +2%]", "so", "mean loss"]]


def test_the_part_that_a_contrast_is_over_is_no_column() -> None:
    columns, _ = _texts([make_contrast()])
    assert "size" not in columns
    assert {"iteration", "source", "first", "second"} <= set(columns)


def test_columns_that_nobody_fills_are_left_out() -> None:
    place = ("size", "iteration", "source", "verdict")
    columns, rows = _texts([_lead("a", interval=None), _lead("b", accuracy_onset=0.25)], without=place)
    assert columns == ("what", "accuracy onset")
    assert rows == [["a", ""], ["b", "25%"]]


def test_numbers_that_are_not_finite() -> None:
    columns, rows = _texts([_lead("", estimate=float("inf"))], without=("size", "iteration", "source", "verdict"))
    assert columns == ("estimate",)
    assert rows == [["inf"]]


def test_no_rows_no_table() -> None:
    assert row_table("name", "title", "note", []) is None


def test_findings_are_told_from_contrasts(fitted: Comparison) -> None:
    view = report_view(fitted)
    assert view.contrasts is not None
    assert view.findings is not None
    assert [row[0].text for row in view.contrasts.rows] == ["410M against 1.4B"]
    assert [row[0].text for row in view.findings.rows] == ["within 3% up to 20%"]
