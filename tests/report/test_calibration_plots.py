"""Reliability diagrams as files: what is drawn, under which names, the same every time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fixed_calibration import everything, report, row

pytest.importorskip("matplotlib")

from synth_eval.report.figures.calibration import plot_calibration, reliability_figure


def test_files_and_names(tmp_path):
    drawn = []
    odd = report(row("a/b"), row("a b"), row("../../A_b"), row("$x$ é"))
    files = plot_calibration(odd, tmp_path / "plots", on_plot=drawn.append)
    assert [str(f.relative_to(tmp_path / "plots")) for f in files[::2]] == [
        "org_model-1b/a_b.png", "org_model-1b/a_b_2.png", "org_model-1b/A_b_3.png", "org_model-1b/x.png",
    ]  # fmt: skip
    assert all(file.stat().st_size > 1000 for file in files)
    assert drawn == ["a/b", "a b", "../../A_b", "$x$ é"]
    assert files[0].read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in files[1].read_bytes()


def test_two_models_of_one_name_do_not_mix(tmp_path):
    one = report(row("a"))
    files = plot_calibration(dataclasses.replace(one, models=one.models * 2), tmp_path)
    assert len(set(files)) == 4


def test_the_same_numbers_give_the_same_bytes(tmp_path):
    first, second = (plot_calibration(report(row("a")), tmp_path / name) for name in "12")
    assert [f.read_bytes() for f in first] == [f.read_bytes() for f in second]


def test_everything_that_has_odd_parts_can_be_drawn(tmp_path):
    assert len(plot_calibration(everything(), tmp_path)) == 2 * 5


def test_what_is_drawn():
    one = row("a", gap=0.1, p=0.0123)
    figure = reliability_figure(one, title="org/m: a_$b$")
    top, bottom = figure.axes
    assert top.get_title() == "org/m: a_$b$\nECE 0.140, miscalibrated (p = 0.012), n = 215"
    labels = [text.get_text() for text in top.get_legend().get_texts()]
    assert labels == ["perfect calibration", "95% of calibrated models", "smoothed", "bins, 95% bootstrap band"]
    points = top.containers[0].lines[0]
    np.testing.assert_allclose(points.get_xydata(), np.column_stack([one.curve.confidence, one.curve.accuracy]))
    smooth = next(line for line in top.lines if line.get_label() == "smoothed")
    np.testing.assert_allclose(smooth.get_ydata(), one.smooth.accuracy)
    heights = [segment[1][1] for segment in bottom.collections[0].get_segments()]
    assert heights == one.curve.count.tolist()


def test_without_bands():
    one = row("a")
    nan = np.full(6, np.nan)
    bare = dataclasses.replace(one.curve, low=nan, high=nan, null_low=nan, null_high=nan)
    figure = reliability_figure(dataclasses.replace(one, curve=bare, smooth=None), title="t")
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["perfect calibration", "bins"]
