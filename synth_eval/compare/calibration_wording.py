"""What a calibration report says in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from synth_eval.compare.calibration_report import CalibrationRow, ModelCalibration

Direction: TypeAlias = Literal["overconfident", "underconfident", "mixed", "calibrated", "untested"]
LEAST_P = 0.001  # smaller ones are only bounded by the number of draws


def direction(row: CalibrationRow) -> Direction:
    """Which way the probabilities of a row are wrong.

    Over- or underconfident if confidence minus accuracy is more than a calibrated model shows; mixed if that is not but
    the calibration error is; untested without resamples.
    """
    if row.assessment["signed_gap"].p_value is None:
        return "untested"
    if not row.assessment.within_null("signed_gap"):
        return "overconfident" if row.assessment["signed_gap"].value > 0 else "underconfident"
    return "calibrated" if row.assessment.within_null(row.error) else "mixed"


def calibration_words(row: CalibrationRow) -> str:
    """'within the null band' or 'miscalibrated (p = 0.013)', of the calibration error."""
    p_value = row.assessment[row.error].p_value
    if p_value is None:
        return "not tested"
    if row.assessment.within_null(row.error):
        return "within the null band"
    return f"miscalibrated ({p_text(p_value)})"


def p_text(p_value: float) -> str:
    """'p = 0.013', or 'p < 0.001'."""
    return f"p < {LEAST_P}" if p_value < LEAST_P else f"p = {p_value:.3f}"


def headline(model: ModelCalibration) -> str:
    """One sentence over the tasks of a model: 'overconfident by 4 to 12 points on 3 of 5 tasks; ...'."""
    tasks = [row for row in model.rows if row.kind == "task"]
    if not tasks:
        return "no task with probabilities: nothing to calibrate"
    found: dict[Direction, list[CalibrationRow]] = {}
    for row in tasks:
        found.setdefault(direction(row), []).append(row)
    parts = [
        f"{_clause(way, found[way])} {_where(found[way], tasks, first=i == 0)}"
        for i, way in enumerate(way for way in _ORDER if way in found)
    ]
    return "; ".join(parts)


_ORDER: tuple[Direction, ...] = ("overconfident", "underconfident", "mixed", "calibrated", "untested")
_CLAUSES = {
    "mixed": "miscalibrated without a clear direction",
    "calibrated": "no more error than a calibrated model shows",
    "untested": "not tested",
}


def _clause(way: Direction, rows: Sequence[CalibrationRow]) -> str:
    return f"{way} by {_points(rows)}" if way in ("overconfident", "underconfident") else _CLAUSES[way]


def _points(rows: Sequence[CalibrationRow]) -> str:
    sizes = sorted(100.0 * abs(row.assessment["signed_gap"].value) for row in rows)
    decimals = 0 if sizes[0] >= 0.95 else 1
    low, high = (f"{size:.{decimals}f}" for size in (sizes[0], sizes[-1]))
    return f"{low} point{'' if low == '1' else 's'}" if low == high else f"{low} to {high} points"


def _where(rows: Sequence[CalibrationRow], tasks: Sequence[CalibrationRow], *, first: bool) -> str:
    if len(tasks) == 1:
        return f"on {rows[0].name}"
    if len(rows) == len(tasks):
        return f"on all {len(tasks)} tasks"
    return f"on {len(rows)} of {len(tasks)} tasks" if first else f"on {len(rows)}"
