"""What `synth-eval calibrate` reports: each task, and each group and category with its items pooled.

The calibration error of a group is that of its items taken together. A mean of its tasks' errors would be another
number: every task has its own upward bias, and errors of opposite sign, which cancel in the pool, would add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from synth_eval.calibration import (
    Assessment,
    ReliabilityCurve,
    assess,
    assess_choices,
    recalibrate,
    recalibrate_choices,
    reliability_curve,
)
from synth_eval.compare.calibration_items import (
    CalibrationItems,
    Normalisation,
    RowKind,
    planned_pools,
    pooled,
)
from synth_eval.text import once, plural

if TYPE_CHECKING:
    from synth_eval.calibration.recalibration import ConfidenceDirection, Method
    from synth_eval.types import AnyArray


__all__ = [
    "CalibrationReport",
    "CalibrationRow",
    "CalibrationSettings",
    "LeftOut",
    "ModelCalibration",
    "Recalibrated",
    "ReliabilityCurve",
    "RollingTask",
    "calibration_rows",
    "reasons_left_out",
]

Scheme: TypeAlias = Literal["width", "mass"]
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
    clusters: str | None = None  # the field of the logged documents whose values are resampled whole
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


def reasons_left_out(left_out: Iterable[LeftOut]) -> list[str]:
    """One line a reason, with the tasks that it holds for."""
    return once(((each.task, each.reason) for each in left_out), what="tasks")


@dataclass(frozen=True)
class Recalibrated:
    """Errors before and after recalibration, the latter out of fold; as in `calibration.Recalibration`."""

    method: str
    ece_before: float
    ece_after: float
    nll_before: float
    nll_after: float
    temperature: float | None
    direction: ConfidenceDirection | None


@dataclass(frozen=True)
class CalibrationRow:
    """One line of the table.

    ``tasks`` : those whose items are in it; ``of_tasks`` how many the group or category has, rolling ones and those
    without samples included.
    ``source`` : of generated answers, what their confidence is ("vote share", "p true" ...); "" for multiple choice.
    ``clustered`` : whether clusters were resampled whole; ``assessment.units`` is their number.
    ``smooth`` : the kernel-smoothed curve, where requested.
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
    source: str = ""
    clustered: bool = False
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


def calibration_rows(
    tasks: Sequence[CalibrationItems],
    groups: Mapping[str, tuple[str, ...]],
    settings: CalibrationSettings,
    *,
    on_row: Callable[[str, int, int], None] = lambda name, n, of: None,
) -> tuple[CalibrationRow, ...]:
    """Assess every task of a model, every group with the items of its tasks, and every category likewise.

    The pools are those of `planned_pools`.

    Parameters
    ----------
    groups : all tasks at the bottom of each group, those without items too.
    on_row : called with name, number of items and number of rows to come in all after each row, for a progress bar.

    Raises
    ------
    ValueError : a setting out of range.
    """
    rows = []
    planned = list(planned_pools(tasks, groups))
    for name, kind, of_tasks, parts in planned:
        items = parts[0] if len(parts) == 1 else pooled(name, parts)
        rows.append(_row(items, settings, name=name, kind=kind, tasks=tuple(p.task for p in parts), of_tasks=of_tasks))
        on_row(name, rows[-1].n, len(planned))
    return tuple(rows)


def _row(items: CalibrationItems, settings: CalibrationSettings, **place: Any) -> CalibrationRow:
    """``place``: name, kind, tasks and of_tasks of the row."""
    notes, clusters, resamples = [], items.clusters, settings.resamples
    if clusters is not None:
        units = len(set(clusters.tolist()))
        notes.append(f"{len(items):,} items in {plural(units, 'cluster')}")
        if units == 1 and resamples:
            notes[-1] += ": nothing to resample, so no intervals and no null band"
            clusters, resamples = None, 0
    draw = partial(
        reliability_curve,
        items.confidence,
        items.correct,
        clusters=clusters,
        resamples=resamples,
        level=settings.level,
    )
    curve = draw(kind=settings.scheme, bins=settings.bins)
    smooth = draw(kind="kernel", bins=SMOOTH_PLACES) if settings.smooth else None
    score = (
        partial(assess, items.confidence, items.correct)
        if items.source
        else partial(assess_choices, items.probs, items.gold, pred=items.pred)
    )
    assessment = score(
        clusters=clusters, metrics=settings.metrics, bins=settings.bins, resamples=resamples, level=settings.level
    )
    if resamples and assessment["accuracy"].note:
        notes.append(assessment["accuracy"].note)
    if items.left_out:
        notes.append(f"{items.left_out} items left out: bytes of a choice unknown or none")
    recalibrated = None
    if settings.recalibrate is not None:
        try:
            recalibrated = _recalibrated(items, settings.recalibrate, settings.bins, clusters)
        except ValueError as error:  # too few right or wrong answers: the other rows need not suffer
            notes.append(f"not recalibrated: {error}")
    return CalibrationRow(
        **place,
        category=items.category,
        n=len(items),
        mean_confidence=float(items.confidence.mean()),
        error=settings.error,
        assessment=assessment,
        curve=curve,
        source=items.source,
        clustered=items.clusters is not None,
        smooth=smooth,
        recalibrated=recalibrated,
        notes=tuple(notes),
    )


def _recalibrated(items: CalibrationItems, method: Method, bins: int, clusters: AnyArray | None) -> Recalibrated:
    if items.source:
        found = recalibrate(items.confidence, items.correct, method=method, bins=bins, clusters=clusters)
    else:
        found = recalibrate_choices(items.probs, items.gold, method=method, bins=bins, clusters=clusters)
    names = ("method", "ece_before", "ece_after", "nll_before", "nll_after", "temperature", "direction")
    return Recalibrated(**{name: getattr(found, name) for name in names})
