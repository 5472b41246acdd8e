"""n-grams of words as 64-bit numbers: a sum of the words' hashes, weighted by position."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.overlap.words import words

if TYPE_CHECKING:
    from synth_eval.types import AnyArray

REMEMBERED = 500_000  # words whose hash is kept: about 60 MB
_FACTOR = 0x9E3779B97F4A7C15 | 3  # odd, so that each position keeps all 64 bits of its word
# stands between documents, and keeps their n-grams apart: no n-gram that holds it is ever looked for
BREAK = np.array([0xD1B54A32D192ED03], dtype=np.uint64)


class _Hashes(dict[str, int]):
    """Hashes of words, made when first asked for; the same in every process."""

    def __missing__(self, word: str) -> int:
        digest = blake2b(word.encode(errors="replace"), digest_size=8).digest()
        return self.setdefault(word, int.from_bytes(digest, "little"))


class WordHasher:
    """A number for each word of a text, so that several counters can read what was hashed once."""

    def __init__(self) -> None:
        self._known = _Hashes()

    def __call__(self, text: str) -> AnyArray:
        """(m,) uint64 of the m words of a text."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
        tokens = words(text)
        return np.fromiter(map(self._known.__getitem__, tokens), dtype=np.uint64, count=len(tokens))


class GramHasher:
    """Hashes n-grams, from the hashes of their words. Two different n-grams share a hash with a chance of about 2**-60.

    Of a billion n-grams looked for among a million, 0.001 are then found by mistake.
    """

    def __init__(self, n: int) -> None:
        if n < 1:
            raise ValueError(f"n is {n}: an n-gram has at least one word")
        self.n = n
        self._weights = [np.uint64(pow(_FACTOR, n - 1 - k, 2**64)) for k in range(n)]

    def __call__(self, hashes: AnyArray) -> AnyArray:
        """(m - n + 1,) uint64 of m word hashes, in their order; empty if m < n."""
        length = len(hashes) - self.n + 1
        if length < 1:
            return np.empty(0, dtype=np.uint64)
        grams = np.zeros(length, dtype=np.uint64)
        for position, weight in enumerate(self._weights):
            grams += hashes[position : position + length] * weight
        return grams
