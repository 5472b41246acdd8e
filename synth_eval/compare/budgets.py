"""How much synthetic data is shown safe, by place in the grid and category of task, in the words of a practitioner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.cell import Cell, Place, VerdictWord
from synth_eval.compare.cells import headline_cells
from synth_eval.compare.contrasts import is_usable, sample_of
from synth_eval.compare.metrics import metric_named
from synth_eval.compare.places import PARTS, part_of, place_order, tokens_name
from synth_eval.compare.questions import JudgedCurve, headlines
from synth_eval.comparison import Budget, MeanLoss, PlacePart, ShownSafe
from synth_eval.dose_response.resampled import ResampledCurve, interval_of_draws, resample_together
from synth_eval.text import items_and_seeds, joined, listed, percent

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


URGENCY = {"degraded": 0, "inconclusive": 1, "improved": 2, "safe": 3}


def budgets_of(cells: Sequence[Cell], overall: Sequence[Cell], *, baseline_ratio: float) -> tuple[Budget, ...]:
    """The safe budget of each place of the grid and category, by headline cells (the first metric that is judged).

    Parameters
    ----------
    cells : of tasks
    overall : of categories, `Comparison.overall`

    Returns
    -------
    Budgets, ordered by size and tokens, then category as in `cells`.
    """
    groups: dict[tuple[Place, str], list[Cell]] = {}
    for cell in headline_cells(cells).values():
        groups.setdefault((cell.place, cell.category), []).append(cell)
    calibration: dict[tuple[Place, str], list[Cell]] = {}
    for cell in cells:
        if metric_named(cell.metric).role == "calibration":
            calibration.setdefault((cell.place, cell.category), []).append(cell)
    means: dict[tuple[Place, str], Cell] = {}
    for cell in overall:
        if cell.level == "category" and cell.is_mean:
            means.setdefault((cell.place, cell.category), cell)
    categories = {category: i for i, category in enumerate(dict.fromkeys(category for _, category in groups))}
    keys = sorted(groups, key=lambda key: (place_order(key[0]), categories[key[1]]))
    return tuple(_budget(groups[key], means.get(key), calibration.get(key, ()), baseline_ratio) for key in keys)


def _budget(cells: Sequence[Cell], mean: Cell | None, calibration: Sequence[Cell], baseline: float) -> Budget:
    one = cells[0]
    judged = _judged(cells)
    beside = _shown([mean] if mean is not None else [], baseline), _shown(calibration, baseline)
    if not judged:
        reason = f"no task of {one.category} could be judged{_at(one)}: {one.verdict.reason}"
        return Budget(one.place, one.category, "refused", None, (), len(cells), 0, 0, reason, None, None, *beside)
    shown, least = _shown(judged, baseline), min(_safe_up_to(cell, baseline) for cell in judged)
    assert shown is not None
    binding = [cell for cell in judged if _safe_up_to(cell, baseline) == least]
    all_safe = shown.verdict == "safe"
    reason = _reason(least, binding, len(cells) - len(judged), all_safe=all_safe, baseline=baseline)
    return Budget(
        place=one.place,
        category=one.category,
        verdict=shown.verdict,
        budget=shown.budget,
        limited_by=() if all_safe else tuple(cell.task for cell in binding),
        tasks=len(cells),
        judged=len(judged),
        degraded=sum(cell.verdict.word == "degraded" for cell in judged),
        reason=reason + _beside(*beside, baseline),
        n_items=binding[0].data.n_items,
        seeds=binding[0].data.seeds,
        mean=beside[0],
        calibration=beside[1],
    )


def _judged(cells: Sequence[Cell]) -> list[Cell]:
    return sorted((cell for cell in cells if cell.verdict.word != "refused"), key=_urgency)


def _shown(cells: Sequence[Cell], baseline: float) -> ShownSafe | None:
    """What is shown safe for all of some cells; None without any."""
    judged = _judged(cells)
    if not judged:
        return ShownSafe("refused", None) if cells else None
    least = min(_safe_up_to(cell, baseline) for cell in judged)
    degraded = any(cell.verdict.word == "degraded" for cell in judged)
    to_the_end = all(cell.verdict.budget == cell.data.ratios[-1] for cell in judged)
    word: VerdictWord = "degraded" if degraded else "safe" if to_the_end else "inconclusive"
    return ShownSafe(word, least if least > baseline else None)


def _beside(mean: ShownSafe | None, calibration: ShownSafe | None, baseline: float) -> str:
    """'; for the mean of its tasks up to 30%; for their calibration nothing above 0%'."""
    text = ""
    for what, shown in (("the mean of its tasks", mean), ("their calibration", calibration)):
        if shown is not None and shown.verdict != "refused":
            found = f"nothing above {percent(baseline)}" if shown.budget is None else f"up to {percent(shown.budget)}"
            text += f"; for {what} {found}"
    return text


def _reason(least: float, binding: Sequence[Cell], refused: int, *, all_safe: bool, baseline: float) -> str:
    """'for every task of reasoning, up to 10% synthetic is shown safe at 410M, and nothing above it with 500 items and
    1 seed (deduction limits it)'."""
    first = binding[0]
    found = f"up to {percent(least)} synthetic is shown safe{_at(first)}"
    data = items_and_seeds(first.data.n_items, first.data.seeds, between=" and ")
    if all_safe:
        shown = f"{found}: all that was tested"
    else:
        named = listed(cell.task for cell in binding)
        limits = f"({named} {'limits' if len(binding) == 1 else 'limit'} it)"
        shown = f"{found}, and nothing above it with {data}"
        if least <= baseline:
            shown = f"nothing above {percent(baseline)} is shown safe{_at(first)} with {data}"
        shown = f"{shown} {limits}"
    return f"for every task of {first.category}, {shown}" + (f"; {refused} more could not be judged" if refused else "")


def _at(cell: Cell) -> str:
    tokens = cell.place.tokens
    place = joined(cell.place.size, "" if tokens is None else tokens_name(tokens), between=" and ")
    return f" at {place}" if place else ""


def _safe_up_to(cell: Cell, baseline: float) -> float:
    return baseline if cell.verdict.budget is None else max(cell.verdict.budget, baseline)


def _urgency(cell: Cell) -> tuple[float, float]:
    start = cell.verdict.onset if cell.verdict.onset is not None else cell.verdict.first_below
    return URGENCY[cell.verdict.word], float("inf") if start is None else start


# Mean relative loss over tasks by size, iteration, source or token budget and ratio, with its interval.


def mean_losses_of(judged: Sequence[JudgedCurve]) -> tuple[MeanLoss, ...]:
    """How much is lost at each ratio on average over curves, one row a value of each part of the place that varies.

    Items are drawn within each task, once for all its curves; training runs within each task too. Tasks themselves are
    not drawn: the interval is for these tasks.

    Parameters
    ----------
    judged : all curves of the family; refused curves and metrics without a relative margin are left out.

    References
    ----------
    "Contrasts" in docs/methods.md.
    """
    usable = [each for each in headlines(judged) if is_usable(each)]
    axes = [part for part in PARTS if len({part_of(each.place, part) for each in usable}) > 1]
    if not axes:
        return ()
    drawn = _drawn(usable)
    return tuple(row for axis in axes for row in _mean_losses(axis, usable, drawn))


def _drawn(usable: Sequence[JudgedCurve]) -> dict[int, ResampledCurve]:
    """Every curve resampled together with the others of its task, by its identity."""
    found: dict[int, ResampledCurve] = {}
    for number, task in enumerate(dict.fromkeys(each.input.task for each in usable)):
        alike = [each for each in usable if each.input.task == task]
        resampled = resample_together([sample_of(each) for each in alike], seed=(0, number))
        found.update(zip(map(id, alike), resampled))
    return found


def _mean_losses(
    axis: PlacePart, usable: Sequence[JudgedCurve], drawn: dict[int, ResampledCurve]
) -> Iterator[MeanLoss]:
    for value in dict.fromkeys(part_of(each.place, axis) for each in usable):
        curves = [drawn[id(each)] for each in usable if part_of(each.place, axis) == value]
        for ratio in sorted({ratio for curve in curves for ratio in curve.above.tolist()}):
            there = [curve for curve in curves if ratio in curve.above]
            at = np.array([ratio])
            draws: FloatArray = np.mean([curve.drawn_losses_at(at)[:, 0] for curve in there], axis=0)
            estimate = float(np.mean([curve.losses_at(at)[0] for curve in there]))
            yield MeanLoss(axis, value, ratio, estimate, interval_of_draws(draws), len(there))
