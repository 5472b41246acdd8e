"""Items drawn with replacement, as counts: a matrix product then gives the means of every resample at once.

In double precision: in single precision the order in which a processor's BLAS adds up, which differs between columns,
shows in differences that are exactly 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from synth_eval.types import FloatArray

AT_ONCE = 4_000_000  # item counts of resamples held in memory at the same time


def resampled_counts(n: int, resamples: int, *seed: int) -> Iterator[FloatArray]:
    """How often each of n items is drawn in each resample, in batches (at most `resamples` in all, n).

    Parameters
    ----------
    seed : the same numbers give the same draws
    """
    step = max(1, AT_ONCE // n)
    for start in range(0, resamples, step):
        yield _counts(n, min(step, resamples - start), (*seed, start))


@lru_cache(maxsize=2)  # the tasks of a family tend to have the same number of items
def _counts(n: int, resamples: int, seed: tuple[int, ...]) -> FloatArray:
    drawn = np.random.default_rng(seed).integers(0, n, size=(resamples, n), dtype=np.int32)
    cells = drawn + np.arange(resamples, dtype=np.int64)[:, None] * n
    return np.bincount(cells.ravel(), minlength=drawn.size).reshape(drawn.shape).astype(float)
