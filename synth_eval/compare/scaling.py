"""Losses of a comparison.json: its checkpoints carry tokens and size, its cells the values."""

from __future__ import annotations

import math
from collections.abc import Callable

from synth_eval.cell import Cell
from synth_eval.compare.metrics import metric_named
from synth_eval.comparison import Comparison
from synth_eval.scaling.loss_table import LossRow, LossTable
from synth_eval.scaling.report import ScalingReport, scaling_report
from synth_eval.text import parse_quantity


def comparison_losses(comparison: Comparison, *, name: str = "comparison.json") -> LossTable:
    """One row a cell and ratio: losses as they are, accuracies as error rates.

    The values of a cell are means over seeds. Its tokens are those of its checkpoints; a ratio whose checkpoints carry
    none, or different ones, is left out and named.
    """
    rows: list[LossRow] = []
    problems: dict[str, None] = {}
    for cell in comparison.cells:
        metric = metric_named(cell.metric)
        if metric.role not in ("loss", "accuracy"):
            continue
        is_rate = metric.role == "accuracy"
        for ratio, value in zip(cell.data.ratios, cell.data.values):
            tokens = _tokens(comparison, cell, ratio)
            place = f"size {cell.place.size or '?'}, source {cell.place.source}, ratio {ratio:g}"
            if len(tokens) != 1 or None in tokens:
                why = "no tokens" if tokens <= {None} else "checkpoints of different tokens"
                problems[f"{name}: {place}: {why}; left out; give each checkpoint its tokens"] = None
                continue
            loss = 1.0 - value if is_rate else value
            if not (loss > 0 and math.isfinite(loss)):
                problems[f"{name}: {place}, {cell.task}: a loss that is not above 0; left out"] = None
                continue
            source = (
                cell.place.source
                if cell.place.iteration == 1
                else f"{cell.place.source}, iteration {cell.place.iteration}"
            )
            rows.append(
                LossRow(
                    comparison.family,
                    cell.place.size,
                    _parameters(cell.place.size),
                    next(count for count in tokens if count is not None),
                    ratio,
                    source,
                    f"{cell.task} {cell.metric}" if metric.proper else cell.task,
                    loss,
                    error_rate=is_rate,
                )
            )
    return LossTable(tuple(rows), tuple(problems))


def _tokens(comparison: Comparison, cell: Cell, ratio: float) -> set[float | None]:
    """Tokens of the checkpoints of one ratio of a cell. Natural data may be listed under another source."""
    if cell.place.tokens is not None:  # a family over tokens, whose cells have one budget each
        return {cell.place.tokens}
    same = [
        checkpoint
        for checkpoint in comparison.checkpoints
        if (checkpoint.size, checkpoint.iteration, checkpoint.ratio) == (cell.place.size, cell.place.iteration, ratio)
    ]
    own = [checkpoint for checkpoint in same if checkpoint.source == cell.place.source]
    return {checkpoint.tokens for checkpoint in (own or same)}


def _parameters(size: str) -> float | None:
    try:
        return parse_quantity(size)
    except ValueError:
        return None


# The scaling laws of a compared family, where its checkpoints span several token budgets.

MIN_BUDGETS = 2  # of one size: below, there is no answer about tokens


def family_scaling(
    comparison: Comparison, *, on_task: Callable[[str], None] = lambda task: None
) -> ScalingReport | None:
    """Every loss and error rate of the family over its tokens; None where no size has several budgets.

    Parameters
    ----------
    on_task : called with each task that is done, for a progress bar.
    """
    table = comparison_losses(comparison)
    budgets: dict[str, set[float]] = {}
    for row in table.rows:
        budgets.setdefault(row.size, set()).add(row.tokens)
    if max(map(len, budgets.values()), default=0) < MIN_BUDGETS:
        return None
    return scaling_report(table.rows, notes=table.problems, on_task=on_task)
