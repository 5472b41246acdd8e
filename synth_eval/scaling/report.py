"""Losses over sizes, tokens, ratios and sources -> what the scaling laws answer. See docs/scaling.md."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synth_eval.scaling import (
    Answer,
    BestRatio,
    CollapsePattern,
    CurveAnswers,
    DomainEffects,
    FormScore,
    LawFit,
    MixtureAnswers,
    Points,
    SizeAnswers,
    SpeedUp,
    answer_all_sizes,
    answer_curves,
    answer_mixtures,
    collapse_pattern,
    domain_effects,
    equal_loss_tokens,
    largest_tokens,
    points_of,
)
from synth_eval.scaling.loss_table import SMALL, LossRow, one_size
from synth_eval.scaling.sizes import LevelsOff, larger_levels_off_sooner

__all__ = [
    "Answer",
    "BestRatio",
    "CurveResult",
    "DomainEffects",
    "FormScore",
    "LawFit",
    "MixtureResult",
    "Points",
    "ScalingReport",
    "SizesResult",
    "SourceDomains",
    "SpeedUp",
    "TaskScaling",
    "equal_loss_tokens",
    "largest_tokens",
    "mix_rows",
    "scaling_report",
]

NATURAL = "natural"
RESAMPLES = 200
MIN_ROOM = 0.02  # an error rate that moves less over the whole table has no room to scale
ERROR_CAVEAT = (
    "error rates are no losses: they level off at chance and at 0 whatever the data, so that their asymptotes, "
    "exponents and speed-ups describe this task in this range and no law of the data"
)


@dataclass(frozen=True)
class CurveResult:
    """One size, source and ratio of a task. ``source`` is "natural" at ratio 0."""

    size: str
    source: str
    ratio: float
    answers: CurveAnswers
    points: Points


@dataclass(frozen=True)
class SizesResult:
    """One source and ratio over all sizes. ``levels_off``: whether larger models do so with fewer tokens."""

    source: str
    ratio: float
    answers: SizeAnswers
    levels_off: LevelsOff


@dataclass(frozen=True)
class MixtureResult:
    """One source of a task; ``size`` is "" where the law spans all sizes, else the one that it was fitted at."""

    source: str
    size: str
    answers: MixtureAnswers
    collapse: CollapsePattern
    points: Points


@dataclass(frozen=True)
class TaskScaling:
    """All answers about one task of one family."""

    family: str
    task: str
    error_rate: bool
    curves: tuple[CurveResult, ...]
    over_sizes: tuple[SizesResult, ...]
    mixtures: tuple[MixtureResult, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceDomains:
    """One source of a family on all its domains (tasks whose rows are losses)."""

    family: str
    source: str
    effects: tuple[DomainEffects, ...]


@dataclass(frozen=True)
class ScalingReport:
    """What `synth-eval scaling` found. ``sizes`` names each number of parameters as the user does."""

    tasks: tuple[TaskScaling, ...]
    domains: tuple[SourceDomains, ...]
    sizes: dict[float, str]
    notes: tuple[str, ...] = ()


def scaling_report(
    rows: Iterable[LossRow],
    *,
    notes: Sequence[str] = (),
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_task: Callable[[str], None] = lambda task: None,
) -> ScalingReport:
    """Fit every curve, every source and every domain that the rows allow.

    Parameters
    ----------
    rows : from `manifest.loss_table` or `compare.scaling_rows`.
    notes : on rows that were left out.
    on_task : called with each task that is done, for a progress bar.

    Examples
    --------
    >>> rows = [LossRow("f", "70M", 7e7, t, 0.0, "self", "web", loss) for t, loss in ((1e9, 3.2), (2e9, 2.9))]
    >>> scaling_report(rows).tasks[0].curves[0].answers.asymptote.refused
    '2 token budgets: at least 5 are needed'
    """
    alike, joined = one_size(rows)
    known = _natural_once(alike)
    tasks = []
    for family, task in dict.fromkeys((row.family, row.task) for row in known):
        mine = [row for row in known if (row.family, row.task) == (family, task)]
        tasks.append(_task(family, task, mine, resamples, seed))
        on_task(task)
    sizes = {row.parameters: row.size for row in known if row.parameters is not None}
    return ScalingReport(tuple(tasks), _domains(known), sizes, (*notes, *joined))


def _natural_once(rows: Sequence[LossRow]) -> list[LossRow]:
    """Without natural data that is listed again for a second source: it would count as a replicate."""
    seen: set[tuple[object, ...]] = set()
    kept = []
    for row in rows:
        key = (row.family, row.task, row.size, row.tokens, row.seed, row.loss)
        if row.ratio == 0 and key in seen:
            continue
        if row.ratio == 0:
            seen.add(key)
        kept.append(row)
    return kept


def mix_rows(rows: Sequence[LossRow], source: str) -> list[LossRow]:
    """A source's rows with natural data: its own at ratio 0 if it has any, else that of the other sources."""
    own = [row for row in rows if row.source == source]
    if any(row.ratio == 0 for row in own):
        return own
    natural: dict[tuple[object, ...], LossRow] = {}
    for row in rows:
        if row.ratio == 0:
            natural.setdefault((row.size, row.tokens, row.seed), row)
    return [*natural.values(), *own]


def _task(family: str, task: str, rows: list[LossRow], resamples: int, seed: int) -> TaskScaling:
    notes = []
    error_rate = any(row.error_rate for row in rows)
    if error_rate:
        losses = [row.loss for row in rows]
        if max(losses) - min(losses) < MIN_ROOM:
            note = f"error rates move by {max(losses) - min(losses):.3f} in all, less than {MIN_ROOM:g}: no room"
            return TaskScaling(family, task, True, (), (), (), (note,))
        notes.append(ERROR_CAVEAT)
    notes += _missing_axes(rows)
    curves = _curves(rows, resamples, seed)
    sized = [row for row in rows if row.parameters is not None] or rows
    over_sizes = _over_sizes(sized, curves, resamples, seed)
    mixtures = _mixtures(sized, curves, resamples, seed)
    return TaskScaling(family, task, error_rate, curves, over_sizes, mixtures, tuple(notes))


def _missing_axes(rows: Sequence[LossRow]) -> list[str]:
    """What cannot be asked at all, because the rows do not vary in it."""
    notes = []
    unsized = sum(row.parameters is None for row in rows)
    if unsized:
        notes.append(f"{unsized} of {len(rows)} rows have no size: fitted as curves over tokens alone")
    if max(row.tokens for row in rows) < SMALL:
        notes.append(f"tokens are all below {SMALL:,.0f}: taken as written; write 10B where billions are meant")
    ratios = {row.ratio for row in rows}
    if ratios == {0.0}:
        notes.append("natural data alone: best ratios and speed-ups need ratio 0 and two mixes or more")
    sizes = list(dict.fromkeys(row.size for row in rows if row.parameters is not None))
    if len(sizes) == 1:
        notes.append(f"one size, {sizes[0]}: no answer about sizes")
    if len(sizes) == 2:
        notes.append(f"two sizes, {' and '.join(sizes)}: fitted each alone, as two determine no exponent of size")
    return notes


def _sources(rows: Sequence[LossRow]) -> list[str]:
    """Sources of synthetic data: those with a ratio above 0."""
    return list(dict.fromkeys(row.source for row in rows if row.ratio > 0))


def _label(row: LossRow) -> tuple[str, float]:
    return (NATURAL if row.ratio == 0 else row.source, row.ratio)


def _points(rows: Sequence[LossRow]) -> Points:
    return points_of(
        [row.parameters or 1.0 for row in rows],
        [row.tokens for row in rows],
        [row.ratio for row in rows],
        [row.loss for row in rows],
    )


def _curves(rows: Sequence[LossRow], resamples: int, seed: int) -> tuple[CurveResult, ...]:
    groups: dict[tuple[float, str, float, str], list[LossRow]] = {}
    for row in rows:
        source, ratio = _label(row)
        groups.setdefault((row.parameters or 0.0, source, ratio, row.size), []).append(row)
    places = sorted(groups)
    points = [_points(groups[place]) for place in places]
    answers = answer_curves(points, resamples=resamples, seed=seed)
    return tuple(
        CurveResult(size, source, ratio, its, each)
        for (_, source, ratio, size), its, each in zip(places, answers, points)
    )


def _over_sizes(
    rows: Sequence[LossRow], curves: Sequence[CurveResult], resamples: int, seed: int
) -> tuple[SizesResult, ...]:
    labels = sorted({_label(row) for row in rows}, key=lambda label: (label[1], label[0]))
    points = [_points([row for row in rows if _label(row) == label]) for label in labels]
    found = []
    for (source, ratio), answers in zip(labels, answer_all_sizes(points, resamples=resamples, seed=seed)):
        plateaus = {c.points.size[0]: c.answers for c in curves if (c.source, c.ratio) == (source, ratio)}
        found.append(SizesResult(source, ratio, answers, larger_levels_off_sooner(plateaus)))
    return tuple(found)


def _mixtures(
    rows: Sequence[LossRow], curves: Sequence[CurveResult], resamples: int, seed: int
) -> tuple[MixtureResult, ...]:
    """For each source one law over all sizes where there are enough; each size alone where there are two."""
    places, points = [], []
    for source in _sources(rows):
        own = mix_rows(rows, source)
        sizes = list(dict.fromkeys(row.size for row in own))
        for size in sizes if len(sizes) <= 2 else [""]:
            places.append((source, size))
            points.append(_points([row for row in own if size in ("", row.size)]))
    floors = {
        float(curve.points.size[0]): curve.answers.asymptote.value
        for curve in curves
        if curve.source == NATURAL and curve.answers.asymptote.value is not None
    }
    answers = answer_mixtures(points, natural_floor=floors, resamples=resamples, seed=seed)
    return tuple(
        MixtureResult(source, size, its, collapse_pattern(each), each)
        for (source, size), its, each in zip(places, answers, points)
    )


def _domains(rows: Sequence[LossRow]) -> tuple[SourceDomains, ...]:
    found = []
    losses = [row for row in rows if not row.error_rate]
    for family in dict.fromkeys(row.family for row in losses):
        mine = [row for row in losses if row.family == family]
        for source in _sources(mine):
            tasks = dict.fromkeys(row.task for row in mine if row.source == source and row.ratio > 0)
            points = {task: _points(mix_rows([row for row in mine if row.task == task], source)) for task in tasks}
            effects = domain_effects(points)
            if effects:
                found.append(SourceDomains(family, source, effects))
    return tuple(found)


# A scaling report as plain lists and numbers, for JSON: answers and refusals, the points and each fitted law.

SCHEMA = 1


def scaling_to_dict(report: ScalingReport) -> dict[str, Any]:
    """``schema`` first; every number that is not finite becomes None. Bootstrap draws are left out.

    Examples
    --------
    >>> rows = [LossRow("f", "70M", 7e7, t, 0.0, "self", "web", loss) for t, loss in ((1e9, 3.2), (2e9, 2.9))]
    >>> sorted(scaling_to_dict(scaling_report(rows)))
    ['domains', 'notes', 'schema', 'sizes', 'tasks']
    """
    plain = _plain(report)
    plain["sizes"] = {name: parameters for parameters, name in report.sizes.items()}
    return {"schema": SCHEMA, **plain}


def _plain(value: Any) -> Any:
    if isinstance(value, LawFit):
        return {
            "law": value.law.name,
            "formula": value.law.formula,
            "parameters": {name: _plain(float(x)) for name, x in zip(value.law.parameters, value.theta)},
            "units": {
                "size": value.points.size_unit,
                "tokens": value.points.tokens_unit,
                "loss": value.points.loss_unit,
            },
            "scatter": value.scatter,
            "df": value.df,
        }
    if isinstance(value, Points):
        return {name: _plain(getattr(value, name)) for name in ("size", "tokens", "ratio", "loss")}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list, np.ndarray)):
        return [_plain(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
