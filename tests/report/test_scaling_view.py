"""What is drawn of scaling laws: panels, changes from natural data, lines of equal loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scaling_families import SIZES, TOKENS
from scaling_rows_of import family_rows

from synth_eval.report.scaling.view import equal_loss_panels, loss_panels, relative_panels
from synth_eval.scaling.report import ScalingReport, scaling_report


@pytest.fixture(scope="module")
def found() -> ScalingReport:
    other = [row for row in family_rows(source="textbook", worse=0.02) if row.ratio > 0]
    return scaling_report([*family_rows(), *other], resamples=60)


def test_a_panel_a_source_and_size_with_natural_data(found: ScalingReport) -> None:
    panels = loss_panels(found.tasks[0])
    assert [panel.title for panel in panels] == [
        f"{size}, {source}" for source in ("rephrased", "textbook") for size in ("100M", "400M", "1.6B")
    ]
    first = panels[0].series[0]
    assert first.name == "ratio 0"
    assert first.tokens == pytest.approx(TOKENS)
    assert first.held == (False, False, False, True)
    assert len(first.fit) == 40  # of the mixture law, as four budgets are too few for a law of one's own


def test_natural_data_alone_share_one_panel() -> None:
    rows = family_rows(ratios=(0.0,), tokens=(*TOKENS, 5e11))
    (panel,) = loss_panels(scaling_report(rows, resamples=60).tasks[0])
    assert [one.name for one in panel.series] == ["100M", "400M", "1.6B"]
    assert relative_panels((panel,)) == ()


def test_rows_without_a_size_are_drawn() -> None:
    rows = [replace(row, size="", parameters=None) for row in family_rows(sizes=SIZES[:1])]
    (panel,) = loss_panels(scaling_report(rows, resamples=60).tasks[0])
    assert panel.title == "rephrased"
    assert {one.name for one in panel.series} == {f"ratio {r:g}" for r in (0, 0.1, 0.2, 0.3, 0.5, 0.8)}


def test_changes_are_from_natural_data_of_the_same_budget(found: ScalingReport) -> None:
    rows = {(row.size, row.source, row.ratio, row.tokens): row.loss for row in family_rows()}
    panel = relative_panels(loss_panels(found.tasks[0]))[1]
    mix = next(one for one in panel.series if one.name == "ratio 0.3")
    for tokens, change in zip(TOKENS, mix.loss):
        natural, mixed = (rows["400M", "rephrased", ratio, tokens] for ratio in (0.0, 0.3))
        assert change == pytest.approx(mixed / natural - 1)


def test_lines_of_equal_loss_start_at_natural_data_within_the_tested_budgets(found: ScalingReport) -> None:
    panels = equal_loss_panels(found.tasks[0].mixtures[0], found.sizes)
    assert [panel.title for panel in panels] == ["100M", "400M", "1.6B"]
    for panel in panels:
        # the two budgets between the smallest and the largest
        assert [line.natural_tokens for line in panel.lines] == pytest.approx(TOKENS[1:-1])
        assert [line.loss for line in panel.lines] == sorted((line.loss for line in panel.lines), reverse=True)
        for line in panel.lines:
            assert line.places[0] == pytest.approx((0.0, line.natural_tokens))
            tokens = np.array([d for _, d in line.places])
            assert (tokens >= 0.99 * TOKENS[0]).all()
            assert (tokens <= 1.01 * TOKENS[-1]).all()
