"""Random choices that stay the same on every machine and Python version.

Items must never move once published. ``random.Random.random`` is the one generator output that Python promises to
keep for a given seed; ``sample``, ``shuffle`` and ``randrange`` may change their algorithm, and so may the
distributions of ``numpy.random.Generator``. So everything here is built from ``random()`` alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A stream of choices determined by its key alone.

    Parameters
    ----------
    *key : str or int
        What the stream is for, for example ``Draw("synth_recall", 1, "test", 0)``. Different keys give streams that
        are independent for all practical purposes (the key is hashed with SHA-512 by ``random.Random``).
    """

    def __init__(self, *key: str | int) -> None:
        self._next = random.Random("|".join(map(str, key))).random

    def unit(self) -> float:
        """Uniform in [0, 1)."""
        return self._next()

    def below(self, n: int) -> int:
        """Uniform integer in 0 .. n - 1."""
        return int(self._next() * n)

    def between(self, low: int, high: int) -> int:
        """Uniform integer in low .. high, both included."""
        return low + int(self._next() * (high - low + 1))

    def choice(self, options: Sequence[T]) -> T:
        """One of the options, each equally likely."""
        return options[int(self._next() * len(options))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All options in random order (Fisher-Yates)."""
        return self.sample(options, len(options))

    def sample(self, options: Sequence[T], k: int) -> list[T]:
        """k different positions of the options, in random order."""
        if k > len(options):
            raise ValueError(f"cannot draw {k} of {len(options)} options")
        pool = list(options)
        for i in range(k):
            j = i + int(self._next() * (len(pool) - i))
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:k]

    def weighted(self, options: Sequence[T], weights: Sequence[float]) -> T:
        """One of the options, likely in proportion to its weight."""
        point = self._next() * sum(weights)
        for option, weight in zip(options, weights):
            point -= weight
            if point < 0:
                return option
        return options[-1]
