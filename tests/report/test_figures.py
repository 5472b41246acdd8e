"""Figures for a paper."""

from __future__ import annotations

import dataclasses

import pytest

from synth_eval.report.figures import STYLES, loss_figure, task_figure, write_figures
from synth_eval.report.view import report_view
from synth_eval.types import Comparison

pytest.importorskip("matplotlib")


def test_files_of_every_task_and_map(fitted: Comparison, tmp_path) -> None:
    drawn = []
    files = write_figures(report_view(fitted), tmp_path / "figures", on_figure=drawn.append)
    assert [file.name for file in files[:2]] == ["arc-0.png", "arc-0.svg"]
    assert drawn == ["arc-0", "img-src-x-onerror-alert-1-1", "loss-0", "loss-1"]
    assert all(file.stat().st_size > 1000 for file in files)
    again = write_figures(report_view(fitted), tmp_path / "again")
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again]


def test_accuracy_calibration_and_onsets_share_an_axis(fitted: Comparison) -> None:
    chart = report_view(fitted).charts[0]
    top, middle, bottom = task_figure(chart).axes
    assert top.get_xlim() == middle.get_xlim() == bottom.get_xlim()
    # 2 sizes x 2 metrics are degraded
    assert [label.get_text() for label in bottom.get_yticklabels()] == [
        "accuracy, 410M", "accuracy, 1.4B", "surprise gap, 410M", "surprise gap, 1.4B",
    ]  # fmt: skip
    drawn = [tuple(line.get_ydata()) for line in top.get_lines() if line.get_marker() not in ("None", "")]
    assert len(drawn) == 2
    assert drawn[0] == pytest.approx((0.0, -2.5, -25.0))  # changes in percent of the baseline


def test_curves_are_told_apart_without_colour(fitted: Comparison) -> None:
    assert len({marker for _, marker, _ in STYLES}) == len({str(dash) for _, _, dash in STYLES}) == len(STYLES)
    top = task_figure(report_view(fitted).charts[0]).axes[0]
    markers = [line.get_marker() for line in top.get_lines() if line.get_marker() not in ("None", "")]
    assert markers == ["o", "s"]


def test_iterations_get_figures_of_their_own(make_cell, tmp_path) -> None:
    cells = tuple(make_cell(iteration=iteration) for iteration in (1, 2))
    files = write_figures(report_view(Comparison("f", "now", {}, cells, ())), tmp_path)
    assert sorted(file.name for file in files if file.suffix == ".svg") == [
        "arc-0-self-iteration-1-0.svg", "arc-0-self-iteration-2-1.svg", "loss-0.svg", "loss-1.svg",
    ]  # fmt: skip


def test_the_map_writes_its_numbers(fitted: Comparison) -> None:
    loss = report_view(fitted).losses[0]
    texts = [text.get_text() for text in loss_figure(loss).axes[0].texts]
    assert texts[:3] == [entry.text for entry in loss.table.rows[0][1:]]


def test_refused_curves_are_hatched_in_the_map(make_cell) -> None:
    cells = (make_cell("a"), make_cell("b", verdict="refused"))
    axes = loss_figure(report_view(Comparison("f", "now", {}, cells, ())).losses[0]).axes[0]
    assert [text.get_text() for text in axes.texts][3:] == ["0", "2.5%\nrefused", "25.0%\nrefused"]
    assert [patch.get_xy() for patch in axes.patches] == [(0.5, 0.5), (1.5, 0.5)]
    colours = axes.images[0].get_array()
    assert colours[0].tolist() == pytest.approx([0.0, 2.5, 25.0])
    assert colours.mask[1].tolist() == [False, True, True]


def test_the_far_margin_of_a_gap_is_not_in_view(make_cell) -> None:
    intervals = ((0.0, 0.0), (-0.1, 0.2), (0.0, 0.2))
    gap = {"metric": "surprise_gap", "higher_is_better": False, "onset": None, "onset_ci": None}
    cell = make_cell(values=(3.0, 3.05, 3.1), difference=(0.0, 0.05, 0.1), difference_ci=intervals, **gap)
    axes = task_figure(report_view(Comparison("f", "now", {}, (cell,), ())).charts[0]).axes[0]
    low, high = axes.get_ylim()
    assert 2.8 < low < 2.9  # the band ends at 2.9 and 3.25
    assert 3.2 < high < 3.3


def test_names_are_no_formulas(fitted: Comparison, tmp_path) -> None:
    cells = tuple(dataclasses.replace(cell, task="$\\frac{") for cell in fitted.cells if cell.task == "arc")
    write_figures(report_view(dataclasses.replace(fitted, cells=cells)), tmp_path)  # parsed, it would raise
