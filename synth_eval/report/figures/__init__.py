"""Figures for a paper, PNG and SVG: every task over ratio, and the map of losses. Needs matplotlib (extra `plots`)."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from synth_eval.errors import SynthEvalError
from synth_eval.report.figures.drifts import drift_figures
from synth_eval.report.view import ChartCurve, Line, LossMap, ReportView, TaskChart
from synth_eval.report.view.charts import anchor
from synth_eval.text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# Okabe and Ito's colours; marker and line style say the same
STYLES = (
    ("#0072B2", "o", "-"), ("#D55E00", "s", "--"), ("#009E73", "D", ":"),
    ("#CC79A7", "^", "-."), ("#E69F00", "X", (0, (5, 1))), ("#000000", "*", (0, (3, 1, 1, 1))),
)  # fmt: skip
SECOND = "surprise_gap"
FORMATS = ("png", "svg")
REFUSED = "refused"
LOSS_RANGE = 20.0  # percent, where the colours of the map end


def write_figures(
    view: ReportView, folder: Path, *, on_figure: Callable[[str], None] = lambda name: None
) -> tuple[Path, ...]:
    """Draw every task and every map of losses, ``<folder>/<name>.png`` and ``.svg``.

    Parameters
    ----------
    folder : made if need be; files of the same names are replaced.
    on_figure : called with the name of each figure that is drawn, for a progress bar.

    Returns
    -------
    The files, in the order of the report.

    Raises
    ------
    SynthEvalError : no matplotlib.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise SynthEvalError("--figures needs matplotlib: pip install 'synth-eval[plots]'")
    import matplotlib

    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    # a fixed salt and no date: the same numbers give the same bytes
    with matplotlib.rc_context({"svg.hashsalt": "synth-eval", "svg.fonttype": "none", "font.size": 9}):
        drawn = [(each.name, task_figure(each)) for chart in view.charts for each in _by_round(chart)]
        drawn += [(loss.table.name, loss_figure(loss)) for loss in view.losses if loss.table.rows]
        drawn += drift_figures(view.outputs) if view.outputs is not None else ()
        for name, figure in drawn:
            for ending in FORMATS:
                files.append(folder / f"{name}.{ending}")
                metadata = {"Date": None} if ending == "svg" else {"Software": None}
                figure.savefig(files[-1], format=ending, dpi=200, metadata=metadata)
            on_figure(name)
    return tuple(files)


def task_figure(chart: TaskChart) -> Figure:
    """The headline metric, calibration below it on the same axis, and the onsets below both; a curve a place."""
    from matplotlib.figure import Figure

    first = chart.curves[0].lines[0].metric
    metrics = [first, *([SECOND] if first != SECOND and any(_line(c, SECOND) for c in chart.curves) else [])]
    onsets = [
        (curve, line, _style(i))
        for metric in metrics
        for i, curve in enumerate(chart.curves)
        if (line := _line(curve, metric)) is not None and line.onset is not None
    ]
    heights = [2.0, *([1.6] if len(metrics) > 1 else []), *([0.25 + 0.17 * len(onsets)] if onsets else [])]
    figure = Figure(figsize=(5.5, 0.9 + sum(heights)), layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    for panel, metric in zip(panels, metrics):
        _draw(panel, chart.curves, metric)
    if onsets:
        _draw_onsets(panels[-1], onsets)
    panels[0].set_title(visible(chart.task), parse_math=False, fontsize=10)
    if len(chart.curves) > 1:
        panels[0].legend(fontsize=7, frameon=False, ncols=3 if len(chart.curves) > 4 else 1)
    panels[-1].set_xlabel("synthetic data in the training mix (%)")
    return figure


def loss_figure(loss: LossMap) -> Figure:
    """Tasks down, ratios across; the loss in percent is written in each field."""
    import numpy as np
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    rows, columns = loss.table.rows, loss.table.columns[1:]
    coloured = [[e.sort if e.sort is not None and e.tone != REFUSED else np.nan for e in row[1:]] for row in rows]
    values = 100 * np.array(coloured, dtype=float)
    figure = Figure(figsize=(1.8 + 0.75 * len(columns), 0.9 + 0.3 * len(rows)), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(values, cmap="PuOr_r", vmin=-LOSS_RANGE, vmax=LOSS_RANGE, aspect="auto")
    for i, row in enumerate(rows):
        for j, entry in enumerate(row[1:]):
            dark = abs(values[i, j]) > 0.7 * LOSS_RANGE
            text = entry.text
            if entry.tone == REFUSED:
                text = f"{entry.text}\n{REFUSED}"
                hatched = Rectangle(
                    (j - 0.5, i - 0.5), 1, 1, facecolor="0.93", edgecolor="0.78", hatch="///", linewidth=0
                )
                axes.add_patch(hatched)
            axes.text(j, i, text, ha="center", va="center", fontsize=7, color="white" if dark else "black")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), [visible(row[0].text) for row in rows], parse_math=False)
    axes.set_title(visible(loss.table.title), parse_math=False, fontsize=10)
    figure.colorbar(image, label="relative loss (%)")
    return figure


def _by_round(chart: TaskChart) -> list[TaskChart]:
    """A chart for each token budget, iteration and source, so that only sizes share a figure."""
    rounds = list(dict.fromkeys((curve.tokens, curve.iteration, curve.source) for curve in chart.curves))
    if len(rounds) == 1:
        return [chart]
    return [
        dataclasses.replace(
            chart,
            name=f"{chart.name}-{anchor(f'{tokens} {source} iteration {iteration}', number)}",
            curves=tuple(c for c in chart.curves if (c.tokens, c.iteration, c.source) == (tokens, iteration, source)),
        )
        for number, (tokens, iteration, source) in enumerate(rounds)
    ]


def _style(i: int) -> tuple[str, str, object]:
    return STYLES[i % len(STYLES)]


def _line(curve: ChartCurve, metric: str) -> Line | None:
    return next((line for line in curve.lines if line.metric == metric), None)


def _draw(axes: Axes, curves: Sequence[ChartCurve], metric: str) -> None:
    """One curve with its values, baseline and margin; several as changes, which share a baseline."""
    lines = [(curve, line, _style(i)) for i, curve in enumerate(curves) if (line := _line(curve, metric)) is not None]
    several = len(lines) > 1
    for curve, line, (colour, marker, dash) in lines:
        scale = 1.0 if several or not line.percent else 100.0
        value, low, high = (
            [scale * v if v is not None else float("nan") for v in numbers]
            for numbers in (
                (line.change, line.change_low, line.change_high) if several else (line.values, line.low, line.high)
            )
        )
        ratios = [100 * ratio for ratio in line.ratios]
        name = visible(curve.title)
        fit = _fit(line, several)
        joined = dash if fit is None else "none"
        axes.plot(ratios, value, color=colour, marker=marker, linestyle=joined, linewidth=0.8, markersize=4, label=name)
        if fit is not None:
            corners = [100 * ratio for ratio in line.fit.ratios] if line.fit is not None else []
            axes.plot(corners, [scale * v for v in fit], color=colour, linestyle=dash, linewidth=1.3)
        axes.fill_between(ratios, low, high, color=colour, alpha=0.13, linewidth=0)
        if line.onset is not None:
            axes.axvline(100 * line.onset, color=colour, linewidth=0.9, linestyle=":")
    line = lines[0][1]
    scale = 1.0 if several or not line.percent else 100.0
    if line.baseline is not None:
        axes.axhline(0.0 if several else scale * line.baseline, color="gray", linewidth=0.8, linestyle=":")
        edges = line.change_margins if several else line.margins
        for edge in edges if not (several and line.signed) else ():
            axes.axhline(scale * edge, color="gray", linewidth=0.8, linestyle="--")
        if line.zero and not several:
            axes.axhline(0.0, color="gray", linewidth=0.5)
    unit = f"\nchange, {line.change_unit}" if several else "\n%" if line.percent else ""
    axes.set_ylabel(f"{line.label}{unit}", parse_math=False)


def _fit(line: Line, change: bool) -> list[float] | None:
    """The fitted curve at its corners; None where there is none in this unit."""
    values = () if line.fit is None else line.fit.change if change else line.fit.values
    known = [value for value in values if value is not None]
    return known if known and len(known) == len(values) else None


def _draw_onsets(axes: Axes, onsets: Sequence[tuple[ChartCurve, Line, tuple[str, str, object]]]) -> None:
    several = len({curve.title for curve, *_ in onsets}) > 1
    names = []
    for i, (curve, line, (colour, marker, _)) in enumerate(onsets):
        onset = line.onset if line.onset is not None else float("nan")
        low, high = line.onset_ci if line.onset_ci is not None else (onset, onset)
        spread = [[100 * max(onset - low, 0.0)], [100 * max(high - onset, 0.0)]]
        axes.errorbar([100 * onset], [-i], xerr=spread, color=colour, marker=marker, markersize=4, capsize=2)
        names.append(visible(f"{line.label}, {curve.title}" if several else line.label))
    axes.set_yticks([-i for i in range(len(onsets))], names, fontsize=7, parse_math=False)
    axes.set_ylim(-len(onsets) + 0.4, 0.6)
    axes.set_ylabel("onset")
