"""Reliability diagrams of a report: where points lie, which of them chance explains."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_curves import reliability_of

from synth_eval.calibration import reliability_curve
from synth_eval.report.figures.calibration import INSIDE, MAX_SIZE, MIN_SIZE, OUTSIDE, reliability_figures
from synth_eval.report.figures.description import Band, Markers, Panel
from synth_eval.report.view.model import Reliability


def _diagram(**changes) -> Panel:
    fields = {
        "label": "20%",
        "confidence": (0.25, 0.75),
        "accuracy": (0.25, 0.5),
        "null_low": (0.2, 0.7),
        "null_high": (0.3, 0.8),
        "count": (25.0, 100.0),
    }
    (figure,) = reliability_figures({"arc": [Reliability(**{**fields, **changes})]})
    assert figure.title == "arc"
    return figure.panels[0]


def _points(panel: Panel) -> dict[object, Markers]:
    return {layer.role: layer for layer in panel.layers if isinstance(layer, Markers)}


def test_inside_is_open_and_outside_is_filled() -> None:
    points = _points(_diagram())
    inside, outside = points[INSIDE], points[OUTSIDE]
    assert (inside.x, inside.y, inside.filled) == ((0.25,), (0.25,), False)
    assert (outside.x, outside.y, outside.filled) == ((0.75,), (0.5,), True)
    assert outside.texts == ("confidence 0.750, accuracy 0.500, 100 items",)


def test_area_grows_with_items() -> None:
    points = _points(_diagram())
    assert points[OUTSIDE].size == (MAX_SIZE,)
    assert points[INSIDE].size == (pytest.approx(MIN_SIZE + (MAX_SIZE - MIN_SIZE) / 2, abs=0.05),)  # sqrt(25 / 100)


def test_the_band_is_where_it_is_known() -> None:
    (band,) = (layer for layer in _diagram().layers if isinstance(layer, Band))
    assert (band.x, band.low, band.high) == ((0.25, 0.75), (0.2, 0.7), (0.3, 0.8))


def test_without_a_band_nothing_is_outside() -> None:
    nan = float("nan")
    panel = _diagram(null_low=(nan, nan), null_high=(nan, nan))
    (band,) = (layer for layer in panel.layers if isinstance(layer, Band))
    assert band.x == ()
    assert list(_points(panel)) == [INSIDE]
    assert panel.spoken == "20%: 0 of 2 bins are outside what chance would do to a calibrated model"


def test_the_edge_of_the_band_is_inside() -> None:
    assert list(_points(_diagram(accuracy=(0.3, 0.7)))) == [INSIDE]


def test_a_calibrated_model_lies_in_its_band_and_an_overconfident_one_below() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.3, 1.0, 4000)
    calibrated = rng.random(4000) < confidence
    overconfident = rng.random(4000) < confidence - 0.25
    drawn = [
        reliability_of(reliability_curve(confidence, right, bins=10, resamples=200), label=label)
        for label, right in (("0%", calibrated), ("50%", overconfident))
    ]
    assert all(sum(each.count) == 4000 for each in drawn)
    (figure,) = reliability_figures({"task": drawn})
    outside = [len(points[OUTSIDE].x) if OUTSIDE in points else 0 for points in map(_points, figure.panels)]
    assert outside[0] <= 2  # each of 7 bins lies outside its 95% band by chance
    assert outside[1] == len(drawn[1].confidence)
