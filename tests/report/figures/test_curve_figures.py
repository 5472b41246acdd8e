"""Every task over the synthetic ratio, and the map of losses: what is described, and the files of it."""

from __future__ import annotations

import dataclasses

import pytest
from cells import changed

from synth_eval.comparison import Comparison
from synth_eval.report.figures import matplotlib_figure, picked, report_figures, to_matplotlib, to_plotly, write_figures
from synth_eval.report.figures.curves import controls, curve_figure, loss_map, varying
from synth_eval.report.figures.description import Level, Markers
from synth_eval.report.view import report_view

pytest.importorskip("matplotlib")


def drawn(chart, scale: str = "change"):
    """A task as it is written to a file."""
    choice = {"scale": [scale], "metric": ["surprise_gap"], "draw": ["fit"]}
    return matplotlib_figure(picked(curve_figure(chart), choice))


def markers(axes) -> list:
    return [line for line in axes.get_lines() if line.get_marker() in to_matplotlib.SYMBOLS]


def test_files_of_every_task_and_map(fitted: Comparison, tmp_path) -> None:
    names: list[str] = []
    figures = report_figures(report_view(fitted))
    files = write_figures(figures, tmp_path / "figures", on_figure=names.append)
    assert [file.name for file in files[:2]] == ["arc-0.png", "arc-0.svg"]
    assert names == ["arc-0", "img-src-x-onerror-alert-1-1", "loss-0", "loss-1"]
    assert all(file.stat().st_size > 1000 for file in files)
    again = write_figures(figures, tmp_path / "again")
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again]


def test_accuracy_calibration_and_onsets_share_an_axis(fitted: Comparison) -> None:
    top, middle, bottom = drawn(report_view(fitted).charts[0]).axes
    assert top.get_xlim() == middle.get_xlim() == bottom.get_xlim()
    # 2 sizes x 2 metrics are degraded
    assert [label.get_text() for label in bottom.get_yticklabels()] == [
        "accuracy, 410M", "accuracy, 1.4B", "surprise gap, 410M", "surprise gap, 1.4B",
    ]  # fmt: skip
    assert len(markers(top)) == 2
    assert tuple(markers(top)[0].get_ydata()) == pytest.approx((0.0, -2.5, -25.0))  # in percent of the baseline


def test_curves_are_told_apart_without_colour(fitted: Comparison) -> None:
    for drawer in (to_matplotlib, to_plotly):
        assert len(set(drawer.SYMBOLS)) == len(set(map(str, drawer.DASHES))) == len(drawer.SYMBOLS) == 6
    top = drawn(report_view(fitted).charts[0]).axes[0]
    assert [line.get_marker() for line in markers(top)] == ["o", "s"]


def test_iterations_get_figures_of_their_own(make_cell, tmp_path) -> None:
    cells = tuple(make_cell(iteration=iteration) for iteration in (1, 2))
    files = write_figures(report_figures(report_view(Comparison("f", "now", {}, cells, ()))), tmp_path)
    assert sorted(file.name for file in files if file.suffix == ".svg") == [
        "arc-0-self-iteration-1-0.svg", "arc-0-self-iteration-2-1.svg", "loss-0.svg", "loss-1.svg",
    ]  # fmt: skip


def test_the_map_writes_its_numbers(fitted: Comparison) -> None:
    loss = report_view(fitted).losses[0]
    texts = [text.get_text() for text in matplotlib_figure(loss_map(loss)).axes[0].texts]
    assert texts[:3] == [entry.text for entry in loss.rows[0][1:]]


def test_refused_curves_are_hatched_in_the_map(make_cell) -> None:
    cells = (make_cell("a"), make_cell("b", verdict="refused"))
    axes = matplotlib_figure(loss_map(report_view(Comparison("f", "now", {}, cells, ())).losses[0])).axes[0]
    assert [text.get_text() for text in axes.texts][3:] == ["0", "2.5%\nrefused", "25.0%\nrefused"]
    assert [patch.get_xy() for patch in axes.patches] == [(0.5, 0.5), (1.5, 0.5)]
    colours = axes.images[0].get_array()
    assert colours[0].tolist() == pytest.approx([0.0, 2.5, 25.0])
    assert colours.mask[1].tolist() == [False, True, True]


def test_the_far_margin_of_a_gap_is_not_in_view(make_cell) -> None:
    intervals = ((0.0, 0.0), (-0.1, 0.2), (0.0, 0.2))
    gap = {"metric": "surprise_gap", "higher_is_better": False, "onset": None, "onset_ci": None}
    cell = make_cell(values=(3.0, 3.05, 3.1), difference=(0.0, 0.05, 0.1), difference_ci=intervals, **gap)
    axes = drawn(report_view(Comparison("f", "now", {}, (cell,), ())).charts[0], "value").axes[0]
    low, high = axes.get_ylim()
    assert 2.8 < low < 2.9  # the band ends at 2.9 and 3.25
    assert 3.2 < high < 3.3


def test_names_are_no_formulas(fitted: Comparison, tmp_path) -> None:
    cells = tuple(
        changed(cell, task="$\\frac{", size=f"$\\frac{{{cell.place.size}")
        for cell in fitted.cells
        if cell.task == "arc"
    )
    view = report_view(dataclasses.replace(fitted, cells=cells))
    write_figures(report_figures(view), tmp_path)  # parsed, it would raise


def test_a_row_that_is_not_chosen_leaves_no_gap(fitted: Comparison) -> None:
    figure = curve_figure(report_view(fitted).charts[0])
    panel = picked(figure, {"metric": []}).panels[-1]
    assert [row.label for row in panel.rows] == ["accuracy, 410M", "accuracy, 1.4B"]
    # the onset of a row, and a quarter of a row below it its crossing
    assert [layer.y[0] for layer in panel.layers if isinstance(layer, Markers)] == pytest.approx([0, 0.26, 1, 1.26])


def test_what_the_page_offers(fitted: Comparison) -> None:
    offered = {control.name: control for control in controls(report_view(fitted).charts)}
    assert list(offered) == ["size", "metric", "scale", "draw"]
    assert offered["size"].options == (("410M", "410M"), ("1.4B", "1.4B"))  # by their number of parameters
    assert offered["size"].chosen == ("410M", "1.4B")
    assert offered["metric"].options == (("surprise_gap", "surprise gap"), ("ece", "ECE"))
    assert (offered["scale"].chosen, offered["draw"].chosen) == (("change",), ("fit",))


def test_one_curve_is_shown_as_values_with_its_seeds(make_cell, fitted: Comparison) -> None:
    one = (fitted.cells[0],)
    offered = {control.name: control for control in controls(report_view(Comparison("f", "now", {}, one, ())).charts)}
    assert list(offered) == ["scale", "draw"]
    assert offered["scale"].chosen == ("value",)
    assert offered["draw"].chosen == ("fit", "seeds")


def test_further_places_are_chosen_one_at_a_time(make_cell) -> None:
    cells = tuple(make_cell(size=size, iteration=i) for size in ("1.4B", "410M") for i in (1, 2))
    charts = report_view(Comparison("f", "now", {}, cells, ())).charts
    places = varying(charts)
    assert places == {"size": ["410M", "1.4B"], "iteration": ["1", "2"]}
    size, iteration = controls(charts)[:2]
    assert (size.several, iteration.several) == (True, False)
    assert iteration.options == (("1", "iteration 1"), ("2", "iteration 2"))
    assert iteration.chosen == ("2",)
    figure = curve_figure(charts[0], places)
    chosen = picked(figure, {"size": ["1.4B"], "iteration": ["2"], "scale": ["value"], "draw": []})
    points = [layer for layer in chosen.panels[0].layers if isinstance(layer, Markers)]
    assert [(layer.role, layer.texts[0].split(",")[0]) for layer in points] == [(1, "1.4B")]


def test_changes_share_baseline_and_margin_and_values_do_not(fitted: Comparison) -> None:
    figure = curve_figure(report_view(fitted).charts[0])
    change, value = (picked(figure, {"scale": [scale], "metric": []}).panels[0] for scale in ("change", "value"))
    levels = [[layer for layer in p.layers if isinstance(layer, Level) and layer.axis == "y"] for p in (change, value)]
    assert [(level.at, level.role, level.label) for level in levels[0]] == [
        (0.0, "quiet", "baseline"), (pytest.approx(-3.0), "quiet", "margin"),
    ]  # fmt: skip
    assert [(level.at, level.role) for level in levels[1]] == [
        (0.8, 0), (pytest.approx(0.776), 0), (0.8, 1), (pytest.approx(0.776), 1),
    ]  # fmt: skip
