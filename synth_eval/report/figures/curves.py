"""Every task over the synthetic ratio: accuracy, calibration below it, the onsets below both; and the map of losses."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np

from synth_eval.compare.places import size_order
from synth_eval.report.figures import description as fig
from synth_eval.report.figures.outputs import drift_figures
from synth_eval.report.text import share
from synth_eval.report.view.charts import anchor
from synth_eval.report.view.model import ChartCurve, DataTable, Line, ReportView, TaskChart

PLACES = ("size", "tokens", "iteration", "source")
SECOND = "surprise_gap"  # the metric of the second panel, where there is a choice
REFUSED = "refused"
LOSS_REACH = 20.0  # percent, where the colours of the map end
ROW = 44.0  # pixels of an onset
BELOW = 0.26  # of a row: how far below the onset its crossing is drawn
FIT, NO_FIT, SEEDS = ("draw", "fit", True), ("draw", "fit", False), ("draw", "seeds", True)


@dataclasses.dataclass(frozen=True)
class CurveStyle:
    """How a curve is distinguished: its role, its name ('' if it is alone), and the choices that show it."""

    role: fig.Role
    name: str
    when: tuple[fig.Condition, ...] = ()


def report_figures(view: ReportView) -> dict[str, fig.Figure]:
    """Every figure of a report for files, by name: tasks, maps of losses, drifts."""
    figures = {}
    for chart in view.charts:
        for each in _rounds(chart):
            scale = "change" if len(each.curves) > 1 else "value"
            choice = {"scale": [scale], "metric": [SECOND], "draw": ["fit"]}
            figures[each.name] = fig.picked(curve_figure(each), choice)
    figures |= {table.name: loss_map(table) for table in view.losses if table.rows}
    if view.outputs is not None:
        figures |= drift_figures((*view.outputs.over_ratio, *view.outputs.over_iteration))
    return figures


def varying(charts: Sequence[TaskChart]) -> dict[str, list[str]]:
    """Which of size, tokens, iteration and source differ between curves, and their values in order."""
    curves = [curve for chart in charts for curve in chart.curves]
    found = {name: {str(getattr(curve, name)) for curve in curves} for name in PLACES}
    return {
        name: sorted(values, key=lambda value: (size_order(value.removesuffix(" tokens")), value))
        for name, values in found.items()
        if len(values) > 1
    }


def controls(charts: Sequence[TaskChart]) -> tuple[fig.Control, ...]:
    """What a reader may choose: places, the second metric, changes or values, fitted curves and seeds."""
    lines = [line for chart in charts for curve in chart.curves for line in curve.lines]
    if not lines:
        return ()
    places = varying(charts)
    made = [
        fig.Control(name, name, tuple((value, _title(name, value)) for value in values), tuple(values[-1:]))
        for name, values in places.items()
    ]
    if made:  # the first is distinguished by colour, marker and dash; of the others one value is shown at a time
        made[0] = dataclasses.replace(made[0], chosen=tuple(places[made[0].name]), several=True, keyed=True)
    others = [line for chart in charts for curve in chart.curves for line in curve.lines[1:]]
    labels = {line.metric: line.label for line in reversed(others)}
    metrics = list(dict.fromkeys(line.metric for line in others))
    if metrics:
        first = SECOND if SECOND in metrics else metrics[0]
        options = tuple((metric, labels[metric]) for metric in metrics)
        made.append(fig.Control("metric", "second panel", options, (first,)))
    scales = (("change", "change from baseline"), ("value", "values"))
    made.append(fig.Control("scale", "show", scales, ("change" if places else "value",)))
    has_fit, has_seeds = any(line.fit for line in lines), any(line.seeds for line in lines)
    if has_fit or has_seeds:
        options = (*([("fit", "fitted curve")] if has_fit else []), *([("seeds", "each seed")] if has_seeds else []))
        chosen = (*(["fit"] if has_fit else []), *(["seeds"] if has_seeds and not places else []))
        made.append(fig.Control("draw", "draw", options, chosen, several=True))
    return tuple(made)


def conditions(curve: ChartCurve, places: dict[str, list[str]]) -> tuple[fig.Condition, ...]:
    """The choices at which the page shows a curve."""
    return tuple((name, str(getattr(curve, name)), True) for name in places)


def curve_figure(chart: TaskChart, places: dict[str, list[str]] | None = None) -> fig.Figure:
    """One task, for every choice of `controls`.

    Parameters
    ----------
    places : what `varying` found in all charts of a page; without, every curve of the chart is a series of its own.
    """
    if places is None:
        named = len(chart.curves) > 1
        drawn = [(CurveStyle(i, curve.title if named else ""), curve) for i, curve in enumerate(chart.curves)]
    else:
        drawn = [(_style(curve, places), curve) for curve in chart.curves]
    metrics = list(dict.fromkeys(line.metric for curve in chart.curves for line in curve.lines))
    first = chart.curves[0].lines[0].metric
    ratios = tuple(sorted({ratio for curve in chart.curves for ratio in curve.lines[0].ratios}))
    pad = 0.04 * (ratios[-1] - ratios[0] or 1.0)
    x = fig.Axis("synthetic data in the training mix", False, "percent", ratios, (ratios[0] - pad, ratios[-1] + pad))
    panels: list[fig.Panel] = []
    rows: list[fig.Row] = []
    onsets: list[fig.Layer] = []
    for metric in (first, *(each for each in metrics if each != first)):
        lines = [(style, line) for style, curve in drawn for line in curve.lines if line.metric == metric]
        chosen: tuple[fig.Condition, ...] = () if metric == first else (("metric", metric, True),)
        height = 210.0 if metric == first else 170.0
        panels += [_panel(lines, scale, x, height, chosen) for scale in ("change", "value")]
        for style, line in lines:
            if line.onset is not None:
                onsets += _onset(style, line, len(rows), chosen)
                rows.append(_row(style, line))
    if onsets:
        title = "onset, and × margin crossed, with 95% intervals"
        panels.append(fig.Panel(tuple(onsets), x, title=title, height=ROW, rows=tuple(rows)))
    legend = tuple(fig.LegendKey(style.name, style.role) for style, _ in drawn) if len(drawn) > 1 else ()
    spoken = f"{chart.task} over synthetic ratio; the values are in the table below"
    return fig.Figure(chart.task, tuple(panels), legend, spoken=spoken, stacked=True)


def loss_map(table: DataTable) -> fig.Figure:
    """Tasks down, ratios across; the loss in percent is written in each field."""
    rows, columns = table.rows, table.columns[1:]
    refused = frozenset((i, j) for i, row in enumerate(rows) for j, e in enumerate(row[1:]) if e.tone == REFUSED)
    values = [tuple(math.nan if e.sort is None or e.tone == REFUSED else 100 * e.sort for e in row[1:]) for row in rows]
    texts = [tuple(f"{e.text}\n{REFUSED}" if e.tone == REFUSED else e.text for e in row[1:]) for row in rows]
    fields = fig.HeatMap(
        rows=tuple(row[0].text for row in rows), columns=columns, values=tuple(values), texts=tuple(texts),
        hatched=refused, reach=LOSS_REACH, label="relative loss (%)",
    )  # fmt: skip
    return fig.Figure(table.title, (fig.Panel((fields,)),))


def _rounds(chart: TaskChart) -> Iterator[TaskChart]:
    """A chart for each token budget, iteration and source, so that only sizes share a figure."""
    rounds = list(dict.fromkeys((curve.tokens, curve.iteration, curve.source) for curve in chart.curves))
    for number, (tokens, iteration, source) in enumerate(rounds):
        name = chart.name
        if len(rounds) > 1:
            name += f"-{anchor(f'{tokens} {source} iteration {iteration}', number)}"
        curves = tuple(c for c in chart.curves if (c.tokens, c.iteration, c.source) == (tokens, iteration, source))
        yield dataclasses.replace(chart, name=name, curves=curves)


def _title(name: str, value: str) -> str:
    return f"iteration {value}" if name == "iteration" else value or f"{name} not given"


def _style(curve: ChartCurve, places: dict[str, list[str]]) -> CurveStyle:
    if not places:
        return CurveStyle(0, "")
    name, values = next(iter(places.items()))
    value = str(getattr(curve, name))
    return CurveStyle(values.index(value), _title(name, value), conditions(curve, places))


def _panel(
    lines: Sequence[tuple[CurveStyle, Line]], scale: str, x: fig.Axis, height: float, when: tuple[fig.Condition, ...]
) -> fig.Panel:
    """One metric of every curve, as values or as changes from the baseline."""
    change, several = scale == "change", len({style.role for style, _ in lines}) > 1
    layers = [layer for style, line in lines for layer in _curve(style, line, change)]
    # changes share one baseline, and relative margins too; those of a signed gap depend on where each curve starts
    levelled = [(style, line) for style, line in lines if line.baseline is not None]
    for style, line in levelled[:1] if change else levelled:
        layers += _levels(style, line, change, several)
    one = lines[0][1]
    unit = one.change_unit if change else ""
    if one.signed and not change:
        seen = any(line.zero for _, line in lines)
        layers += [fig.Level(at=0.0, role="quiet", dash="solid")] if seen else []
        unit = "nats; 0 is calibrated" if seen else "nats; 0 is calibrated, not in view"
    title = f"{one.label}{': change' if change and one.metric != 'mean loss' else ''}{f' ({unit})' if unit else ''}"
    form: fig.Form = "change" if change else "percent" if one.percent else "number"
    conditions = (*when, ("scale", scale, True))
    return fig.Panel(tuple(layers), x, fig.Axis(form=form), title, height=height, when=conditions)


def _curve(style: CurveStyle, line: Line, change: bool) -> Iterator[fig.Layer]:
    """Band, seeds, fitted curve, points, and where the curve starts to fall."""
    y, low, high = (line.change, line.change_low, line.change_high) if change else (line.values, line.low, line.high)
    named = f"{style.name}, " if style.name else ""
    fit = _fit(line, change)
    yield fig.Band(x=line.ratios, low=low, high=high, role=style.role, when=style.when)
    for seed in line.seeds:
        values = seed.change if change else seed.values
        write = f"{{:+.3g}} {line.change_unit}".format if change else share if line.percent else "{:.3g}".format
        texts = tuple(
            f"{named}seed {seed.seed}, {share(ratio)}: {line.label} {'' if value is None else write(value)}"
            for ratio, value in zip(line.ratios, values)
        )
        yield fig.Markers(
            x=line.ratios, y=values, texts=texts, filled=False, size=5.0, joined=True, role=style.role,
            when=(*style.when, SEEDS),
        )  # fmt: skip
    shape = ""
    if fit is not None and line.fit is not None:
        shape, corners, when = f"\nfitted: {line.fit.text}", line.fit.ratios, (*style.when, FIT)
        yield fig.Polyline(x=corners, y=fit, width=2.5, role=style.role, when=when)
        if line.onset is not None and line.crossing is not None:
            said = f"{named}{line.label}: fitted loss reaches the margin at {_found(line.crossing, line.crossing_ci)}"
            crossed = float(np.interp(line.crossing, corners, fit))
            yield fig.Markers(x=(line.crossing,), y=(crossed,), texts=(said,), cross=True, role=style.role, when=when)
    when = style.when if fit is None else (*style.when, NO_FIT)
    yield fig.Polyline(x=line.ratios, y=y, width=1.2, role=style.role, when=when)
    texts = tuple(f"{named}{share(ratio)}: {line.label} {text}{shape}" for ratio, text in zip(line.ratios, line.texts))
    yield fig.Markers(x=line.ratios, y=y, texts=texts, role=style.role, when=style.when)
    if line.onset is not None:
        yield fig.Level(at=line.onset, axis="x", role=style.role, when=style.when)


def _fit(line: Line, change: bool) -> tuple[float, ...] | None:
    """The fitted curve at its corners; None where there is none in this unit."""
    values: fig.Values = () if line.fit is None else line.fit.change if change else line.fit.values
    known = tuple(value for value in values if value is not None)
    return known if known and len(known) == len(values) else None


def _levels(style: CurveStyle, line: Line, change: bool, several: bool) -> Iterator[fig.Level]:
    """Baseline and margins; named where they hold for all that is drawn."""
    assert line.baseline is not None
    shared = change or not several
    role: fig.Role = "quiet" if shared else style.role
    when = () if shared else style.when
    start = 0.0 if change else line.baseline
    margins = line.change_margins if change else line.margins
    if change and several and line.signed:
        margins = ()
    named = shared and len(margins) == 1
    above = named and start > margins[0]
    yield fig.Level(at=start, role=role, when=when, label="baseline" if named else "", above=above)
    for edge in margins:
        label = "margin" if named else ""
        yield fig.Level(at=edge, role=role, when=when, dash="dash", label=label, above=not above)


def _row(style: CurveStyle, line: Line) -> fig.Row:
    assert line.onset is not None
    crossed = "" if line.crossing is None else f", margin {share(line.crossing)}"
    label = f"{line.label}, {style.name}" if style.name else line.label
    return fig.Row(label, f"onset {share(line.onset)}{crossed}")


def _onset(style: CurveStyle, line: Line, row: int, chosen: tuple[fig.Condition, ...]) -> Iterator[fig.Layer]:
    assert line.onset is not None
    label, when = _row(style, line).label, (*style.when, *chosen)
    said = f"{label}: onset {_found(line.onset, line.onset_ci)}"
    yield fig.Markers(
        x=(line.onset,), y=(float(row),), texts=(said,), size=10.0, x_spread=(line.onset_ci or (line.onset,) * 2,),
        role=style.role, when=when,
    )  # fmt: skip
    if line.crossing is not None:
        said = f"{label}: margin crossed at {_found(line.crossing, line.crossing_ci)}"
        yield fig.Markers(
            x=(line.crossing,), y=(row + BELOW,), texts=(said,), cross=True,
            x_spread=(line.crossing_ci or (line.crossing,) * 2,), role=style.role, when=when,
        )  # fmt: skip


def _found(ratio: float, interval: tuple[float, float] | None) -> str:
    return share(ratio) + (f", 95% interval {share(interval[0])} to {share(interval[1])}" if interval else "")
