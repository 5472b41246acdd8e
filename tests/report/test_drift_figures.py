"""Figures of what the models write."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from synth_eval.report.figures import write_figures
from synth_eval.report.figures.drifts import drift_figures
from synth_eval.report.view import report_view
from synth_eval.types import Comparison


def test_a_panel_for_each_side_over_ratio_and_iteration(written: Comparison) -> None:
    view = report_view(written)
    assert view.outputs is not None
    figures = dict(drift_figures(view.outputs))
    assert list(figures) == ["drift-essays-over-ratio-0", "drift-essays-over-iteration-1"]
    over_ratio, over_iteration = figures.values()
    titles = [axes.get_title() for axes in over_ratio.axes]
    assert titles == ["rare words (%)", "self-BLEU"]
    tail = over_ratio.axes[0]
    assert [line.get_ydata().tolist() for line in tail.get_lines()] == [
        pytest.approx([30.0, 29.0, 24.0]),
        pytest.approx([30.0, 25.0, 15.0]),
    ]
    assert over_iteration.axes[0].get_xticks().tolist() == [1.0, 2.0]


def test_they_are_written_beside_the_others(written: Comparison, tmp_path: Path) -> None:
    names = {file.name for file in write_figures(report_view(written), tmp_path)}
    assert {"drift-essays-over-ratio-0.png", "drift-essays-over-ratio-0.svg"} <= names
