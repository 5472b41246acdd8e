"""Curves as numbers to draw."""

from __future__ import annotations

import pytest

from synth_eval.cell import FittedCurve, SeedValues
from synth_eval.comparison import Comparison
from synth_eval.report.view import report_view
from synth_eval.report.view.charts import anchor


def _charts(*cells):
    return report_view(Comparison("f", "now", {}, cells, ())).charts


def test_a_relative_metric_changes_in_percent_of_its_baseline(make_cell) -> None:
    ((line,),) = (curve.lines for chart in _charts(make_cell()) for curve in chart.curves)
    assert line.baseline == 0.8
    assert line.margins == pytest.approx((0.776,))  # 3% of .8 below
    assert line.change_margins == pytest.approx((-3.0,))
    assert line.change == pytest.approx((0.0, -2.5, -25.0))
    assert line.change_low == pytest.approx((0.0, -6.25, -28.75))
    assert (line.low[2], line.high[2]) == pytest.approx((0.57, 0.63))  # value + (limit - difference)
    assert line.change_unit == "% of baseline"
    assert line.texts == ("80.0% (baseline)", "78.0% (-2.0 pp [-5.0, +1.0])", "60.0% (-20.0 pp [-23.0, -17.0])")


def test_a_signed_metric_has_a_margin_on_each_side(make_cell) -> None:
    gap = make_cell(metric="surprise_gap", higher_is_better=False, values=(-0.1, 0.1, 0.3), difference=(0.0, 0.2, 0.4))
    line = _charts(gap)[0].curves[0].lines[0]
    assert line.margins == pytest.approx((-0.12, 0.12))  # as far from 0 as the baseline, and .02 more
    assert line.change_margins == pytest.approx((-0.02, 0.22))
    assert line.change == pytest.approx((0.0, 0.2, 0.4))
    assert line.change_unit == "nats"


def test_what_is_only_shown_has_no_margin_and_no_band(make_cell) -> None:
    ece = make_cell(
        metric="ece", higher_is_better=False, display_only=True, verdict="refused", difference_ci=(None, None, None)
    )
    line = _charts(make_cell(), ece)[0].curves[0].lines[1]
    assert (line.verdict, line.margins, line.onset) == ("", (), None)
    assert line.low == (None, None, None)


def test_numbers_that_are_not_finite_are_left_out(make_cell) -> None:
    nan = float("nan")
    line = _charts(make_cell(values=(0.8, nan, 0.6), difference=(0.0, nan, -0.2)))[0].curves[0].lines[0]
    assert line.values == (0.8, None, 0.6)
    assert line.texts[1] == "n/a (n/a)"


def test_onsets_are_drawn_only_where_degraded(make_cell) -> None:
    open_one = make_cell("b", verdict="inconclusive")
    lines = {chart.task: chart.curves[0].lines[0] for chart in _charts(make_cell("a"), open_one)}
    assert (lines["a"].onset, lines["a"].onset_ci) == (0.2, (0.14, 0.26))
    assert (lines["b"].onset, lines["b"].onset_ci) == (None, None)


def test_every_value_stands_in_the_table(compared: Comparison) -> None:
    for chart in report_view(compared).charts:
        cells = [cell for cell in compared.cells if cell.task == chart.task]
        assert len(chart.table.rows) == len(cells[0].data.ratios)
        assert all(len(row) == len(chart.table.columns) for row in chart.table.rows)
        assert sum(":" in column for column in chart.table.columns) == sum(not cell.display_only for cell in cells)


def test_anchors_differ() -> None:
    assert anchor("<img src=x>", 3) == "img-src-x-3"
    assert anchor("***", 0) == "task-0"
    assert anchor("a b", 1) != anchor("a-b", 2)


def test_each_seed_changes_from_its_own_baseline(make_cell) -> None:
    seeds = (SeedValues(0, (0.82, 0.8, 0.6)), SeedValues(1, (None, 0.76, None)))
    first, second = _charts(make_cell(by_seed=seeds))[0].curves[0].lines[0].seeds
    assert (first.seed, first.values) == (0, (0.82, 0.8, 0.6))
    # in percent of the mean baseline, .8: (.8 - .82) / .8 and (.6 - .82) / .8
    assert first.change == pytest.approx((0.0, -2.5, -27.5))
    # this seed has no baseline: the mean baseline serves
    assert (second.values, second.change) == ((None, 0.76, None), (None, pytest.approx(-5.0), None))


def test_seeds_stand_in_the_table(make_cell) -> None:
    seeds = (SeedValues(0, (0.82, 0.8, 0.6)), SeedValues(3, (0.78, 0.76, None)))
    table = _charts(make_cell(by_seed=seeds))[0].table
    assert table.columns[-1] == "accuracy of seeds 0, 3"
    assert [row[-1].text for row in table.rows] == ["82.0%, 78.0%", "80.0%, 76.0%", "60.0%, none"]


def test_a_hinge_has_three_corners(make_cell) -> None:
    fit = _charts(make_cell(fitted=FittedCurve("hinge", 0.2, 0.81, 0.61)))[0].curves[0].lines[0].fit
    assert fit is not None
    assert (fit.ratios, fit.values) == ((0.0, 0.2, 0.5), (0.81, 0.81, 0.61))
    assert fit.change == pytest.approx((1.25, 1.25, -23.75))  # from .8, in percent of it
    assert fit.text == "flat up to 20%, straight from there"


@pytest.mark.parametrize(
    ("fitted", "corners", "text"),
    [
        (FittedCurve("hinge", 0.0, 0.8, 0.6), 2, "a straight line"),
        (FittedCurve("power", 1.0, 0.8, 0.6), 25, "a straight line"),
        (FittedCurve("power", 2.0, 0.8, 0.6), 25, "the ratio to the power of 2"),
    ],
)
def test_other_shapes_run_from_start_to_end(make_cell, fitted: FittedCurve, corners: int, text: str) -> None:
    fit = _charts(make_cell(fitted=fitted))[0].curves[0].lines[0].fit
    assert fit is not None
    assert (len(fit.ratios), fit.text) == (corners, text)
    assert (fit.ratios[0], fit.ratios[-1], fit.values[0], fit.values[-1]) == (0.0, 0.5, 0.8, 0.6)
    if corners == 25 and fitted.parameter == 2:
        assert fit.values[12] == pytest.approx(0.75)  # half of the range: a quarter of the fall


def _gap(make_cell, values: tuple[float, float, float], reach: float):
    """A surprise gap whose intervals reach so far to both sides."""
    difference = tuple(value - values[0] for value in values)
    intervals = ((0.0, 0.0), *((d - reach, d + reach) for d in difference[1:]))
    cell = make_cell(
        metric="surprise_gap", higher_is_better=False, values=values, difference=difference, difference_ci=intervals
    )
    return _charts(cell)[0].curves[0].lines[0]


def test_a_margin_far_away_does_not_flatten_the_curve(make_cell) -> None:
    # the curve and its band span 2.9 to 3.2; margins at 3.02 and -3.02, and 0 is far too
    line = _gap(make_cell, (3.0, 3.05, 3.1), 0.1)
    assert line.margins == pytest.approx((3.02,))
    assert line.change_margins == pytest.approx((0.02,))
    assert (line.signed, line.zero) == (True, False)
    # the same of an underconfident model
    assert _gap(make_cell, (-3.0, -3.05, -3.1), 0.1).margins == pytest.approx((-3.02,))


def test_the_nearer_margin_is_drawn_where_none_is_near(make_cell) -> None:
    # 0.5 to 0.56 with the margin at -1.02 and 1.02 of a baseline of 1: .46 above the curve, 1.52 below it
    values = (1.0, 0.55, 0.5)
    assert _gap(make_cell, values, 0.01).margins == pytest.approx((1.02,))


def test_zero_is_drawn_where_it_is_near(make_cell) -> None:
    # spans .05 to .35 with the nearer margin at .12: half of .3 reaches down to -.1, not to the other margin at -.12
    line = _gap(make_cell, (0.1, 0.2, 0.25), 0.1)
    assert (line.margins, line.zero) == (pytest.approx((0.12,)), True)
    # spans .05 to .35 too, margins at -.09 and .09
    line = _gap(make_cell, (0.07, 0.15, 0.25), 0.1)
    assert (line.margins, line.zero) == (pytest.approx((-0.09, 0.09)), True)


def test_bands_end_where_accuracy_does(make_cell) -> None:
    intervals = ((0.0, 0.0), (-0.05, 0.4), (-0.9, 0.5))
    line = _charts(make_cell(difference_ci=intervals))[0].curves[0].lines[0]
    assert line.low == pytest.approx((0.8, 0.75, 0.0))  # -.1 for the last
    assert line.high == pytest.approx((0.8, 1.0, 1.0))  # 1.2 and 1.3
    assert line.change_low == pytest.approx((0.0, -6.25, -100.0))  # percent of .8
    assert line.change_high == pytest.approx((0.0, 25.0, 25.0))
    assert line.texts[2] == "60.0% (-20.0 pp [-90.0, +50.0])"  # what is written is the interval itself
    bits = make_cell(metric="bits_per_byte", higher_is_better=False, difference_ci=intervals)
    assert _charts(bits)[0].curves[0].lines[0].high[2] == pytest.approx(1.3)


def test_a_refused_curve_without_intervals_says_why(make_cell) -> None:
    unknown = make_cell(verdict="refused", difference_ci=((0.0, 0.0), None, None))
    view = report_view(Comparison("f", "now", {}, (unknown,), ()))
    line = view.charts[0].curves[0].lines[0]
    assert line.low == (0.8, None, None)
    assert line.texts[2] == "60.0% (-20.0 pp)"
    assert "fewer than 3 degrees of freedom" in view.charts[0].table.note
    assert view.legend.count("fewer than 3 degrees of freedom") == 1
    known = report_view(Comparison("f", "now", {}, (make_cell(verdict="refused"),), ()))
    assert "degrees of freedom" not in known.legend + known.charts[0].table.note
