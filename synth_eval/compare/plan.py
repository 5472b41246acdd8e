"""What would settle the curves of a comparison: items and seeds, from the noise that was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from synth_eval.cell import RATIO_DECIMALS, Cell, Level
from synth_eval.compare.cells import headline_cells
from synth_eval.compare.metrics import metric_named
from synth_eval.compare.places import full_place_name
from synth_eval.compare.questions import group_of
from synth_eval.comparison import Comparison
from synth_eval.dose_response.planning import Layout, detectable_loss, items_to_detect, items_to_show_safe
from synth_eval.text import plural

SETTLED = ("degraded", "improved", "safe")
LEVELS: tuple[Level, ...] = ("suite", "category", "task")


@dataclass(frozen=True)
class Need:
    """With so many seeds, the items that each aim takes; inf where no number of items reaches it."""

    seeds: int
    to_detect: float
    to_show_safe: float


@dataclass(frozen=True)
class CurvePlan:
    """One curve. ``loss``, ``detectable_now`` and ``seed_sd`` are in the metric's units; ``declared``: not measured.

    Items of a category or of the suite (``level``) are those of all its tasks together.
    """

    task: str
    place: str
    metric: str
    loss: float
    detectable_now: float
    n_items: int
    seeds: int
    seed_sd: float
    declared: bool
    needs: tuple[Need, ...]
    level: Level = "task"


def plan_of(
    comparison: Comparison,
    *,
    seeds: Sequence[int] = (1, 2, 3, 5),
    loss: float | None = None,
    task: str | None = None,
    together: bool = True,
    settled: bool = False,
) -> tuple[tuple[CurvePlan, ...], tuple[str, ...]]:
    """Plan the open headline curves, of the suite and of categories first, then the most demanding first.

    Parameters
    ----------
    seeds : numbers of training seeds to consider
    loss : to be found, as a share of the baseline's value, or for a signed metric in its own units; the metric's
        margin if None
    task : only this one (a category, or the suite), open or not
    settled : whether curves that are degraded, improved or safe are planned too
    together : whether the loss must survive the correction for the curves that the comparison corrected it with

    Returns
    -------
    plans, and a line for each curve that cannot be planned.
    """
    means = [cell for cell in comparison.overall if cell.is_mean]
    judged = [cell for cell in (*means, *comparison.cells) if cell.verdict.p_value is not None]
    groups = Counter(group_of(cell.question, cell.place, comparison.correction) for cell in judged)
    plans, left_out = [], []
    for cell in (*headline_cells(means).values(), *headline_cells(comparison.cells).values()):
        if task is not None and cell.task != task:
            continue
        if cell.verdict.word in SETTLED and not settled and task is None:
            continue
        if cell.verdict.item_sd is None or cell.verdict.seed_sd is None or not cell.data.paired:
            why = (
                cell.verdict.reason
                if cell.verdict.word == "refused"
                else "no items were compared, so their noise is not known"
            )
            left_out.append(f"{_title(cell)}: {why}")
            continue
        curves = groups[group_of(cell.question, cell.place, comparison.correction)] if together else 1
        plans.append(_plan(cell, comparison.baseline_ratio, seeds, loss, max(curves, 1)))
    plans.sort(key=lambda plan: (LEVELS.index(plan.level), -plan.detectable_now / plan.loss))
    return tuple(plans), tuple(left_out)


def _plan(cell: Cell, baseline: float, seeds: Sequence[int], loss: float | None, curves: int) -> CurvePlan:
    item_sd, seed_sd = cell.verdict.item_sd or 0.0, cell.verdict.seed_sd or 0.0
    metric = metric_named(cell.metric)
    relative = metric.margin_kind == "relative"
    share = metric.margin if loss is None else loss
    at_baseline = abs(cell.data.values[cell.data.index(baseline) or 0])
    wanted = share * at_baseline if relative else share
    margin = metric.margin * (at_baseline if relative else 1.0)
    tests = 2 if metric.signed else 1

    def layout(n_seeds: int) -> Layout:
        return Layout(cell.data.ratios, n_seeds, round(baseline, RATIO_DECIMALS), cell.verdict.other_df or 0.0)

    needs = tuple(
        Need(
            n,
            items_to_detect(layout(n), wanted, item_sd=item_sd, seed_sd=seed_sd, curves=curves, tests=tests),
            items_to_show_safe(layout(n), margin, item_sd=item_sd, seed_sd=seed_sd),
        )
        for n in seeds
    )
    now = detectable_loss(
        layout(cell.data.seeds), item_sd=item_sd, seed_sd=seed_sd, n=cell.data.n_items, curves=curves, tests=tests
    )
    place = full_place_name(cell.place)
    return CurvePlan(
        cell.task,
        place,
        cell.metric,
        wanted,
        now,
        cell.data.n_items,
        cell.data.seeds,
        seed_sd,
        cell.verdict.conditional,
        needs,
        cell.level,
    )


def advice(plan: CurvePlan) -> str:
    """The cheapest way to find the loss, in a sentence; training a seed is dearer than asking more items."""
    reached = [need for need in plan.needs if need.to_detect < inf]
    if plan.detectable_now <= plan.loss:
        return "settled with what there is"
    if not reached:
        return f"not with {plan.needs[-1].seeds} seeds"
    first = reached[0]
    words = f"{max(first.to_detect, 10):,.0f} items with {plural(first.seeds, 'seed')}"
    more = [need for need in reached[1:] if need.to_detect < 0.5 * first.to_detect]
    if more:
        words += f", or {max(more[0].to_detect, 10):,.0f} with {more[0].seeds}"
    return words


def _title(cell: Cell) -> str:
    return f"{cell.task}, {full_place_name(cell.place)}"
