"""What `synth-eval calibrate` reports: each task, and each group and category with its items pooled.

The calibration error of a group is that of its items taken together. A mean of its tasks' errors would be another
number: every task brings its own upward bias, and errors of opposite sign, which cancel in the pool, would add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeAlias

from synth_eval.calibration import (
    Assessment,
    ReliabilityCurve,
    assess_choices,
    recalibrate_choices,
    reliability_curve,
)
from synth_eval.compare.calibration_items import CalibrationItems, Normalisation, pooled
from synth_eval.types import UNCATEGORISED

__all__ = [
    "CalibrationReport",
    "CalibrationRow",
    "CalibrationSettings",
    "LeftOut",
    "LoggedModel",
    "ModelCalibration",
    "Recalibrated",
    "ReliabilityCurve",
    "RollingTask",
    "calibrate_model",
    "planned_rows",
]

RowKind: TypeAlias = Literal["task", "group", "category"]
Scheme: TypeAlias = Literal["width", "mass"]
Method: TypeAlias = Literal["temperature", "platt", "isotonic", "histogram"]
SCHEMA = 1
SMOOTH_PLACES = 101  # on the axis of a smoothed curve


@dataclass(frozen=True)
class CalibrationSettings:
    """How the numbers are made."""

    bins: int = 15
    scheme: Scheme = "width"
    normalisation: Normalisation = "raw"
    resamples: int = 500
    level: float = 0.95
    recalibrate: Method | None = None
    smooth: bool = False  # smoothed curves too, which only plots draw

    @property
    def error(self) -> str:
        """The name of the calibration error that is reported."""
        return "ece" if self.scheme == "width" else "ece_mass"

    @property
    def metrics(self) -> tuple[str, ...]:
        """What is estimated of each row."""
        return ("accuracy", "signed_gap", self.error, "brier", "nll", "surprise_gap")


@dataclass(frozen=True)
class RollingTask:
    """Documents scored as a whole: no answer, hence no confidence."""

    task: str
    n: int
    bits_per_byte: float  # of all documents' bytes together


@dataclass(frozen=True)
class LeftOut:
    """A samples file without numbers in the report."""

    task: str
    reason: str
    failed: bool  # it should have had some


@dataclass(frozen=True)
class LoggedModel:
    """What was read of one model. ``groups`` maps a group to all its tasks, those without samples too."""

    model: str
    folder: str
    tasks: tuple[CalibrationItems, ...]
    rolling: tuple[RollingTask, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recalibrated:
    """Errors before and after recalibration, the latter out of fold; as in `calibration.Recalibration`."""

    method: str
    ece_before: float
    ece_after: float
    nll_before: float
    nll_after: float
    temperature: float | None
    says: str


@dataclass(frozen=True)
class CalibrationRow:
    """One line of the table.

    ``tasks`` : those whose items are in it; ``of_tasks`` how many the group or category has, rolling ones and those
    without samples included.
    ``smooth`` : the kernel-smoothed curve, where asked for.
    """

    name: str
    kind: RowKind
    category: str
    tasks: tuple[str, ...]
    of_tasks: int
    n: int
    mean_confidence: float
    error: str  # which of the estimates is the calibration error
    assessment: Assessment
    curve: ReliabilityCurve
    smooth: ReliabilityCurve | None = None
    recalibrated: Recalibrated | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelCalibration:
    """The block of one model: tasks first, then pools."""

    model: str
    folder: str
    rows: tuple[CalibrationRow, ...]
    rolling: tuple[RollingTask, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CalibrationReport:
    """Everything that is drawn, and written as calibration.json."""

    schema: int
    settings: CalibrationSettings
    models: tuple[ModelCalibration, ...]


@dataclass(frozen=True)
class _Planned:
    name: str
    kind: RowKind
    category: str
    parts: tuple[CalibrationItems, ...]
    of_tasks: int = 1


def calibrate_model(
    logged: LoggedModel, settings: CalibrationSettings, *, on_row: Callable[[str, int], None] = lambda name, n: None
) -> ModelCalibration:
    """Assess every task of a model, every group with the items of its tasks, and every category likewise.

    Pools of fewer than two tasks, and pools of the same tasks as an earlier one, are left out.

    Parameters
    ----------
    on_row : called with name and number of items after each row, for a progress bar.

    Raises
    ------
    ValueError : a setting out of range.
    """
    rows = []
    for planned in _plan(logged):
        rows.append(_row(planned, settings))
        on_row(planned.name, rows[-1].n)
    return ModelCalibration(logged.model, logged.folder, tuple(rows), logged.rolling, logged.left_out, logged.notes)


def planned_rows(logged: LoggedModel) -> int:
    """How many rows `calibrate_model` will make."""
    return sum(1 for _ in _plan(logged))


def _plan(logged: LoggedModel) -> Iterator[_Planned]:
    by_name = {items.task: items for items in logged.tasks}
    for items in logged.tasks:
        yield _Planned(items.task, "task", items.category, (items,))
    categories: dict[str, list[str]] = {}
    for items in logged.tasks:
        if items.category and items.category != UNCATEGORISED:
            categories.setdefault(items.category, []).append(items.task)
    pools: list[tuple[str, RowKind, tuple[str, ...]]] = [
        *((name, "group", members) for name, members in logged.groups.items()),
        *((name, "category", tuple(members)) for name, members in categories.items()),
    ]
    seen: set[frozenset[str]] = set()
    for name, kind, members in pools:
        there = tuple(dict.fromkeys(task for task in members if task in by_name))
        if len(there) < 2 or frozenset(there) in seen:
            continue
        seen.add(frozenset(there))
        shared = {by_name[task].category for task in there}
        category = shared.pop() if len(shared) == 1 else ""
        yield _Planned(name, kind, category, tuple(by_name[task] for task in there), len(set(members)))


def _row(planned: _Planned, settings: CalibrationSettings) -> CalibrationRow:
    items = planned.parts[0] if len(planned.parts) == 1 else pooled(planned.name, planned.category, planned.parts)
    draw = partial(
        reliability_curve, items.confidence, items.correct, resamples=settings.resamples, level=settings.level
    )
    curve = draw(kind=settings.scheme, bins=settings.bins)
    smooth = draw(kind="kernel", bins=SMOOTH_PLACES) if settings.smooth else None
    assessment = assess_choices(
        items.probs,
        items.gold,
        pred=items.pred,
        metrics=settings.metrics,
        bins=settings.bins,
        resamples=settings.resamples,
        level=settings.level,
    )
    notes = [assessment["accuracy"].note] if settings.resamples and assessment["accuracy"].note else []
    if items.left_out:
        notes.append(f"{items.left_out} items left out: bytes of a choice unknown or none")
    recalibrated = None
    if settings.recalibrate is not None:
        try:
            recalibrated = _recalibrated(items, settings.recalibrate, settings.bins)
        except ValueError as error:  # too few right or wrong answers: the other rows need not suffer
            notes.append(f"not recalibrated: {error}")
    return CalibrationRow(
        name=planned.name,
        kind=planned.kind,
        category=planned.category,
        tasks=tuple(part.task for part in planned.parts),
        of_tasks=planned.of_tasks,
        n=len(items),
        mean_confidence=float(items.confidence.mean()),
        error=settings.error,
        assessment=assessment,
        curve=curve,
        smooth=smooth,
        recalibrated=recalibrated,
        notes=tuple(notes),
    )


def _recalibrated(items: CalibrationItems, method: Method, bins: int) -> Recalibrated:
    found = recalibrate_choices(items.probs, items.gold, method=method, bins=bins)
    names = ("method", "ece_before", "ece_after", "nll_before", "nll_after", "temperature", "says")
    return Recalibrated(**{name: getattr(found, name) for name in names})
