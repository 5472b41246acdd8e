"""Characteristics of a task whose texts were all cut to one length, for ratios at which length moved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synth_eval.compare.against_reference import SAMPLES, has_samples
from synth_eval.compare.cells import cell_of
from synth_eval.compare.characteristics import characteristic_drafts, is_described, judged_characteristics
from synth_eval.compare.draft import Draft
from synth_eval.compare.join import join_items
from synth_eval.diversity.equal_length import cut_alike, usual_least
from synth_eval.diversity.prompt_scores import score_prompt
from synth_eval.manifest.baseline import Curve
from synth_eval.types import Cell, ItemTable

FEWEST_TOKENS = 20  # shorter texts leave too little to be told apart
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
    task: str, category: str, curves: Sequence[Curve], tables: Mapping[str, ItemTable], *, baseline_ratio: float
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
    kept = {name: table for name, table in described.items() if least[name] >= FEWEST_TOKENS}
    if len(kept) < 2:
        return AtOneLength(refusal=f"too many texts have fewer than {FEWEST_TOKENS} tokens to compare at one length")
    tokens = min(least[name] for name in kept)
    alike = _cut_tables(kept, tokens)
    drafts: list[Draft] = []
    for curve in curves:
        drafts += characteristic_drafts(task, category, curve, alike, baseline_ratio=baseline_ratio)[0]
    return AtOneLength(tokens, tuple(cell_of(each) for each in judged_characteristics(drafts)))


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
