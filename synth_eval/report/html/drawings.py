"""Reliability diagrams as coordinates of small drawings, which the page draws as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from synth_eval.report.view.model import Drift, DriftLine, Reliability

SIDE = 100.0  # of a drawing, in its own units; y runs down
LEAST_RADIUS, MOST_RADIUS = 1.6, 4.5


@dataclass(frozen=True)
class Point:
    """``outside``: beyond what chance would do to a calibrated model."""

    x: float
    y: float
    radius: float
    outside: bool


@dataclass(frozen=True)
class Diagram:
    label: str
    note: str
    band: str  # points of a polygon, or ''
    points: tuple[Point, ...]
    spoken: str  # what a screen reader says


@dataclass(frozen=True)
class DiagramRow:
    title: str
    diagrams: tuple[Diagram, ...]


def diagram_rows(reliability: Mapping[str, Sequence[Reliability]]) -> Iterator[DiagramRow]:
    """A row of small multiples for each title."""
    for title, curves in reliability.items():
        yield DiagramRow(title, tuple(_diagram(curve) for curve in curves))


def _diagram(curve: Reliability) -> Diagram:
    most = max(curve.count, default=1.0) or 1.0
    points = tuple(
        Point(
            x=_x(curve.confidence[i]),
            y=_y(curve.accuracy[i]),
            radius=round(LEAST_RADIUS + (MOST_RADIUS - LEAST_RADIUS) * math.sqrt(curve.count[i] / most), 2),
            outside=_is_outside(curve, i),
        )
        for i in range(len(curve.confidence))
    )
    outside = sum(point.outside for point in points)
    return Diagram(
        label=curve.label,
        note=curve.note,
        band=_band(curve),
        points=points,
        spoken=f"{curve.label}: {outside} of {len(points)} bins lie outside what chance would do to a calibrated model",
    )


def _is_outside(curve: Reliability, i: int) -> bool:
    low, high = curve.null_low[i], curve.null_high[i]
    return bool(low <= high) and not low - 1e-9 <= curve.accuracy[i] <= high + 1e-9  # False for NaN


def _band(curve: Reliability) -> str:
    known = [i for i in range(len(curve.confidence)) if curve.null_low[i] <= curve.null_high[i]]
    upper = [(_x(curve.confidence[i]), _y(curve.null_high[i])) for i in known]
    lower = [(_x(curve.confidence[i]), _y(curve.null_low[i])) for i in reversed(known)]
    return " ".join(f"{x:g},{y:g}" for x, y in upper + lower) if len(known) > 1 else ""


def _x(share: float) -> float:
    return round(SIDE * min(max(share, 0.0), 1.0), 2)


def _y(share: float) -> float:
    return round(SIDE - _x(share), 2)


# Drifts of what the models write as coordinates of small drawings, which the page draws as SVG.

WIDTH, HEIGHT = 320.0, 200.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 20.0, 8.0, 24.0
STYLES = 6  # series colours of the page; dashes tell more lines than that apart
DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 2", "10 4")
TICKS = 6
APART = 30.0  # units between two ticks of the x axis, at least


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Drawn:
    """``path`` are points of a polyline, ``band`` those of a polygon; ``points`` have a text each."""

    label: str
    series: int  # from 1
    dash: str
    path: str
    band: str
    points: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class Panel:
    title: str
    side: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Drawn, ...]
    spoken: str


@dataclass(frozen=True)
class PanelRow:
    """The panels of one task; the same lines run through all of them."""

    task: str
    legend: tuple[Drawn, ...]
    panels: tuple[Panel, ...]


def panel_rows(drifts: Sequence[Drift]) -> Iterator[PanelRow]:
    """A row of panels for each task."""
    for task in dict.fromkeys(drift.task for drift in drifts):
        here = [drift for drift in drifts if drift.task == task]
        style_of = {label: i for i, label in enumerate(dict.fromkeys(line.label for d in here for line in d.lines))}
        panels = tuple(_panel(drift, style_of) for drift in here)
        lines = {line.label: line for panel in panels for line in panel.lines}
        yield PanelRow(task, tuple(lines[label] for label in style_of), panels)


def _panel(drift: Drift, style_of: dict[str, int]) -> Panel:
    xs = sorted({x for line in drift.lines for x in line.x})
    ends = [end for line in drift.lines for end in (*line.low, *line.high, *line.values)]
    ticks = nice_ticks(min(ends), max(ends))
    bottom, top = min(*ends, ticks[0]), max(*ends, ticks[-1])
    x_scale = (WIDTH - LEFT - RIGHT) / (xs[-1] - xs[0]) if xs[-1] > xs[0] else 0.0
    y_scale = (HEIGHT - TOP - BOTTOM) / (top - bottom) if top > bottom else 0.0

    def across(x: float) -> float:
        return round(LEFT + (x - xs[0]) * x_scale, 1)

    def down(y: float) -> float:
        return round(HEIGHT - BOTTOM - (y - bottom) * y_scale, 1)

    def drawn(line: DriftLine) -> Drawn:
        style = style_of[line.label]
        at = [across(x) for x in line.x]
        upper = [f"{x:g},{down(y):g}" for x, y in zip(at, line.high)]
        lower = [f"{x:g},{down(y):g}" for x, y in zip(at, line.low)]
        return Drawn(
            label=line.label,
            series=style % STYLES + 1,
            dash=DASHES[style % len(DASHES)],
            path=" ".join(f"{x:g},{down(y):g}" for x, y in zip(at, line.values)),
            band=" ".join([*upper, *reversed(lower)]) if len(at) > 1 else "",
            points=tuple(
                (x, down(y), f"{line.label}, {_x_text(drift, at_x)}: {text}")
                for x, at_x, y, text in zip(at, line.x, line.values, line.texts)
            ),
        )

    scale, unit = (100.0, "%") if drift.percent else (1.0, "")
    decimals = max(0, -math.floor(math.log10(scale * (ticks[1] - ticks[0])) + 1e-9)) if len(ticks) > 1 else 2
    said = "; ".join(f"{line.label}: {line.texts[0]} to {line.texts[-1]}" for line in drift.lines if line.texts)
    return Panel(
        title=drift.label,
        side=drift.side,
        x_ticks=_spaced(tuple(Tick(across(x), _x_text(drift, x)) for x in xs)),
        y_ticks=tuple(Tick(down(y), f"{scale * y:.{decimals}f}{unit}") for y in ticks),
        lines=tuple(drawn(line) for line in drift.lines if line.x),
        spoken=f"{drift.label} over {drift.over}, first to last: {said}",
    )


def _x_text(drift: Drift, x: float) -> str:
    return f"{100 * x:g}%" if drift.over == "ratio" else f"{x:g}"


def _spaced(ticks: tuple[Tick, ...]) -> tuple[Tick, ...]:
    """As many ticks as have room, the last one always."""
    kept: list[Tick] = []
    for tick in ticks[:-1]:
        if not kept or tick.at - kept[-1].at >= APART:
            kept.append(tick)
    while len(kept) > 1 and ticks[-1].at - kept[-1].at < APART:
        kept.pop()
    return (*kept, ticks[-1])


def nice_ticks(low: float, high: float) -> tuple[float, ...]:
    """About six round numbers within the range; the middle alone if the range is empty."""
    if not high > low:
        return (low,)
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(k * step for k in range(first, last + 1)) or (low,)
