"""How much synthetic data is shown safe, by place in the grid and category of task, in the words of a practitioner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from synth_eval.compare.cells import Judged, headlines
from synth_eval.compare.contrasts import is_usable, side_of
from synth_eval.compare.places import PARTS, Place, place_of, place_order, tokens_name
from synth_eval.dose_response.contrasts import percentile_interval
from synth_eval.dose_response.resampled import ResampledCurve, resample_together
from synth_eval.text import joined, listed, percent, plural
from synth_eval.types import Cell

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


URGENCY = {"degraded": 0, "inconclusive": 1, "safe": 2}


def budgets_of(cells: Sequence[Cell], *, baseline_ratio: float) -> tuple[dict[str, Any], ...]:
    """One row for each place of the grid and category, by headline cells (the first metric that is judged).

    Returns
    -------
    Rows with

    - size, iteration, source, tokens (None but in a family over tokens), category;
    - budget : the least budget of the category's judged tasks; None if it has none, or none lies above the baseline;
    - verdict : safe (every judged task at every tested ratio), degraded (some task is), inconclusive, or refused;
    - limited_by : the judged tasks with that budget, the most urgent first; empty if all are safe;
    - tasks, judged, degraded : how many; n_items, seeds : of the first of `limited_by`;
    - reason : one sentence.

    ordered by size and tokens, then category as in `cells`.
    """
    headline: dict[tuple[str, Place], Cell] = {}
    for cell in cells:
        if not cell.display_only:
            headline.setdefault((cell.task, place_of(cell)), cell)
    groups: dict[tuple[Place, str], list[Cell]] = {}
    for cell in headline.values():
        groups.setdefault((place_of(cell), cell.category), []).append(cell)
    categories = {category: i for i, category in enumerate(dict.fromkeys(cell.category for cell in headline.values()))}
    keys = sorted(groups, key=lambda key: (place_order(key[0]), categories[key[1]]))
    return tuple(_row(groups[key], baseline_ratio) for key in keys)


def _row(cells: Sequence[Cell], baseline: float) -> dict[str, Any]:
    one = cells[0]
    where = {**dict(zip(PARTS, place_of(one))), "category": one.category}
    judged = sorted((cell for cell in cells if cell.verdict != "refused"), key=_urgency)
    counts = {"tasks": len(cells), "judged": len(judged)}
    if not judged:
        reason = f"no task of {one.category} could be judged{_at(one)}: {cells[0].reason}"
        return {
            **where,
            "budget": None,
            "verdict": "refused",
            "limited_by": (),
            **counts,
            "degraded": 0,
            "reason": reason,
        }
    least = min(_safe_up_to(cell, baseline) for cell in judged)
    binding = [cell for cell in judged if _safe_up_to(cell, baseline) == least]
    degraded = sum(cell.verdict == "degraded" for cell in judged)
    all_safe = all(cell.verdict == "safe" for cell in judged)
    return {
        **where,
        "budget": least if least > baseline else None,
        "verdict": "safe" if all_safe else "degraded" if degraded else "inconclusive",
        "limited_by": () if all_safe else tuple(cell.task for cell in binding),
        **counts,
        "degraded": degraded,
        "n_items": binding[0].n_items,
        "seeds": binding[0].seeds,
        "reason": _reason(least, binding, len(cells) - len(judged), all_safe=all_safe, baseline=baseline),
    }


def _reason(least: float, binding: Sequence[Cell], refused: int, *, all_safe: bool, baseline: float) -> str:
    """'for reasoning, up to 10% synthetic is shown safe at 410M, and nothing above it with 500 items and 1 seed
    (deduction limits it)'."""
    first = binding[0]
    found = f"up to {percent(least)} synthetic is shown safe{_at(first)}"
    data = f"{first.n_items:,} items and {plural(first.seeds, 'seed')}"
    if all_safe:
        text = f"for {first.category}, {found}: all that was tested"
    else:
        named = listed(cell.task for cell in binding)
        limits = f"({named} {'limits' if len(binding) == 1 else 'limit'} it)"
        shown = f"{found}, and nothing above it with {data}"
        if least <= baseline:
            shown = f"nothing above {percent(baseline)} is shown safe{_at(first)} with {data}"
        text = f"for {first.category}, {shown} {limits}"
    return text + (f"; {refused} more could not be judged" if refused else "")


def _at(cell: Cell) -> str:
    place = joined(cell.size, "" if cell.tokens is None else tokens_name(cell.tokens), between=" and ")
    return f" at {place}" if place else ""


def _safe_up_to(cell: Cell, baseline: float) -> float:
    return baseline if cell.budget is None else max(cell.budget, baseline)


def _urgency(cell: Cell) -> tuple[float, float]:
    start = cell.onset if cell.onset is not None else cell.first_below
    return URGENCY[cell.verdict], float("inf") if start is None else start


# Mean relative loss over tasks by size, iteration, source or token budget and ratio, with its interval.


def mean_losses_of(judged: Sequence[Judged]) -> tuple[dict[str, Any], ...]:
    """How much is lost at each ratio on average over curves, one row a value of each part of the place that varies.

    Items are drawn within each task, once for all its curves; training runs within each task too. Tasks themselves are
    not drawn: the interval is for these tasks.

    Parameters
    ----------
    judged : all drafts of the family; refused curves and metrics without a relative margin are left out.

    Returns
    -------
    Rows with axis (size, iteration, source or tokens), value, ratio (above the baseline), estimate and interval (95%;
    shares of the baseline's value, above 0 where worse), and curves, the number that the mean is over.

    References
    ----------
    "Contrasts" in docs/methods.md.
    """
    usable = [each for each in headlines(judged) if is_usable(each)]
    axes = [axis for axis in PARTS if len({_value(axis, each) for each in usable}) > 1]
    if not axes:
        return ()
    drawn = _drawn(usable)
    return tuple(row for axis in axes for row in _rows(axis, usable, drawn))


def _value(axis: str, each: Judged) -> Any:
    return getattr(each.draft.curve, axis)


def _drawn(usable: Sequence[Judged]) -> dict[int, ResampledCurve]:
    """Every curve resampled together with the others of its task, by the draft's identity."""
    found: dict[int, ResampledCurve] = {}
    for number, task in enumerate(dict.fromkeys(each.draft.task for each in usable)):
        alike = [each for each in usable if each.draft.task == task]
        resampled = resample_together([side_of(each) for each in alike], seed=(0, number))
        found.update(zip(map(id, alike), resampled))
    return found


def _rows(axis: str, usable: Sequence[Judged], drawn: dict[int, ResampledCurve]) -> Iterator[dict[str, Any]]:
    for value in dict.fromkeys(_value(axis, each) for each in usable):
        curves = [drawn[id(each)] for each in usable if _value(axis, each) == value]
        for ratio in sorted({ratio for curve in curves for ratio in curve.above.tolist()}):
            there = [curve for curve in curves if ratio in curve.above]
            at = np.array([ratio])
            draws: FloatArray = np.mean([curve.drawn_losses_at(at)[:, 0] for curve in there], axis=0)
            yield {
                "axis": axis,
                "value": value,
                "ratio": ratio,
                "estimate": float(np.mean([curve.losses_at(at)[0] for curve in there])),
                "interval": percentile_interval(draws),
                "curves": len(there),
            }
