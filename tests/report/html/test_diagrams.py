"""Reliability diagrams as coordinates."""

from __future__ import annotations

import pytest

from synth_eval.report.html.drawings import LEAST_RADIUS, MOST_RADIUS, diagram_rows
from synth_eval.report.view.model import Reliability


def _diagram(**changes):
    fields = {
        "label": "20%",
        "confidence": (0.25, 0.75),
        "accuracy": (0.25, 0.5),
        "null_low": (0.2, 0.7),
        "null_high": (0.3, 0.8),
        "count": (25.0, 100.0),
    }
    ((row),) = diagram_rows({"arc": [Reliability(**{**fields, **changes})]})
    return row.diagrams[0]


def test_places_run_up_and_right() -> None:
    inside, outside = _diagram().points
    assert (inside.x, inside.y, inside.outside) == (25.0, 75.0, False)
    assert (outside.x, outside.y, outside.outside) == (75.0, 50.0, True)


def test_area_grows_with_items() -> None:
    small, large = _diagram().points
    assert large.radius == MOST_RADIUS
    assert small.radius == pytest.approx(LEAST_RADIUS + (MOST_RADIUS - LEAST_RADIUS) / 2, abs=0.01)  # sqrt(25 / 100)


def test_the_band_goes_there_and_back() -> None:
    assert _diagram().band == "25,70 75,20 75,30 25,80"


def test_without_a_band_nothing_is_outside() -> None:
    nan = float("nan")
    diagram = _diagram(null_low=(nan, nan), null_high=(nan, nan))
    assert diagram.band == ""
    assert not any(point.outside for point in diagram.points)


def test_the_edge_of_the_band_is_inside() -> None:
    assert not _diagram(accuracy=(0.3, 0.7)).points[0].outside
