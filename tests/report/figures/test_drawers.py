"""Both drawers, layer by layer: the same numbers, names as text, conditions kept for the page."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.errors import SynthEvalError
from synth_eval.report.figures import Figure, check_matplotlib, matplotlib_figure, picked, plotly_figure
from synth_eval.report.figures.description import (
    MAX_TICKS,
    Axis,
    Band,
    Bars,
    Level,
    Markers,
    Panel,
    Polyline,
    Row,
    log_axis,
    log_ticks,
    spaced,
    tick_text,
)


def trace(layer, **panel):
    """The first trace that plotly draws of a layer."""
    return plotly_figure(Figure("t", (Panel((layer,), **panel),)))["panels"][0]["traces"][0]


def test_ticks_are_few_and_round() -> None:
    # 2 to 512 billion: 2, 5, 10, ... 500 are eight; powers of ten are two, too few; every second is left
    assert [tick_text(tick, "count") for tick in log_ticks(2e9, 5.12e11)] == ["2B", "10B", "50B", "200B"]
    assert [tick_text(tick, "number") for tick in log_ticks(2.2, 3.1)] == ["2.2", "2.4", "2.6", "2.8", "3"]
    assert log_ticks(1.0, 1.0) == (1.0,)
    low, high = log_axis([1.0, 100.0]).limits or (0.0, 0.0)
    assert (math.log(10) - math.log(low)) / (math.log(high) - math.log(low)) == pytest.approx(0.5)


@given(st.floats(1e-3, 1e12), st.floats(1.0, 1e6))
def test_ticks_lie_within_and_are_few(low: float, factor: float) -> None:
    ticks = log_ticks(low, low * factor)
    assert 1 <= len(ticks) <= MAX_TICKS
    assert all(low * (1 - 1e-6) <= tick <= low * factor * (1 + 1e-6) for tick in ticks)
    assert list(ticks) == sorted(set(ticks))


def test_ticks_with_room() -> None:
    assert spaced((0.0, 0.01, 0.05, 0.1, 0.5), 0.05) == [0.0, 0.05, 0.1, 0.5]
    assert spaced((0.0, 0.47, 0.5), 0.05) == [0.0, 0.5]
    assert spaced((0.3,), 1.0) == [0.3]
    assert spaced((), 1.0) == []


def test_plotly_reads_names_as_text() -> None:
    hostile = "<b>&</b>\x1b[31m"
    marked = trace(Markers(x=(1.0,), y=(2.0,), texts=(f"{hostile}\nmore",)))
    assert marked["text"] == ["&lt;b&gt;&amp;&lt;/b&gt;\\x1b[31m<br>more"]
    panel = plotly_figure(Figure("t", (Panel((), title=hostile, rows=(Row(hostile, "d"),)),)))["panels"][0]
    assert panel["title"] == "&lt;b&gt;&amp;&lt;/b&gt;\\x1b[31m"
    assert panel["annotations"][0]["text"] == "&lt;b&gt;&amp;&lt;/b&gt;\\x1b[31m: d"


def test_plotly_keeps_conditions_and_names_colours() -> None:
    when = (("size", "410M", True), ("draw", "fit", False))
    drawn = trace(Polyline(x=(1.0, None), y=(2.0, 3.0), role=7, when=when))
    assert drawn["when"] == [["size", "410M", True], ["draw", "fit", False]]
    assert drawn["line"]["color"] == "@series-2"
    assert drawn["line"]["dash"] == "dot"  # the eighth series: colours begin again, dashes shift by one
    assert drawn["x"] == [1.0, None]


def test_plotly_draws_what_matplotlib_draws() -> None:
    pytest.importorskip("matplotlib")
    layers = (
        Band(x=(1.0, 2.0, 3.0), low=(0.0, 1.0, None), high=(2.0, 3.0, None), role=0),
        Polyline(x=(1.0, 2.0), y=(1.0, 2.0), role=0, label="here"),
        Markers(x=(1.0, 2.0), y=(1.0, 2.0), filled=(False, True), y_spread=((0.5, 1.5), (1.0, 4.0)), role=0),
        Level(at=1.5, label="margin", role="quiet"),
        Bars(at=(1.0,), start=(0.0,), end=(2.0,), along="y", role=1),
    )
    figure = Figure("t", (Panel(layers, Axis(limits=(0.0, 4.0)), log_axis([1.0, 100.0])),))
    (panel,) = plotly_figure(figure)["panels"]
    assert json.loads(json.dumps(panel)) == panel
    band, line, points, bars = panel["traces"]
    assert (band["x"], band["y"]) == ([1.0, 2.0, 2.0, 1.0], [2.0, 3.0, 1.0, 0.0])
    assert line["text"] == ["here", ""]
    assert points["marker"]["symbol"] == ["circle-open", "circle"]
    assert (points["error_y"]["array"], points["error_y"]["arrayminus"]) == ([0.5, 2.0], [0.5, 1.0])
    assert (bars["x"], bars["y"]) == ([1.0, 1.0, None], [0.0, 2.0, None])
    assert panel["shapes"][0]["y"] == 1.5
    assert panel["annotations"][0]["text"] == "margin"
    assert panel["yaxis"]["type"] == "log"
    assert panel["yaxis"]["range"] == pytest.approx([-0.1, 2.1])  # exponents of ten
    (axes,) = matplotlib_figure(figure).axes
    open_point, filled_point = (line for line in axes.lines if line.get_marker() == "o")
    assert (open_point.get_xdata().tolist(), filled_point.get_ydata().tolist()) == ([1.0], [2.0])
    assert axes.get_xlim() == (0.0, 4.0)
    assert [text.get_text() for text in axes.texts] == ["here", "margin"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["1", "10", "100"]


def test_nothing_but_numbers_that_json_has() -> None:
    assert trace(Polyline(x=(1.0, math.nan), y=(math.inf, 1 / 3)))["y"] == [None, 0.33333]


def test_conditions_on_other_controls_are_kept() -> None:
    line = Polyline(x=(0.0,), y=(0.0,), when=(("draw", "fit", True), ("size", "410M", True)))
    (panel,) = picked(Figure("t", (Panel((line,)),)), {"draw": ["fit"]}).panels
    assert panel.layers[0].when == (("size", "410M", True),)


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SynthEvalError, match=r"--plots needs matplotlib: pip install 'synth-eval\[plots\]'"):
        check_matplotlib("--plots")
