"""A calibration report with fixed numbers, for golden files: nothing is computed, so that no library changes it."""

from __future__ import annotations

import numpy as np

from synth_eval.calibration import Assessment, MetricEstimate, ReliabilityCurve
from synth_eval.compare.calibration import (
    CalibrationReport,
    CalibrationRow,
    CalibrationSettings,
    LeftOut,
    ModelCalibration,
    Recalibrated,
    RollingTask,
)


def curve(kind: str = "width", *, shift: float = 0.0) -> ReliabilityCurve:
    """Six points, ``shift`` above the diagonal, with a band of +-.1 and a bootstrap band of +-.08."""
    x = np.array([0.3, 0.43, 0.57, 0.7, 0.83, 0.97])
    y = np.clip(x + shift, 0.0, 1.0)
    count = np.array([10.0, 40.0, 80.0, 60.0, 20.0, 5.0])
    low, high, null_low, null_high = (np.clip(v, 0, 1) for v in (y - 0.08, y + 0.08, x - 0.1, x + 0.1))
    return ReliabilityCurve(kind, x, y, count, low, high, null_low, null_high, 0.95, 0.05 if kind == "kernel" else None)


def row(
    name: str,
    *,
    gap: float = 0.0,
    p: float | None = 0.4,
    interval: bool = True,
    kind: str = "task",
    tasks: tuple[str, ...] = (),
    of_tasks: int = 1,
    n: int = 215,
    recalibrated: bool = False,
    notes: tuple[str, ...] = (),
) -> CalibrationRow:
    """A row that is overconfident by ``gap``; ``p`` of its gap and of its error."""

    def estimate(
        name: str, value: float, spread: float, null: tuple[float, float], p_value: float | None
    ) -> MetricEstimate:
        ends = (value - spread, value + spread) if interval else None
        return MetricEstimate(name, value, ends, sum(null) / 2, None if p is None else null, p_value)

    estimates = (
        estimate("accuracy", 0.6 - gap, 0.05, (0.55, 0.65), p),
        estimate("signed_gap", gap, 0.0512, (-0.05, 0.05), p),
        estimate("ece", abs(gap) + 0.04, 0.03, (0.0, 0.0763), p),
        estimate("brier", 0.5312, 0.04, (0.5, 0.56), p),
        estimate("nll", 0.9712, 0.08, (0.9, 1.05), p),
        estimate("surprise_gap", 2 * gap - 0.0001, 0.061, (-0.06, 0.06), p),
    )
    after = Recalibrated("temperature", 0.161, 0.052, 0.702, 0.641, 1.62, "overconfident")
    return CalibrationRow(
        name=name,
        kind=kind,
        category="",
        tasks=tasks or (name,),
        of_tasks=of_tasks,
        n=n,
        mean_confidence=0.6,
        error="ece",
        assessment=Assessment(n, n, 0.95, 1000, estimates),
        curve=curve(shift=-gap),
        smooth=curve("kernel", shift=-gap),
        recalibrated=after if recalibrated else None,
        notes=notes,
    )


def report(*rows: CalibrationRow, settings: CalibrationSettings | None = None, **more) -> CalibrationReport:
    """One model with these rows."""
    parts = {"rolling": (), "left_out": (), "notes": (), **more}
    model = ModelCalibration("org/model-1b", "out/org__model-1b", rows, **parts)
    return CalibrationReport(1, settings or CalibrationSettings(), (model,))


def everything() -> CalibrationReport:
    """Every kind of row and line: pools, folded and hostile names, no interval, rolling, generated and failed files."""
    return report(
        row("arc_easy"),
        row("mmlu_history", gap=0.121, p=0.0005, recalibrated=True),
        row("mmlu_a_subject_with_a_long_name", gap=-0.152, p=0.003),
        row("[red]odd[/]\x1b[31m", interval=False, notes=("no interval: all answers are right",)),
        row("mmlu", gap=0.06, p=0.03, kind="group", tasks=("a", "b"), of_tasks=3, n=12_430),
        settings=CalibrationSettings(recalibrate="temperature"),
        rolling=(RollingTask("wiki", 62, 1.2345),),
        left_out=(LeftOut("gsm8k", "no confidence: generated text", False), LeftOut("x", "x.jsonl: empty", True)),
        notes=("arc_easy: 1 of 216 lines could not be read (the last one, truncated)",),
    )
