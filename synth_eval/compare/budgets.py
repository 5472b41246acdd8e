"""How much synthetic data is shown safe, by place in the grid and category of task, in the words of a practitioner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synth_eval.compare.grid import PARTS, Place, place_of, place_order, tokens_name
from synth_eval.compare.wording import percent
from synth_eval.types import Cell

URGENCY = {"degraded": 0, "inconclusive": 1, "safe": 2}
NAMED = 3


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
    data = f"{first.n_items:,} items and {first.seeds} seed{'s' * (first.seeds != 1)}"
    if all_safe:
        text = f"for {first.category}, {found}: all that was tested"
    else:
        named = ", ".join(cell.task for cell in binding[:NAMED])
        more = f" and {len(binding) - NAMED} more" if len(binding) > NAMED else ""
        limits = f"({named}{more} {'limits' if len(binding) == 1 else 'limit'} it)"
        shown = f"{found}, and nothing above it with {data}"
        if least <= baseline:
            shown = f"nothing above {percent(baseline)} is shown safe{_at(first)} with {data}"
        text = f"for {first.category}, {shown} {limits}"
    return text + (f"; {refused} more could not be judged" if refused else "")


def _at(cell: Cell) -> str:
    known = [cell.size, "" if cell.tokens is None else tokens_name(cell.tokens)]
    place = " and ".join(part for part in known if part)
    return f" at {place}" if place else ""


def _safe_up_to(cell: Cell, baseline: float) -> float:
    return baseline if cell.budget is None else max(cell.budget, baseline)


def _urgency(cell: Cell) -> tuple[float, float]:
    start = cell.onset if cell.onset is not None else cell.first_below
    return URGENCY[cell.verdict], float("inf") if start is None else start
