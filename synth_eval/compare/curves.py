"""One curve of one metric before it is judged: the scores of its checkpoints, in the metric's own units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.cell import Level, Member
from synth_eval.compare.metrics import Metric, logged_scores, metrics_among, metrics_in_table, metrics_of
from synth_eval.compare.pairing import (
    Joined,
    asked_otherwise,
    chance_level,
    chance_of_results,
    comparable,
    ece,
    estimates_of,
    item_labels,
    item_scores,
    join_items,
    kind_of_results,
    left_out_note,
    nothing_to_lose,
    oriented,
    rounded_values,
    scores_with_means,
    with_its_prompts,
)
from synth_eval.dose_response import CurveData
from synth_eval.errors import Refusal
from synth_eval.manifest.baseline import CurveMembers
from synth_eval.results import Estimate, TaskResult
from synth_eval.text import listed, once
from synth_eval.types import Checkpoint, ItemTable

if TYPE_CHECKING:
    from synth_eval.types import FloatArray, IntArray

AGGREGATES_ONLY = "aggregate results only"
NO_ERRORS = "noise from scatter alone"


@dataclass(frozen=True, eq=False)
class CurveInput:
    """One metric of a task on one curve.

    ``data`` holds item scores in the metric's own units, one row for a metric that is no mean over items (``per_item``
    False). ``checkpoints`` names its columns, ``items`` its rows, alike in all curves of a task, if rows are items.
    ``refusal``: why it is not judged; ``unpaired``: why errors are independent. A curve of several is named after them.
    """

    task: str
    category: str
    metric: Metric
    curve: CurveMembers
    n_items: int
    per_item: bool
    data: CurveData
    refusal: Refusal | None = None
    unpaired: str = ""
    checkpoints: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    level: Level = "task"
    members: tuple[Member, ...] = ()

    @property
    def to_judge(self) -> CurveData:
        """The same scores, oriented so that higher is better."""
        return replace(self.data, scores=oriented(self.data.scores, self.metric))


def inputs_of(
    task: str,
    category: str,
    curve: CurveMembers,
    tables: Mapping[str, ItemTable],
    *,
    results: Mapping[str, TaskResult] | None = None,
    metrics: Sequence[Metric] | None = None,
    baseline_ratio: float,
) -> tuple[list[CurveInput], list[str]]:
    """Every metric of a task on one curve, and notes on what was left out.

    Parameters
    ----------
    tables : checkpoint name -> item table of this task.
    results : checkpoint name -> aggregate of this task, used where there is no item table. Checkpoints with neither are
        left out of the curve.
    metrics : those to take, where tables have their columns; if None those of the kind, or without any `logged_scores`.
    """
    here = {c.name: c for c in (*curve.baselines, *curve.others)}
    tables, alike, asked = asked_alike(curve, tables, results or {})
    if len({table.kind for table in tables.values()}) > 1:
        return [], ["scored in different ways by different checkpoints; left out"]
    aggregates = {name: result for name, result in alike.items() if name not in tables}
    others = logged_scores([metric for result in alike.values() for metric in result.metrics])
    joined = join_items(list(tables.values())) if tables else None
    notes = [*(joined.notes if joined else ()), *asked]
    checkpoints = tuple(c for name, c in here.items() if name in tables or name in aggregates)
    found = _CurveResults(task, category, curve, checkpoints, tables, aggregates, joined, baseline_ratio, others, notes)
    chosen = found.metrics() if metrics is None else tuple(m for m in metrics if found.with_items(m))
    inputs, without = [], []
    for metric in chosen:
        made = found.input_of(metric, is_headline=metric is chosen[0])
        if made is not None:
            inputs.append(_refused_if_unread(made, tables))
        elif not metric.display_only:
            without.append(metric.label)
    if without:
        notes.append(f"{', '.join(without)} left out: the baseline has no samples")
    return inputs, notes


def _refused_if_unread(given: CurveInput, tables: Mapping[str, ItemTable]) -> CurveInput:
    """Text that the baseline codes no better than byte frequencies do leaves nothing to lose."""
    data, at_baseline = given.data, given.data.ratios == given.data.baseline
    if given.metric.unit == "bits" and not given.refusal and at_baseline.any() and data.n_items:
        found = float(np.average(data.scores[:, at_baseline].mean(axis=1), weights=data.weights))
        given = replace(given, refusal=nothing_to_lose(found, next(iter(tables.values()), None)))
    return given


def asked_alike(
    curve: CurveMembers, tables: Mapping[str, ItemTable], results: Mapping[str, TaskResult]
) -> tuple[dict[str, ItemTable], dict[str, TaskResult], list[str]]:
    """The tables and aggregates of a curve's checkpoints that were asked like its baseline; notes name the others.

    Files are compared by what they log of how the model was asked, tables by their prompts too.
    """
    here = [c.name for c in (*curve.baselines, *curve.others)]
    tables = {name: tables[name] for name in here if name in tables}
    alike, other = comparable({name: results[name] for name in here if name in results}, tables)
    asked, odd = with_its_prompts({name: table for name, table in tables.items() if name not in other})
    first, notes = next(iter(asked), ""), left_out_note(other, next(iter(alike), ""))
    for name, why in odd.items():
        logged = asked_otherwise(alike[name], alike[first]) if name in alike and first in alike else ()
        notes.append(f"{name} left out: {why} {first}{f' ({listed(logged)})' if logged else ''}")
    return asked, {name: result for name, result in alike.items() if name not in odd}, notes


@dataclass(frozen=True, eq=False)
class _CurveResults:
    """What there is of one task on one curve: ``checkpoints`` are those with results, baselines first; ``aggregates``
    are of those without an item table. Making inputs adds to ``notes``."""

    task: str
    category: str
    curve: CurveMembers
    checkpoints: tuple[Checkpoint, ...]
    tables: Mapping[str, ItemTable]
    aggregates: Mapping[str, TaskResult]
    joined: Joined | None
    baseline_ratio: float
    others: tuple[Metric, ...] = ()
    notes: list[str] = field(default_factory=list)

    def metrics(self) -> tuple[Metric, ...]:
        """Those of the item tables, or without any those of the aggregates; headline first.

        Scores that this package does not know (``others``) are compared where a task has no other.
        """
        if self.tables:
            kind = next(iter(self.tables.values())).kind
            known = tuple(metric for metric in metrics_of(kind) if self.with_items(metric))
            return known or tuple(metric for metric in self.others if self.with_items(metric))
        values = [metric for result in self.aggregates.values() for metric in result.metrics]
        if any(result.is_tabled for result in self.aggregates.values()):
            return metrics_in_table(values)
        names = {value.metric for value in values}
        return metrics_among(names, kind_of_results(self.aggregates)) or self.others

    def with_items(self, metric: Metric) -> list[Checkpoint]:
        """The checkpoints with a score of this metric for each item."""
        tables = [(c, self.tables[c.name]) for c in self.checkpoints if c.name in self.tables]
        return [c for c, table in tables if all(column in table.columns for column in metric.columns)]

    def input_of(self, metric: Metric, *, is_headline: bool) -> CurveInput | None:
        """None if the curve has nothing of this metric to set against the baseline."""
        sampled = self.with_items(metric)
        rounded = {} if sampled or metric.display_only else rounded_values(metric, self.aggregates)
        estimates, left_out = (rounded, []) if rounded else self._estimates(metric, bool(sampled))
        used = [c for c in self.checkpoints if c in sampled or c.name in estimates]
        if not used:
            return self._values_alone(metric)
        if self._without_baseline(used):
            return self._without_baseline_refused(metric, used, sampled, estimates) if is_headline else None
        self.notes.extend(left_out)
        if sampled and len(sampled) < len(self.tables) and not metric.display_only:
            lacking = [name for name in self.tables if name not in {c.name for c in sampled}]
            self.notes.append(f"{metric.label}: not logged by {listed(lacking)}, left out")
        if metric.column is None:
            n_shared = 0 if self.joined is None else len(self.joined.rows)
            scores = np.array([[ece(self.tables[c.name], self._rows_of(c)) for c in sampled]])
            return self._made(metric, sampled, scores[np.isfinite(scores).all(axis=1)], n_shared, per_item=False)
        if not sampled:
            return self._of_estimates(metric, used, estimates, scatter_only=bool(rounded))
        scores, rows = self._items(metric, sampled)
        first = self.tables[sampled[0].name]
        chance = chance_level(first, rows) if metric.chance == "of choices" and metric.kind == "choice" else None
        if not estimates:
            weights, items = self._weights(metric, sampled, rows), item_labels(first, rows)
            return self._made(metric, sampled, scores, len(rows), weights=weights, chance=chance, items=items)
        return self._of_items_and_estimates(metric, used, sampled, scores, estimates, chance)

    def _estimates(self, metric: Metric, beside_items: bool) -> tuple[Mapping[str, Estimate], list[str]]:
        """Means of the checkpoints without samples, and why one has none where others have one."""
        if not self.aggregates or metric.display_only:
            return {}, []
        estimates, reasons = estimates_of(metric, self.aggregates)
        if beside_items and metric.weight is not None:  # a mean by weights, beside means of means
            estimates, reasons = {}, dict.fromkeys(self.aggregates, "no samples")
        if not reasons or not (estimates or beside_items):
            return estimates, []
        return estimates, [f"{metric.label}: {line}; left out" for line in once(reasons.items())]

    def _without_baseline(self, used: list[Checkpoint]) -> bool:
        """Whether the baseline was evaluated, but has nothing for this metric: then the others mean nothing."""
        baselines = {c.name for c in self.curve.baselines}
        return bool(baselines & {c.name for c in self.checkpoints}) and not baselines & {c.name for c in used}

    def _without_baseline_refused(
        self, metric: Metric, used: list[Checkpoint], sampled: list[Checkpoint], estimates: Mapping[str, Estimate]
    ) -> CurveInput | None:
        """The headline metric is shown and refused for want of a baseline."""
        text = f"the baseline has no {metric.label} with an error: run lm_eval with --log_samples"
        if any(result.is_tabled for result in self.aggregates.values()):
            text = f"the baseline has no {metric.label}"
        value_of = {name: each.value for name, each in estimates.items()}
        if sampled:
            scores, rows = self._items(metric, sampled)
            if not len(rows):
                return None
            means = np.average(scores, axis=0, weights=self._weights(metric, sampled, rows))
            value_of |= {c.name: float(mean) for c, mean in zip(sampled, means)}
        values = np.array([[value_of[c.name] for c in used]])
        n_shared = 0 if self.joined is None else len(self.joined.rows)
        refusal = Refusal("baseline without samples", text)
        return self._made(metric, used, values, n_shared, per_item=False, refusal=refusal, unpaired=AGGREGATES_ONLY)

    def _of_estimates(
        self, metric: Metric, used: list[Checkpoint], estimates: Mapping[str, Estimate], *, scatter_only: bool
    ) -> CurveInput:
        given = [estimates[c.name] for c in used]
        counts = sorted({each.n_items for each in given})
        if len(counts) > 1:
            self.notes.append(f"{metric.label}: {counts[0]:,} to {counts[-1]:,} items, by checkpoint")
        chance = chance_of_results(self.aggregates) if metric.chance == "of choices" else None
        unpaired = NO_ERRORS if scatter_only else f"unpaired, wider intervals: {AGGREGATES_ONLY}"
        if metric.chance is not None and chance is None:
            unpaired += ", chance level not known"
        scores = scores_with_means(None, given)
        if isinstance(scores, Refusal):
            values = np.array([[each.value for each in given]])
            return self._made(metric, used, values, counts[0], per_item=False, refusal=scores, unpaired=unpaired)
        return self._made(metric, used, scores, counts[0], chance=chance, unpaired=unpaired, scatter_only=scatter_only)

    def _of_items_and_estimates(
        self,
        metric: Metric,
        used: list[Checkpoint],
        sampled: list[Checkpoint],
        scores: FloatArray,
        estimates: Mapping[str, Estimate],
        chance: float | None,
    ) -> CurveInput:
        """Checkpoints without items in their place on the curve of those that have them."""
        added = [c for c in used if c not in sampled]
        unpaired = f"unpaired, wider intervals: {len(added)} of {len(used)} checkpoints have no samples"
        together = scores_with_means(scores, [estimates[c.name] for c in added])
        n = len(scores)
        if isinstance(together, Refusal):
            return self._made(metric, sampled, scores, n, chance=chance, refusal=together, unpaired=unpaired)
        column = {c.name: i for i, c in enumerate([*sampled, *added])}
        in_order = together[:, [column[c.name] for c in used]]
        return self._made(metric, used, in_order, n, chance=chance, unpaired=unpaired)

    def _values_alone(self, metric: Metric) -> CurveInput | None:
        """A curve of bare numbers: shown, and refused with the reason that there is no more to them."""
        found = {name: result.metric(metric.name) for name, result in self.aggregates.items()}
        value_of = {name: each.value for name, each in found.items() if each is not None and each.value is not None}
        used = [c for c in self.checkpoints if c.name in value_of]
        if not used:
            return None
        counts = [result.n_samples for result in self.aggregates.values() if result.n_samples is not None]
        values = np.array([[value_of[c.name] for c in used]], dtype=float)
        refusal = None
        if not metric.display_only:
            _, reasons = estimates_of(metric, {c.name: self.aggregates[c.name] for c in used})
            refusal = Refusal("no standard error", next(iter(reasons.values())))
        n = min(counts, default=0)
        return self._made(metric, used, values, n, per_item=False, refusal=refusal, unpaired=AGGREGATES_ONLY)

    def _rows_of(self, checkpoint: Checkpoint) -> IntArray:
        """Rows of the shared items in a checkpoint's table."""
        assert self.joined is not None, "only checkpoints with items have rows"
        rows: IntArray = self.joined.rows[:, list(self.tables).index(checkpoint.name)]
        return rows

    def _items(self, metric: Metric, sampled: list[Checkpoint]) -> tuple[FloatArray, IntArray]:
        """Scores of the shared items, and their rows in the first table; items without a finite score are left out."""
        columns = [np.asarray(item_scores(self.tables[c.name], metric), dtype=float)[self._rows_of(c)] for c in sampled]
        scores = np.stack(columns, axis=1)
        finite = np.isfinite(scores).all(axis=1)
        if not finite.all():
            self.notes.append(f"{(~finite).sum()} items have no finite {metric.label} and were left out of it")
        return scores[finite], self._rows_of(sampled[0])[finite]

    def _weights(self, metric: Metric, sampled: list[Checkpoint], rows: IntArray) -> FloatArray | None:
        if metric.weight is None:
            return None
        return np.asarray(self.tables[sampled[0].name].columns[metric.weight], dtype=float)[rows]

    def _made(
        self,
        metric: Metric,
        used: list[Checkpoint],
        scores: FloatArray,
        n_items: int,
        *,
        per_item: bool = True,
        weights: FloatArray | None = None,
        chance: float | None = None,
        refusal: Refusal | None = None,
        unpaired: str = "",
        items: tuple[str, ...] = (),
        scatter_only: bool = False,
    ) -> CurveInput:
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
            metric=metric.name,
            scatter_only=scatter_only,
        )
        names = tuple(c.name for c in used)
        return CurveInput(
            self.task, self.category, metric, self.curve, n_items, per_item, data, refusal, unpaired, names, items
        )
