"""One curve of one metric before it is judged: paired scores of its checkpoints, in the metric's own units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.compare.join import join_items
from synth_eval.compare.metrics import Metric, metrics_of
from synth_eval.compare.scores import chance_level, ece, item_scores, oriented
from synth_eval.manifest.baseline import Curve
from synth_eval.stats import CurveData
from synth_eval.types import ItemTable

if TYPE_CHECKING:
    from synth_eval.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Draft:
    """``data`` holds item scores in the metric's own units (not oriented); for a metric that is no mean over items,
    a single row with one number a checkpoint."""

    task: str
    category: str
    metric: Metric
    curve: Curve
    n_items: int
    per_item: bool
    data: CurveData

    @property
    def to_judge(self) -> CurveData:
        """The same scores, oriented so that higher is better."""
        return replace(self.data, scores=oriented(self.data.scores, self.metric))


def drafts_of(
    task: str, category: str, curve: Curve, tables: Mapping[str, ItemTable], *, baseline_ratio: float
) -> tuple[list[Draft], list[str]]:
    """Every metric of a task on one curve, and notes on what was left out.

    Parameters
    ----------
    tables : checkpoint name -> item table of this task; checkpoints without one are left out of the curve.
    """
    checkpoints = [c for c in (*curve.baselines, *curve.others) if c.name in tables]
    if not checkpoints:
        return [], []
    used = [tables[c.name] for c in checkpoints]
    kind = used[0].kind
    if any(table.kind != kind for table in used):
        return [], ["scored in different ways by different checkpoints; left out"]
    joined = join_items(used)
    notes = list(joined.notes)
    ratios = np.array([c.ratio for c in checkpoints], dtype=float)
    seeds = np.array([c.seed for c in checkpoints], dtype=np.int64)
    drafts = []
    for metric in metrics_of(kind):
        rows, columns = joined.rows, [item_scores(table, metric) for table in used]
        weights = chance = None
        per_item = all(column is not None for column in columns)
        if per_item:
            scores = _taken(columns, rows)
            finite = np.isfinite(scores).all(axis=1)
            if not finite.all():
                notes.append(f"{(~finite).sum()} items have no finite {metric.label} and were left out of it")
            rows, scores = rows[finite], scores[finite]
            if metric.weight is not None:
                weights = np.asarray(used[0].columns[metric.weight], dtype=float)[rows[:, 0]]
            if metric.name == "acc":
                chance = chance_level(used[0], rows[:, 0])
        else:
            scores = np.array([[ece(table, rows[:, t]) for t, table in enumerate(used)]])
            scores = scores[np.isfinite(scores).all(axis=1)]
        data = CurveData(
            scores,
            ratios,
            seeds,
            baseline_ratio=baseline_ratio,
            margin=metric.margin,
            margin_kind=metric.margin_kind,
            weights=weights,
            chance=chance,
        )
        drafts.append(Draft(task, category, metric, curve, len(rows), per_item, data))
    return drafts, notes


def _taken(columns: list[FloatArray | None], rows: IntArray) -> FloatArray:
    return np.stack([column[rows[:, t]] for t, column in enumerate(columns) if column is not None], axis=1)
