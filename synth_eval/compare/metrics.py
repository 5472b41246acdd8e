"""The metrics that are compared, in one frozen table: which way is better, and how much loss is still safe."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from synth_eval.dose_response.curve import MarginKind
from synth_eval.generation.characteristics import AGAINST_REFERENCE, CATALOGUE, Kind
from synth_eval.types import TaskKind

Unit: TypeAlias = Literal["share", "nats", "score", "bits"]

POINT = 0.01  # one percentage point


@dataclass(frozen=True)
class Metric:
    """One metric.

    ``column`` is the item table's column that it averages; metrics without one are computed in `compare.scores`.
    ``weight`` is the column that weighs the items. A ``signed`` metric is best at 0: worse means further from it.
    ``display_only`` metrics are shown beside the others and carry no verdict. ``floor`` is the value of knowing
    nothing, where it is the same for all items. ``seed_sd`` is the standard deviation between training runs that is
    assumed where too few runs measure it; half the margin if None.
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
    floor: float | None = None
    seed_sd: float | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of an item table that the metric takes."""
        if self.column is not None:
            return (self.column,) if self.weight is None else (self.column, self.weight)
        return ("confidence", "correct")


# Within a kind, the first metric is the headline. Why the surprise gap, and neither ECE nor a proper score, tests
# calibration: see "Early warning" in docs/methods.md.
_CHOICE = (
    Metric("acc", "accuracy", "choice", True, "share", column="correct", seed_sd=POINT),
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
    # in aggregates only, and there only without acc: items are scored by acc
    Metric("acc_norm", "accuracy (length-normalised)", "choice", True, "share", column="acc_norm", seed_sd=POINT),
)
_ROLLING = (
    Metric("bits_per_byte", "bits per byte", "rolling", False, "bits", column="bits_per_byte", weight="n_bytes"),
)
# As lm-eval logged them. An item table has those of its task alone, and the last ones where answers were sampled.
_GENERATION = (
    *(
        Metric(name, label, "generation", True, "share", column=name, floor=0.0, seed_sd=POINT)
        for name, label in (
            ("exact_match", "exact match"),
            ("em", "exact match (em)"),
            ("acc", "accuracy"),
            ("pass@1", "pass@1"),
            ("prompt_level_strict_acc", "prompts followed (strict)"),
            ("f1", "F1"),
        )
    ),
    *(replace(metric, kind="generation") for metric in _CHOICE if metric.name in ("nll", "brier")),
    *(replace(metric, kind="generation") for metric in _CHOICE if metric.display_only),
)
_TELLING = {"exact_match", "em", "pass@1", "prompt_level_strict_acc"}  # metrics of generated text alone
METRICS: tuple[Metric, ...] = (*_CHOICE, *_ROLLING, *_GENERATION)


def _characteristic(kind: Kind) -> Metric:
    """Shares that a collapse raises start near 0, where a share of the baseline means nothing: 2 points of them."""
    near_zero = kind.unit == "share" and kind.collapse > 0
    return Metric(
        kind.name,
        kind.label,
        "generation",
        kind.collapse < 0,
        "share" if kind.unit == "share" else "score",
        column=kind.name,
        margin=0.02 if near_zero else 0.05,
        margin_kind="absolute" if near_zero else "relative",
        display_only=kind.collapse == 0,
    )


# What the samples of a prompt are like, a number a prompt; "better" is away from a collapse. Judged apart from scores,
# see `compare.characteristics`.
CHARACTERISTICS: tuple[Metric, ...] = tuple(map(_characteristic, (*CATALOGUE, *AGAINST_REFERENCE)))


def metrics_of(kind: TaskKind) -> tuple[Metric, ...]:
    """Metrics of a kind of task, headline first; which of them a task of generated text has, its tables say."""
    return tuple(metric for metric in METRICS if metric.kind == kind)


def metrics_among(names: Collection[str], kind: TaskKind | None) -> tuple[Metric, ...]:
    """The metrics of these names that aggregate results are compared by, headline first; acc_norm only without acc.

    Parameters
    ----------
    kind : of the task; if None, what the names tell.
    """
    if kind is None:
        kind = "generation" if _TELLING & set(names) else "rolling" if "bits_per_byte" in names else "choice"
    unwanted = "acc_norm" if "acc" in names else ""
    return tuple(metric for metric in metrics_of(kind) if metric.name in names and metric.name != unwanted)


def metric_named(name: str) -> Metric | None:
    """The metric of that name, or None: a comparison read from a file may know others."""
    return next((metric for metric in (*METRICS, *CHARACTERISTICS) if metric.name == name), None)


def side_of(name: str) -> str:
    """The side of a collapse that a characteristic is evidence for: vocabulary, sameness, repetition, tail; else ''."""
    return next((kind.facet for kind in CATALOGUE if kind.name == name), "")
