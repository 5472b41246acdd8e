"""Comparison -> one tidy table, for CSV and Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from synth_eval.calibration import reliability_curve
from synth_eval.calibration.errors import expected_calibration_error
from synth_eval.cell import Cell, Place
from synth_eval.compare.places import place_names
from synth_eval.comparison import Comparison
from synth_eval.manifest.baseline import is_over_tokens
from synth_eval.text import joined, percent
from synth_eval.types import Family, ItemTable

if TYPE_CHECKING:
    import pandas as pd


PER_CELL = (
    "task", "level", "category", "metric", "question", "higher_is_better", "display_only", "size", "iteration",
    "source", "tokens", "seeds", "n_items",
)  # fmt: skip
PER_RATIO = ("ratio", "value", "se", "difference", "difference_low", "difference_high")
VERDICT = (
    "verdict", "reason", "p_value", "p_adjusted", "p_improved", "p_improved_adjusted", "probably", "helps_to",
    "first_below", "onset", "onset_low", "onset_high", "crossing", "crossing_low", "crossing_high", "budget", "phi",
    "df", "conditional", "best_ratio", "best_ratio_low", "best_ratio_high", "min_detectable",
    "seed_tolerance", "paired",
)  # fmt: skip
COLUMNS = ("family", *PER_CELL, *PER_RATIO, *VERDICT)


def tidy(comparison: Comparison) -> pd.DataFrame:
    """One row a cell and ratio: the suite and the categories, the tasks, the characteristics of generated text.

    Returns
    -------
    DataFrame with the columns of `COLUMNS`: the family and what the cell is; ``ratio``, ``value``, ``se``,
    ``difference`` from baseline with its 95% limits ``difference_low`` and ``difference_high``, in the metric's own
    units; and the cell's verdict, the same on each of its rows. Intervals are split into ``_low`` and ``_high``.
    Numbers that the data cannot give are missing (NaN), never 0.
    """
    import pandas as pd  # 0.2 s, which a report without a table need not wait for

    cells = (*comparison.overall, *comparison.cells, *comparison.characteristics)
    rows = [row for cell in cells for row in _rows(comparison.family, cell)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    kinds = dict.fromkeys(COLUMNS, "float64")
    kinds |= dict.fromkeys(
        (
            "family",
            "task",
            "level",
            "category",
            "metric",
            "question",
            "size",
            "source",
            "verdict",
            "reason",
            "probably",
        ),
        "object",
    )
    kinds |= dict.fromkeys(("iteration", "seeds", "n_items"), "int64")
    kinds |= dict.fromkeys(("higher_is_better", "display_only", "conditional", "paired"), "bool")
    return frame.astype(kinds)


def _rows(family: str, cell: Cell) -> list[dict[str, object]]:
    parts = {**vars(cell), **vars(cell.place), **vars(cell.data), **vars(cell.verdict), "verdict": cell.verdict.word}
    for name in ("onset", "crossing", "best_ratio"):
        parts[f"{name}_low"], parts[f"{name}_high"] = parts[f"{name}_ci"] or (None, None)
    fixed = {"family": family, **{name: parts[name] for name in (*PER_CELL, *VERDICT)}}
    rows = []
    for i, ratio in enumerate(cell.data.ratios):
        low, high = cell.data.difference_ci[i] or (None, None)
        numbers = (ratio, cell.data.values[i], cell.data.se[i], cell.data.difference[i], low, high)
        rows.append({**fixed, **dict(zip(PER_RATIO, numbers))})
    return rows


# Reliability curves of every choice task by ratio, for the small multiples of a report.

BINS = 10
RESAMPLES = 300


def reliability_diagrams(
    family: Family, tables: Mapping[tuple[str, str], ItemTable]
) -> dict[str, list[dict[str, Any]]]:
    """Diagram data by title (a task at one place of the grid), one a ratio; seeds are pooled.

    Returns
    -------
    plain lists and numbers, fit for JSON: label, confidence, accuracy, null_low, null_high, count, note. Items of
    several seeds on one document are resampled together.
    """
    pools: dict[tuple[str, Place], dict[float, list[ItemTable]]] = {}
    over_tokens = is_over_tokens(family)
    places = {
        c.name: Place(c.size, c.iteration, c.source, c.tokens if over_tokens else None) for c in family.checkpoints
    }
    name_of = place_names(places.values())
    for checkpoint in family.checkpoints:
        for (name, task), table in tables.items():
            if name == checkpoint.name and table.kind == "choice" and "confidence" in table.columns and len(table) > 1:
                key = (task, places[checkpoint.name])
                pools.setdefault(key, {}).setdefault(checkpoint.ratio, []).append(table)
    found = {}
    for (task, place), by_ratio in pools.items():
        found[joined(task, name_of[place])] = [_diagram(percent(ratio), by_ratio[ratio]) for ratio in sorted(by_ratio)]
    return found


def _diagram(label: str, tables: list[ItemTable]) -> dict[str, Any]:
    confidence = np.concatenate([np.asarray(table.columns["confidence"], dtype=float) for table in tables])
    correct = np.concatenate([np.asarray(table.columns["correct"], dtype=bool) for table in tables])
    together = len(tables) > 1
    documents = np.concatenate([table.columns["doc_hash"] for table in tables]) if together else None
    curve = reliability_curve(confidence, correct, bins=BINS, clusters=documents, resamples=RESAMPLES)
    ece = expected_calibration_error(confidence, correct)
    return {
        "label": label,
        **{
            name: [float(value) if np.isfinite(value) else None for value in getattr(curve, name)]
            for name in ("confidence", "accuracy", "null_low", "null_high", "count")
        },
        "note": f"ECE {ece:.3f}, {len(confidence):,} answers",
    }
