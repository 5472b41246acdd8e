"""Means of item scores, with standard errors, for many data sets at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from synth_eval.calibration.prepared import Prepared
    from synth_eval.calibration.resample import Draws
    from synth_eval.types import FloatArray


class MeanScore:
    """Mean of a score whose value for each item and each slot that may be right is in ``table`` (n, k)."""

    def __init__(self, items: Prepared, table: FloatArray) -> None:
        self._table = table
        self._first = np.arange(len(items)) * table.shape[1]
        self._values = table.ravel()[self._first + items.slot]
        self._squares = self._values**2
        self._cluster = items.cluster

    def mean(self, draws: Draws) -> FloatArray:
        """Weighted mean (c,) over the items of each data set."""
        if draws.slot is None:
            total: FloatArray = (draws.weight @ self._values) / draws.size
            return total
        if self._table.shape[1] == 2:  # one product instead of a look-up an item
            other = self._table[:, 1]
            two: FloatArray = (draws.correct_as_float @ (self._table[:, 0] - other) + other.sum()) / len(other)
            return two
        average: FloatArray = self._table.ravel().take(draws.slot + self._first).mean(axis=1)
        return average

    def standard_error(self, draws: Draws) -> FloatArray:
        """Standard error (c,) of `mean` in data sets over the observed answers; of a ratio where there are clusters."""
        if self._cluster is None:
            n = draws.weight.shape[1]
            mean = (draws.weight @ self._values) / n
            error: FloatArray = np.sqrt(np.maximum((draws.weight @ self._squares) / n - mean**2, 0.0) / n)
            return error
        # a cluster of total score s and size m leaves s - mean m; the squares of that come from three sums
        score = np.bincount(self._cluster, weights=self._values)
        size = np.bincount(self._cluster).astype(np.float64)
        weight = draws.weight[:, np.unique(self._cluster, return_index=True)[1]]
        total = weight @ size
        mean = (weight @ score) / total
        square = weight @ score**2 - 2.0 * mean * (weight @ (score * size)) + mean**2 * (weight @ size**2)
        ratio: FloatArray = np.sqrt(np.maximum(square, 0.0)) / total
        return ratio
