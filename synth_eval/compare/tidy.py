"""Comparison -> one tidy table, for CSV and Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synth_eval.types import Cell, Comparison

if TYPE_CHECKING:
    import pandas as pd

PER_CELL = (
    "task", "category", "metric", "higher_is_better", "display_only", "size", "iteration", "source", "tokens",
    "seeds", "n_items",
)  # fmt: skip
PER_RATIO = ("ratio", "value", "se", "difference", "difference_low", "difference_high")
VERDICT = (
    "verdict", "reason", "p_value", "p_adjusted", "first_below", "onset", "onset_low", "onset_high", "crossing",
    "crossing_low", "crossing_high", "budget", "phi", "df", "conditional", "best_ratio", "min_detectable",
    "seed_tolerance", "paired",
)  # fmt: skip
COLUMNS = ("family", *PER_CELL, *PER_RATIO, *VERDICT)


def tidy(comparison: Comparison) -> pd.DataFrame:
    """One row a cell and ratio, the characteristics of generated text last.

    Returns
    -------
    DataFrame with the columns of `COLUMNS`: the family and what the cell is; ``ratio``, ``value``, ``se``,
    ``difference`` from baseline with its 95% limits ``difference_low`` and ``difference_high``, in the metric's own
    units; and the cell's verdict, the same on each of its rows. Intervals are split into ``_low`` and ``_high``.
    Numbers that the data cannot give are missing (NaN), never 0.
    """
    import pandas as pd  # 0.2 s, which a report without a table need not wait for

    cells = (*comparison.cells, *comparison.characteristics)
    rows = [row for cell in cells for row in _rows(comparison.family, cell)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    kinds = dict.fromkeys(COLUMNS, "float64")
    kinds |= dict.fromkeys(("family", "task", "category", "metric", "size", "source", "verdict", "reason"), "object")
    kinds |= dict.fromkeys(("iteration", "seeds", "n_items"), "int64")
    kinds |= dict.fromkeys(("higher_is_better", "display_only", "conditional", "paired"), "bool")
    return frame.astype(kinds)


def _rows(family: str, cell: Cell) -> list[dict[str, object]]:
    split = {
        f"{name}_{end}": None if interval is None else interval[index]
        for name, interval in (("onset", cell.onset_ci), ("crossing", cell.crossing_ci))
        for index, end in enumerate(("low", "high"))
    }
    fixed = {name: getattr(cell, name) for name in (*PER_CELL, *VERDICT) if name not in split}
    rows = []
    for i, ratio in enumerate(cell.ratios):
        low, high = cell.difference_ci[i] or (None, None)
        rows.append(
            {
                "family": family,
                **fixed,
                **split,
                "ratio": ratio,
                "value": cell.values[i],
                "se": cell.se[i],
                "difference": cell.difference[i],
                "difference_low": low,
                "difference_high": high,
            }
        )
    return rows
