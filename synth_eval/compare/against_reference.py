"""MAUVE of what each checkpoint writes, a number a prompt, over clusters that the whole family shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.compare.join import join_items
from synth_eval.diversity.mauve import mauve_by_prompt
from synth_eval.types import ItemTable

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, FloatArray, IntArray

MAUVE = "mauve"
SAMPLES = "samples"


def has_samples(table: ItemTable) -> bool:
    """Whether a table brings every text that was sampled for each prompt, and at least one for each."""
    return table.kind == "generation" and SAMPLES in table.columns and all(map(len, table.columns[SAMPLES]))


def texts_of(table: ItemTable) -> tuple[str, ...]:
    """All sampled texts, prompt by prompt, of a table that `has_samples`."""
    return tuple(text for texts in table.columns[SAMPLES] for text in texts)


def with_mauve(
    tables: Mapping[str, ItemTable], clusters: Mapping[str, IntArray], reference: IntArray, *, buckets: int
) -> dict[str, ItemTable]:
    """The tables with the column ``mauve``: the jackknife pseudo-values of `diversity.mauve_by_prompt`.

    Parameters
    ----------
    tables : checkpoint name -> item table of one task; all of them `has_samples`
    clusters : checkpoint name -> (texts,) cluster of each of `texts_of`
    reference : (r,) cluster of each reference text
    buckets : number of clusters

    Returns
    -------
    checkpoint name -> table. NaN on prompts that some checkpoint lacks, so that all are measured on the same ones; on
    all prompts where fewer than two are shared.
    """
    rows = join_items(list(tables.values())).rows
    counts = np.bincount(reference, minlength=buckets).astype(float)
    found = {}
    for place, (name, table) in enumerate(tables.items()):
        column = np.full(len(table), np.nan)
        if len(rows) > 1:
            shares = _shares(table.columns[SAMPLES], clusters[name], buckets)[rows[:, place]]
            column[rows[:, place]] = mauve_by_prompt(counts, shares)
        found[name] = replace(table, columns={**table.columns, MAUVE: column})
    return found


def _shares(samples: AnyArray, clusters: IntArray, buckets: int) -> FloatArray:
    """(prompts, buckets): the share of each prompt's texts in each cluster, whatever their number."""
    each = np.array([len(texts) for texts in samples])
    counts = np.zeros((len(samples), buckets))
    np.add.at(counts, (np.repeat(np.arange(len(samples)), each), clusters), 1.0)
    shares: FloatArray = counts / each[:, None]
    return shares
