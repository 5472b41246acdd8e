"""The scaling laws of a compared family, where its checkpoints span several token budgets."""

from __future__ import annotations

from collections.abc import Callable

from synth_eval.compare.scaling import ScalingReport, scaling_report
from synth_eval.compare.scaling_rows import comparison_losses
from synth_eval.types import Comparison

LEAST_BUDGETS = 2  # of one size: below, nothing can be said of tokens


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
    if max(map(len, budgets.values()), default=0) < LEAST_BUDGETS:
        return None
    return scaling_report(table.rows, notes=table.problems, on_task=on_task)
