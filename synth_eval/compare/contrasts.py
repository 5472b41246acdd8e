"""Which size, source, iteration or token budget loses more, and whether reasoning loses more than retrieval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from synth_eval.compare.cells import Judged, headlines
from synth_eval.compare.places import PARTS, Place, place_names, size_order, tokens_name
from synth_eval.dose_response.contrasts import MIN_TASKS, Contrast, group_contrast, loss_contrasts, onset_contrast
from synth_eval.dose_response.resampled import CurveSample, joint_df, resample_together
from synth_eval.text import percent
from synth_eval.types import REASONING, RETRIEVAL

GROUPS = (REASONING, RETRIEVAL)


def contrasts_of(judged: Sequence[Judged], *, least_tasks: int = MIN_TASKS) -> tuple[dict[str, Any], ...]:
    """Contrasts between the headline curves of a family: sizes, token budgets, iterations, sources, and reasoning
    against retrieval.

    Sizes, budgets and iterations are compared with the next one, and the first with the last; sources all with each
    other; in all else the two curves are alike. Of each pair: the onsets, the mean relative loss over the common
    ratios, and the loss at each of them.

    Parameters
    ----------
    judged : all drafts of the family; refused curves and metrics without a relative margin are left out.
    least_tasks : reasoning against retrieval is refused with fewer tasks in a group.

    Returns
    -------
    Rows with kind (size, iteration, source, tokens or category), label, measure (onset, mean loss or loss), ratio (of a
    loss at one ratio), first and second (what is compared), verdict (different, undetermined or refused), estimate and
    interval (first minus second; ratios for onsets, shares of the baseline's value for losses), reason, and the task,
    size, iteration, source and tokens that both have in common.
    """
    usable = [each for each in headlines(judged) if is_usable(each)]
    tasks = {task: i for i, task in enumerate(dict.fromkeys(each.draft.task for each in judged))}
    sides = {id(each): side_of(each) for each in usable}
    rows: list[dict[str, Any]] = []
    for axis in PARTS:
        rest = place_names(_apart_from(axis, each.place) for each in judged)
        for first, second in _pairs(usable, axis):
            where = rest[_apart_from(axis, first.place)]
            title = f"{first.draft.task}, {where}" if where else first.draft.task
            rows += _pair(axis, title, first, second, sides, tasks[first.draft.task])
    name_of = place_names(each.place for each in judged)
    for place in dict.fromkeys(each.place for each in usable):
        here = [each for each in usable if each.place == place]
        groups = [[each for each in here if each.draft.category == name] for name in GROUPS]
        if all(groups):
            rows.append(_categories(place, name_of[place], groups, sides, tasks, least_tasks))
    return tuple(rows)


def is_usable(each: Judged) -> bool:
    """Whether a curve has relative losses that can be set against others."""
    return each.word != "refused" and each.draft.metric.margin_kind == "relative" and not each.draft.data.signed


def side_of(each: Judged) -> CurveSample:
    """Rows of an unpaired curve are no items: they are like those of no other curve."""
    draft = each.draft
    assert each.verdict is not None
    alone = [f"{draft.task} {each.place} row {i}" for i in range(len(draft.data.scores))]
    items = np.array(draft.items if draft.items and not draft.unpaired else alone)
    return CurveSample(draft.to_judge, each.verdict, each.word, items, draft.checkpoints)


def _value(axis: str, each: Judged) -> Any:
    return getattr(each.draft.curve, axis)


def _pairs(usable: Sequence[Judged], axis: str) -> Iterator[tuple[Judged, Judged]]:
    groups: dict[tuple[Any, ...], list[Judged]] = {}
    for each in usable:
        alike = (each.draft.task, *(_value(other, each) for other in PARTS if other != axis))
        groups.setdefault(alike, []).append(each)
    for group in groups.values():
        if axis == "source":
            yield from combinations(group, 2)
            continue
        ordered = sorted(group, key=lambda each: _rank(axis, each))
        yield from pairwise(ordered)
        if len(ordered) > 2:
            yield ordered[0], ordered[-1]


def _rank(axis: str, each: Judged) -> tuple[float, str]:
    value = _value(axis, each)
    return (size_order(value), value) if axis == "size" else (float(value or 0), "")


def _apart_from(axis: str, place: Place) -> Place:
    """A place without one of its parts, to name it by the others."""
    size, iteration, source, tokens = place
    return (
        "" if axis == "size" else size,
        0 if axis == "iteration" else iteration,
        "" if axis == "source" else source,
        None if axis == "tokens" else tokens,
    )


def _pair(
    axis: str, title: str, first: Judged, second: Judged, sides: dict[int, CurveSample], task: int
) -> Iterator[dict[str, Any]]:
    both = [sides[id(first)], sides[id(second)]]
    one, other = resample_together(both, seed=(0, task))
    values = (_value(axis, first), _value(axis, second))
    names = _names(axis, values)
    common = {name: getattr(first.draft.curve, name) for name in PARTS if name != axis}
    where = {"task": first.draft.task, **common, "first": values[0], "second": values[1]}
    unpaired = "; unpaired, wider" if first.draft.unpaired or second.draft.unpaired else ""
    for contrast in (onset_contrast(one, other, names=names), *loss_contrasts(one, other, names=names)):
        label = f"{title}: {names[0]} against {names[1]}, {_measure(contrast)}"
        yield {"kind": axis, "label": label, **where, **_numbers(contrast, unpaired)}


def _names(axis: str, values: tuple[Any, Any]) -> tuple[str, str]:
    if axis == "iteration":
        return f"iteration {values[0]}", f"iteration {values[1]}"
    if axis == "tokens":
        return tokens_name(values[0]), tokens_name(values[1])
    return values[0] or f"{axis} not given", values[1] or f"{axis} not given"


def _categories(
    place: Place,
    name: str,
    groups: Sequence[Sequence[Judged]],
    sides: dict[int, CurveSample],
    tasks: dict[str, int],
    least_tasks: int,
) -> dict[str, Any]:
    df = joint_df([sides[id(each)] for group in groups for each in group])
    drawn = [
        [resample_together([sides[id(each)]], seed=(0, tasks[each.draft.task]), df=df)[0] for each in group]
        for group in groups
    ]
    contrast = group_contrast(drawn[0], drawn[1], names=GROUPS, min_tasks=least_tasks)
    label = f"{GROUPS[0]} against {GROUPS[1]}, {_measure(contrast)}"
    where = dict(zip(PARTS, place))
    unpaired = "; unpaired, wider" if any(each.draft.unpaired for group in groups for each in group) else ""
    return {
        "kind": "category",
        "label": f"{name}: {label}" if name else label,
        **where,
        "first": GROUPS[0],
        "second": GROUPS[1],
        **_numbers(contrast, unpaired),
    }


def _measure(contrast: Contrast) -> str:
    if contrast.ratio is not None:
        return f"relative loss at {percent(contrast.ratio)}"
    return "onset" if contrast.measure == "onset" else "mean relative loss"


def _numbers(contrast: Contrast, unpaired: str) -> dict[str, Any]:
    return {
        "measure": contrast.measure,
        "ratio": contrast.ratio,
        "verdict": contrast.word,
        "estimate": contrast.estimate,
        "interval": contrast.interval,
        "unit": "ratio",
        "reason": contrast.says + unpaired,
    }
