"""A sample without repetitions, of stated size, from a stream of any length."""

from __future__ import annotations

import hashlib
from typing import Generic, TypeVar

T = TypeVar("T")


class Draw(Generic[T]):
    """Keeps those whose hash with the seed is smallest: every one has the same chance.

    The draw depends on seed and content alone, not on the order, the names or the number of files; what occurs twice
    is drawn once; when data are added most of the sample stays. Memory holds about twice the sample.

    Parameters
    ----------
    size : how many are kept, at most
    """

    def __init__(self, size: int, *, seed: int) -> None:
        self._size = size
        self._seed = seed
        self._kept: dict[bytes, tuple[int, T]] = {}
        self._worst: tuple[int, bytes] | None = None

    def offer(self, content: str, value: T, *, tier: int = 0) -> None:
        """One more; ``content`` tells it from others. Those of a lower ``tier`` come first."""
        if self._worst is not None and tier > self._worst[0]:
            return
        rank = hashlib.sha256(f"{self._seed}\0{content}".encode()).digest()[:16]
        if self._worst is not None and (tier, rank) >= self._worst:
            return
        known = self._kept.get(rank)
        if known is None or tier < known[0]:
            self._kept[rank] = (tier, value)
        if len(self._kept) >= 2 * self._size + 64:
            self._trim()

    def chosen(self) -> list[T]:
        """The sample, in the order of its hashes: a part of it from the start is a sample, too."""
        self._trim()
        return [value for _, value in self._kept.values()]

    def _trim(self) -> None:
        best = sorted(self._kept.items(), key=lambda item: (item[1][0], item[0]))[: self._size]
        self._kept = dict(best)
        if len(best) == self._size:
            self._worst = (best[-1][1][0], best[-1][0])
