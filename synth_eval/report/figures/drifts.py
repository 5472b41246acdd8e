"""Figures for a paper of what the models write: every side of a collapse over ratio and over iteration."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from synth_eval.report.view.charts import anchor
from synth_eval.report.view.model import Drift, OutputsView
from synth_eval.text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


ACROSS = 3  # panels side by side
# Okabe and Ito's colours; marker and line style say the same
STYLES = (
    ("#0072B2", "o", "-"), ("#D55E00", "s", "--"), ("#009E73", "D", ":"),
    ("#CC79A7", "^", "-."), ("#E69F00", "X", (0, (5, 1))), ("#000000", "*", (0, (3, 1, 1, 1))),
)  # fmt: skip


def drift_figures(outputs: OutputsView) -> Iterator[tuple[str, Figure]]:
    """Name and figure of each task, over ratio and, where there are several, over iteration."""
    number = 0
    for drifts in (outputs.over_ratio, outputs.over_iteration):
        for task in dict.fromkeys(drift.task for drift in drifts):
            here = [drift for drift in drifts if drift.task == task]
            yield f"drift-{anchor(f'{task} over {here[0].over}', number)}", drift_figure(here)
            number += 1


def drift_figure(drifts: Sequence[Drift]) -> Figure:
    """A panel for each characteristic of one task; the lines are the same in all of them."""
    from matplotlib.figure import Figure

    down = math.ceil(len(drifts) / ACROSS)
    figure = Figure(figsize=(2.4 * min(ACROSS, len(drifts)), 1.9 * down + 0.7), layout="constrained")
    panels = figure.subplots(down, min(ACROSS, len(drifts)), squeeze=False).ravel()
    labels = list(dict.fromkeys(line.label for drift in drifts for line in drift.lines))
    for panel, drift in zip(panels, drifts):
        _draw(panel, drift, labels)
    for panel in panels[len(drifts) :]:
        panel.set_visible(False)
    handles = {text: handle for panel in panels for handle, text in zip(*panel.get_legend_handles_labels())}
    if len(handles) > 1:
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4, fontsize=7, frameon=False)
    figure.suptitle(visible(drifts[0].task), fontsize=10, parse_math=False)
    return figure


def _draw(axes: Axes, drift: Drift, labels: Sequence[str]) -> None:
    across = 100.0 if drift.over == "ratio" else 1.0
    scale = 100.0 if drift.percent else 1.0
    for line in drift.lines:
        colour, marker, dash = STYLES[labels.index(line.label) % len(STYLES)]
        xs = [across * x for x in line.x]
        values, low, high = ([scale * y for y in numbers] for numbers in (line.values, line.low, line.high))
        label = visible(line.label)
        axes.plot(xs, values, color=colour, marker=marker, linestyle=dash, linewidth=1.1, markersize=3.2, label=label)
        axes.fill_between(xs, low, high, color=colour, alpha=0.12, linewidth=0)
    unit = " (%)" if drift.percent else ""
    axes.set_title(visible(f"{drift.label}{unit}"), fontsize=8, parse_math=False)
    axes.set_xlabel("synthetic data (%)" if drift.over == "ratio" else "iteration", fontsize=7)
    axes.tick_params(labelsize=7)
    if drift.over == "iteration":
        axes.set_xticks(sorted({x for line in drift.lines for x in line.x}))
