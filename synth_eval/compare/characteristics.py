"""What the models of a family write, as curves over ratio: each characteristic judged as scores are, but apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.compare.cells import Judged, judged_of
from synth_eval.compare.draft import Draft, drafts_of
from synth_eval.compare.join import join_items
from synth_eval.compare.metrics import CHARACTERISTICS, Metric
from synth_eval.diversity.catalogue import CATALOGUE, kind_named
from synth_eval.diversity.collapse import AGREEING, FEWEST_PROMPTS
from synth_eval.manifest.baseline import Curve
from synth_eval.types import ItemTable

if TYPE_CHECKING:
    from synth_eval.types import IntArray


def is_described(table: ItemTable) -> bool:
    """Whether a table holds characteristics of sampled text: of at least three sides of a collapse."""
    sides = {kind.facet for kind in CATALOGUE if kind.facet and kind.name in table.columns}
    return table.kind == "generation" and len(sides) >= AGREEING


def characteristic_drafts(
    task: str, category: str, curve: Curve, tables: Mapping[str, ItemTable], *, baseline_ratio: float
) -> tuple[list[Draft], list[str]]:
    """Every characteristic of a task on one curve, with the prompts as items, and notes on what was left out.

    A prompt on which some checkpoint's texts do not define a characteristic (MATTR of short texts) is left out of it,
    and the characteristic is left out where fewer than 20 prompts remain. With fewer than 20 prompts in all,
    characteristics are shown and not judged.

    Parameters
    ----------
    tables : checkpoint name -> item table of this task; those that are not `is_described` are left out.
    """
    here = {checkpoint.name for checkpoint in (*curve.baselines, *curve.others)}
    described = {name: table for name, table in tables.items() if name in here and is_described(table)}
    if not described:
        return [], []
    prompts = join_items(list(described.values())).rows
    defined = {metric: _prompts_with(metric, list(described.values()), prompts) for metric in CHARACTERISTICS}
    metrics = [metric for metric, n in defined.items() if n >= min(FEWEST_PROMPTS, max(len(prompts), 1))]
    found, notes = drafts_of(task, category, curve, described, metrics=metrics, baseline_ratio=baseline_ratio)
    short = [metric.label for metric in CHARACTERISTICS if metric not in metrics and _is_logged(metric, described)]
    if short:
        notes.append(f"{', '.join(short)} left out: most texts are too short for it")
    return [_with_enough_prompts(draft) for draft in found], notes


def _is_logged(metric: Metric, tables: Mapping[str, ItemTable]) -> bool:
    return any(column in table.columns for table in tables.values() for column in metric.columns)


def _prompts_with(metric: Metric, tables: Sequence[ItemTable], rows: IntArray) -> int:
    """How many of the shared prompts every checkpoint has a number for."""
    finite = np.ones(len(rows), dtype=bool)
    for place, table in enumerate(tables):
        for name in metric.columns:
            if name not in table.columns:
                return 0
            finite &= np.isfinite(np.asarray(table.columns[name], dtype=float)[rows[:, place]])
    return int(finite.sum())


def judged_characteristics(drafts: Sequence[Draft]) -> tuple[Judged, ...]:
    """The drafts, in order, judged by the curve test.

    p-values are corrected (Holm) over the characteristics that are a side of a collapse, and over the others, each by
    themselves: that a family's texts were looked at must not make its scores harder to judge, and the many
    characteristics that say the same thing once more must not hide those that count.
    """
    sides = iter(judged_of([draft for draft in drafts if _is_side(draft)]))
    others = iter(judged_of([draft for draft in drafts if not _is_side(draft)]))
    return tuple(next(sides if _is_side(draft) else others) for draft in drafts)


def _is_side(draft: Draft) -> bool:
    return kind_named(draft.metric.name).facet != ""


def _with_enough_prompts(draft: Draft) -> Draft:
    if draft.metric.display_only or draft.refusal or draft.n_items >= FEWEST_PROMPTS:
        return draft
    return replace(draft, refusal=f"only {draft.n_items} prompts; at least {FEWEST_PROMPTS} are needed")
