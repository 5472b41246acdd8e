"""Figures of what the models write."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from synth_eval.comparison import Comparison
from synth_eval.report.figures import matplotlib_figure, report_figures, write_figures
from synth_eval.report.figures.description import Markers
from synth_eval.report.figures.outputs import drift_figures
from synth_eval.report.view import report_view


def test_a_panel_for_each_side_over_ratio_and_iteration(written: Comparison) -> None:
    view = report_view(written)
    assert view.outputs is not None
    figures = drift_figures((*view.outputs.over_ratio, *view.outputs.over_iteration))
    assert list(figures) == ["drift-essays-over-ratio-0", "drift-essays-over-iteration-1"]
    over_ratio, over_iteration = map(matplotlib_figure, figures.values())
    titles = [axes.get_title("left").partition(" (")[0] for axes in over_ratio.axes if axes.get_visible()]
    assert titles == ["rare words", "self-BLEU"]
    tail = over_ratio.axes[0]
    points = [line for line in tail.get_lines() if line.get_marker() in ("o", "s")]
    assert [line.get_ydata().tolist() for line in points] == [
        pytest.approx([0.30, 0.29, 0.24]),
        pytest.approx([0.30, 0.25, 0.15]),
    ]
    assert [label.get_text() for label in tail.get_yticklabels()][-1].endswith("%")
    assert over_iteration.axes[0].get_xticks().tolist() == [1.0, 2.0]


def test_points_say_their_value_and_panels_first_and_last(written: Comparison) -> None:
    view = report_view(written)
    assert view.outputs is not None
    (figure,) = drift_figures(view.outputs.over_ratio).values()
    assert [key.label for key in figure.legend] == ["iteration 1", "iteration 2"]
    tail = next(panel for panel in figure.panels if panel.title == "rare words")
    first, second = (layer for layer in tail.layers if isinstance(layer, Markers))
    assert first.role != second.role
    assert first.x == (0.0, 0.2, 0.5)
    assert first.texts[-1] == "iteration 1, 50%: 24.0%"
    assert "iteration 2: 30.0% to 15.0%" in tail.spoken
    assert tail.x.ticks == (0.0, 0.2, 0.5)
    assert (tail.x.form, tail.y.form) == ("percent", "percent")


def test_they_are_written_beside_the_others(written: Comparison, tmp_path: Path) -> None:
    names = {file.name for file in write_figures(report_figures(report_view(written)), tmp_path)}
    assert {"drift-essays-over-ratio-0.png", "drift-essays-over-ratio-0.svg"} <= names
