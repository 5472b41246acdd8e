"""Every number of this layer with its uncertainty: interval, null band, p-value.

Three questions, three columns. The interval: where does the true value lie? The null band: what would a perfectly
calibrated model with the same probabilities and as many items show? The p-value: how often would it show as much?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from synth_eval.calibration.answers import Answers, confidence_and_correct, prepare_answers, prepare_choices
from synth_eval.calibration.bootstrap import bootstrap, calibrated, observed
from synth_eval.calibration.intervals import invert, null_p_value, percentile_interval, studentized_interval
from synth_eval.calibration.metrics import METRICS, AssessedMetric, build_metric
from synth_eval.types import ItemTable

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from synth_eval.types import AnyArray, BoolArray, FloatArray, IntArray


_NOTHING = np.empty(0)


class AssessOptions(TypedDict, total=False):
    """Options of `assess`, `assess_choices` and `assess_tables`.

    ``metrics`` : names from `metrics.METRICS`; all that apply if None.
    ``bins`` : for the binned errors, 15 if not given.
    ``resamples`` : bootstrap resamples, and draws of calibrated answers, 1000 if not given; 0 gives the values alone.
    ``level`` : of intervals and null bands, in (0, 1), .95 if not given.
    ``seed`` : int or Generator, 0 if not given. The same seed gives the same numbers.
    """

    metrics: Sequence[str] | None
    bins: int
    resamples: int
    level: float
    seed: int | np.random.Generator


@dataclass(frozen=True)
class MetricEstimate:
    """One number and how sure it is.

    ``interval`` : where the true value lies, at the assessment's level. For calibration errors it allows for the upward
    bias of the value, so it may lie wholly or partly below the value, and starts at 0 where calibration cannot be ruled
    out. None where there is none; ``note`` is the reason.
    ``null_mean``, ``null_band`` : mean and central range of what a calibrated model would show; for calibration errors
    the range starts at 0, since no small error is evidence against calibration.
    ``p_value`` : of calibration.
    """

    name: str
    value: float
    interval: tuple[float, float] | None = None
    null_mean: float | None = None
    null_band: tuple[float, float] | None = None
    p_value: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Assessment:
    """Estimates in the requested order. ``units`` is the number of clusters, or of items where there are none."""

    n: int
    units: int
    level: float
    resamples: int
    estimates: tuple[MetricEstimate, ...]

    def __getitem__(self, name: str) -> MetricEstimate:
        for estimate in self.estimates:
            if estimate.name == name:
                return estimate
        raise KeyError(f"no estimate {name!r}; there are {', '.join(e.name for e in self.estimates)}")

    def within_null(self, name: str) -> bool:
        """Whether the value is what a calibrated model may well show: p at least 1 - level."""
        p_value = self[name].p_value
        return p_value is None or p_value >= 1.0 - self.level - 1e-12


def assess(
    confidence: FloatArray, correct: BoolArray, *, clusters: AnyArray | None = None, **options: Unpack[AssessOptions]
) -> Assessment:
    """Assess answers known by their confidence and whether they were right.

    Brier score, negative log-likelihood and surprise gap are those of the two outcomes right and wrong.

    Parameters
    ----------
    confidence : (n,) float in [0, 1]
    correct : (n,) bool
    clusters : (n,) of any labels, optional
        Items of one cluster (for example, questions on one passage) are resampled together.
    options : `AssessOptions`
        metrics, bins, resamples, level, seed.

    Returns
    -------
    Assessment, of all metrics but ``classwise_ece`` if none are named.

    Raises
    ------
    ValueError : as `check.checked`, or an option out of range.

    Examples
    --------
    >>> import numpy as np
    >>> found = assess(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True]), metrics=["ece"])
    >>> round(found["ece"].value, 3), found["ece"].null_band is not None
    (0.35, True)
    """
    return assess_answers(prepare_answers(confidence, correct, clusters=clusters), **options)


def assess_choices(
    probs: FloatArray | Sequence[FloatArray],
    gold: IntArray,
    *,
    pred: IntArray | None = None,
    clusters: AnyArray | None = None,
    **options: Unpack[AssessOptions],
) -> Assessment:
    """Assess multiple-choice answers known by the probabilities of all choices.

    As `assess`, but Brier score (sum over choices), negative log-likelihood and surprise gap are those of the right
    choice, and ``classwise_ece`` is added. Calibrated answers are drawn from the choices' probabilities.

    Parameters
    ----------
    probs : (n, k) float, or n arrays of their own lengths
    gold : (n,) int
    pred : (n,) int, optional
        The predicted choices; the first most probable ones if None.
    clusters, options : as in `assess`

    Raises
    ------
    ValueError : as `check.checked_choices`, or an option out of range.

    Examples
    --------
    >>> import numpy as np
    >>> found = assess_choices(np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([0, 0]), resamples=0)
    >>> found["accuracy"].value, round(found["brier"].value, 2)
    (0.5, 0.45)
    """
    return assess_answers(prepare_choices(probs, gold, pred=pred, clusters=clusters), **options)


def assess_tables(
    tables: ItemTable | Sequence[ItemTable], *, clusters: AnyArray | None = None, **options: Unpack[AssessOptions]
) -> Assessment:
    """As `assess_choices` for item tables of multiple-choice tasks; several are pooled item by item, never averaged.

    Tables of generated answers with vote shares are assessed as by `assess`.

    Parameters
    ----------
    tables : of one kind, with a confidence for each answer
    clusters, options : as in `assess`; a cluster label for each item of all tables, one after the other

    Raises
    ------
    ValueError : no table, a table without confidence (with the reason), tables of both kinds (a Brier score over all
        choices and one of right or wrong do not mix), or as `assess_choices`.

    Examples
    --------
    >>> import numpy as np
    >>> columns = {"confidence": np.array([0.9, 0.6]), "correct": np.array([True, False])}
    >>> assess_tables(ItemTable("m", "qa", "generation", "reasoning", columns), resamples=0)["accuracy"].value
    0.5
    """
    several = [tables] if isinstance(tables, ItemTable) else list(tables)
    if not several:
        raise ValueError("no item tables to assess")
    answers = [confidence_and_correct(table) for table in several]
    if len({table.kind for table in several}) > 1:
        raise ValueError("multiple choice and generated answers have different scores: assess them apart")
    if several[0].kind == "generation":
        confidence, correct = (np.concatenate([each[i] for each in answers]) for i in range(2))
        return assess(confidence, correct, clusters=clusters, **options)
    probs = [row for table in several for row in table.columns["probs"]]
    gold, pred = (np.concatenate([table.columns[name] for table in several]) for name in ("gold", "pred"))
    return assess_choices(probs, gold, pred=pred, clusters=clusters, **options)


def assess_answers(
    answers: Answers,
    *,
    metrics: Sequence[str] | None = None,
    bins: int = 15,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int | np.random.Generator = 0,
) -> Assessment:
    """What the functions above share; `AssessOptions` describes the options.

    Parameters
    ----------
    answers : from `bootstrap.prepare_answers` or `bootstrap.prepare_choices`
    metrics, bins, resamples, level, seed : see `AssessOptions`
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    if resamples < 0:
        raise ValueError(f"resamples must not be negative, got {resamples}")
    names = [name for name in METRICS if name != "classwise_ece" or answers.choice is not None]
    chosen = [build_metric(name, answers, bins=bins) for name in (names if metrics is None else metrics)]
    data = observed(answers)
    values = [float(metric.compute(data)[0]) for metric in chosen]
    why_none = _why_no_interval(answers, resamples)
    rng_bootstrap, rng_null = np.random.default_rng(seed).spawn(2)
    null = _null(answers, chosen, resamples=resamples, rng=rng_null) if resamples else [_NOTHING] * len(chosen)
    p_values = [
        None if np.isnan(value) or of_null.size == 0 else null_p_value(value, of_null, sides=metric.sides)
        for metric, value, of_null in zip(chosen, values, null)
    ]
    intervals: list[tuple[float, float] | None] = [None] * len(chosen)
    if not why_none:
        intervals = _intervals(answers, chosen, values, p_values, resamples=resamples, level=level, rng=rng_bootstrap)
    estimates = tuple(
        _estimate(*each, level=level, note=why_none) for each in zip(chosen, values, intervals, null, p_values)
    )
    return Assessment(n=len(answers), units=answers.units, level=level, resamples=resamples, estimates=estimates)


def _why_no_interval(items: Answers, resamples: int) -> str:
    if resamples == 0:
        return "no resamples requested"
    if items.units < 2:
        return "no interval: one item has no spread"
    if items.one_outcome:
        which = "right" if items.correct[0] else "wrong"
        return f"no interval: all answers are {which}, so resampling them shows no spread"
    return ""


def _null(
    items: Answers, metrics: Sequence[AssessedMetric], *, resamples: int, rng: np.random.Generator
) -> list[FloatArray]:
    """What each metric is in calibrated data, (r,); data sets where it is undefined are left out."""
    values: list[list[FloatArray]] = [[] for _ in metrics]
    for draws in calibrated(items, resamples=resamples, rng=rng):
        for i, metric in enumerate(metrics):
            values[i].append(metric.compute(draws))
    together = [np.concatenate(chunks) for chunks in values]
    return [each[~np.isnan(each)] for each in together]


def _intervals(
    items: Answers,
    metrics: Sequence[AssessedMetric],
    values: Sequence[float],
    p_values: Sequence[float | None],
    *,
    resamples: int,
    level: float,
    rng: np.random.Generator,
) -> list[tuple[float, float] | None]:
    of_resamples: list[list[FloatArray]] = [[] for _ in metrics]  # values, or gaps where the metric is a norm of them
    errors: list[list[FloatArray]] = [[] for _ in metrics]
    for draws in bootstrap(items, resamples=resamples, rng=rng):
        for i, metric in enumerate(metrics):
            of_resamples[i].append(metric.gaps.of(draws) if metric.gaps else metric.compute(draws))
            if metric.error is not None:
                errors[i].append(metric.error(draws))
    data = observed(items)
    intervals: list[tuple[float, float] | None] = []
    for metric, value, p_value, chunks, error in zip(metrics, values, p_values, of_resamples, errors):
        resampled = np.concatenate(chunks)
        if metric.gaps is not None:
            gap, gaps = (metric.gaps.field(each, value) for each in (metric.gaps.of(data), resampled))
            null_p = 1.0 if p_value is None else p_value
            ends = invert(gap[0], gaps, norm=metric.gaps.norm, null_p=null_p, units=items.units, level=level)
        elif metric.error is not None:
            own = float(metric.error(data)[0])
            ends = studentized_interval(value, own, resampled, np.concatenate(error), units=items.units, level=level)
        else:
            ends = percentile_interval(resampled, units=items.units, level=level)
        intervals.append(ends)
    return intervals


def _estimate(
    metric: AssessedMetric,
    value: float,
    interval: tuple[float, float] | None,
    null: FloatArray,
    p_value: float | None,
    *,
    level: float,
    note: str,
) -> MetricEstimate:
    if np.isnan(value):
        return MetricEstimate(metric.name, value, note="undefined: all answers are right or all are wrong")
    if metric.sides == 1:
        # a debiased error below 0 is shown as 0; it kept its place among the draws for the p-value
        value, null = max(value, 0.0), np.maximum(null, 0.0)
    if null.size == 0:
        return MetricEstimate(metric.name, value, interval, note=note)
    low = 0.0 if metric.sides == 1 else float(np.quantile(null, (1.0 - level) / 2.0))
    high = float(np.quantile(null, level if metric.sides == 1 else (1.0 + level) / 2.0))
    return MetricEstimate(metric.name, value, interval, float(null.mean()), (low, high), p_value, note)
