"""Whole prefix trees beside each other, one a row, without a cache: what is cheapest when little is shared.

In one packed row every token is compared with every other, also with those of other items; in rows of their own only
with those of the same item. Items of 40 tokens in passes of 512 spend most of a small model's time on the former.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from synth_eval.harness.shared_prefix.plan import IntArray, Pass, check_requests, plan_pieces, separate_trees

SHORTEST_OF_LONGEST = 0.5  # a row shorter than this share of its batch's longest would be padding for the most part


@dataclass(frozen=True)
class Batch:
    """b prefix trees of at most n tokens, k of whose columns are scored from; m targets in all."""

    tokens: IntArray  # (b, n), 0 where a row is padded
    positions: IntArray  # (b, n) depth in the tree
    last: IntArray | None  # (b, n) column of each token's last descendant; None: plain sequences, padded on the right
    columns: IntArray  # (k,) whose logits are needed
    places: IntArray  # (m,) row * k + index in `columns` of the logits that score the target
    targets: IntArray  # (m,) token ids
    owners: IntArray  # (m,) index of the request each target belongs to
    cached: int = 0  # tokens of the cache that every row builds on; a batch adds none


def plan_steps(
    inputs: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    *,
    tokens_per_pass: int,
    rows: bool = True,
    rows_on_cache: bool = False,
    passes_per_batch: int = 2,
    filled: float = 0.0,
) -> list[Pass | Batch]:
    """Requests that share little as batches of rows, the others as passes.

    A batch may be larger than a pass because its tokens are compared with those of their own row only.

    Parameters
    ----------
    inputs : token ids given to the model, one sequence a request.
    targets : token ids scored, one sequence a request; the last len(targets[i]) positions of inputs[i] predict them.
    rows : whether the choices of an item get a row too; plain sequences always do. Worth it where attention is much of
        a model's work: rows cost padding, and logits of columns that only other rows are scored from.
    rows_on_cache : whether items that share a cached prefix get rows too, each with a copy of the prefix's keys.
    passes_per_batch : most tokens of a batch, in passes.
    filled : share of these tokens below which a batch also takes rows that are padding for the most part.

    Raises
    ------
    ValueError : as `plan_passes`.
    """
    check_requests(inputs, targets)
    most = passes_per_batch * tokens_per_pass
    trees, left = separate_trees(inputs, targets, tree_tokens=tokens_per_pass if rows else 0, sequence_tokens=most)
    if not rows:
        left = sorted([*left, *(int(tree.owners[0]) for tree in trees if not _is_sequence(tree))])
        trees = [tree for tree in trees if _is_sequence(tree)]
    pieces = plan_pieces(
        [inputs[index] for index in left],
        [targets[index] for index in left],
        tokens_per_pass=tokens_per_pass,
        rows=rows_on_cache,
    )
    owner = np.array(left, dtype=np.int64)
    steps: list[Pass | Batch] = [*batched(trees, tokens=most, filled=filled)]
    for alone, group in groupby(pieces, key=lambda piece: piece[1]):
        passes = [replace(step, owners=owner[step.owners]) for step, _ in group]
        steps += batched(passes, tokens=most, filled=filled) if alone else passes
    return steps


def batched(trees: Sequence[Pass], *, tokens: int, filled: float = 0.0) -> Iterator[Batch]:
    """Trees of about the same length together, at most ``tokens`` a batch with their padding (more for a lone tree).

    Parameters
    ----------
    trees : passes that need nothing but the same cached prefix, or none.
    filled : as in `plan_steps`.
    """
    sequences = [tree for tree in trees if _is_sequence(tree)]
    others = [tree for tree in trees if not _is_sequence(tree)]
    for kind, padded in ((sequences, _padded_right), (others, _padded_left)):
        for part in _alike(kind, tokens, filled * tokens):
            yield padded(part)


def _is_sequence(tree: Pass) -> bool:
    """One sequence that is scored for the most part: then padding on the right needs no mask and costs no logits."""
    alone = not tree.cached and bool((tree.last == len(tree.tokens) - 1).all())
    return alone and 2 * len(tree.targets) >= len(tree.tokens)


def _alike(trees: Sequence[Pass], tokens: int, enough: float) -> Iterator[list[Pass]]:
    part: list[Pass] = []
    for tree in sorted(
        trees, key=lambda tree: -len(tree.tokens)
    ):  # the longest first: memory runs out at once or never
        longest = len(part[0].tokens) if part else 0
        short = len(tree.tokens) < SHORTEST_OF_LONGEST * longest and len(part) * longest >= enough
        if part and ((len(part) + 1) * longest > tokens or short):
            yield part
            part = []
        part.append(tree)
    if part:
        yield part


def _padded_right(trees: Sequence[Pass]) -> Batch:
    width = len(trees[0].tokens)
    rows = [tree.rows for tree in trees]
    return _batch(trees, [0] * len(trees), rows, width, masked=False)


def _padded_left(trees: Sequence[Pass]) -> Batch:
    """The choices are at the end of a tree, so padding before it leaves few columns to score from."""
    width = len(trees[0].tokens)
    offsets = [width - len(tree.tokens) for tree in trees]
    rows = [tree.rows + offset for tree, offset in zip(trees, offsets, strict=True)]
    return _batch(trees, offsets, rows, width, masked=True)


def _batch(
    trees: Sequence[Pass], offsets: Sequence[int], rows: Sequence[IntArray], width: int, *, masked: bool
) -> Batch:
    tokens = np.zeros((len(trees), width), dtype=np.int64)
    positions = np.zeros_like(tokens)
    last = np.tile(np.arange(width), (len(trees), 1))  # nothing follows from padding, so no token sees it
    for index, (tree, offset) in enumerate(zip(trees, offsets, strict=True)):
        own = slice(offset, offset + len(tree.tokens))
        tokens[index, own], positions[index, own] = tree.tokens, tree.positions
        last[index, own] = tree.last + offset
    needed = np.concatenate(rows)
    columns, place = np.unique(needed, return_inverse=True)
    owner = np.repeat(np.arange(len(trees)), [len(each) for each in rows])
    return Batch(
        tokens,
        positions,
        last if masked else None,
        columns,
        owner * len(columns) + place.astype(np.int64),
        np.concatenate([tree.targets for tree in trees]),
        np.concatenate([tree.owners for tree in trees]),
        trees[0].cached,
    )
