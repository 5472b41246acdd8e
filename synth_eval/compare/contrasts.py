"""Which size, source, iteration or token budget loses more, and whether reasoning loses more than retrieval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np

from synth_eval.cell import Place, entering
from synth_eval.compare.places import PARTS, part_name, part_of, place_names, size_order
from synth_eval.compare.questions import JudgedCurve, headlines
from synth_eval.comparison import Contrast, PlacePart, PlaceValue
from synth_eval.dose_response.contrasts import (
    MIN_TASKS,
    CurveContrast,
    group_contrast,
    loss_contrasts,
    onset_contrast,
)
from synth_eval.dose_response.resampled import CurveSample, joint_df, resample_together
from synth_eval.text import joined, percent
from synth_eval.types import REASONING, RETRIEVAL

GROUPS = (REASONING, RETRIEVAL)
UNPAIRED = "; unpaired, wider intervals"


def contrasts_of(judged: Sequence[JudgedCurve], *, least_tasks: int = MIN_TASKS) -> tuple[Contrast, ...]:
    """Contrasts between the headline curves of a family: sizes, token budgets, iterations, sources, and reasoning
    against retrieval.

    Sizes, budgets and iterations are compared with the next one, and the first with the last; sources all with each
    other; in all else the two curves are alike. Of each pair: the onsets, the mean relative loss over the common
    ratios, and the loss at each of them.

    Parameters
    ----------
    judged : all curves of the family; refused curves and metrics without a relative margin are left out. Curves of
        categories and of the suite are compared where they are means of the same tasks, and not with each other.
    least_tasks : reasoning against retrieval is refused where a group has fewer tasks.
    """
    usable = [each for each in headlines(judged) if is_usable(each)]
    tasks = {task: i for i, task in enumerate(dict.fromkeys(each.input.task for each in judged))}
    samples = {id(each): sample_of(each) for each in usable}
    rows: list[Contrast] = []
    for axis in PARTS:
        rest = place_names((each.place for each in judged), apart_from=axis)
        for first, second in _pairs(usable, axis):
            title = joined(first.input.task, rest[first.place])
            rows += _pair(axis, title, first, second, samples, tasks[first.input.task])
    name_of = place_names(each.place for each in judged)
    for place in dict.fromkeys(each.place for each in usable):
        here = [each for each in usable if each.place == place]
        tasks_here = [each for each in here if each.input.level == "task"]
        groups = [[each for each in tasks_here if each.input.category == name] for name in GROUPS]
        if all(groups):
            rows.append(_categories(place, name_of[place], groups, samples, tasks, least_tasks))
    return tuple(rows)


def is_usable(each: JudgedCurve) -> bool:
    """Whether a curve has relative losses that can be set against others."""
    return each.word != "refused" and each.input.metric.margin_kind == "relative" and not each.input.data.signed


def sample_of(each: JudgedCurve) -> CurveSample:
    """Rows of an unpaired curve are no items: they are like those of no other curve."""
    given = each.input
    assert each.verdict is not None
    if given.items and not given.unpaired:
        items = np.array(given.items)
    else:
        of = f"{given.task} {each.place}"
        items = np.array([f"{of} row {i}" for i in range(len(given.data.scores))])
    return CurveSample(given.to_judge, each.verdict, each.word, items, given.checkpoints)


def _pairs(usable: Sequence[JudgedCurve], axis: PlacePart) -> Iterator[tuple[JudgedCurve, JudgedCurve]]:
    groups: dict[tuple[PlaceValue | tuple[str, ...], ...], list[JudgedCurve]] = {}
    for each in usable:
        alike = (
            each.input.level,
            each.input.task,
            entering(each.input.members),
            *(part_of(each.place, other) for other in PARTS if other != axis),
        )
        groups.setdefault(alike, []).append(each)
    for group in groups.values():
        if axis == "source":
            yield from combinations(group, 2)
            continue
        ordered = sorted(group, key=lambda each: _rank(axis, each.place))
        yield from pairwise(ordered)
        if len(ordered) > 2:
            yield ordered[0], ordered[-1]


def _rank(axis: PlacePart, place: Place) -> tuple[float, str]:
    if axis == "size":
        return size_order(place.size), place.size
    return float(place.iteration if axis == "iteration" else place.tokens or 0), ""


def _pair(
    axis: PlacePart, title: str, first: JudgedCurve, second: JudgedCurve, samples: dict[int, CurveSample], task: int
) -> Iterator[Contrast]:
    one, other = resample_together([samples[id(first)], samples[id(second)]], seed=(0, task))
    values = part_of(first.place, axis), part_of(second.place, axis)
    names = part_name(axis, values[0]), part_name(axis, values[1])
    unpaired = bool(first.input.unpaired or second.input.unpaired)
    for found in (onset_contrast(one, other, names=names), *loss_contrasts(one, other, names=names)):
        label = f"{title}: {names[0]} against {names[1]}, {_measure(found)}"
        yield Contrast(
            axis, label, first.place, *values, found.measure, found.word, found.reason + (UNPAIRED if unpaired else ""),
            found.estimate, found.interval, found.ratio, task=first.input.task, level=first.input.level,
        )  # fmt: skip


def _categories(
    place: Place,
    name: str,
    groups: Sequence[Sequence[JudgedCurve]],
    samples: dict[int, CurveSample],
    tasks: dict[str, int],
    least_tasks: int,
) -> Contrast:
    df = joint_df([samples[id(each)] for group in groups for each in group])
    drawn = [
        [resample_together([samples[id(each)]], seed=(0, tasks[each.input.task]), df=df)[0] for each in group]
        for group in groups
    ]
    found = group_contrast(drawn[0], drawn[1], names=GROUPS, min_tasks=least_tasks)
    unpaired = any(each.input.unpaired for group in groups for each in group)
    label = f"{GROUPS[0]} against {GROUPS[1]}, {_measure(found)}"
    return Contrast(
        "category", f"{name}: {label}" if name else label, place, *GROUPS, found.measure, found.word,
        found.reason + (UNPAIRED if unpaired else ""), found.estimate, found.interval, found.ratio,
    )  # fmt: skip


def _measure(found: CurveContrast) -> str:
    if found.ratio is not None:
        return f"relative loss at {percent(found.ratio)}"
    return "onset" if found.measure == "onset" else "mean relative loss"
