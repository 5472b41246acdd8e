"""One judged curve, with any field replaced: what tests of budgets, sentences and reports begin with."""

from __future__ import annotations

import dataclasses

from synth_eval.types import Cell

CELL = Cell(
    task="arc",
    category="reasoning",
    metric="acc",
    higher_is_better=True,
    size="410M",
    iteration=1,
    source="self",
    seeds=2,
    n_items=500,
    ratios=(0.0, 0.5),
    values=(0.8, 0.7),
    se=(0.01, 0.01),
    difference=(0.0, -0.1),
    difference_ci=((0.0, 0.0), (-0.12, -0.08)),
    verdict="degraded",
    reason="clearly below baseline at 50%",
    first_below=0.5,
    budget=0.0,
)


def cell(task: str = "arc", **changes) -> Cell:
    """Accuracy on 500 items, two seeds: 80% at ratio 0, 70% at 50%, degraded."""
    return dataclasses.replace(CELL, task=task, **changes)
