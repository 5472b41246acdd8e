"""The metrics that are compared, in one frozen table: which way is better, and how much loss is still safe."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, TypeAlias

from synth_eval.dose_response.curve import MarginKind
from synth_eval.generation.characteristics import AGAINST_REFERENCE, CATALOGUE, Kind
from synth_eval.results import MetricValue
from synth_eval.results.rows import CONFIDENCES
from synth_eval.types import TaskKind

Unit: TypeAlias = Literal["share", "nats", "score", "bits"]
Role: TypeAlias = Literal["accuracy", "calibration", "loss", "other"]

POINT = 0.01  # one percentage point


@dataclass(frozen=True)
class Metric:
    """One metric.

    ``column`` is the item table's column that it averages, less the column ``minus`` if there is one; metrics without
    one (ECE) are computed from all items of a checkpoint. ``weight`` is the column that weighs the items. A ``signed``
    metric is best at 0: worse means further from it. ``display_only`` metrics are shown beside the others and carry no
    verdict. ``floor`` is the value of knowing nothing, where it is the same for all items. ``seed_sd`` is the standard
    deviation between training runs that is assumed where too few runs measure it; half the margin if None.

    What it is: ``role`` (accuracy is a share of right answers; a loss has scaling laws); ``proper`` scores have room to
    get worse where accuracy is at chance; ``chance`` says what is known of guessing in a task with choices. ``telling``
    metrics occur in tasks of their kind alone; one is compared ``only_without`` another.
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
    minus: str | None = None
    role: Role = "other"
    proper: bool = False
    chance: Literal["of choices", "not known"] | None = None
    telling: bool = False
    only_without: str = ""

    @property
    def percent(self) -> bool:
        """Whether it is written in percent, and its changes in percentage points: every share is."""
        return self.unit == "share"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of an item table that the metric takes."""
        if self.column is None:
            return ("confidence", "correct")
        return (self.column, *(name for name in (self.minus, self.weight) if name is not None))


# Within a kind, the first metric is the headline. Why the surprise gap, and neither ECE nor a proper score, tests
# calibration: see "Early warning" in docs/methods.md.
_CHOICE = (
    Metric(
        "acc", "accuracy", "choice", True, "share", column="correct", seed_sd=POINT, role="accuracy",
        chance="of choices",
    ),
    Metric("nll", "NLL", "choice", False, "nats", column="nll", role="loss", proper=True),
    Metric("brier", "Brier score", "choice", False, "score", column="brier", proper=True),
    Metric(
        "surprise_gap", "surprise gap", "choice", False, "nats", column="surprise_gap", margin=0.02,
        margin_kind="absolute", signed=True, role="calibration",
    ),
    Metric("ece", "ECE", "choice", False, "score", display_only=True),
    Metric(
        "confidence_minus_accuracy", "confidence - accuracy", "choice", False, "share", column="confidence",
        minus="correct", signed=True, display_only=True,
    ),
    # in aggregates only, and there only without acc: items are scored by acc
    Metric(
        "acc_norm", "accuracy (length-normalised)", "choice", True, "share", column="acc_norm", seed_sd=POINT,
        role="accuracy", chance="not known", only_without="acc",
    ),
)  # fmt: skip


def _aggregated(name: str, label: str, unit: Unit = "share") -> Metric:
    """In aggregates only, and there only without acc."""
    return Metric(name, label, "choice", True, unit, column=name, seed_sd=POINT, chance="not known", only_without="acc")


_CHOICE_AGGREGATES = (
    _aggregated("mc2", "MC2"),
    _aggregated("mc1", "MC1"),
    _aggregated("multiple_choice_grade", "multiple-choice grade"),
    _aggregated("mcc", "Matthews correlation", "score"),
)
_ROLLING = (
    # of tasks that score one given continuation: right where it is the greedy one (lambada)
    Metric(
        "acc", "accuracy", "rolling", True, "share", column="acc", floor=0.0, seed_sd=POINT, role="accuracy",
    ),
    Metric(
        "bits_per_byte", "bits per byte", "rolling", False, "bits", column="bits_per_byte", weight="n_bytes",
        role="loss", telling=True,
    ),
)  # fmt: skip


def _per_answer(name: str, label: str, *, role: Role = "other", **more: Any) -> Metric:
    return Metric(name, label, "generation", True, "share", column=name, floor=0.0, seed_sd=POINT, role=role, **more)


# As lm-eval logged them. An item table has those of its task alone, and the last ones where answers were sampled.
_GENERATION = (
    _per_answer("exact_match", "exact match", role="accuracy", telling=True),
    _per_answer("em", "exact match (em)", role="accuracy", telling=True),
    _per_answer("acc", "accuracy", role="accuracy", chance="of choices"),
    _per_answer("pass@1", "pass@1", telling=True),
    _per_answer("prompt_level_strict_acc", "prompts followed (strict)", telling=True),
    _per_answer("f1", "F1"),
    *(replace(metric, kind="generation") for metric in _CHOICE if metric.proper),
    *(replace(metric, kind="generation") for metric in _CHOICE if metric.display_only),
)
# of a category or of the suite, where its tasks have different metrics
MEAN_SCORE = Metric("mean_score", "mean score", "choice", True, "share", seed_sd=POINT, role="accuracy")
METRICS: tuple[Metric, ...] = (*_CHOICE, *_CHOICE_AGGREGATES, *_ROLLING, *_GENERATION)
# Of tables of scores alone: what papers report beside them.
TABLE_METRICS = (
    Metric("loss", "loss", "rolling", False, "nats", column="loss", role="loss"),
    Metric("perplexity", "perplexity", "rolling", False, "score", column="perplexity"),
    Metric("word_perplexity", "perplexity a word", "rolling", False, "score", column="word_perplexity"),
    Metric("byte_perplexity", "perplexity a byte", "rolling", False, "score", column="byte_perplexity"),
)


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
    """Metrics of a kind of task, headline first; which of them a task of generated text has, is in its tables."""
    return tuple(metric for metric in METRICS if metric.kind == kind)


def metrics_among(names: Collection[str], kind: TaskKind | None) -> tuple[Metric, ...]:
    """The metrics of these names that aggregate results are compared by, headline first; acc_norm only without acc.

    Parameters
    ----------
    kind : of the task; if None, from the names.
    """
    if kind is None:
        telling = [metric.kind for metric in METRICS if metric.telling and metric.name in names]
        kind = telling[-1] if telling else "choice"
    return tuple(m for m in metrics_of(kind) if m.name in names and m.only_without not in names)


def logged_scores(logged: Iterable[MetricValue]) -> tuple[Metric, ...]:
    """Scores of any name, in the order logged: from 0 to 1, with a standard error and a direction.

    lm-eval logs which way is better since 0.4.3. What texts are like, and how sure a model is, are no scores.
    """
    values: dict[str, list[MetricValue]] = {}
    for each in logged:
        values.setdefault(each.metric, []).append(each)
    shown = [metric.name for metric in METRICS if metric.display_only]
    no_scores = {*CONFIDENCES, *shown, *(kind.name for kind in CHARACTERISTICS)}
    found = []
    for name, mine in values.items():
        ways = {each.higher_is_better for each in mine} - {None}
        in_range = all(each.value is not None and 0 <= each.value <= 1 for each in mine)
        if name not in no_scores and len(ways) == 1 and in_range and any(each.stderr is not None for each in mine):
            found.append(replace(metric_named(name), column=name, higher_is_better=bool(ways.pop())))
    return tuple(found)


def metrics_in_table(values: Iterable[MetricValue]) -> tuple[Metric, ...]:
    """The metrics of a table of scores, headline first: those that are known, then others as the table has them.

    Parameters
    ----------
    values : of a metric that is not known, ``higher_is_better`` tells which way is better.
    """
    directions = {value.metric: value.higher_is_better for value in values}
    order = [metric.name for metric in (*METRICS, *TABLE_METRICS)]
    names = sorted(directions, key=lambda name: order.index(name) if name in order else len(order))
    found = []
    for name in names:
        higher, metric = directions[name], metric_named(name)
        found.append(metric if higher is None else replace(metric, higher_is_better=higher))
    return tuple(found)


def is_known(name: str) -> bool:
    """Whether there is a metric of that name, so that its unit and which way is better are known."""
    return any(metric.name == name for metric in (*METRICS, *TABLE_METRICS))


@cache
def metric_named(name: str) -> Metric:
    """The metric of that name. A comparison read from a file may have others: they are scores with the usual margin."""
    known = (metric for metric in (*METRICS, *TABLE_METRICS, MEAN_SCORE, *CHARACTERISTICS) if metric.name == name)
    return next(known, Metric(name, name, "choice", True, "score", column=name))


def dimension_of(name: str) -> str:
    """The side of a collapse that a characteristic is evidence for: vocabulary, sameness, repetition, tail; else ''."""
    return next((kind.dimension for kind in CATALOGUE if kind.name == name), "")
