"""Axes of small drawings: from values to places, with a few round ticks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from synth_eval.report.scaling_text import count_text

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
