"""Repetition: n-grams that recur, loops, copies of the prompt, near-duplicates, and texts that are no text."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synth_eval.generation.words import Tokens, ngrams, only_words

if TYPE_CHECKING:
    from synth_eval.types import BoolArray, IntArray


Degeneracy: TypeAlias = Literal["", "empty", "loop", "repetitive", "few words"]

ORDER = 4
REPETITIVE = 0.5
MIN_WORDS = 0.5


def repeated_share(tokens: Tokens, *, n: int = ORDER) -> float:
    """Share of a text's n-grams that occurred in it before: 1 - different / all (seq-rep-n of Welleck et al.).

    Returns
    -------
    float in [0, 1); NaN if the text has fewer than n tokens. Grows with length.

    References
    ----------
    Welleck et al., "Neural Text Generation With Unlikelihood Training", ICLR 2020.

    Examples
    --------
    >>> round(repeated_share("a b c d a b c d".split()), 3)
    0.2
    """
    total = len(tokens) - n + 1
    different = len(set(ngrams(tokens, n)))
    return 1.0 - different / total if total > 0 else math.nan


def ends_in_loop(tokens: Tokens, *, times: int = 3, shortest: int = 2) -> bool:
    """Whether a text ends in some phrase repeated ``times`` times in a row, the last time perhaps only begun.

    A phrase has at least ``shortest`` tokens, so one token must be there ``times * shortest`` times. A phrase that
    is cut off counts where a rotation of it occurs often enough: "a b c a b c a b c a" ends in "b c a" three times.

    Parameters
    ----------
    tokens : of one text
    times : repetitions that make a loop, at least 2
    shortest : tokens of a phrase, at least 1

    Raises
    ------
    ValueError : times < 2 or shortest < 1.

    References
    ----------
    Holtzman et al., "The Curious Case of Neural Text Degeneration", ICLR 2020 (at least three times, at least two
    tokens).

    Examples
    --------
    >>> ends_in_loop("so on and on and on and".split())
    True
    """
    if times < 2 or shortest < 1:
        raise ValueError(f"times must be at least 2 and shortest at least 1, not {times} and {shortest}")
    n = len(tokens)
    return any(
        tokens[-1] == tokens[-1 - period]  # most periods fail here, without a copy
        and tokens[n - (times - 1) * period :] == tokens[n - times * period : n - period]
        for period in range(shortest, n // times + 1)
    )


def degeneracy(tokens: Tokens) -> Degeneracy:
    """Why a text is no proper text, or "".

    empty: no word; loop: see `ends_in_loop`; repetitive: more than half of its 4-grams occurred before; few words:
    fewer than half of its tokens are words. The limits are ours, far outside of what people write in prose.

    Examples
    --------
    >>> degeneracy("and on and on and on".split()), degeneracy("a fine text".split())
    ('loop', '')
    """
    words = len(only_words(tokens))
    if not words:
        return "empty"
    if ends_in_loop(tokens):
        return "loop"
    if repeated_share(tokens) > REPETITIVE:  # NaN, of a short text, is not
        return "repetitive"
    return "few words" if words < MIN_WORDS * len(tokens) else ""


RUN = 6


def copied_share(tokens: Tokens, prompt: Tokens, *, run: int = RUN) -> float:
    """Share of a sample's tokens that lie in a run of at least ``run`` tokens which the prompt has too.

    Parameters
    ----------
    tokens : of the sample
    prompt : tokens of what it continues
    run : tokens in a row that count as copied

    Returns
    -------
    float in [0, 1]; NaN if the sample is empty or the prompt shorter than a run.

    Raises
    ------
    ValueError : run < 1.

    Examples
    --------
    >>> copied_share("a b c d".split(), "x a b c".split(), run=3)
    0.75
    """
    known = set(ngrams(prompt, run))
    if not known or not len(tokens):
        return math.nan
    copied = end = 0  # tokens before `end` are counted
    for start, gram in enumerate(ngrams(tokens, run)):
        if gram in known:
            copied += start + run - max(start, end)
            end = start + run
    return copied / len(tokens)


# Samples that are nearly the same text: n-gram Jaccard between few, MinHash to find candidates among many.

SHINGLE = 3
SIMILAR = 0.7
BANDS, ROWS = 16, 4  # a pair with Jaccard .7 shares a bucket with probability 1 - (1 - .7^4)^16 = .988
_REPRESENTATIVES = 5  # of different prompts, that the others of a bucket are compared with


def jaccard(a: Tokens, b: Tokens, *, n: int = SHINGLE) -> float:
    """Shared n-grams over all n-grams of two texts; a text shorter than n is one n-gram.

    Parameters
    ----------
    a, b : tokens of two texts
    n : tokens of an n-gram

    Returns
    -------
    float in [0, 1]; 0 if both are empty.

    Examples
    --------
    >>> jaccard(list("abcde"), list("abcdf"))
    0.5
    """
    return _overlap(_shingles(a, n), _shingles(b, n))


def near_duplicate_share(samples: Sequence[Tokens], *, similar: float = SIMILAR, n: int = SHINGLE) -> float:
    """Share of samples with an n-gram Jaccard of at least ``similar`` to another one; every pair is compared.

    Parameters
    ----------
    samples : token lists
    similar : Jaccard from which on two are near-duplicates
    n : tokens of an n-gram

    Returns
    -------
    float in [0, 1]; NaN with fewer than two samples that are not empty (empty ones are left out).

    Examples
    --------
    >>> round(near_duplicate_share([list("abcdef"), list("abcdef"), list("uvwxyz")]), 3)
    0.667
    """
    sets = [_shingles(tokens, n) for tokens in samples if len(tokens)]
    if len(sets) < 2:
        return math.nan
    found = [False] * len(sets)
    for i, first in enumerate(sets):
        for j in range(i):
            if not (found[i] and found[j]) and _overlap(first, sets[j]) >= similar:
                found[i] = found[j] = True
    return sum(found) / len(sets)


class CrossPromptDuplicates:
    """Finds samples with a near-duplicate among the samples of other prompts, in one pass over prompts.

    Keeps 8 bytes an n-gram and a signature of 64 numbers a sample. Candidates share one of 16 bands of four MinHash
    values and are then compared exactly, on 64-bit hashes of the n-grams. In a bucket each sample is compared with one
    sample each of the first few prompts: the count is a lower bound, near the truth as what shares a bucket is alike.

    References
    ----------
    Broder, "On the resemblance and containment of documents", SEQUENCES 1997. Leskovec, Rajaraman and Ullman, "Mining
    of Massive Datasets", chapter 3.
    """

    def __init__(self, *, similar: float = SIMILAR, n: int = SHINGLE, seed: int = 0) -> None:
        self.similar = similar
        self.n = n
        rng = np.random.default_rng(seed)
        odd = rng.integers(1 << 63, size=(BANDS * ROWS, 1), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        self._multiply: NDArray[np.uint64] = odd
        self._add: NDArray[np.uint64] = rng.integers(1 << 63, size=(BANDS * ROWS, 1), dtype=np.uint64)
        self._hashes: dict[str, int] = {}
        self._sets: list[NDArray[np.uint64]] = []
        self._signatures: list[NDArray[np.uint64]] = []
        self._prompt: list[int] = []

    def add(self, samples: Sequence[Tokens], *, prompt: int) -> None:
        """Take in the samples of one prompt; empty ones are left out."""
        for tokens in samples:
            if len(tokens):
                shingles = self._hashed(tokens)
                mixed = self._multiply * shingles + self._add
                self._sets.append(shingles)
                # the high half: in a product modulo 2^64 the low bits depend on low bits alone
                self._signatures.append((mixed >> np.uint64(32)).min(axis=1))
                self._prompt.append(prompt)

    def share(self, prompts: int) -> NDArray[np.float64]:
        """(prompts,) share of each prompt's samples with a near-duplicate elsewhere; NaN where all were empty.

        NaN everywhere if samples of only one prompt were added.
        """
        prompt = np.array(self._prompt, dtype=np.int64)
        count = np.bincount(prompt, minlength=prompts).astype(np.float64)
        if (count > 0).sum() < 2:
            return np.full(prompts, np.nan)
        found = np.bincount(prompt, weights=self._found(prompt), minlength=prompts)
        share: NDArray[np.float64] = np.divide(found, count, out=np.full(prompts, np.nan), where=count > 0)
        return share

    def _found(self, prompt: IntArray) -> BoolArray:
        found = np.zeros(len(prompt), dtype=bool)
        for bucket in _buckets(np.stack(self._signatures)):
            _, first = np.unique(prompt[bucket], return_index=True)
            if len(first) < 2:
                continue
            representatives = bucket[np.sort(first)[:_REPRESENTATIVES]]
            for i in bucket:
                for j in representatives:
                    if found[i]:
                        break
                    if prompt[i] != prompt[j] and _hashed_overlap(self._sets[i], self._sets[j]) >= self.similar:
                        found[i] = found[j] = True
        return found

    def _hashed(self, tokens: Tokens) -> NDArray[np.uint64]:
        """Different n-grams as sorted 64-bit hashes, the same in every process (Python's own are not)."""
        known = self._hashes
        for token in tokens:
            if token not in known:
                known[token] = int.from_bytes(
                    hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=8).digest(), "big"
                )
        ids = np.fromiter((known[token] for token in tokens), dtype=np.uint64, count=len(tokens))
        n = min(self.n, len(tokens))
        mixed = ids[: len(ids) - n + 1].copy()
        for start in range(1, n):
            mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15)
            mixed += ids[start : len(ids) - n + 1 + start]
        return np.unique(mixed)


def _buckets(signatures: NDArray[np.uint64]) -> Iterator[IntArray]:
    """Indices of samples that agree on one band, band after band, for every group of at least two."""
    for band in range(BANDS):
        rows = np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS])
        key = rows.view(np.dtype((np.void, rows.dtype.itemsize * ROWS))).ravel()
        _, group, size = np.unique(key, return_inverse=True, return_counts=True)
        order = np.argsort(group, kind="stable")
        for end, members in zip(np.cumsum(size), size):
            if members > 1:
                yield order[end - members : end]


def _shingles(tokens: Tokens, n: int) -> set[tuple[str, ...]]:
    return set(ngrams(tokens, min(n, len(tokens)))) if len(tokens) else set()


def _overlap(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> float:
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared) if shared else 0.0


def _hashed_overlap(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> float:
    shared = len(np.intersect1d(a, b, assume_unique=True))
    return shared / (len(a) + len(b) - shared)
