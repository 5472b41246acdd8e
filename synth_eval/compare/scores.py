"""From item tables to the numbers of a metric: one an item where it is a mean over items, else one a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.errors import expected_calibration_error
from synth_eval.compare.metrics import Metric
from synth_eval.types import ItemTable

if TYPE_CHECKING:
    from synth_eval.types import FloatArray, IntArray

ECE_BINS = 15


def item_scores(table: ItemTable, metric: Metric) -> FloatArray | None:
    """Score of every item in the metric's own units, (n,); None for a metric that is no mean over items."""
    columns = table.columns
    if metric.column is not None:
        return np.asarray(columns[metric.column], dtype=float)
    if metric.name == "confidence_minus_accuracy":
        excess: FloatArray = np.asarray(columns["confidence"], dtype=float) - np.asarray(
            columns["correct"], dtype=float
        )
        return excess
    return None


def ece(table: ItemTable, rows: IntArray) -> float:
    """Expected calibration error over some rows, 15 bins of equal width; NaN if there are none."""
    if not len(rows):
        return float("nan")
    confidence = np.asarray(table.columns["confidence"], dtype=float)[rows]
    correct = np.asarray(table.columns["correct"], dtype=bool)[rows]
    return expected_calibration_error(confidence, correct, bins=ECE_BINS)


def oriented(scores: FloatArray, metric: Metric) -> FloatArray:
    """Scores (n_items, n_checkpoints) turned so that higher is better.

    A signed metric is best at 0 and stays as it is: `CurveData.signed` says so.
    """
    return scores if metric.higher_is_better or metric.signed else 0.0 - scores  # not -scores: 0 must not become -0


def chance_level(table: ItemTable, rows: IntArray) -> float | None:
    """Accuracy of guessing: the mean of 1 / number of choices over some rows."""
    logliks = table.columns["choice_logliks"]
    return float(np.mean([1 / len(logliks[row]) for row in rows])) if len(rows) else None
