"""Reliability diagrams: accuracy against confidence, with what chance would do to a calibrated model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.compare.calibration_words import calibration_words
from synth_eval.report.figures import description as fig

if TYPE_CHECKING:
    from synth_eval.compare.calibration import CalibrationReport, CalibrationRow, ReliabilityCurve
    from synth_eval.report.view import Reliability

MIN_SIZE, MAX_SIZE = 4.0, 11.0  # pixels of a point; its area grows with its items
INSIDE, OUTSIDE, SMOOTH = 0, 1, 2
SHARES = fig.Axis(ticks=(0.0, 0.5, 1.0), limits=(-0.03, 1.03))


def calibration_figures(report: CalibrationReport) -> dict[str, fig.Figure]:
    """``<model>/<row>`` -> diagram of every row of a report, in its order, with how many items each bin has."""
    figures: dict[str, fig.Figure] = {}
    taken: set[str] = set()
    for model in report.models:
        folder, names = fig.free_name(model.model, taken), set[str]()
        for row in model.rows:
            name = f"{folder}/{fig.free_name(row.name, names)}"
            figures[name] = calibration_figure(row, f"{model.model}: {row.name}")
    return figures


def calibration_figure(row: CalibrationRow, title: str) -> fig.Figure:
    """One row of a calibration report."""
    curve, level = row.curve, f"{100 * row.curve.level:g}%"
    banded, spread = (
        bool(np.isfinite([*low, *high]).all())
        for low, high in ((curve.null_low, curve.null_high), (curve.low, curve.high))
    )
    layers = _diagram(curve, spread=tuple(zip(fig.floats(curve.low), fig.floats(curve.high))) if spread else ())
    legend = [fig.LegendKey("perfect calibration", "quiet", "line", "dot")]
    if banded:
        legend.append(fig.LegendKey(f"{level} of calibrated models", "quiet", "band"))
    if row.smooth is not None:
        places = fig.floats(row.smooth.confidence)
        smooth = (
            fig.Band(x=places, low=fig.floats(row.smooth.low), high=fig.floats(row.smooth.high), role=SMOOTH),
            fig.Polyline(x=places, y=fig.floats(row.smooth.accuracy), dash="dash", role=SMOOTH),
        )
        layers = (*layers[:2], *smooth, *layers[2:])
        legend.append(fig.LegendKey("smoothed", SMOOTH, "line", "dash"))
    bars = f", {level} bootstrap band" if spread else ""
    legend += [fig.LegendKey(f"bins that chance explains{bars}" if banded else f"bins{bars}", INSIDE, "open")]
    legend += [fig.LegendKey("bins outside", OUTSIDE, "filled")] if banded else []
    x = fig.Axis("confidence", ticks=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0), limits=(-0.02, 1.02))
    counts = fig.Bars(
        at=fig.floats(curve.confidence), start=(0.0,) * len(curve.count), end=fig.floats(curve.count), role=INSIDE
    )
    error = row.assessment[row.error]
    return fig.Figure(
        title,
        (
            fig.Panel(layers, x, fig.Axis("accuracy", ticks=x.ticks, limits=x.limits), height=420.0),
            fig.Panel((counts,), x, fig.Axis("items"), height=100.0),
        ),
        tuple(legend),
        note=f"ECE {error.value:.3f}, {calibration_words(row)}, n = {row.n:,}",
        stacked=True,
    )


def reliability_figures(reliability: Mapping[str, Sequence[Reliability]]) -> tuple[fig.Figure, ...]:
    """A figure a title, with its diagrams side by side."""
    figures = []
    for title, curves in reliability.items():
        panels = []
        for curve in curves:
            outside, bins = sum(is_outside(curve, i) for i in range(len(curve.count))), len(curve.count)
            spoken = f"{curve.label}: {outside} of {bins} bins are outside what chance would do to a calibrated model"
            layers = _diagram(curve)
            panels.append(fig.Panel(layers, SHARES, SHARES, curve.label, note=curve.note, spoken=spoken, square=True))
        figures.append(fig.Figure(title, tuple(panels)))
    return tuple(figures)


def is_outside(curve: Reliability | ReliabilityCurve, i: int) -> bool:
    """Whether a bin is beyond what chance would do to a calibrated model; False where that is not known."""
    low, high = curve.null_low[i], curve.null_high[i]
    return bool(low <= high) and not low - 1e-9 <= curve.accuracy[i] <= high + 1e-9


def _diagram(
    curve: Reliability | ReliabilityCurve, spread: Sequence[tuple[float, float]] = ()
) -> tuple[fig.Layer, ...]:
    confidence, accuracy, count = fig.floats(curve.confidence), fig.floats(curve.accuracy), fig.floats(curve.count)
    most = max(count, default=1.0) or 1.0
    sizes = [MIN_SIZE + (MAX_SIZE - MIN_SIZE) * math.sqrt(each / most) for each in count]
    known = [i for i in range(len(confidence)) if curve.null_low[i] <= curve.null_high[i]]
    layers: list[fig.Layer] = [
        fig.Band(
            x=tuple(confidence[i] for i in known),
            low=tuple(float(curve.null_low[i]) for i in known),
            high=tuple(float(curve.null_high[i]) for i in known),
            role="quiet",
        ),
        fig.Polyline(x=(0.0, 1.0), y=(0.0, 1.0), width=1.0, dash="dot", role="quiet"),
    ]
    for role, outside in ((INSIDE, False), (OUTSIDE, True)):
        mine = [i for i in range(len(confidence)) if is_outside(curve, i) is outside]
        markers = fig.Markers(
            x=tuple(confidence[i] for i in mine),
            y=tuple(accuracy[i] for i in mine),
            texts=tuple(
                f"confidence {confidence[i]:.3f}, accuracy {accuracy[i]:.3f}, {count[i]:,.0f} items" for i in mine
            ),
            filled=outside,
            size=tuple(round(sizes[i], 1) for i in mine),
            y_spread=tuple(spread[i] for i in mine) if spread else (),
            role=role,
        )
        layers += [markers] if mine else []
    return tuple(layers)
