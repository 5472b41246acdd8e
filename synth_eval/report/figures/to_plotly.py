"""A figure as what plotly draws in the page: traces, shapes and axes of each panel, as plain JSON.

Colours are names of the page's style sheet ("@series-1", "@quiet"), and conditions stay with each trace: the page knows
the theme, its width and what is chosen, puts panels together and leaves out what is not shown.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterator
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
    Row,
    Values,
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
    rows = bool(panel.rows)
    hidden = {"showticklabels": False, "showgrid": False, "zeroline": False}
    drawn: Json = {"traces": [], "shapes": [], "annotations": []}
    for layer in panel.layers:
        for kind, item in _DRAW[type(layer)](layer):
            drawn[kind].append(_with_conditions(item, layer))
    if rows:
        drawn["annotations"] += [_row_name(number, row) for number, row in enumerate(panel.rows)]
    return {
        "title": _text(panel.title),
        "height": panel.height,
        "square": panel.square,
        "rows": rows,
        "left": 14 if rows else 36 if panel.square else LABELLED_LEFT,
        "when": _conditions(panel.when),
        "xaxis": _axis(panel.x),
        "yaxis": hidden if rows else _axis(panel.y),
        **drawn,
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


def _polyline(layer: Polyline) -> Iterator[tuple[str, Json]]:
    line = {"color": _colour(layer.role), "width": layer.width, "dash": layer.dash or _style(layer.role, DASHES)}
    trace: Json = {"x": _numbers(layer.x), "y": _numbers(layer.y), "mode": "lines", "line": line, "connectgaps": True}
    trace |= {"hovertemplate": f"{_text(layer.text)}<extra></extra>"} if layer.text else {"hoverinfo": "skip"}
    if layer.label:
        texts = [_text(layer.label), *[""] * (len(layer.x) - 1)]
        trace |= {"mode": "lines+text", "text": texts, "textposition": "top right"}
    yield "traces", trace


def _markers(layer: Markers) -> Iterator[tuple[str, Json]]:
    colour = _colour(layer.role)
    marker: Json = {"color": colour, "size": _sizes(layer.size), "opacity": 1}
    if layer.cross:
        marker |= {"symbol": "x-thin-open", "line": {"color": colour, "width": 2.5}}
    else:
        symbol = _style(layer.role, SYMBOLS)
        filled = layer.filled if isinstance(layer.filled, tuple) else [layer.filled]
        symbols = [symbol if each else f"{symbol}-open" for each in filled]
        marker["symbol"] = symbols if len(symbols) > 1 else symbols[0]
        if not all(filled):
            marker["line"] = {"color": colour, "width": 1.6}
    trace: Json = {"x": _numbers(layer.x), "y": _numbers(layer.y), "mode": "markers", "marker": marker}
    if layer.joined:
        trace |= {"mode": "lines+markers", "line": {"color": colour, "width": 1}, "opacity": FAINT, "connectgaps": True}
    for name, middle, spread in (("error_x", layer.x, layer.x_spread), ("error_y", layer.y, layer.y_spread)):
        if spread:
            known = [(value or 0.0, low, high) for value, (low, high) in zip(middle, spread)]
            trace[name] = {
                "type": "data",
                "symmetric": False,
                "array": _numbers(tuple(high - value for value, _, high in known)),
                "arrayminus": _numbers(tuple(value - low for value, low, _ in known)),
                "color": colour,
                "thickness": 1.5 if layer.cross or name == "error_y" else 2.5,
                "width": 3,
            }
    if layer.texts:
        trace |= {"text": [_text(text) for text in layer.texts], "hovertemplate": "%{text}<extra></extra>"}
    else:
        trace["hoverinfo"] = "skip"
    yield "traces", trace


def _band(layer: Band) -> Iterator[tuple[str, Json]]:
    known = [each for each in zip(layer.x, layer.low, layer.high) if None not in each]
    if len(known) > 1:
        yield (
            "traces",
            {
                "x": _numbers([x for x, _, _ in known] + [x for x, _, _ in reversed(known)]),
                "y": _numbers([high for _, _, high in known] + [low for _, low, _ in reversed(known)]),
                "mode": "lines",
                "fill": "toself",
                "fillcolor": _colour(layer.role),
                "opacity": BAND * (1.6 if layer.role == "quiet" else 1.0),
                "line": {"width": 0},
                "hoverinfo": "skip",
            },
        )


def _bars(layer: Bars) -> Iterator[tuple[str, Json]]:
    along = [end for pair in zip(layer.start, layer.end) for end in (*pair, None)]
    across = [place for at in layer.at for place in (at, at, None)]
    x, y = (along, across) if layer.along == "x" else (across, along)
    line = {"color": _colour(layer.role), "width": layer.width}
    yield (
        "traces",
        {"x": _numbers(x), "y": _numbers(y), "mode": "lines", "line": line, "opacity": 0.75, "hoverinfo": "skip"},
    )


def _level(layer: Level) -> Iterator[tuple[str, Json]]:
    across = "x" if layer.axis == "y" else "y"
    line = {"color": _colour(layer.role), "width": 1.4, "dash": layer.dash}
    # page.js puts in the names of the panel's axes: the other axis as a share of the panel
    shape = {"type": "line", layer.axis: layer.at, across: None, "line": line, "layer": "below"}
    yield "shapes", shape
    if layer.label:
        edge = "bottom" if layer.above else "top"
        where = {"x": 1, "xref": "paper", "xanchor": "right", "y": layer.at, "yanchor": edge}
        yield "annotations", {"text": _text(layer.label), **where, "showarrow": False, "font": {"size": 11}}


def _row_name(number: int, row: Row) -> Json:
    text = f"{row.label}: {row.detail}" if row.detail else row.label
    where = {"x": 0, "xref": "paper", "xanchor": "left", "y": number, "yanchor": "bottom", "yshift": 5}
    return {"text": _text(text), **where, "showarrow": False, "font": {"size": 12}, "row": True}


_DRAW: dict[type[Layer], Callable[[Any], Iterator[tuple[str, Json]]]] = {
    Polyline: _polyline, Markers: _markers, Band: _band, Bars: _bars, Level: _level,
}  # fmt: skip


def _with_conditions(item: Json, layer: Layer) -> Json:
    return {**item, "when": _conditions(layer.when)} if layer.when else item


def _conditions(when: tuple[Condition, ...]) -> list[list[Any]]:
    return [list(condition) for condition in when]


def _style(role: Role, styles: tuple[str, ...]) -> str:
    """Of a series; markers and dashes shift by one where colours begin again."""
    return styles[(role + role // SERIES) % SERIES] if isinstance(role, int) else styles[0]


def _colour(role: Role) -> str:
    return f"@series-{role % SERIES + 1}" if isinstance(role, int) else f"@{role}"


def _sizes(size: float | tuple[float, ...]) -> float | list[float]:
    return list(size) if isinstance(size, tuple) else size


def _numbers(values: Values | list[Any]) -> list[float | None]:
    """Five significant digits are more than can be seen."""
    return [None if value is None or not math.isfinite(value) else float(f"{value:.5g}") for value in values]


def _text(text: str) -> str:
    """plotly reads some HTML in its texts."""
    return html.escape(visible(text, keep="\n"), quote=False).replace("\n", "<br>")
