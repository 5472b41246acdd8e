"""A figure as what plotly draws in the page: traces, shapes and axes of each panel, as plain JSON.

Colours are names of the page's style sheet ("@series-1", "@quiet"), and conditions stay with each trace: the page knows
the theme, its width and what is chosen, puts panels together and leaves out what is not shown.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from typing import Any

from synth_eval.report.figures.description import (
    SERIES,
    Axis,
    Band,
    Bars,
    Condition,
    Figure,
    Layer,
    Level,
    Markers,
    Panel,
    Polyline,
    Role,
    style_of,
    tick_text,
)
from synth_eval.text import visible

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
FORMATS = {"number": "", "percent": "~%", "change": "+", "percent change": "+~%", "count": "~s"}
FAINT, BAND = 0.5, 0.16  # opacities
LABELLED_LEFT = 52  # pixels left of a y axis, at least

Json = dict[str, Any]


def plotly_figure(figure: Figure) -> Json:
    """What page.js draws of a figure; ``when`` are its conditions."""
    return {"stacked": figure.stacked, "panels": [_panel(panel) for panel in figure.panels]}


def _panel(panel: Panel) -> Json:
    hidden = {"showticklabels": False, "showgrid": False, "zeroline": False}
    rows = [_note(f"{row.label}: {row.detail}", x=0, y=i, above=True) for i, row in enumerate(panel.rows)]
    levels = [layer for layer in panel.layers if isinstance(layer, Level)]
    named = [(each, _note(each.label, x=1, y=each.at, above=each.above)) for each in levels if each.label]
    return {
        "title": _text(panel.title),
        "height": panel.height,
        "square": panel.square,
        "rows": bool(rows),
        "left": 14 if rows else 36 if panel.square else LABELLED_LEFT,
        "when": _conditions(panel.when),
        "xaxis": _axis(panel.x),
        "yaxis": hidden if rows else _axis(panel.y),
        "traces": [_where(_DRAW[type(each)](each), each) for each in panel.layers if not isinstance(each, Level)],
        "shapes": [_where(_level(level), level) for level in levels],
        "annotations": [*(_where(note, level) for level, note in named), *rows],
    }


def _axis(axis: Axis) -> Json:
    made: Json = {"zeroline": False, "nticks": 6, "tickformat": FORMATS[axis.form]}
    if axis.form.endswith("change"):
        made["labelalias"] = {"+0": "0", "+0%": "0"}
    if axis.log:
        made["type"] = "log"
    if axis.ticks:
        made |= {"tickvals": _numbers(axis.ticks), "ticktext": [tick_text(tick, axis.form) for tick in axis.ticks]}
    if axis.limits is not None:
        made["range"] = [math.log10(end) if axis.log else end for end in axis.limits]
    if axis.label:
        made["title"] = {"text": _text(axis.label), "standoff": 8}
    return made


def _polyline(layer: Polyline) -> Json:
    line = {
        "color": _colour(layer.role),
        "width": layer.width,
        "dash": layer.dash if layer.dash else style_of(layer.role, DASHES),
    }
    trace = _trace(layer.x, layer.y, "lines", line=line)
    if layer.text:
        trace |= {"hoverinfo": "text", "hovertext": _text(layer.text)}
    if layer.label:
        texts = [_text(layer.label), *[""] * (len(layer.x) - 1)]
        trace |= {"mode": "lines+text", "text": texts, "textposition": "top right"}
    return trace


def _markers(layer: Markers) -> Json:
    colour, symbol = _colour(layer.role), style_of(layer.role, SYMBOLS)
    filled = layer.filled if isinstance(layer.filled, tuple) else (layer.filled,) * len(layer.x)
    symbols = ["x-thin-open" if layer.cross else symbol if each else f"{symbol}-open" for each in filled]
    size = list(layer.size) if isinstance(layer.size, tuple) else layer.size
    symbol_of = symbols if len(set(symbols)) > 1 else symbols[0]
    marker: Json = {"color": colour, "size": size, "opacity": 1, "symbol": symbol_of}
    if layer.cross or not all(filled):
        marker["line"] = {"color": colour, "width": 2.5 if layer.cross else 1.6}
    trace = _trace(layer.x, layer.y, "markers", marker=marker)
    if layer.joined:
        trace |= {"mode": "lines+markers", "line": {"color": colour, "width": 1}, "opacity": FAINT}
    for name, middle, spread in (("error_x", layer.x, layer.x_spread), ("error_y", layer.y, layer.y_spread)):
        if spread:
            known = [(value or 0.0, low, high) for value, (low, high) in zip(middle, spread)]
            trace[name] = {
                "type": "data", "symmetric": False, "color": colour, "width": 3,
                "array": _numbers([high - value for value, _, high in known]),
                "arrayminus": _numbers([value - low for value, low, _ in known]),
                "thickness": 1.5 if layer.cross or name == "error_y" else 2.5,
            }  # fmt: skip
    if layer.texts:
        trace |= {"hoverinfo": "text", "text": [_text(text) for text in layer.texts]}
    return trace


def _band(layer: Band) -> Json:
    known = [each for each in zip(layer.x, layer.low, layer.high) if None not in each]
    x, low, high = zip(*known) if len(known) > 1 else ((), (), ())
    opacity = BAND * (1.6 if layer.role == "quiet" else 1.0)
    area = {"fill": "toself", "fillcolor": _colour(layer.role), "opacity": opacity, "line": {"width": 0}}
    return _trace((*x, *reversed(x)), (*high, *reversed(low)), "lines", **area)


def _bars(layer: Bars) -> Json:
    along = [end for pair in zip(layer.start, layer.end) for end in (*pair, None)]
    across = [place for at in layer.at for place in (at, at, None)]
    x, y = (along, across) if layer.along == "x" else (across, along)
    line = {"color": _colour(layer.role), "width": layer.width}
    return {**_trace(x, y, "lines", line=line, opacity=0.75), "connectgaps": False}


_DRAW: dict[type[Layer], Callable[[Any], Json]] = {
    Polyline: _polyline, Markers: _markers, Band: _band, Bars: _bars,
}  # fmt: skip


def _trace(x: Sequence[float | None], y: Sequence[float | None], mode: str, **style: Any) -> Json:
    return {"x": _numbers(x), "y": _numbers(y), "mode": mode, "connectgaps": True, "hoverinfo": "skip", **style}


def _level(layer: Level) -> Json:
    """A shape without its axes, which page.js knows; along the other axis it is as long as the panel."""
    line = {"color": _colour(layer.role), "width": 1.4, "dash": layer.dash}
    place = {"x": None, "y": layer.at} if layer.axis == "y" else {"x": layer.at, "y": None}
    return {"type": "line", **place, "line": line, "layer": "below"}


def _note(text: str, *, x: int, y: float, above: bool) -> Json:
    """At the left (0) or right (1) edge of the panel."""
    side, edge = "right" if x else "left", "bottom" if above else "top"
    return {
        "text": _text(text), "x": x, "xref": "paper", "xanchor": side, "y": y, "yanchor": edge,
        "yshift": 0 if x else 5, "showarrow": False, "font": {"size": 11 if x else 12},
    }  # fmt: skip


def _where(item: Json, layer: Layer) -> Json:
    """With the conditions of the layer, if it has any."""
    return {**item, "when": _conditions(layer.when)} if layer.when else item


def _conditions(when: tuple[Condition, ...]) -> list[list[Any]]:
    return [list(condition) for condition in when]


def _colour(role: Role) -> str:
    return f"@series-{role % SERIES + 1}" if isinstance(role, int) else f"@{role}"


def _numbers(values: Sequence[float | None]) -> list[float | None]:
    """Five significant digits are more than can be seen."""
    return [None if value is None or not math.isfinite(value) else float(f"{value:.5g}") for value in values]


def _text(text: str) -> str:
    """plotly reads some HTML in its texts."""
    return html.escape(visible(text, keep="\n"), quote=False).replace("\n", "<br>")
