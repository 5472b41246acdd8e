"""Which tokens go through the model together, so that each distinct prefix goes through it once.

The inputs of all requests form a prefix tree: a task's common header, then each item's context, then its choices. The
tree is cut into passes. A pass is one row of tokens in depth-first order on top of what the key-value cache holds; a
token sees the cache and its own ancestors. A prefix whose subtree does not fit in one pass is encoded first, alone,
and stays in the cache (one cache, used as a stack: every pass sets how much of it to keep). Requests that share little
with others need no cache and go in batches of rows: prefix_batches.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

WORTH_CACHING = 16
"""Tokens. A shared prefix shorter than this is encoded again in each pass: a pass for it alone would cost more."""


@dataclass(frozen=True)
class Pass:
    """A part of the prefix tree, n tokens in depth-first order, that m targets are scored from."""

    cached: int  # tokens of the cache these build on; later ones are dropped first
    tokens: IntArray  # (n,)
    positions: IntArray  # (n,) depth in the tree, which is the position in the sequence
    last: IntArray  # (n,) row of each token's last descendant, its own row for a leaf
    rows: IntArray  # (m,) row whose logits score the target
    targets: IntArray  # (m,) token ids
    owners: IntArray  # (m,) index of the request each target belongs to


def plan_passes(
    inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], *, tokens_per_pass: int
) -> list[Pass]:
    """Cut the prefix tree of the inputs into passes of at most ``tokens_per_pass`` tokens.

    Parameters
    ----------
    inputs : token ids given to the model, one sequence a request.
    targets : token ids scored, one sequence a request; the last len(targets[i]) positions of inputs[i] predict them.

    Returns
    -------
    Passes in the order in which they must run. Every target of every request is scored in exactly one of them.

    Raises
    ------
    ValueError : a request scores nothing, or more than its input has positions; or no token fits in a pass.
    """
    if tokens_per_pass < 1:
        raise ValueError(f"a pass takes at least one token, not {tokens_per_pass}")
    return [step for step, _ in plan_pieces(inputs, targets, tokens_per_pass=tokens_per_pass, rows=False)]


def plan_pieces(
    inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], *, tokens_per_pass: int, rows: bool
) -> Iterator[tuple[Pass, bool]]:
    """The passes of `plan_passes`. With ``rows``, what shares a cached prefix is not packed in one row: each subtree
    is a pass that needs only that prefix, marked True, and those of one prefix follow each other."""
    check_requests(inputs, targets)
    if inputs:
        tree = _Tree.of(inputs, targets)
        for *piece, alone in tree.pieces(tokens_per_pass, rows=rows):
            yield tree.part(*piece), alone


def check_requests(inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> None:
    """Raise ValueError if a request scores nothing, or more than its input has positions."""
    for index, (given, scored) in enumerate(zip(inputs, targets, strict=True)):
        if not 0 < len(scored) <= len(given):
            raise ValueError(f"request {index}: {len(scored)} tokens to score from an input of {len(given)}")


def separate_trees(
    inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], *, tree_tokens: int, sequence_tokens: int
) -> tuple[list[Pass], list[int]]:
    """The requests that share little with others, as passes of a whole prefix tree each, and which requests are left.

    Parameters
    ----------
    inputs, targets : as in `plan_passes`.
    tree_tokens, sequence_tokens : most tokens of such a tree, and of one that is a single sequence.
    """
    if not inputs:
        return [], []
    tree = _Tree.of(inputs, targets)
    trees: list[Pass] = []
    left: list[int] = []
    for first, stop in tree.families():
        if tree.size(first, stop, 0) <= (sequence_tokens if stop - first == 1 else tree_tokens):
            trees.append(tree.part(first, stop, 0, max(len(given) for given in tree.inputs[first:stop])))
        else:
            left += tree.owners[first:stop]
    return trees, sorted(left)


def distinct_tokens(inputs: Sequence[Sequence[int]]) -> int:
    """Size of the prefix tree: the tokens that any way of scoring must put through the model."""
    if not inputs:
        return 0
    tree = _Tree.of(inputs, [given[-1:] for given in inputs])
    return tree.size(0, len(inputs), 0)


@dataclass(frozen=True)
class _Tree:
    """The inputs in lexicographic order: neighbours share the most, and a range of them is a subtree."""

    inputs: list[IntArray]
    targets: list[IntArray]
    owners: list[int]
    shared: IntArray  # (k,) leading tokens in common with the sequence before; 0 for the first
    added: IntArray  # (k + 1,) cumulated tokens that are not in common with the sequence before

    @classmethod
    def of(cls, inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> _Tree:
        arrays = [np.asarray(given, dtype=np.int64) for given in inputs]
        keys = [given.astype(">u4").tobytes() for given in arrays]  # big-endian bytes sort like the numbers
        order = sorted(range(len(arrays)), key=keys.__getitem__)
        ordered = [arrays[index] for index in order]
        shared = np.zeros(len(order), dtype=np.int64)
        for index in range(1, len(order)):
            shared[index] = _common_prefix(ordered[index - 1], ordered[index])
        lengths = np.array([len(given) for given in ordered], dtype=np.int64)
        added = np.concatenate([[0], np.cumsum(lengths - shared)])
        return cls(ordered, [np.asarray(targets[index], dtype=np.int64) for index in order], order, shared, added)

    def size(self, first: int, stop: int, start: int) -> int:
        """Distinct tokens of sequences first to stop beyond depth ``start``, which all of them share."""
        return len(self.inputs[first]) - start + int(self.added[stop] - self.added[first + 1])

    def families(self) -> Iterator[tuple[int, int]]:
        """Ranges (first sequence, stop) that share little with those outside: fewer tokens than are worth a cache, and
        less than half of a sequence (the choices of a short question share most of it)."""
        yield from pairwise(self._edges(0, len(self.inputs), 0, short=True))

    def pieces(self, budget: int, *, rows: bool) -> Iterator[tuple[int, int, int, int, bool]]:
        """Subtrees (first sequence, stop, depth from, depth to) that fit in a pass, parents before children; and
        whether only the cache and nothing of another piece is needed (for ``rows``)."""
        todo = [(0, len(self.inputs), 0)]
        while todo:
            first, stop, start = todo.pop()
            size = self.size(first, stop, start)
            if size == 0:
                continue
            depth = len(self.inputs[first]) if stop - first == 1 else int(self.shared[first + 1 : stop].min())
            if size <= budget:
                yield first, stop, start, self._longest(first, stop), False
            elif depth - start >= WORTH_CACHING or stop - first == 1:
                for begin in range(start, depth, budget):
                    yield first, stop, begin, min(begin + budget, depth), False
                todo.append((first, stop, depth))
            elif rows and start:
                ranges: list[tuple[int, int]] = []
                for family in pairwise(self._edges(first, stop, start, short=True)):
                    fits = self.size(*family, start) <= budget
                    ranges += [family] if fits else pairwise(self._edges(*family, start))
                sizes = [self.size(*family, start) for family in ranges]
                for family, tokens in zip(ranges, sizes, strict=True):
                    if 0 < tokens <= budget:
                        yield *family, start, self._longest(*family), True
                large = [family for family, tokens in zip(ranges, sizes, strict=True) if tokens > budget]
                todo.extend((*family, start) for family in reversed(large))
            else:
                todo.extend(reversed(self._split(first, stop, start, budget)))

    def _split(self, first: int, stop: int, start: int, budget: int) -> list[tuple[int, int, int]]:
        """Ranges that fit, or that share a prefix worth caching; what shares one is never torn apart here."""
        edges = self._edges(first, stop, start)
        ranges: list[tuple[int, int, int]] = []
        begin = first
        for edge, following in pairwise(edges):
            if edge > begin and self.size(begin, following, start) > budget:
                ranges.append((begin, edge, start))
                begin = edge
        return [*ranges, (begin, stop, start)]

    def _edges(self, first: int, stop: int, start: int, *, short: bool = False) -> list[int]:
        """Where sequences share nothing worth caching beyond ``start``, with both ends. With ``short``, half of the
        shorter one's tokens are worth it too."""
        worth: IntArray | NDArray[np.float64] = np.full(stop - first - 1, WORTH_CACHING)
        if short:
            lengths = np.array([len(given) - start for given in self.inputs[first:stop]])
            worth = np.minimum(worth, np.minimum(lengths[1:], lengths[:-1]) / 2)
        inner = np.flatnonzero(self.shared[first + 1 : stop] - start < worth) + first + 1
        return [first, *inner.tolist(), stop]

    def _longest(self, first: int, stop: int) -> int:
        return max(len(given) for given in self.inputs[first:stop])

    def part(self, first: int, stop: int, start: int, end: int) -> Pass:
        """The pass over the subtree between two depths."""
        tokens: list[IntArray] = []
        positions: list[IntArray] = []
        rows: list[IntArray] = []
        targets: list[IntArray] = []
        owners: list[IntArray] = []
        path = np.zeros(end - start, dtype=np.int64)  # row of the current sequence's token at each depth
        last = np.zeros(self.size(first, stop, start), dtype=np.int64)
        count = 0
        for k in range(first, stop):
            given, scored = self.inputs[k], self.targets[k]
            length = min(len(given), end)
            fresh = start if k == first else min(int(self.shared[k]), length)
            if length > fresh:
                path[fresh - start : length - start] = np.arange(count, count + length - fresh)
                tokens.append(given[fresh:length])
                positions.append(np.arange(fresh, length))
                count += length - fresh
                last[path[: length - start]] = count - 1
            predicting = np.arange(max(len(given) - len(scored), start), length)
            if len(predicting):
                rows.append(path[predicting - start])
                targets.append(scored[predicting - (len(given) - len(scored))])
                owners.append(np.full(len(predicting), self.owners[k], dtype=np.int64))
        return Pass(start, _joined(tokens), _joined(positions), last[:count], *map(_joined, (rows, targets, owners)))


def _common_prefix(a: IntArray, b: IntArray) -> int:
    length = min(len(a), len(b))
    differs = a[:length] != b[:length]
    return int(differs.argmax()) if differs.any() else length


def _joined(arrays: list[IntArray]) -> IntArray:
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.int64)
