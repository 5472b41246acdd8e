"""Averages over tasks: with the intervals of the comparison, and without where it has none."""

from __future__ import annotations

import dataclasses

import pytest
from cells import changed

from synth_eval.comparison import Comparison, MeanLoss
from synth_eval.report.view import report_view


def test_value_and_interval_stand_in_the_table(fitted: Comparison) -> None:
    (grid,) = report_view(fitted).grids
    small, large = grid.rows
    assert [entry.text for entry in small] == ["410M", "0", "2.0% [-1.0, 5.0]", "20.0% [17.0, 23.0]"]
    assert [entry.sort for entry in small] == [None, 0.0, 0.02, 0.2]
    assert (small[3].tone, large[3].tone) == ("loss-4", "loss-3")
    assert "95% interval" in grid.note


def test_the_same_is_drawn(fitted: Comparison) -> None:
    (chart,) = report_view(fitted).grid_charts
    line = chart.curves[0].lines[0]
    assert chart.table.name == "size-by-ratio"
    assert [curve.title for curve in chart.curves] == ["410M", "1.4B"]
    assert line.ratios == (0.0, 0.2, 0.5)
    assert line.change == pytest.approx((0.0, 2.0, 20.0))
    assert line.change_low == pytest.approx((0.0, -1.0, 17.0))
    assert line.change_high == pytest.approx((0.0, 5.0, 23.0))
    assert line.texts[2] == "20.0% [17.0, 23.0] of baseline"


def test_an_older_comparison_has_no_intervals_and_no_figure(fitted: Comparison) -> None:
    view = report_view(dataclasses.replace(fitted, mean_losses=()))
    assert view.grid_charts == ()
    (grid,) = view.grids
    assert grid.rows[0][3].text == "25.0%"  # of the two tasks at 410M: both from .8 to .6
    assert "no interval" in grid.note


def test_iterations_are_named(fitted: Comparison) -> None:
    cells = (*fitted.cells, *(changed(cell, iteration=2) for cell in fitted.cells))
    rows = tuple(MeanLoss("iteration", it, 0.5, 0.1 * it, (0.0, 0.3), 4) for it in (1, 2))
    view = report_view(dataclasses.replace(fitted, cells=cells, mean_losses=rows))
    assert [chart.table.name for chart in view.grid_charts] == ["iteration-by-ratio"]
    assert [curve.title for curve in view.grid_charts[0].curves] == ["iteration 1", "iteration 2"]
