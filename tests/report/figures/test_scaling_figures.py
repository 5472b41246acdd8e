"""Figures of scaling laws: which are drawn, where, and that the same numbers give the same bytes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scaling_families import SIZES, TOKENS, Truth
from scaling_rows_of import NAMES, family_rows

from synth_eval.report.figures import matplotlib_figure, scaling_figures, write_figures
from synth_eval.report.figures.description import Bars, Figure, Markers, Polyline
from synth_eval.report.figures.scaling import change_figure
from synth_eval.report.scaling.view import scaling_view
from synth_eval.scaling.report import ScalingReport, scaling_report

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def found() -> ScalingReport:
    return scaling_report(family_rows(), resamples=60)


@pytest.fixture(scope="module")
def drawn(found: ScalingReport) -> dict[str, Figure]:
    return scaling_figures(scaling_view(found))


@pytest.mark.slow
def test_files(drawn: dict[str, Figure], tmp_path: Path) -> None:
    files = write_figures(drawn, tmp_path / "figures")
    names = ("loss-over-tokens", "rephrased-iso-loss", "rephrased-best-ratio", "rephrased-speed-up")
    assert [file.name for file in files] == [f"f-web-{name}.{end}" for name in names for end in ("png", "svg")]
    again = write_figures(drawn, tmp_path / "again")
    assert [a.read_bytes() for a in files] == [b.read_bytes() for b in again]


def test_held_out_points_are_filled(drawn: dict[str, Figure]) -> None:
    figure = drawn["f-web-loss-over-tokens"]
    axes = matplotlib_figure(figure).axes
    assert {(each.get_xscale(), each.get_yscale()) for each in axes} == {("log", "log")}
    lines = [line for each in axes for line in each.lines]
    filled = [
        line for line in lines if line.get_fillstyle() == "full" and line.get_marker() not in ("None", "none", "")
    ]
    assert [float(np.max(line.get_xdata())) for line in filled] == pytest.approx([1.28e11] * 18)
    # a fitted curve a size and ratio
    assert sum(isinstance(layer, Polyline) for panel in figure.panels for layer in panel.layers) == 18
    points = [layer for panel in figure.panels for layer in panel.layers if isinstance(layer, Markers)]
    assert {layer.filled for layer in points} == {(False, False, False, True)}


def test_what_was_refused_is_not_drawn() -> None:
    names = list(scaling_figures(scaling_view(scaling_report(family_rows(Truth(u0=-0.3, v=0.0)), resamples=60))))
    assert names == ["f-web-loss-over-tokens", "f-web-rephrased-iso-loss", "f-web-rephrased-speed-up"]


def test_every_size_has_its_own_law() -> None:
    """Two sizes are too few for a law over sizes, and four budgets for a law of each curve: a law of mixes a size."""
    report = scaling_report(family_rows(sizes=SIZES[:2]), resamples=60)
    (task,) = report.tasks
    laws = {mixture.size: mixture.answers.fit for mixture in task.mixtures}
    assert list(laws) == [NAMES[size] for size in SIZES[:2]]
    panels = scaling_figures(scaling_view(report))["f-web-loss-over-tokens"].panels
    assert [panel.title for panel in panels] == list(laws)
    for panel, size in zip(panels, SIZES):
        drawn = [layer for layer in panel.layers if isinstance(layer, Polyline)]
        ratios = sorted({curve.ratio for curve in task.curves})
        assert len(drawn) == len(ratios)
        for line, ratio in zip(drawn, ratios):
            law = laws[panel.title]
            assert law is not None
            assert line.y == pytest.approx(law.loss(size, np.array(line.x, dtype=float), ratio))
        # and so the curves pass their points, which have .2% of noise
        points = [layer for layer in panel.layers if isinstance(layer, Markers)]
        for line, point in zip(drawn, points):
            assert np.interp(point.x, line.x, line.y) == pytest.approx(np.array(point.y, dtype=float), rel=0.02)


@pytest.mark.parametrize("name", ["run$_^$1", "$\\frac{", "a_b^c"])
def test_names_are_no_formulas(found: ScalingReport, tmp_path: Path, name: str) -> None:
    task = found.tasks[0]
    curves = tuple(dataclasses.replace(curve, source=name if curve.ratio else curve.source) for curve in task.curves)
    mixtures = tuple(dataclasses.replace(mixture, source=name) for mixture in task.mixtures)
    named = dataclasses.replace(task, family=name, task=name, curves=curves, mixtures=mixtures)
    sizes = dict.fromkeys(found.sizes, name)
    files = write_figures(
        scaling_figures(scaling_view(dataclasses.replace(found, tasks=(named,), sizes=sizes))), tmp_path
    )
    assert len(files) == 8  # parsed as a formula, the name would raise
    assert f">{name}: {name}<" in files[1].read_text()


def test_a_family_with_odd_names_is_fitted_and_drawn(tmp_path: Path) -> None:
    rows = [dataclasses.replace(row, family="run$_^$1") for row in family_rows(sizes=SIZES[:1])]
    files = write_figures(scaling_figures(scaling_view(scaling_report(rows, resamples=60))), tmp_path)
    assert files[0].name == "run___1-web-loss-over-tokens.png"


def test_changes_keep_the_roles_of_the_losses(found: ScalingReport) -> None:
    (task,) = found.tasks
    figure = change_figure(task)
    assert figure is not None
    assert [(key.label, key.role) for key in figure.legend] == [
        ("ratio 0.1", 1), ("ratio 0.2", 2), ("ratio 0.3", 3), ("ratio 0.5", 4), ("ratio 0.8", 5),
    ]  # fmt: skip
    roles = {layer.role for panel in figure.panels for layer in panel.layers if isinstance(layer, Markers)}
    assert roles == {1, 2, 3, 4, 5}


def test_bars_start_at_one_and_end_at_the_speed_up(found: ScalingReport, drawn: dict[str, Figure]) -> None:
    (panel,) = drawn["f-web-rephrased-speed-up"].panels
    bars = [layer for layer in panel.layers if isinstance(layer, Bars)]
    told = [each for each in found.tasks[0].mixtures[0].answers.speed_ups if each.answer.value is not None]
    assert [(bar.start, bar.end) for bar in bars] == [((1.0,), (each.answer.value,)) for each in told]
    assert {bar.role for bar in bars if bar.end[0] < 1} == {1}
    assert panel.rows[0].label.startswith("100M, ratio 0.1, ")
    assert panel.x.log


def test_iso_loss_lines_start_at_natural_data(drawn: dict[str, Figure]) -> None:
    for panel in drawn["f-web-rephrased-iso-loss"].panels:
        lines = [layer for layer in panel.layers if isinstance(layer, Polyline)]
        assert [line.x[0] for line in lines] == [0.0, 0.0]
        assert [line.y[0] for line in lines] == pytest.approx(TOKENS[1:-1])
