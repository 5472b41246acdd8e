"""The figures: which are drawn, where, and that the same numbers give the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scaling_families import Truth
from scaling_rows_of import family_rows

from synth_eval.report.figures.scaling import plot_scaling, scaling_figures
from synth_eval.scaling.report import ScalingReport, scaling_report

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def found() -> ScalingReport:
    return scaling_report(family_rows(), resamples=60)


@pytest.mark.slow
def test_files(found: ScalingReport, tmp_path: Path) -> None:
    files = plot_scaling(found, tmp_path / "figures")
    names = ("loss-over-tokens", "rephrased-iso-loss", "rephrased-best-ratio", "rephrased-speed-up")
    assert [file.name for file in files] == [f"f-web-{name}.{end}" for name in names for end in ("png", "svg")]
    again = plot_scaling(found, tmp_path / "again")
    assert [a.read_bytes() for a in files] == [b.read_bytes() for b in again]


def test_held_out_points_are_filled(found: ScalingReport) -> None:
    figures = dict(scaling_figures(found.tasks[0], found.sizes))
    (axes,) = figures["loss-over-tokens"].axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    filled = [line for line in axes.lines if line.get_fillstyle() == "full" and line.get_marker() not in ("None", "")]
    assert [float(np.max(line.get_xdata())) for line in filled] == pytest.approx([1.28e11] * 18)
    assert sum(line.get_marker() in ("None", "") for line in axes.lines) == 18  # a fitted curve a size and ratio


def test_what_was_refused_is_not_drawn() -> None:
    report = scaling_report(family_rows(Truth(u0=-0.3, v=0.0)), resamples=60)
    names = [name for name, _ in scaling_figures(report.tasks[0], report.sizes)]
    assert names == ["loss-over-tokens", "rephrased-iso-loss", "rephrased-speed-up"]
