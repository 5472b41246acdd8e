"""A calibration report in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from synth_eval.compare.calibration import CalibrationReport, CalibrationRow, ModelCalibration

if TYPE_CHECKING:
    import pandas as pd


Direction: TypeAlias = Literal["overconfident", "underconfident", "mixed", "calibrated", "untested"]
MIN_P = 0.001  # smaller ones are only bounded by the number of draws


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
    return f"p < {MIN_P}" if p_value < MIN_P else f"p = {p_value:.3f}"


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


# A calibration report as one tidy table, for CSV and Parquet.

TEXT = ("model", "folder", "name", "kind", "category", "tasks", "source", "error", "calibration", "direction")
ESTIMATES = ("accuracy", "signed_gap", "ece", "brier", "nll", "surprise_gap")
PARTS = ("", "_low", "_high", "_null_mean", "_null_low", "_null_high", "_p")
RECALIBRATED = ("ece_before", "ece_after", "nll_before", "nll_after", "temperature")
COLUMNS = (
    *TEXT,
    "n",
    "mean_confidence",
    *(f"{name}{part}" for name in ESTIMATES for part in PARTS),
    "recalibration",
    *(f"recalibration_{name}" for name in RECALIBRATED),
)


def calibration_frame(report: CalibrationReport) -> pd.DataFrame:
    """One row a model and task, group or category.

    Returns
    -------
    DataFrame with the columns of `COLUMNS`. Of each estimate: value, ends of its interval (``_low``, ``_high``), mean
    and ends of what a calibrated model shows (``_null_*``), and p-value (``_p``). ``ece`` is the error that ``error``
    names. ``tasks`` are those pooled, joined by ";"; ``source`` is that of the confidence of generated answers.
    Numbers that cannot be had are missing (NaN), never 0.
    """
    import pandas as pd  # 0.2 s, which a report without an export need not wait for

    rows = [_row(model, row) for model in report.models for row in model.rows]
    kinds = dict.fromkeys(COLUMNS, "float64") | dict.fromkeys((*TEXT, "recalibration"), "object") | {"n": "int64"}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(kinds)


def _row(model: ModelCalibration, row: CalibrationRow) -> dict[str, object]:
    values: dict[str, object] = {
        "model": model.model,
        "folder": model.folder,
        "name": row.name,
        "kind": row.kind,
        "category": row.category,
        "tasks": ";".join(row.tasks),
        "source": row.source,
        "error": row.error,
        "calibration": calibration_words(row),
        "direction": direction(row),
        "n": row.n,
        "mean_confidence": row.mean_confidence,
        "recalibration": "",
    }
    for name in ESTIMATES:
        estimate = row.assessment[row.error if name == "ece" else name]
        numbers = (
            estimate.value,
            *(estimate.interval or (None, None)),
            estimate.null_mean,
            *(estimate.null_band or (None, None)),
            estimate.p_value,
        )
        values |= {f"{name}{part}": number for part, number in zip(PARTS, numbers)}
    if row.recalibrated is not None:
        values["recalibration"] = row.recalibrated.method
        values |= {f"recalibration_{name}": getattr(row.recalibrated, name) for name in RECALIBRATED}
    return values
