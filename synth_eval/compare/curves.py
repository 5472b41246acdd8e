"""One curve of one metric before it is judged: the scores of its checkpoints, in the metric's own units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.compare.metrics import Metric, metrics_among, metrics_of
from synth_eval.compare.pairing import (
    Joined,
    chance_level,
    chance_of_results,
    comparable,
    ece,
    estimates_of,
    item_labels,
    item_scores,
    join_items,
    kind_of_results,
    oriented,
    scores_with_means,
)
from synth_eval.dose_response import CurveData
from synth_eval.manifest.baseline import CurveMembers
from synth_eval.results import Estimate, TaskResult
from synth_eval.text import listed
from synth_eval.types import Checkpoint, ItemTable

if TYPE_CHECKING:
    from synth_eval.types import FloatArray, IntArray


# What there is of one task on one curve: which checkpoints bring items, which of them pair, which bring aggregates.


@dataclass(frozen=True, eq=False)
class CurveResults:
    """``checkpoints`` are those with results, baselines first; ``aggregates`` those of them without an item table."""

    checkpoints: tuple[Checkpoint, ...]
    tables: Mapping[str, ItemTable]
    aggregates: Mapping[str, TaskResult]
    metrics: tuple[Metric, ...]
    joined: Joined | None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, curve: CurveMembers, tables: Mapping[str, ItemTable], results: Mapping[str, TaskResult]
    ) -> CurveResults | None:
        """None if the item tables are of different kinds."""
        here = {c.name: c for c in (*curve.baselines, *curve.others)}
        tables = {name: tables[name] for name in here if name in tables}
        kinds = {table.kind for table in tables.values()}
        if len(kinds) > 1:
            return None
        asked_alike, notes = comparable({name: results[name] for name in here if name in results})
        aggregates = {name: result for name, result in asked_alike.items() if name not in tables}
        notes = [note for note in notes if not any(note.startswith(f"{name} ") for name in tables)]
        joined = join_items(list(tables.values())) if tables else None
        if kinds:
            there = [table.columns for table in tables.values()]
            metrics = tuple(m for m in metrics_of(kinds.pop()) if any(all(c in t for c in m.columns) for t in there))
        else:
            names = {metric.metric for result in aggregates.values() for metric in result.metrics}
            metrics = metrics_among(names, kind_of_results(aggregates))
        return cls(
            checkpoints=tuple(c for name, c in here.items() if name in tables or name in aggregates),
            tables=tables,
            aggregates=aggregates,
            metrics=metrics,
            joined=joined,
            notes=(*(joined.notes if joined else ()), *notes),
        )

    def has_items(self, checkpoint: Checkpoint, metric: Metric) -> bool:
        """Whether a checkpoint has a score of this metric for each item."""
        table = self.tables.get(checkpoint.name)
        return table is not None and all(column in table.columns for column in metric.columns)

    def rows_of(self, checkpoint: Checkpoint) -> IntArray:
        """Rows of the shared items in a checkpoint's table."""
        assert self.joined is not None, "only checkpoints with items have rows"
        rows: IntArray = self.joined.rows[:, list(self.tables).index(checkpoint.name)]
        return rows

    @property
    def n_shared(self) -> int:
        return 0 if self.joined is None else len(self.joined.rows)


@dataclass(frozen=True, eq=False)
class Draft:
    """``data`` holds item scores in the metric's own units (not oriented); for a metric that is no mean over items,
    a single row with one number a checkpoint. ``checkpoints`` names its columns; ``items`` labels its rows, the same
    item alike in all curves of a task, and is empty where rows are no items. ``refusal`` says why a curve is not to be
    judged at all; ``unpaired`` why its errors are independent, where some checkpoints bring aggregate results only."""

    task: str
    category: str
    metric: Metric
    curve: CurveMembers
    n_items: int
    per_item: bool
    data: CurveData
    refusal: str = ""
    unpaired: str = ""
    checkpoints: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    @property
    def to_judge(self) -> CurveData:
        """The same scores, oriented so that higher is better."""
        return replace(self.data, scores=oriented(self.data.scores, self.metric))


def drafts_of(
    task: str,
    category: str,
    curve: CurveMembers,
    tables: Mapping[str, ItemTable],
    *,
    results: Mapping[str, TaskResult] | None = None,
    metrics: Sequence[Metric] | None = None,
    baseline_ratio: float,
) -> tuple[list[Draft], list[str]]:
    """Every metric of a task on one curve, and notes on what was left out.

    Parameters
    ----------
    tables : checkpoint name -> item table of this task.
    results : checkpoint name -> aggregate of this task, used where there is no item table. Checkpoints with neither are
        left out of the curve.
    metrics : those to draft, where the tables have their columns; those of the task's kind if None.
    """
    found = CurveResults.of(curve, tables, results or {})
    if found is None:
        return [], ["scored in different ways by different checkpoints; left out"]
    if metrics is not None:
        found = replace(
            found, metrics=tuple(m for m in metrics if any(found.has_items(c, m) for c in found.checkpoints))
        )
    notes = list(found.notes)
    drafts, without = [], []
    for metric in found.metrics:
        draft = _Drafting(task, category, metric, curve, found, baseline_ratio, notes).draft()
        if draft is not None:
            drafts.append(draft)
        elif not metric.display_only:
            without.append(metric.label)
    if without:
        notes.append(f"{', '.join(without)} left out: the baseline brings no samples")
    return drafts, notes


@dataclass(frozen=True, eq=False)
class _Drafting:
    """One metric on its way to a draft; adds to ``notes``."""

    task: str
    category: str
    metric: Metric
    curve: CurveMembers
    found: CurveResults
    baseline_ratio: float
    notes: list[str]

    def draft(self) -> Draft | None:
        metric, found = self.metric, self.found
        sampled = [c for c in found.checkpoints if found.has_items(c, metric)]
        estimates = self._estimates(bool(sampled))
        used = [c for c in found.checkpoints if c in sampled or c.name in estimates]
        if not sampled and not estimates:
            return self._values_alone()
        if self._without_baseline(used):
            return self._refused(used, sampled, estimates)
        if sampled and len(sampled) < len(found.tables) and not metric.display_only:
            lacking = [name for name in found.tables if name not in {c.name for c in sampled}]
            self.notes.append(f"{metric.label}: not logged by {listed(lacking)}, left out")
        if metric.name == "ece":
            scores = np.array([[ece(found.tables[c.name], found.rows_of(c)) for c in sampled]])
            return self._made(sampled, scores[np.isfinite(scores).all(axis=1)], found.n_shared, False)
        if not sampled:
            return self._unpaired_alone(used, estimates)
        scores, rows = self._items(sampled)
        weights = self._weights(sampled, rows)
        choice = metric.name == "acc" and metric.kind == "choice"
        chance = chance_level(found.tables[sampled[0].name], rows) if choice else None
        items = item_labels(found.tables[sampled[0].name], rows)
        draft = self._made(sampled, scores, len(rows), True, weights=weights, chance=chance, items=items)
        return self._with_means(draft, used, sampled, scores, estimates) if estimates else draft

    def _estimates(self, beside_items: bool) -> dict[str, Estimate]:
        """Means of the checkpoints without samples; why one has none is noted where others have one."""
        results, metric = self.found.aggregates, self.metric
        if not results or metric.display_only:
            return {}
        estimates, reasons = estimates_of(metric, results)
        if beside_items and metric.weight is not None:  # a mean by weights, beside means of means
            estimates, reasons = {}, [f"{name}: no samples" for name in results]
        known = [reason for reason in reasons if " has no number for " not in reason]
        if known and (estimates or beside_items):
            more = f", and {len(known) - 1} more" if len(known) > 1 else ""
            self.notes.append(f"{metric.label}: left out {known[0]}{more}")
        return estimates

    def _without_baseline(self, used: list[Checkpoint]) -> bool:
        """Whether the baseline was evaluated, but has nothing for this metric: then the others say nothing."""
        baselines = {c.name for c in self.curve.baselines}
        return bool(baselines & {c.name for c in self.found.checkpoints}) and not baselines & {c.name for c in used}

    def _refused(
        self, used: list[Checkpoint], sampled: list[Checkpoint], estimates: Mapping[str, Estimate]
    ) -> Draft | None:
        """The headline metric is shown and refused for want of a baseline; the others are left out."""
        if self.metric is not self.found.metrics[0]:
            return None
        reason = f"the baseline brings no {self.metric.label} with an error: run lm_eval with --log_samples"
        value_of = {name: each.value for name, each in estimates.items()}
        if sampled:
            scores, rows = self._items(sampled)
            if not len(rows):
                return None
            means = np.average(scores, axis=0, weights=self._weights(sampled, rows))
            value_of |= {c.name: float(mean) for c, mean in zip(sampled, means)}
        values = [value_of[c.name] for c in used]
        return self._made(
            used, np.array([values]), self.found.n_shared, False, refusal=reason, unpaired="aggregate results only"
        )

    def _items(self, sampled: list[Checkpoint]) -> tuple[FloatArray, IntArray]:
        """Scores of the shared items, and their rows in the first table; items without a finite score are left out."""
        columns = [
            np.asarray(item_scores(self.found.tables[c.name], self.metric), dtype=float)[self.found.rows_of(c)]
            for c in sampled
        ]
        scores = np.stack(columns, axis=1)
        finite = np.isfinite(scores).all(axis=1)
        if not finite.all():
            self.notes.append(f"{(~finite).sum()} items have no finite {self.metric.label} and were left out of it")
        return scores[finite], self.found.rows_of(sampled[0])[finite]

    def _weights(self, sampled: list[Checkpoint], rows: IntArray) -> FloatArray | None:
        if self.metric.weight is None:
            return None
        return np.asarray(self.found.tables[sampled[0].name].columns[self.metric.weight], dtype=float)[rows]

    def _unpaired_alone(self, used: list[Checkpoint], estimates: Mapping[str, Estimate]) -> Draft:
        given = [estimates[c.name] for c in used]
        counts = sorted({each.n_items for each in given})
        if len(counts) > 1:
            self.notes.append(f"{self.metric.label}: {counts[0]:,} to {counts[-1]:,} items, by checkpoint")
        chance = chance_of_results(self.found.aggregates) if self.metric.name == "acc" else None
        unpaired = "unpaired, wider: aggregate results only"
        if self.metric.name in ("acc", "acc_norm") and chance is None:
            unpaired += ", chance level not known"
        try:
            scores = scores_with_means(None, given)
        except ValueError as error:
            values = np.array([[each.value for each in given]])
            return self._made(used, values, counts[0], False, refusal=str(error), unpaired=unpaired)
        return self._made(used, scores, counts[0], True, chance=chance, unpaired=unpaired)

    def _with_means(
        self,
        draft: Draft,
        used: list[Checkpoint],
        sampled: list[Checkpoint],
        scores: FloatArray,
        estimates: Mapping[str, Estimate],
    ) -> Draft:
        """A draft of items, with the checkpoints that have none added in their place on the curve."""
        added = [c for c in used if c not in sampled]
        unpaired = f"unpaired, wider: {len(added)} of {len(used)} checkpoints bring no samples"
        try:
            scores = scores_with_means(scores, [estimates[c.name] for c in added])
        except ValueError as error:
            return replace(draft, refusal=str(error), unpaired=unpaired)
        place = {c.name: i for i, c in enumerate([*sampled, *added])}
        scores = scores[:, [place[c.name] for c in used]]
        return self._made(used, scores, draft.n_items, True, chance=draft.data.chance, unpaired=unpaired)

    def _values_alone(self) -> Draft | None:
        """A curve of bare numbers: shown, and refused with the reason that there is no more to them."""
        found = {name: result.metric(self.metric.name) for name, result in self.found.aggregates.items()}
        value_of = {name: each.value for name, each in found.items() if each is not None and each.value is not None}
        used = [c for c in self.found.checkpoints if c.name in value_of]
        if not used:
            return None
        counts = [result.n_samples for result in self.found.aggregates.values() if result.n_samples is not None]
        _, reasons = estimates_of(self.metric, {c.name: self.found.aggregates[c.name] for c in used})
        values = np.array([[value_of[c.name] for c in used]], dtype=float)
        refusal = "" if self.metric.display_only else reasons[0].partition(": ")[2]
        return self._made(
            used, values, min(counts, default=0), False, refusal=refusal, unpaired="aggregate results only"
        )

    def _made(
        self,
        used: list[Checkpoint],
        scores: FloatArray,
        n_items: int,
        per_item: bool,
        *,
        weights: FloatArray | None = None,
        chance: float | None = None,
        refusal: str = "",
        unpaired: str = "",
        items: tuple[str, ...] = (),
    ) -> Draft:
        metric = self.metric
        data = CurveData(
            scores,
            np.array([c.ratio for c in used], dtype=float),
            np.array([c.seed for c in used], dtype=np.int64),
            baseline_ratio=self.baseline_ratio,
            margin=metric.margin,
            margin_kind=metric.margin_kind,
            weights=weights,
            chance=metric.floor if chance is None else chance,
            signed=metric.signed,
            seed_sd=metric.seed_sd,
            measure=f"{self.task} {metric.name}",
            size=self.curve.size,
        )
        return Draft(
            task=self.task,
            category=self.category,
            metric=metric,
            curve=self.curve,
            n_items=n_items,
            per_item=per_item,
            data=data,
            refusal=refusal,
            unpaired=unpaired,
            checkpoints=tuple(c.name for c in used),
            items=items,
        )
