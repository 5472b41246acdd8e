"""Relative losses: positive is worse, whatever the metric."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.comparison import Comparison
from synth_eval.report.view import report_view
from synth_eval.report.view.losses import relative_loss, tone_of


def _view(*cells):
    return report_view(Comparison("f", "now", {}, cells, ()))


def test_a_loss_is_a_share_of_the_baseline(make_cell) -> None:
    assert relative_loss(make_cell(), 2) == pytest.approx(0.25)  # from .8 to .6
    rising = {"metric": "bits_per_byte", "higher_is_better": False}
    higher = make_cell(values=(1.0, 1.1, 1.2), difference=(0.0, 0.1, 0.2), **rising)
    assert relative_loss(higher, 2) == pytest.approx(0.2)
    lower = make_cell(values=(1.0, 0.9, 0.8), difference=(0.0, -0.1, -0.2), **rising)
    assert relative_loss(lower, 2) == pytest.approx(-0.2)


def test_a_loss_is_taken_against_the_paired_baseline(make_cell) -> None:
    # a seed is missing at 50%: .6 was paired with a baseline of .75, not of .8
    unpaired = make_cell(difference=(0.0, -0.02, -0.15))
    assert relative_loss(unpaired, 2) == pytest.approx(0.2)


def test_no_loss_without_a_baseline(make_cell) -> None:
    nan = float("nan")
    assert relative_loss(make_cell(difference=(nan, nan, nan)), 1) is None
    assert relative_loss(make_cell(values=(0.0, 0.0, 0.0), difference=(0.0, 0.0, 0.0)), 1) is None


def test_the_map_marks_what_is_clear(make_cell) -> None:
    (loss,) = _view(make_cell()).losses
    assert loss.columns == ("task", "0%", "20%", "50%")
    ((task, *entries),) = loss.rows
    assert task.text == "arc"
    assert [entry.text for entry in entries] == ["0", "2.5%", "25.0% *"]  # the interval at 20% reaches above 0
    assert [entry.tone for entry in entries] == ["", "loss-1", "loss-4"]


def test_a_map_for_each_place_and_a_grid_for_what_varies(make_cell) -> None:
    half = make_cell(size="1.4B", values=(0.8, 0.8, 0.7), difference=(0.0, 0.0, -0.1))
    view = _view(make_cell(), half, make_cell("boolq"))
    assert [loss.place for loss in view.losses] == ["410M", "1.4B"]
    (grid,) = view.grids
    assert grid.columns == ("size", "0%", "20%", "50%")
    small, large = grid.rows
    assert [entry.text for entry in small] == ["410M", "0", "2.5%", "25.0%"]  # mean of two tasks that lose 25%
    assert small[3].note == "2 of 2 worse"
    assert large[3].text == "12.5%"


def test_missing_ratios_stay_empty(make_cell) -> None:
    short = make_cell(
        "short", ratios=(0.0, 0.2), values=(0.8, 0.7), difference=(0.0, -0.1), difference_ci=((0.0, 0.0), None)
    )
    (loss,) = _view(make_cell(), short).losses
    row = next(row for row in loss.rows if row[0].text == "short")
    assert [entry.text for entry in row] == ["short", "0", "12.5%", ""]


@given(st.floats(-2, 2))
def test_tones_mirror_each_other(loss: float) -> None:
    there, back = tone_of(loss), tone_of(-loss)
    assert there.replace("loss", "gain") == back.replace("loss", "gain")
    assert (there == "") == (loss == 0)


def test_a_refused_curve_has_no_colour(make_cell) -> None:
    (loss,) = _view(make_cell(verdict="refused")).losses
    ((_, *entries),) = loss.rows
    assert [entry.text for entry in entries] == ["0", "2.5%", "25.0%"]  # and no *, though the interval is below 0
    assert [(entry.tone, entry.note) for entry in entries] == [("", ""), *[("refused", "– refused")] * 2]
    assert [entry.sort for entry in entries] == pytest.approx([0.0, 0.025, 0.25])


def test_refused_curves_are_left_out_of_averages(make_cell) -> None:
    large = make_cell(size="1.4B", verdict="refused")
    view = _view(make_cell(), make_cell("boolq", verdict="refused", difference=(0.0, 0.0, -0.6)), large)
    small, refused = view.grids[0].rows
    assert [entry.text for entry in small] == ["410M", "0", "2.5%", "25.0%"]  # arc alone
    assert small[3].note == "1 of 1 worse"
    assert [entry.text for entry in refused] == ["1.4B", "", "", ""]
