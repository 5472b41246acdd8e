"""Reliability diagrams as files: what is drawn, under which names, the same every time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fixed_calibration import everything, report, row

pytest.importorskip("matplotlib")

from drawn_curves import reliability_of

from synth_eval.report.figures import calibration_figures, matplotlib_figure, write_figures
from synth_eval.report.figures.calibration import calibration_figure, reliability_figures
from synth_eval.report.figures.description import Band, Bars, Markers, Polyline


def test_files_and_names(tmp_path):
    drawn = []
    odd = report(row("a/b"), row("a b"), row("../../A_b"), row("$x$ é"))
    files = write_figures(calibration_figures(odd), tmp_path / "plots", on_figure=drawn.append)
    names = ["org_model-1b/a_b", "org_model-1b/a_b_2", "org_model-1b/A_b_3", "org_model-1b/x"]
    assert [str(f.relative_to(tmp_path / "plots")) for f in files[::2]] == [f"{name}.png" for name in names]
    assert all(file.stat().st_size > 1000 for file in files)
    assert drawn == names
    assert files[0].read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in files[1].read_bytes()


def test_two_models_of_one_name_do_not_mix(tmp_path):
    one = report(row("a"))
    files = write_figures(calibration_figures(dataclasses.replace(one, models=one.models * 2)), tmp_path)
    assert len(set(files)) == 4


def test_the_same_numbers_give_the_same_bytes(tmp_path):
    first, second = (write_figures(calibration_figures(report(row("a"))), tmp_path / name) for name in "12")
    assert [f.read_bytes() for f in first] == [f.read_bytes() for f in second]


def test_everything_that_has_odd_parts_can_be_drawn(tmp_path):
    assert len(write_figures(calibration_figures(everything()), tmp_path)) == 2 * 5


def test_what_is_drawn():
    one = row("a", gap=0.1, p=0.0123)
    figure = calibration_figure(one, "org/m: a_$b$")
    assert (figure.title, figure.note) == ("org/m: a_$b$", "ECE 0.140, miscalibrated (p = 0.012), n = 215")
    assert matplotlib_figure(figure).get_suptitle() == f"{figure.title}\n{figure.note}"
    assert [key.label for key in figure.legend] == [
        "perfect calibration", "95% of calibrated models", "smoothed",
        "bins that chance explains, 95% bootstrap band", "bins outside",
    ]  # fmt: skip
    top, bottom = figure.panels
    points = [layer for layer in top.layers if isinstance(layer, Markers)]
    places = sorted((x, y) for layer in points for x, y in zip(layer.x, layer.y))
    np.testing.assert_allclose(places, np.column_stack([one.curve.confidence, one.curve.accuracy]))
    spreads = sorted(spread for layer in points for spread in layer.y_spread)
    np.testing.assert_allclose(spreads, np.column_stack([one.curve.low, one.curve.high]))
    smooth = next(layer for layer in top.layers if isinstance(layer, Polyline) and layer.dash == "dash")
    np.testing.assert_allclose(smooth.y, one.smooth.accuracy)
    (counts,) = bottom.layers
    assert isinstance(counts, Bars)
    assert list(counts.end) == one.curve.count.tolist()


def test_without_bands():
    one = row("a")
    nan = np.full(6, np.nan)
    bare = dataclasses.replace(one.curve, low=nan, high=nan, null_low=nan, null_high=nan)
    figure = calibration_figure(dataclasses.replace(one, curve=bare, smooth=None), "t")
    assert [key.label for key in figure.legend] == ["perfect calibration", "bins"]
    matplotlib_figure(figure)


def test_the_page_and_the_file_have_the_same_points_and_band():
    one = row("a", gap=0.1)
    ((page,),) = (figure.panels for figure in reliability_figures({"a": [reliability_of(one.curve, label="20%")]}))
    written = calibration_figure(dataclasses.replace(one, smooth=None), "a").panels[0]
    for kind in (Band, Polyline):
        assert [each for each in page.layers if isinstance(each, kind)] == [
            each for each in written.layers if isinstance(each, kind)
        ]
    shown, filed = ([each for each in panel.layers if isinstance(each, Markers)] for panel in (page, written))
    assert [dataclasses.replace(each, y_spread=()) for each in filed] == shown
