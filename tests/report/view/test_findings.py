"""Rows of leads and contrasts, whatever keys they have."""

from __future__ import annotations

from synth_eval.report.view import report_view
from synth_eval.report.view.summaries import finding_table
from synth_eval.types import Comparison


def _texts(rows, **options):
    table = finding_table("name", "title", "note", rows, **options)
    assert table is not None
    return table.columns, [[entry.text for entry in row] for row in table.rows]


def test_known_keys_first_and_in_words() -> None:
    row = {"reason": "so", "estimate": -0.14, "interval": (-0.24, 0.02), "label": "70M against 1.4B", "n": 3}
    columns, rows = _texts([row], unit="ratio")
    assert columns == ("what", "estimate", "95% interval", "in words", "n")
    assert rows == [["70M against 1.4B", "-14%", "[-24%, +2%]", "so", "3"]]


def test_a_row_may_have_its_own_unit() -> None:
    _, rows = _texts([{"estimate": 0.1}, {"estimate": -4.123, "unit": "points"}], unit="ratio")
    assert rows == [["+10%"], ["-4.12"]]


def test_columns_that_nobody_fills_are_left_out() -> None:
    columns, rows = _texts([{"label": "a", "interval": None}, {"label": "b", "accuracy_onset": 0.25}])
    assert columns == ("what", "accuracy onset")
    assert rows == [["a", ""], ["b", "25%"]]


def test_numbers_that_are_not_finite_and_flags() -> None:
    columns, rows = _texts([{"estimate": float("inf"), "paired": True, "over": ["a", "b"]}])
    assert columns == ("estimate", "paired", "over")
    assert rows == [["inf", "yes", "a, b"]]


def test_no_rows_no_table() -> None:
    assert finding_table("name", "title", "note", []) is None


def test_findings_are_told_from_contrasts(fitted: Comparison) -> None:
    view = report_view(fitted)
    assert view.contrasts is not None
    assert view.findings is not None
    assert [row[0].text for row in view.contrasts.rows] == ["410M against 1.4B"]
    assert [row[0].text for row in view.findings.rows] == ["within 3% up to 20%"]
