"""Every curve as numbers to be drawn, with the same numbers in a table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from synth_eval.cell import Cell, FittedCurve, Interval, Level, SeedValues
from synth_eval.compare.metrics import metric_named
from synth_eval.compare.places import place_order, tokens_name
from synth_eval.report.text import share as share_text
from synth_eval.report.text import value_text
from synth_eval.report.view.curves import Curve, change_of, label_of, mean_text, value_table
from synth_eval.report.view.model import ChartCurve, FitLine, Line, Plot, PlotRow, SeedLine, TaskChart
from synth_eval.report.view.sentences import status_sentence
from synth_eval.text import percent

UNITS = {"nats": "nats", "bits": "bits per byte"}
STEPS = 24  # straight pieces in which a curved fit is drawn
NEAR = 0.5  # of what a curve spans: a line further from it is left out, so that it does not flatten the curve


def charts_of(curves: Sequence[Curve], baseline: float) -> tuple[TaskChart, ...]:
    """One figure a task, category or suite, in the order in which they first occur; curves within by place."""
    groups: dict[tuple[Level, str], list[Curve]] = {}
    for curve in curves:
        groups.setdefault((curve.level, curve.task), []).append(curve)
    return tuple(_chart(i, task, group, baseline) for i, ((_, task), group) in enumerate(groups.items()))


def anchor(text: str, number: int) -> str:
    """A name fit for an anchor and a file, unlike any other with its number."""
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', text).strip('-').lower()[:60] or 'task'}-{number}"


def _chart(number: int, task: str, curves: Sequence[Curve], baseline: float) -> TaskChart:
    ordered = sorted(curves, key=lambda curve: place_order(curve.headline.place))
    drawn = []
    for curve in ordered:
        place, lines = curve.headline.place, tuple(_line(cell, baseline) for cell in curve.cells.values())
        tokens = "" if place.tokens is None else tokens_name(place.tokens)
        title, word, sentence = curve.place or curve.task, curve.headline.verdict.word, status_sentence(curve)
        drawn.append(ChartCurve(title, place.size, place.iteration, place.source, word, sentence, lines, tokens))
    name = anchor(task, number)
    table = value_table(name, task, ordered, baseline)
    category = mean_text(ordered[0].headline) or ordered[0].headline.category
    return TaskChart(name, task, category, tuple(drawn), table)


def _line(cell: Cell, baseline: float) -> Line:
    metric = metric_named(cell.metric)
    start = _baseline_value(cell, baseline)
    relative = metric.margin_kind == "relative" and not cell.display_only and bool(start)
    scale = 100 / abs(start) if relative and start else 1.0
    share = metric.unit == "share"
    if not relative and share:
        scale = 100.0
    within = (0.0, 1.0) if share and not metric.signed else (-math.inf, math.inf)
    offsets = [_offsets(cell, i, within) for i in range(len(cell.data.ratios))]
    margins, zero = _levels(cell, start, offsets)
    return Line(
        metric=cell.metric,
        label=label_of(cell.metric),
        verdict="" if cell.display_only else cell.verdict.word,
        ratios=cell.data.ratios,
        values=_finite(cell.data.values),
        low=_finite(value + low for value, (low, _) in zip(cell.data.values, offsets)),
        high=_finite(value + high for value, (_, high) in zip(cell.data.values, offsets)),
        change=_finite(scale * difference for difference in cell.data.difference),
        change_low=_finite(scale * (d + low) for d, (low, _) in zip(cell.data.difference, offsets)),
        change_high=_finite(scale * (d + high) for d, (_, high) in zip(cell.data.difference, offsets)),
        texts=tuple(_text(cell, i, baseline) for i in range(len(cell.data.ratios))),
        baseline=start,
        margins=margins,
        change_margins=tuple(scale * (edge - start) for edge in margins) if start is not None else (),
        change_unit="% of baseline" if relative else "pp" if share else UNITS.get(metric.unit, ""),
        percent=share,
        onset=cell.verdict.onset if cell.verdict.word == "degraded" else None,
        onset_ci=cell.verdict.onset_ci if cell.verdict.word == "degraded" else None,
        crossing=cell.verdict.crossing,
        crossing_ci=cell.verdict.crossing_ci,
        seeds=tuple(_seed(cell, seed, baseline, scale) for seed in cell.data.by_seed),
        fit=_fit(cell.verdict.fitted, cell.data.ratios, start, scale) if cell.verdict.fitted is not None else None,
        signed=metric.signed and bool(margins),
        zero=zero,
    )


def _seed(cell: Cell, seed: SeedValues, baseline: float, scale: float) -> SeedLine:
    numbers = [math.nan if value is None else value for value in seed.values]
    at = cell.data.index(baseline)
    start = numbers[at] if at is not None and math.isfinite(numbers[at]) else _baseline_value(cell, baseline)
    return SeedLine(seed.seed, _finite(numbers), _changes(numbers, start, scale))


def _fit(fitted: FittedCurve, ratios: Sequence[float], start: float | None, scale: float) -> FitLine:
    lowest, highest, text = min(ratios), max(ratios), "a straight line"
    if fitted.shape == "hinge":
        corners, shares = [lowest, highest], [0.0, 1.0]
        if fitted.parameter > lowest:
            corners, shares = [lowest, fitted.parameter, highest], [0.0, 0.0, 1.0]
            text = f"flat up to {share_text(fitted.parameter)}, straight from there"
    else:
        shares = [(i / STEPS) ** fitted.parameter for i in range(STEPS + 1)]
        corners = [lowest + (highest - lowest) * i / STEPS for i in range(STEPS + 1)]
        if fitted.parameter != 1:
            text = f"the ratio to the power of {fitted.parameter:g}"
    values = [fitted.start + share * (fitted.end - fitted.start) for share in shares]
    rounded = tuple(round(corner, 6) for corner in corners)
    return FitLine(rounded, _finite(values), _changes(values, start, scale), text)


def _changes(values: Sequence[float], start: float | None, scale: float) -> tuple[float | None, ...]:
    return _finite(math.nan if start is None else scale * (value - start) for value in values)


def _baseline_value(cell: Cell, baseline: float) -> float | None:
    at = cell.data.index(baseline)
    return cell.data.values[at] if at is not None and math.isfinite(cell.data.values[at]) else None


def _offsets(cell: Cell, i: int, within: Interval) -> Interval:
    """The limits of a change, less the change itself; a value at them is within its bounds."""
    interval, value = cell.data.difference_ci[i], cell.data.values[i]
    if interval is None:
        return (math.nan, math.nan)
    low, high = (end - cell.data.difference[i] for end in interval)
    return (max(low, within[0] - value), min(high, within[1] - value))


def _levels(cell: Cell, start: float | None, offsets: Sequence[Interval]) -> tuple[tuple[float, ...], bool]:
    """The margins that are drawn, and whether 0 is.

    A gap of 3 nats has its other margin at -3: drawn, it would make a flat line of every curve. So of two margins the
    nearer one is drawn, and the other and 0 only where they lie near.
    """
    margins = _margins(cell, start)
    if len(margins) < 2:
        return margins, False
    numbers = [value + offset for value, limits in zip(cell.data.values, offsets) for offset in (0.0, *limits)]
    known = [number for number in numbers if math.isfinite(number)]
    if not known:
        return margins, False
    low, high = min(known), max(known)
    nearest = min(margins, key=lambda edge: max(low - edge, edge - high))
    low, high = min(low, nearest), max(high, nearest)
    reach = NEAR * (high - low)
    drawn = tuple(edge for edge in margins if low - reach <= edge <= high + reach)
    return drawn, low - reach <= 0 <= high + reach


def _margins(cell: Cell, start: float | None) -> tuple[float, ...]:
    """Values at which the loss reaches the margin. A signed gap that is best at 0 has one on each side."""
    metric = metric_named(cell.metric)
    if start is None or cell.display_only:
        return ()
    if metric.signed:
        reach = abs(start) + metric.margin
        return (-reach, reach)
    margin = metric.margin * (abs(start) if metric.margin_kind == "relative" else 1.0)
    return (start - margin,) if cell.higher_is_better else (start + margin,)


def _text(cell: Cell, i: int, baseline: float) -> str:
    value = value_text(cell.data.values[i], cell.metric)
    if i == cell.data.index(baseline):
        return f"{value} (baseline)"
    return value if cell.display_only else f"{value} ({change_of(cell, i)})"


def _finite(values: Iterable[float]) -> tuple[float | None, ...]:
    """Five significant digits are more than can be seen, and half the size."""
    return tuple(float(f"{value:.5g}") if math.isfinite(value) else None for value in values)


# Every curve as bars of a few characters: what is drawn, not how.

PLOTTED = ("nll", "surprise_gap", "ece", "brier")  # the last are the first to go where the page is narrow
ECE_MARGIN = 0.02  # for the height of bars only; ECE carries no verdict


def plots_of(curve: Curve) -> PlotRow:
    """The headline metric with its first and last value, then the others."""
    cell, metrics = curve.headline, [curve.headline.metric, *(name for name in PLOTTED if name in curve.cells)]
    first, last = (value_text(cell.data.values[i], cell.metric) for i in (0, -1))
    plots = [
        Plot(label_of(metric), curve.cells[metric].data.values, _margin(curve.cells[metric])) for metric in metrics
    ]
    return PlotRow(curve.title, (replace(plots[0], ends=f"{first} to {last}"), *plots[1:]))


def _margin(cell: Cell) -> float:
    metric = metric_named(cell.metric)
    if metric.display_only:
        return ECE_MARGIN
    return metric.margin * (abs(cell.data.values[0]) if metric.margin_kind == "relative" else 1.0)


def plot_note(curves: Sequence[Curve]) -> str:
    """Which ratios the bars stand for, if every curve has the same."""
    layouts = {curve.headline.data.ratios for curve in curves}
    if len(layouts) != 1:
        return "one bar a tested ratio, lowest first"
    return f"bars at {', '.join(percent(ratio) for ratio in layouts.pop())}"
