"""What a figure shows, in data coordinates: described once, drawn by plotly in the page and by matplotlib in files.

A drawer chooses colours, markers and pixels; a description only gives the role of a layer. Every role of a series
has a colour, a marker and a dash of its own, so that colour is never needed to distinguish two series.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, TypeVar

import numpy as np

from synth_eval.text import count_text

Role: TypeAlias = "int | Literal['ink', 'quiet']"  # an int is the number of a series
Values: TypeAlias = "tuple[float | None, ...]"
Form: TypeAlias = Literal["number", "percent", "change", "percent change", "count"]
Dash: TypeAlias = Literal["", "solid", "dash", "dot"]  # '' is the dash of the role
Condition: TypeAlias = tuple[str, str, bool]  # control, option, and whether it has to be chosen or not chosen
T = TypeVar("T")
MAX_TICKS = 5  # of a logarithmic axis
WIDE = 4.0  # a logarithmic axis that spans more has ticks at 1, 2 and 5 times powers of ten
SERIES = 6  # colours, markers and dashes; markers shift by one where colours begin again


@dataclass(frozen=True)
class Axis:
    """``ticks`` are the places that have one, () for the drawer's choice; ``form`` is how they are written."""

    label: str = ""
    log: bool = False
    form: Form = "number"
    ticks: tuple[float, ...] = ()
    limits: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Something drawn in a panel, where all its conditions hold."""

    role: Role = "ink"
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Polyline(Layer):
    """``text`` is shown on hovering, ``label`` written at the first place."""

    x: Values
    y: Values
    width: float = 1.5
    dash: Dash = ""
    text: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Markers(Layer):
    """Points, their sizes in pixels; ``texts`` are shown on hovering. ``cross``: a thin x instead of the role's marker.
    ``x_spread`` and ``y_spread`` are (low, high) of each point."""

    x: Values
    y: Values
    texts: tuple[str, ...] = ()
    filled: bool | tuple[bool, ...] = True
    size: float | tuple[float, ...] = 9.0
    cross: bool = False
    joined: bool = False  # by a thin, faint line
    x_spread: tuple[tuple[float, float], ...] = ()
    y_spread: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Band(Layer):
    x: Values
    low: Values
    high: Values


@dataclass(frozen=True, kw_only=True)
class Level(Layer):
    """A straight line through the whole panel, at a place of one axis; ``above`` is the side of its label."""

    at: float
    axis: Literal["x", "y"] = "y"
    dash: Dash = "dot"
    label: str = ""
    above: bool = True


@dataclass(frozen=True, kw_only=True)
class Bars(Layer):
    """Thick lines from ``start`` to ``end`` along one axis, at places of the other."""

    at: tuple[float, ...]
    start: tuple[float, ...]
    end: tuple[float, ...]
    along: Literal["x", "y"] = "y"
    width: float = 5.0


@dataclass(frozen=True, kw_only=True)
class HeatMap(Layer):
    """``values`` run over rows, then columns; NaN is a field without colour, ``hatched`` where it was refused."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    texts: tuple[tuple[str, ...], ...]
    hatched: frozenset[tuple[int, int]]
    reach: float  # where the colours end, on both sides of 0
    label: str


@dataclass(frozen=True)
class Row:
    """The name of a row in a panel whose y axis counts rows, from 0 downwards."""

    label: str
    detail: str


@dataclass(frozen=True)
class Panel:
    """``spoken`` is what a screen reader reads where the panel is drawn by itself; heights are pixels of the page."""

    layers: tuple[Layer, ...]
    x: Axis = Axis()
    y: Axis = Axis()
    title: str = ""
    aside: str = ""  # shown beside the title
    note: str = ""  # shown below
    spoken: str = ""
    height: float = 210.0
    square: bool = False
    rows: tuple[Row, ...] = ()
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class LegendKey:
    """An entry of a legend; ``kind`` is what the role is drawn as."""

    label: str
    role: Role
    kind: Literal["series", "line", "band", "filled", "open"] = "series"
    dash: Dash = ""


@dataclass(frozen=True)
class Figure:
    """``stacked``: panels lie below each other and share their x axis; else side by side, each with its own."""

    title: str
    panels: tuple[Panel, ...]
    legend: tuple[LegendKey, ...] = ()
    note: str = ""
    spoken: str = ""
    stacked: bool = False


@dataclass(frozen=True)
class Control:
    """A choice that the page offers: ``options`` are (option, its name), any ``chosen``, or one unless ``several``."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: tuple[str, ...]
    several: bool = False
    keyed: bool = False  # options are the series of the figures, in their order


Choice: TypeAlias = "Mapping[str, Collection[str]]"  # control -> the options chosen


def picked(figure: Figure, choice: Choice) -> Figure:
    """The figure at a choice: what its conditions rule out is gone, and conditions on these controls are met.

    >>> line = Polyline(x=(0.0, 1.0), y=(2.0, 3.0), when=(("draw", "fit", True),))
    >>> figure = Figure("t", (Panel((line,)),))
    >>> picked(figure, {"draw": ["fit"]}).panels[0].layers[0].when
    ()
    >>> picked(figure, {"draw": []}).panels
    ()
    """

    def holds(when: tuple[Condition, ...]) -> bool:
        return all((option in choice[name]) is wanted for name, option, wanted in when if name in choice)

    def rest(when: tuple[Condition, ...]) -> tuple[Condition, ...]:
        return tuple(condition for condition in when if condition[0] not in choice)

    panels = []
    for panel in figure.panels:
        layers = tuple(replace(each, when=rest(each.when)) for each in panel.layers if holds(each.when))
        if layers and holds(panel.when):
            panels.append(_closed_up(replace(panel, layers=layers, when=rest(panel.when))))
    return replace(figure, panels=tuple(panels))


def _closed_up(panel: Panel) -> Panel:
    """Without the rows in which nothing is left: the others move up."""
    used = sorted({int(y or 0.0) for layer in panel.layers if isinstance(layer, Markers) for y in layer.y})
    if len(used) >= len(panel.rows):
        return panel
    layers = [
        replace(layer, y=tuple(used.index(int(y or 0.0)) + (y or 0.0) % 1.0 for y in layer.y))
        if isinstance(layer, Markers)
        else layer
        for layer in panel.layers
    ]
    return replace(panel, layers=tuple(layers), rows=tuple(panel.rows[i] for i in used))


def style_of(role: Role, styles: Sequence[T]) -> T:
    """Of a series; markers and dashes shift by one where colours begin again."""
    return styles[(role + role // SERIES) % SERIES] if isinstance(role, int) else styles[0]


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """At most `MAX_TICKS` round numbers from ``low`` to ``high``, for a logarithmic axis.

    >>> log_ticks(2e9, 5.12e11)
    (2000000000.0, 10000000000.0, 50000000000.0, 200000000000.0)
    >>> log_ticks(2.2, 3.1)
    (2.2, 2.4, 2.6, 2.8, 3.0)
    """
    if high <= (1 + 1e-6) * low:
        return (low,)
    if high <= WIDE * low:
        power = 10.0 ** math.floor(math.log10(high - low))
        for step in (0.1 * power, 0.2 * power, 0.5 * power, power, 2 * power):
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
            if last - first < MAX_TICKS:
                return tuple(round(i * step, 12) for i in range(first, last + 1)) or (low,)
    powers = [10.0**i for i in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    values = [digit * power for power in powers for digit in (1, 2, 5) if low <= digit * power <= high]
    inner = [power for power in powers if low <= power <= high]
    chosen = inner if len(values) > MAX_TICKS and len(inner) > 2 else values
    return tuple(chosen[:: math.ceil(len(chosen) / MAX_TICKS)]) or (low,)


def log_axis(values: Sequence[float], label: str = "", form: Form = "number") -> Axis:
    """A logarithmic axis around these positive values."""
    low, high = min(values), max(values)
    room = (high / low) ** 0.05 if high > low else 1.1
    return Axis(label, log=True, form=form, ticks=log_ticks(low, high), limits=(low / room, high * room))


def tick_text(value: float, form: Form) -> str:
    """
    >>> [tick_text(0.25, form) for form in ("number", "percent", "change", "percent change")]
    ['0.25', '25%', '+0.25', '+25%']
    """
    if form == "count":
        return count_text(value)
    scale, unit = (100.0, "%") if form.startswith("percent") else (1.0, "")
    sign = "+" if form.endswith("change") and value else ""
    return f"{round(scale * value, 9):{sign}.4g}{unit}"


def spaced(ticks: Sequence[float], least: float) -> list[float]:
    """The ticks that lie at least so far apart; the first and the last always."""
    kept = list(ticks[:1])
    for tick in ticks[1:-1]:
        if tick - kept[-1] >= least and ticks[-1] - tick >= least:
            kept.append(tick)
    return [*kept, *ticks[len(kept[:1]) :][-1:]]


def free_name(name: str, taken: set[str]) -> str:
    """A file name that is not taken yet, upper and lower case taken as one, as some file systems do.

    >>> taken = set()
    >>> [free_name(name, taken) for name in ("a/b", "A b", "$")]
    ['a_b', 'A_b_2', 'unnamed']
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:100] or "unnamed"
    free, number = stem, 2
    while free.lower() in taken:
        free, number = f"{stem}_{number}", number + 1
    taken.add(free.lower())
    return free


def floats(values: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
