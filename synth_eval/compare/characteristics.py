"""What the models of a family write, as curves over ratio: each characteristic judged as scores are, but apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.cell import Cell
from synth_eval.compare.cells import cell_of
from synth_eval.compare.curves import CurveInput, inputs_of
from synth_eval.compare.metrics import CHARACTERISTICS, Metric
from synth_eval.compare.pairing import join_items
from synth_eval.compare.questions import judged_of
from synth_eval.errors import Refusal
from synth_eval.generation.characteristics import CATALOGUE, score_prompt
from synth_eval.generation.collapse import AGREEING, MIN_PROMPTS
from synth_eval.generation.intervals import cut_alike, usual_least
from synth_eval.generation.mauve import mauve_by_prompt
from synth_eval.manifest.baseline import CurveMembers
from synth_eval.types import ItemTable

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, FloatArray, IntArray


def is_described(table: ItemTable) -> bool:
    """Whether a table holds characteristics of sampled text: of at least three sides of a collapse."""
    sides = {kind.dimension for kind in CATALOGUE if kind.dimension and kind.name in table.columns}
    return table.kind == "generation" and len(sides) >= AGREEING


def characteristic_inputs(
    task: str, category: str, curve: CurveMembers, tables: Mapping[str, ItemTable], *, baseline_ratio: float
) -> tuple[list[CurveInput], list[str]]:
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
    metrics = [metric for metric, n in defined.items() if n >= min(MIN_PROMPTS, max(len(prompts), 1))]
    found, notes = inputs_of(task, category, curve, described, metrics=metrics, baseline_ratio=baseline_ratio)
    short = [metric.label for metric in CHARACTERISTICS if metric not in metrics and _is_logged(metric, described)]
    if short:
        notes.append(f"{', '.join(short)} left out: most texts are too short for it")
    return [_with_enough_prompts(given) for given in found], notes


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


def _with_enough_prompts(given: CurveInput) -> CurveInput:
    if given.metric.display_only or given.refusal or given.n_items >= MIN_PROMPTS:
        return given
    text = f"only {given.n_items} prompts; at least {MIN_PROMPTS} are needed"
    return replace(given, refusal=Refusal("few prompts", text))


# MAUVE of what each checkpoint writes, a number a prompt, over clusters that the whole family shares.

MAUVE = "mauve"
SAMPLES = "samples"


def has_samples(table: ItemTable) -> bool:
    """Whether a table has every text that was sampled for each prompt, and at least one for each."""
    return table.kind == "generation" and SAMPLES in table.columns and all(map(len, table.columns[SAMPLES]))


def texts_of(table: ItemTable) -> tuple[str, ...]:
    """All sampled texts, prompt by prompt, of a table that `has_samples`."""
    return tuple(text for texts in table.columns[SAMPLES] for text in texts)


def with_mauve(
    tables: Mapping[str, ItemTable], clusters: Mapping[str, IntArray], reference: IntArray, *, buckets: int
) -> dict[str, ItemTable]:
    """The tables with the column ``mauve``: the jackknife pseudo-values of `generation.mauve.mauve_by_prompt`.

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


# Characteristics of a task whose texts were all cut to one length, for ratios at which length moved.

MIN_TOKENS = 20  # shorter texts leave too little to compare
# Sides of a collapse that follow length. Rare words are a share of words, whatever their number. Loops, degenerate
# texts and length are about how a whole text goes and ends: they stay as they are, and a loop is no sign of a collapse
# here, since longer texts have more time to run into one.
FOLLOWING_LENGTH = ("expectation_adjusted_distinct", "mattr", "mtld", "self_bleu", "near_duplicates", "repetition")
KEPT = ("doc_id", "doc_hash", "prompt_hash", "tail_mass")


@dataclass(frozen=True)
class AtOneLength:
    """``cells``: sides of a collapse, on texts of exactly ``tokens`` tokens; ``refusal``: why there are none."""

    tokens: int = 0
    cells: tuple[Cell, ...] = ()
    refusal: str = ""


def at_one_length(
    task: str, category: str, curves: Sequence[CurveMembers], tables: Mapping[str, ItemTable], *, baseline_ratio: float
) -> AtOneLength:
    """A task's curves over texts that are cut to one length, the same for the whole family.

    The length is what nine tenths of the texts of the checkpoint with the shortest have. Checkpoints of which a tenth
    of the texts has fewer than 20 tokens are left out, rather than shorten all others to that.

    Parameters
    ----------
    tables : checkpoint name -> item table of this task; those that are not `is_described` are left out
    """
    described = {name: table for name, table in tables.items() if is_described(table)}
    if not described or not all(map(has_samples, described.values())):
        return AtOneLength(refusal="the texts are not kept in these results: evaluate again to compare at one length")
    least = {name: usual_least(table.columns[SAMPLES].tolist()) for name, table in described.items()}
    kept = {name: table for name, table in described.items() if least[name] >= MIN_TOKENS}
    if len(kept) < 2:
        return AtOneLength(refusal=f"too many texts have fewer than {MIN_TOKENS} tokens to compare at one length")
    tokens = min(least[name] for name in kept)
    alike = _cut_tables(kept, tokens)
    inputs: list[CurveInput] = []
    for curve in curves:
        inputs += characteristic_inputs(task, category, curve, alike, baseline_ratio=baseline_ratio)[0]
    return AtOneLength(tokens, tuple(cell_of(each) for each in judged_of(inputs)))


def _cut_tables(tables: Mapping[str, ItemTable], tokens: int) -> dict[str, ItemTable]:
    """The prompts that all tables share, with what follows length measured anew; NaN where too few texts are left."""
    rows = join_items(list(tables.values())).rows
    written = [table.columns[SAMPLES][rows[:, place]].tolist() for place, table in enumerate(tables.values())]
    found = {}
    for place, ((name, table), texts) in enumerate(zip(tables.items(), cut_alike(written, tokens=tokens))):
        scores = [score_prompt(each) if each else None for each in texts]
        columns = {column: table.columns[column][rows[:, place]] for column in KEPT if column in table.columns}
        for metric in FOLLOWING_LENGTH:
            columns[metric] = np.array([math.nan if each is None else getattr(each, metric) for each in scores])
        found[name] = replace(table, columns=columns)
    return found
