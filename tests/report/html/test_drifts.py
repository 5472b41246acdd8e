"""Drifts as coordinates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.report.html.drawings import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, nice_ticks, panel_rows
from synth_eval.report.view.outputs import outputs_view
from synth_eval.types import Comparison


def test_ticks_are_round_numbers_within_the_range() -> None:
    # a sixth of the range is .17; the next step is .2
    assert nice_ticks(0.0, 1.0) == pytest.approx((0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
    assert nice_ticks(12.3, 31.0) == pytest.approx((15.0, 20.0, 25.0, 30.0))  # 18.7 / 6 = 3.1: 5
    assert nice_ticks(5.0, 5.0) == (5.0,)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_ticks_lie_within_and_are_few(low: float, span: float) -> None:
    ticks = nice_ticks(low, low + span)
    assert 1 <= len(ticks) <= 7
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in ticks) or ticks == (low,)
    assert list(ticks) == sorted(set(ticks))


def test_panels(written: Comparison) -> None:
    view = outputs_view(written)
    assert view is not None
    (row,) = panel_rows(view.over_ratio)
    assert row.task == "essays"
    assert [line.label for line in row.legend] == ["iteration 1", "iteration 2"]
    assert len({(line.series, line.dash) for line in row.legend}) == 2
    tail = next(panel for panel in row.panels if panel.title == "rare words")
    first, second = tail.lines
    xs = [x for x, _, _ in first.points]
    assert (xs[0], xs[-1]) == (LEFT, WIDTH - RIGHT)
    assert xs[1] == pytest.approx(LEFT + 0.4 * (WIDTH - LEFT - RIGHT), abs=0.1)  # 20% of 50%
    assert first.points[-1][1] < second.points[-1][1]  # y runs down, and the second fell further
    assert first.points[-1][2] == "iteration 1, 50%: 24.0%"
    assert all(TOP <= y <= HEIGHT - BOTTOM for line in tail.lines for _, y, _ in line.points)
    assert "iteration 2: 30.0% to 15.0%" in tail.spoken
    assert all(tick.text.endswith("%") for tick in (*tail.x_ticks, *tail.y_ticks))
