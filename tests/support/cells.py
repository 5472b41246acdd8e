"""One judged curve, with any field replaced: what tests of budgets, sentences and reports begin with."""

from __future__ import annotations

import dataclasses

from synth_eval.cell import Cell, CurveSummary, Place, Verdict
from synth_eval.comparison import Contrast

CELL = Cell(
    task="arc",
    category="reasoning",
    metric="acc",
    higher_is_better=True,
    place=Place("410M", 1, "self"),
    data=CurveSummary(
        ratios=(0.0, 0.5),
        values=(0.8, 0.7),
        se=(0.01, 0.01),
        difference=(0.0, -0.1),
        difference_ci=((0.0, 0.0), (-0.12, -0.08)),
        seeds=2,
        n_items=500,
    ),
    verdict=Verdict("degraded", "significant at 50%", first_below=0.5, budget=0.0),
)


def cell(task: str = "arc", **changes) -> Cell:
    """Accuracy on 500 items, two seeds: 80% at ratio 0, 70% at 50%, degraded."""
    return changed(CELL, task=task, **changes)


def changed(cell: Cell, **changes) -> Cell:
    """A cell with fields replaced: its own, or those of its place, data or verdict; ``verdict`` is the word."""
    if "verdict" in changes:
        changes["word"] = changes.pop("verdict")
    for part in ("place", "data", "verdict"):
        old = getattr(cell, part)
        names = [field.name for field in dataclasses.fields(old) if field.name in changes]
        new = dataclasses.replace(old, **{name: changes.pop(name) for name in names})
        cell = dataclasses.replace(cell, **{part: new})
    return dataclasses.replace(cell, **changes)


def make_contrast(label: str = "", **changes) -> Contrast:
    """An undetermined mean loss of two sizes."""
    one = Contrast("size", label, CELL.place, "410M", "1.4B", "mean loss", "undetermined", "")
    return dataclasses.replace(one, **changes)


def of_row(row: object, name: str) -> object:
    """A field of a lead, contrast or other row, or of its place."""
    return getattr(row, name) if hasattr(row, name) else getattr(row.place, name)
