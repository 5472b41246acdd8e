"""The metrics that are compared, in one frozen table: which way is better, and how much loss is still safe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from synth_eval.stats.curve import MarginKind
from synth_eval.types import TaskKind

Unit: TypeAlias = Literal["share", "nats", "score", "bits"]


@dataclass(frozen=True)
class Metric:
    """One metric.

    ``column`` is the item table's column that it averages; metrics without one are computed in `compare.scores`.
    ``weight`` is the column that weighs the items. A ``signed`` metric is best at 0: worse means further from it.
    ``display_only`` metrics are shown beside the others and carry no verdict.
    """

    name: str
    label: str
    kind: TaskKind
    higher_is_better: bool
    unit: Unit
    column: str | None = None
    weight: str | None = None
    margin: float = 0.03
    margin_kind: MarginKind = "relative"
    signed: bool = False
    display_only: bool = False


# Within a kind, the first metric is the headline. Why the surprise gap, and neither ECE nor a proper score, tests
# calibration: see "Early warning" in docs/methods.md.
METRICS: tuple[Metric, ...] = (
    Metric("acc", "accuracy", "choice", True, "share", column="correct"),
    Metric("nll", "NLL", "choice", False, "nats", column="nll"),
    Metric("brier", "Brier score", "choice", False, "score", column="brier"),
    Metric(
        "surprise_gap",
        "surprise gap",
        "choice",
        False,
        "nats",
        column="surprise_gap",
        margin=0.02,
        margin_kind="absolute",
        signed=True,
    ),
    Metric("ece", "ECE", "choice", False, "share", display_only=True),
    Metric(
        "confidence_minus_accuracy", "confidence - accuracy", "choice", False, "share", signed=True, display_only=True
    ),
    Metric("bits_per_byte", "bits per byte", "rolling", False, "bits", column="bits_per_byte", weight="n_bytes"),
)


def metrics_of(kind: TaskKind) -> tuple[Metric, ...]:
    """Metrics of a kind of task, headline first; none for generation tasks."""
    return tuple(metric for metric in METRICS if metric.kind == kind)


def metric_named(name: str) -> Metric | None:
    """The metric of that name, or None: a comparison read from a file may know others."""
    return next((metric for metric in METRICS if metric.name == name), None)
