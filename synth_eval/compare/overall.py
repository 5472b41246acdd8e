"""Curves of several tasks: the score of a category, and of the whole suite, as the mean over tasks of their scores.

Run noise averages over tasks, so such a curve decides where single tasks cannot. Tasks are fixed, their items are
drawn: the items of all tasks enter one curve with the weight 1 / (k n) and deviate from the mean of their own task.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from synth_eval.cell import Cell, Level, Member, Place
from synth_eval.compare.cells import cell_of
from synth_eval.compare.curves import NO_ERRORS, CurveInput
from synth_eval.compare.metrics import MEAN_SCORE, Metric
from synth_eval.compare.places import place_names
from synth_eval.compare.questions import JudgedCurve, headlines
from synth_eval.dose_response import CurveData
from synth_eval.dose_response.covariance import weighted_means
from synth_eval.errors import Refusal
from synth_eval.text import joined, listed
from synth_eval.types import UNCATEGORISED

if TYPE_CHECKING:
    from synth_eval.types import FloatArray

SUITE = "suite"
MIN_MEMBERS = 2  # the curve of one task is that task's

Scale: TypeAlias = tuple[str, bool]  # unit, and whether higher is better: what may be averaged
ACCURACY: Scale = ("share", True)


def overall_inputs(
    judged: Sequence[JudgedCurve], *, weights: Mapping[str, float]
) -> tuple[tuple[CurveInput, ...], tuple[str, ...]]:
    """The curves of the suite and of each category at each place, and notes on checkpoints that were left out.

    A curve is over the tasks whose headline metrics can be judged and have one unit: tasks in bits per byte are not
    averaged with accuracies. Only checkpoints that have all of its tasks enter. A category has a second curve, of its
    calibration (surprise gap), where two of these tasks have it. The suite has a curve where its tasks are not all of
    one category. Tasks without a category count in the suite alone.

    Parameters
    ----------
    judged : all curves of the tasks, headline metric first.
    weights : task -> weight in the mean; 1 where there is none.

    Returns
    -------
    Suite, then categories as in `judged`; a category of which no task can be judged is refused. A category with one
    task that can be judged is left out: see `overall_cells`.
    """
    found: list[CurveInput] = []
    notes: list[str] = []
    name_of = place_names(each.place for each in judged)
    for group in _groups(judged):
        usable = group.usable
        if not usable:
            found += group.refused(weights)
        for curves in (usable, group.calibration(judged)):
            if len(curves) >= MIN_MEMBERS:
                found.append(group.together(curves, weights))
                notes += _left_out(joined(group.name, name_of[group.place]), curves)
    return tuple(found), tuple(dict.fromkeys(notes))


def overall_cells(judged: Sequence[JudgedCurve], tasks: Sequence[JudgedCurve]) -> tuple[Cell, ...]:
    """The cells of the suite, then of categories. A category with one task that can be judged has its verdict.

    Parameters
    ----------
    judged : the curves of `overall_inputs`, corrected
    tasks : the curves that they were made of, corrected
    """
    made: dict[tuple[Level, str, Place], list[JudgedCurve]] = {}
    for each in judged:
        made.setdefault((each.input.level, each.input.task, each.place), []).append(each)
    cells: list[Cell] = []
    for group in _groups(tasks):
        usable = group.usable
        curves = made.get((group.level, group.name, group.place), [])
        cells += (_with_note(cell_of(each), _opposed(usable) if i == 0 else "") for i, each in enumerate(curves))
        if not curves and len(usable) == 1:
            cells.append(_of_its_only_task(cell_of(usable[0]), group, usable[0].input.task))
    return tuple(cells)


def unknown_weights(weights: Mapping[str, float], tasks: Collection[str]) -> list[str]:
    """A line on each weight of a task that was not compared."""
    lines = []
    for name in weights:
        if name not in tasks:
            near = difflib.get_close_matches(name, tasks, n=1)
            mend = f"did you mean {near[0]!r}?" if near else f"there are {listed(tasks)}"
            lines.append(f"task_weights: no task {name!r} was compared, so its weight counts nowhere: {mend}")
    return lines


@dataclass(frozen=True, eq=False)
class _Group:
    """The headline curves of one scale at one place, of a category or of all tasks."""

    level: Level
    name: str
    category: str
    place: Place
    curves: tuple[JudgedCurve, ...]

    @property
    def usable(self) -> tuple[JudgedCurve, ...]:
        return tuple(each for each in self.curves if _is_judged(each))

    def calibration(self, judged: Sequence[JudgedCurve]) -> tuple[JudgedCurve, ...]:
        """Those of a category's tasks that can be judged."""
        tasks = {each.input.task for each in self.usable if self.level == "category"}
        here = (each for each in judged if each.place == self.place and each.input.task in tasks)
        return tuple(each for each in here if each.input.metric.role == "calibration" and _is_judged(each))

    def members(self, entering: Sequence[JudgedCurve], weights: Mapping[str, float]) -> tuple[Member, ...]:
        """All tasks of the group, with the share of the mean of those that enter."""
        of = {each.input.task: weights.get(each.input.task, 1.0) for each in entering}
        found = []
        for each in self.curves:
            task = each.input.task
            why = "" if task in of else _refusal(each) or "not judged by this metric"
            found.append(Member(task, of.get(task, 0.0) / sum(of.values()) if of else 0.0, why))
        return tuple(found)

    def together(self, curves: Sequence[JudgedCurve], weights: Mapping[str, float]) -> CurveInput:
        """One curve of the items of all tasks, each task with its share of the mean."""
        inputs = [each.input for each in curves]
        first, names = inputs[0], _shared(inputs)
        members = self.members(curves, weights)
        shares = [member.weight for member in members if member.weight]
        columns = [[each.checkpoints.index(name) for name in names] for each in inputs]
        seed_sds = [each.data.seed_sd for each in inputs]
        metric = _metric_of(inputs)
        tasks = [each.task for each in inputs]
        data = CurveData(
            np.concatenate([each.data.scores[:, its] for each, its in zip(inputs, columns)]),
            first.data.ratios[columns[0]],
            first.data.seeds[columns[0]],
            baseline_ratio=first.data.baseline_ratio,
            margin=metric.margin,
            margin_kind=metric.margin_kind,
            weights=np.concatenate([share * _weights(each.data) for share, each in zip(shares, inputs)]),
            signed=metric.signed,
            # runs are taken to differ alike in all tasks where too few of them measure it
            seed_sd=None if None in seed_sds else sum(share * (sd or 0.0) for share, sd in zip(shares, seed_sds)),
            measure=f"{self.level} {self.name} {metric.name} of {', '.join(tasks)}",
            size=first.data.size,
            scatter_only=any(each.data.scatter_only for each in inputs),
            strata=np.repeat(np.arange(len(inputs)), [each.data.n_items for each in inputs]),
        )
        labelled = all(each.items for each in inputs)
        return CurveInput(
            self.name, self.category, metric, first.curve, sum(each.n_items for each in inputs), True, data,
            unpaired=_unpaired(inputs),
            checkpoints=names,
            items=tuple(f"{each.task}: {item}" for each in inputs for item in each.items) if labelled else (),
            level=self.level,
            members=members,
        )  # fmt: skip

    def refused(self, weights: Mapping[str, float]) -> Iterator[CurveInput]:
        """The means of a category of which no task can be judged, where its tasks have checkpoints in common."""
        inputs = [each.input for each in self.curves]
        names, metric = _shared(inputs), _metric_of(inputs)
        if not names:
            return
        columns = [[each.checkpoints.index(name) for name in names] for each in inputs]
        shares = [member.weight for member in self.members(self.curves, weights)]
        means = [weighted_means(each.data.scores, each.data.weights)[0][its] for each, its in zip(inputs, columns)]
        first = inputs[0]
        data = replace(
            first.data,
            scores=np.average(means, axis=0, weights=shares)[None, :],
            ratios=first.data.ratios[columns[0]],
            seeds=first.data.seeds[columns[0]],
            weights=None,
        )
        why = listed(f"{each.input.task}: {_refusal(each)}" for each in self.curves)
        yield CurveInput(
            self.name, self.category, metric, first.curve, sum(each.n_items for each in inputs), False, data,
            refusal=Refusal("no task judged", f"no task can be judged: {why}"),
            checkpoints=names,
            level=self.level,
            members=self.members((), weights),
        )  # fmt: skip


def _groups(judged: Sequence[JudgedCurve]) -> tuple[_Group, ...]:
    """The suite at each place, then each category at each place; none where there is one task in all."""
    heads = headlines(judged)
    if len({each.input.task for each in heads}) < MIN_MEMBERS:
        return ()
    levels: tuple[Level, ...] = ("suite", "category")
    groups = []
    for level in levels:
        found: dict[str, dict[Scale, dict[Place, list[JudgedCurve]]]] = {}
        for each in heads:
            name = SUITE if level == "suite" else each.input.category
            if level == "suite" or name != UNCATEGORISED:
                found.setdefault(name, {}).setdefault(_scale(each), {}).setdefault(each.place, []).append(each)
        for name, by_scale in found.items():
            usual = ACCURACY if ACCURACY in by_scale else next(iter(by_scale))
            for scale, by_place in by_scale.items():
                label = next(iter(by_place.values()))[0].input.metric.label
                title = name if scale == usual else f"{name}, {label}"
                groups += [_Group(level, title, name, place, tuple(curves)) for place, curves in by_place.items()]
    return tuple(group for group in groups if group.level == "category" or _is_of_several(group.usable))


def _is_of_several(usable: Sequence[JudgedCurve]) -> bool:
    """Whether tasks are not those of one category, which has a curve of its own."""
    categories = {each.input.category for each in usable}
    return len(usable) >= MIN_MEMBERS and (len(categories) > 1 or categories == {UNCATEGORISED})


def _scale(each: JudgedCurve) -> Scale:
    return each.input.metric.unit, each.input.metric.higher_is_better


def _is_judged(each: JudgedCurve) -> bool:
    return each.verdict is not None and each.verdict.verdict != "refused"


def _refusal(each: JudgedCurve) -> str:
    refusal = each.input.refusal or (each.verdict.refusal if each.verdict is not None else None)
    return "" if refusal is None else refusal.text


def _metric_of(inputs: Sequence[CurveInput]) -> Metric:
    return inputs[0].metric if len({each.metric.name for each in inputs}) == 1 else MEAN_SCORE


def _shared(inputs: Sequence[CurveInput]) -> tuple[str, ...]:
    """The checkpoints that all of the curves have, as the first one orders them."""
    return tuple(name for name in inputs[0].checkpoints if all(name in each.checkpoints for each in inputs))


def _weights(data: CurveData) -> FloatArray:
    """The weight of each item within its task; they sum to 1."""
    weights = np.ones(data.n_items) if data.weights is None else data.weights
    shares: FloatArray = weights / weights.sum()
    return shares


def _unpaired(inputs: Sequence[CurveInput]) -> str:
    """Rows of a curve with aggregate results have its means and their independent errors, so they enter as items do."""
    if any(each.data.scatter_only for each in inputs):
        return NO_ERRORS
    tasks = [each.task for each in inputs if each.unpaired]
    return f"unpaired, wider intervals: not every checkpoint has samples of {listed(tasks)}" if tasks else ""


def _left_out(title: str, curves: Sequence[JudgedCurve]) -> list[str]:
    """One line on the checkpoints that lack some of the tasks."""
    inputs = [each.input for each in curves]
    every, shared = dict.fromkeys(name for each in inputs for name in each.checkpoints), _shared(inputs)
    without = [name for name in every if name not in shared]
    tasks = [each.task for each in inputs if any(name not in each.checkpoints for name in without)]
    return [f"{title}: {listed(without)} left out of its mean, without {listed(tasks)}"] if without else []


def _opposed(usable: Sequence[JudgedCurve]) -> str:
    """That changes cancel, where some task is shown to get worse and another is likely better, or the reverse."""
    worse = [each for each in usable if each.word == "degraded" or each.corrected.probably == "worse"]
    better = [each for each in usable if each.word == "improved" or each.corrected.probably == "better"]
    if not worse or not better or not any(each.word in ("degraded", "improved") for each in (*worse, *better)):
        return ""
    fall, rise = (listed(each.input.task for each in side) for side in (worse, better))
    return f"opposite changes cancel: {fall} {_verb(worse)} worse, {rise} {_verb(better)} better"


def _verb(curves: Sequence[JudgedCurve]) -> str:
    return "gets" if len(curves) == 1 else "get"


def _with_note(cell: Cell, note: str) -> Cell:
    if not note:
        return cell
    verdict = cell.verdict
    because = f"{verdict.because}; {note}" if verdict.because else ""
    return replace(cell, verdict=replace(verdict, reason=f"{verdict.reason}; {note}", because=because))


def _of_its_only_task(cell: Cell, group: _Group, task: str) -> Cell:
    """The task's own verdict, which is not tested and corrected a second time."""
    verdict = replace(cell.verdict, reason=f"{task} alone: {cell.verdict.reason}")
    members = group.members(group.usable, {})
    return replace(cell, task=group.name, level=group.level, members=members, verdict=verdict)
