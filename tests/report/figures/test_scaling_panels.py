"""What is drawn of scaling laws: panels, changes from natural data, lines of equal loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scaling_families import SIZES, TOKENS
from scaling_rows_of import family_rows

from synth_eval.report.figures.description import Figure, Markers, Panel, Polyline
from synth_eval.report.figures.scaling import change_figure, equal_loss_figure, equal_loss_lines, loss_figure
from synth_eval.scaling.report import ScalingReport, TaskScaling, scaling_report


@pytest.fixture(scope="module")
def found() -> ScalingReport:
    other = [row for row in family_rows(source="textbook", worse=0.02) if row.ratio > 0]
    return scaling_report([*family_rows(), *other], resamples=60)


def losses(task: TaskScaling) -> Figure:
    figure = loss_figure(task)
    assert figure is not None
    return figure


def series(figure: Figure, panel: Panel) -> dict[str, Markers]:
    """Points by the name that their role has in the legend."""
    names = {key.role: key.label for key in figure.legend}
    return {names[layer.role]: layer for layer in panel.layers if isinstance(layer, Markers)}


def test_a_panel_a_source_and_size_with_natural_data(found: ScalingReport) -> None:
    figure = losses(found.tasks[0])
    assert [panel.title for panel in figure.panels] == [
        f"{size}, {source}" for source in ("rephrased", "textbook") for size in ("100M", "400M", "1.6B")
    ]
    first = series(figure, figure.panels[0])["ratio 0"]
    assert first.x == pytest.approx(TOKENS)
    assert first.filled == (False, False, False, True)
    assert first.texts[-1].startswith("ratio 0, 128B tokens: ")
    assert first.texts[-1].endswith(", held out")
    # of the mixture law, as four budgets are too few for a law of one's own
    assert [len(layer.x) for layer in figure.panels[0].layers if isinstance(layer, Polyline)] == [40] * 6


def test_natural_data_alone_share_one_panel() -> None:
    rows = family_rows(ratios=(0.0,), tokens=(*TOKENS, 5e11))
    (task,) = scaling_report(rows, resamples=60).tasks
    figure = losses(task)
    (panel,) = figure.panels
    assert list(series(figure, panel)) == ["100M", "400M", "1.6B"]
    assert change_figure(task) is None


def test_rows_without_a_size_are_drawn() -> None:
    rows = [replace(row, size="", parameters=None) for row in family_rows(sizes=SIZES[:1])]
    figure = losses(scaling_report(rows, resamples=60).tasks[0])
    (panel,) = figure.panels
    assert panel.title == "rephrased"
    assert set(series(figure, panel)) == {f"ratio {r:g}" for r in (0, 0.1, 0.2, 0.3, 0.5, 0.8)}


def test_changes_are_from_natural_data_of_the_same_budget(found: ScalingReport) -> None:
    rows = {(row.size, row.source, row.ratio, row.tokens): row.loss for row in family_rows()}
    figure = change_figure(found.tasks[0])
    assert figure is not None
    assert figure.panels[1].title == "400M, rephrased"
    mix = series(figure, figure.panels[1])["ratio 0.3"]
    for tokens, change in zip(TOKENS, mix.y):
        natural, mixed = (rows["400M", "rephrased", ratio, tokens] for ratio in (0.0, 0.3))
        assert change == pytest.approx(mixed / natural - 1)


def test_lines_of_equal_loss_start_at_natural_data_within_the_tested_budgets(found: ScalingReport) -> None:
    mixture = found.tasks[0].mixtures[0]
    figure = equal_loss_figure(mixture, found.sizes)
    assert figure is not None
    assert [panel.title for panel in figure.panels] == ["100M", "400M", "1.6B"]
    for size in map(float, np.unique(mixture.points.size)):
        lines = equal_loss_lines(mixture, size)
        # the two budgets between the smallest and the largest
        assert [line.natural_tokens for line in lines] == pytest.approx(TOKENS[1:-1])
        assert [line.loss for line in lines] == sorted((line.loss for line in lines), reverse=True)
        for line in lines:
            assert line.places[0] == pytest.approx((0.0, line.natural_tokens))
            tokens = np.array([d for _, d in line.places])
            assert (tokens >= 0.99 * TOKENS[0]).all()
            assert (tokens <= 1.01 * TOKENS[-1]).all()
