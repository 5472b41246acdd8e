"""Reliability curves of the calibration layer as the diagrams that a report draws."""

from __future__ import annotations

from synth_eval.compare.calibration import ReliabilityCurve
from synth_eval.report.view.model import Reliability


def reliability_of(curve: ReliabilityCurve, *, label: str) -> Reliability:
    """One of several diagrams side by side; the label distinguishes it from its neighbours."""
    names = ("confidence", "accuracy", "null_low", "null_high", "count")
    return Reliability(label, **{name: tuple(map(float, getattr(curve, name))) for name in names})
