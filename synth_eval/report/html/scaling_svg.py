"""The figures of scaling laws as coordinates of small drawings, which the page draws as SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from synth_eval.report.scaling.tables import Sizes
from synth_eval.report.scaling.view import EqualLossPanel, LossPanel, Series, answer_text, count_text, size_text
from synth_eval.scaling.report import BestRatio, MixtureResult, SpeedUp
from synth_eval.text import joined

# Axes of small drawings: from values to places, with a few round ticks.

MOST_TICKS = 5
WIDE = 4.0  # a logarithmic axis that spans more has ticks at 1, 2 and 5 times powers of ten
PADDING = 0.04  # of the axis, free at both ends


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Axis:
    """``low`` lies at ``start`` and ``high`` at ``end``, in units of the drawing; ``shown`` are the values of ticks."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool
    shown: tuple[float, ...]
    text: Callable[[float], str]

    def at(self, value: float) -> float:
        """Where a value lies."""
        if self.logarithmic:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def ticks(self) -> tuple[Tick, ...]:
        return tuple(Tick(self.at(value), self.text(value)) for value in self.shown)

    def with_texts(self, text: Callable[[float], str]) -> Axis:
        return replace(self, text=text)


def linear_axis(values: Sequence[float], start: float, end: float) -> Axis:
    """An axis around these values."""
    low, high = min(values), max(values)
    room = PADDING * (high - low) or 0.5
    shown = _round_values(low, high)
    return Axis(low - room, high + room, start, end, False, shown, lambda value: f"{value:.3g}")


def log_axis(values: Sequence[float], start: float, end: float) -> Axis:
    """A logarithmic axis around these positive values."""
    low, high = min(values), max(values)
    room = (high / low) ** PADDING if high > low else 1.1
    shown = _thinned(_one_two_five(low, high)) if high > WIDE * low else _round_values(low, high)
    return Axis(low / room, high * room, start, end, True, shown, lambda value: f"{value:.3g}")


def log_tokens_axis(tokens: Sequence[float], start: float, end: float) -> Axis:
    """A logarithmic axis whose ticks are written as 8B, 128B."""
    return log_axis(tokens, start, end).with_texts(count_text)


def _round_values(low: float, high: float) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten, at most `MOST_TICKS`."""
    span = high - low
    if span <= 0:
        return (low,)
    power = 10.0 ** math.floor(math.log10(span))
    for step in (0.1 * power, 0.2 * power, 0.5 * power, power, 2 * power):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < MOST_TICKS:
            return tuple(round(i * step, 12) for i in range(first, last + 1)) or (low,)
    return (low, high)


def _one_two_five(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [digit * 10.0**power for power in powers for digit in (1, 2, 5) if low <= digit * 10.0**power <= high]


def _thinned(values: Sequence[float]) -> tuple[float, ...]:
    """Every n-th, so that at most `MOST_TICKS` remain; powers of ten alone where they are enough."""
    powers = [value for value in values if abs(math.log10(value) - round(math.log10(value))) < 1e-9]
    chosen = powers if len(values) > MOST_TICKS and len(powers) > 2 else list(values)
    step = math.ceil(len(chosen) / MOST_TICKS)
    return tuple(chosen[::step]) if chosen else ()


WIDTH, HEIGHT = 340.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 48.0, 330.0, 10.0, 190.0
COLOURS = 6
MakeAxis = Callable[[Sequence[float], float, float], Axis]
ROW = 22.0  # height of a bar with its gap
BAR_LEFT, BAR_RIGHT = 120.0, 330.0


@dataclass(frozen=True)
class Mark:
    """A point; ``solid`` where it was held out of the comparison of forms. ``says`` is shown on hovering."""

    path: str
    solid: bool
    says: str


@dataclass(frozen=True)
class Line:
    """``series`` 1 to 6 is its colour; ``path`` and ``band`` are points of a polyline and a polygon, or ''."""

    series: int
    path: str
    band: str = ""
    marks: tuple[Mark, ...] = ()
    says: str = ""
    label: str = ""  # written above its first place
    label_at: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Panel:
    title: str
    spoken: str  # what a screen reader says
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    zero: float | None = None  # where 0 lies, in a figure of changes


@dataclass(frozen=True)
class Key:
    """An entry of a legend."""

    series: int
    mark: str
    label: str


@dataclass(frozen=True)
class Bar:
    label: str
    text: str
    x: float
    width: float
    y: float
    low: float
    high: float
    saves: bool


@dataclass(frozen=True)
class Bars:
    spoken: str
    height: float
    one: float  # where a speed-up of 1 lies
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]


def legend(panels: Sequence[LossPanel]) -> tuple[Key, ...]:
    """Every name that occurs, in its colour and shape."""
    return tuple(
        Key(_series(i), _shape(i, 19.0, 8.0), name) for i, name in enumerate(_names(panels)) if name is not None
    )


def loss_figures(panels: Sequence[LossPanel]) -> tuple[Panel, ...]:
    """Loss over tokens, both axes logarithmic."""
    names = _names(panels)
    return tuple(_loss_figure(panel, names, log_axis, "loss", joined=False) for panel in panels)


def relative_figures(panels: Sequence[LossPanel], names_of: Sequence[LossPanel]) -> tuple[Panel, ...]:
    """Change of loss from natural data, in colours of ``names_of``."""
    names = _names(names_of)
    return tuple(_loss_figure(panel, names, linear_axis, "change of loss", joined=True) for panel in panels)


def equal_loss_figures(panels: Sequence[EqualLossPanel]) -> tuple[Panel, ...]:
    """Tokens over ratio: lines of equal fitted loss, and the tested places."""
    return tuple(_equal_loss_figure(panel) for panel in panels if panel.lines)


def best_ratio_figure(mixture: MixtureResult, sizes: Sizes) -> tuple[Panel, tuple[Key, ...]] | None:
    """The best ratio over tokens with its band, a line a size; None where all are refused."""
    told = [best for best in mixture.answers.best if best.answer.value is not None]
    if not told:
        return None
    x = log_tokens_axis([best.tokens for best in told], LEFT, RIGHT)
    y = linear_axis([0.0, float(mixture.points.ratio.max())], BOTTOM, TOP)
    names = list(dict.fromkeys(best.size for best in told))
    lines = tuple(_best_line(i, [b for b in told if b.size == size], x, y, sizes) for i, size in enumerate(names))
    keys = tuple(Key(_series(i), _shape(i, 19.0, 8.0), _size(size, sizes)) for i, size in enumerate(names))
    spoken = f"best ratio over tokens with its band, {len(names)} {'size' if len(names) == 1 else 'sizes'}"
    return Panel("", spoken, x.ticks, y.ticks, lines), keys


def speed_up_bars(mixture: MixtureResult, sizes: Sizes) -> Bars | None:
    """A bar from 1 to each speed-up, with its interval; None where all are refused."""
    told = [each for each in mixture.answers.speed_ups if each.answer.value is not None]
    if not told:
        return None
    ends = [end for each in told for end in (each.answer.interval or (1.0, 1.0))]
    axis = log_axis([*ends, 1.0], BAR_LEFT, BAR_RIGHT)
    bars = tuple(_bar(i, each, axis, sizes) for i, each in enumerate(told))
    height = ROW * len(bars) + 26.0
    return Bars(f"speed-up of {len(bars)} mixes; the values are in the table", height, axis.at(1.0), axis.ticks, bars)


def _names(panels: Sequence[LossPanel]) -> list[str]:
    return list(dict.fromkeys(one.name for panel in panels for one in panel.series))


def _series(number: int) -> int:
    return number % COLOURS + 1


def _loss_figure(panel: LossPanel, names: list[str], axis: MakeAxis, what: str, *, joined: bool) -> Panel:
    values = [loss for one in panel.series for loss in (*one.loss, *(fitted for _, fitted in one.fit))]
    x = log_tokens_axis([tokens for one in panel.series for tokens in one.tokens], LEFT, RIGHT)
    y = axis([*values, 0.0] if joined else values, BOTTOM, TOP)
    if joined:
        y = y.with_texts(lambda value: f"{100 * value:+.3g}%" if value else "0")
    lines = tuple(_loss_line(one, names.index(one.name), x, y, joined=joined) for one in panel.series)
    spoken = f"{what} over tokens{f' at {panel.title}' if panel.title else ''}: {len(lines)} curves"
    return Panel(panel.title, spoken, x.ticks, y.ticks, lines, y.at(0.0) if joined else None)


def _loss_line(one: Series, number: int, x: Axis, y: Axis, *, joined: bool) -> Line:
    def says(tokens: float, loss: float, held: bool) -> str:
        value = f"{100 * loss:+.2f}%" if joined else f"{loss:.4g}"
        return f"{one.name}, {count_text(tokens)} tokens: {value}{', held out' if held else ''}"

    marks = tuple(
        Mark(_shape(number, x.at(tokens), y.at(loss)), held, says(tokens, loss, held))
        for tokens, loss, held in zip(one.tokens, one.loss, one.held)
    )
    places = zip(one.tokens, one.loss) if joined else one.fit
    return Line(_series(number), _path([(x.at(tokens), y.at(loss)) for tokens, loss in places]), "", marks)


def _equal_loss_figure(panel: EqualLossPanel) -> Panel:
    places = [*panel.tested, *(place for line in panel.lines for place in line.places)]
    x = linear_axis([0.0, *(ratio for ratio, _ in places)], LEFT, RIGHT)
    y = log_tokens_axis([tokens for _, tokens in places], BOTTOM, TOP)
    lines = [
        Line(
            1,
            _path([(x.at(ratio), y.at(tokens)) for ratio, tokens in line.places]),
            says=f"loss {line.loss:.4g}, as natural data with {count_text(line.natural_tokens)} tokens",
            label=f"{line.loss:.3g}",
            label_at=(round(x.at(line.places[0][0]) + 8.0, 1), round(y.at(line.places[0][1]) - 5.0, 1)),
        )
        for line in panel.lines
    ]
    dots = tuple(
        Mark(_circle(x.at(ratio), y.at(tokens), 1.6), True, f"tested: ratio {ratio:g}, {count_text(tokens)} tokens")
        for ratio, tokens in panel.tested
    )
    spoken = f"lines of equal loss over ratio and tokens{f' at {panel.title}' if panel.title else ''}"
    return Panel(panel.title, spoken, x.ticks, y.ticks, (*lines, Line(6, "", "", dots)))


def _best_line(number: int, told: Sequence[BestRatio], x: Axis, y: Axis, sizes: Sizes) -> Line:
    path = [(x.at(best.tokens), y.at(best.answer.value or 0.0)) for best in told]
    bands = [(x.at(best.tokens), best.answer.interval or (0.0, 0.0)) for best in told]
    band = [(at, y.at(low)) for at, (low, _) in bands] + [(at, y.at(high)) for at, (_, high) in reversed(bands)]
    marks = tuple(
        Mark(
            _shape(number, *place),
            best.inside,
            f"{_size(best.size, sizes)}, {count_text(best.tokens)} tokens: r* {answer_text(best.answer, '.2f')}",
        )
        for place, best in zip(path, told)
    )
    return Line(_series(number), _path(path), _path(band), marks)


def _bar(number: int, each: SpeedUp, axis: Axis, sizes: Sizes) -> Bar:
    value = each.answer.value or 1.0
    low, high = each.answer.interval or (value, value)
    left, right = sorted((axis.at(1.0), axis.at(value)))
    label = joined(_size(each.size, sizes), f"ratio {each.ratio:g}")
    text = f"{label}, {count_text(each.tokens)} tokens: {answer_text(each.answer, '.2f')} times"
    top = ROW * number + 4.0
    return Bar(label, text, left, max(right - left, 0.5), top, axis.at(low), axis.at(high), value >= 1)


def _size(size: float, sizes: Sizes) -> str:
    return "" if size == 1 else size_text(size, sizes)


def _path(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _circle(x: float, y: float, radius: float) -> str:
    return f"M{x - radius:.1f} {y:.1f}a{radius} {radius} 0 1 0 {2 * radius} 0a{radius} {radius} 0 1 0 {-2 * radius} 0z"


def _shape(number: int, x: float, y: float) -> str:
    """Circle, square, diamond, triangle up, triangle down, hexagon: one a colour, so that colour is not needed."""
    kind = (number + number // COLOURS) % COLOURS
    if kind == 0:
        return _circle(x, y, 3.2)
    corners, start, radius = ((4, 45, 4.2), (4, 0, 4.2), (3, -90, 4.4), (3, 90, 4.4), (6, 0, 3.8))[kind - 1]
    angles = [math.radians(start + 360 * i / corners) for i in range(corners)]
    return "M" + "L".join(f"{x + radius * math.cos(a):.1f} {y + radius * math.sin(a):.1f}" for a in angles) + "z"
