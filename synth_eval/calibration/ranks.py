"""AUROC and selective prediction for many data sets at once; `selective` says what they mean.

Items are sorted by confidence, so ties are runs, and with unit weights an error's part in the area under the
risk-coverage curve depends only on where its run stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.prepared import run_starts
from synth_eval.calibration.selective import accepted_items

if TYPE_CHECKING:
    from synth_eval.calibration.prepared import Prepared
    from synth_eval.calibration.resample import Draws
    from synth_eval.types import FloatArray


class Ranks:
    """Rank statistics of `Draws` over the same items, each (c,)."""

    def __init__(self, items: Prepared) -> None:
        self._starts = run_starts(items.confidence)

    def auroc(self, draws: Draws) -> FloatArray:
        """As `selective.auroc`; NaN for data sets of one outcome."""
        weight, right = self._tied(draws)
        wrong = weight - right
        below = np.cumsum(wrong, axis=1)
        pairs = right.sum(axis=1) * below[:, -1]
        below -= wrong / 2.0
        wins = np.einsum("ij,ij->i", right, below)
        area: FloatArray = np.divide(wins, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
        return area

    def area_under_risk_coverage(self, draws: Draws) -> FloatArray:
        """As `selective.area_under_risk_coverage`.

        The i-th accepted item, if wrong, adds 1 / (n k) for every k from i to n. With H the harmonic numbers that is
        (H(n) - H(i - 1)) / n, averaged over the places of a run of ties.
        """
        weight, right = self._tied(draws)
        wrong = weight - right
        # accepted before a run, counted from the most confident end
        after = np.cumsum(weight[:, ::-1], axis=1)[:, ::-1]
        before = after - weight
        n = after[:, 0]
        harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, int(n.max()) + 1))])
        summed = np.concatenate([[0.0], np.cumsum(harmonic)])  # sum of H(0) ... H(m - 1)
        places = summed[after.astype(np.int64)] - summed[before.astype(np.int64)]
        share = harmonic[n.astype(np.int64)][:, None] - places / np.maximum(weight, 1.0)
        area: FloatArray = (wrong * share).sum(axis=1) / n
        return area

    def accuracy_at(self, draws: Draws, coverage: float) -> FloatArray:
        """As `selective.accuracy_at_coverage`."""
        weight, right = self._tied(draws)
        after = np.cumsum(weight[:, ::-1], axis=1)
        hits = np.cumsum(right[:, ::-1], axis=1)
        wanted = np.array([accepted_items(total, coverage) for total in after[:, -1]], dtype=np.float64)
        rows = np.arange(len(hits))
        last = np.argmax(after >= wanted[:, None], axis=1)  # the run where enough are accepted
        last_weight = np.broadcast_to(weight[:, ::-1], hits.shape)[rows, last]
        last_right = right[:, ::-1][rows, last]
        spare = np.broadcast_to(after, hits.shape)[rows, last] - wanted
        accuracy: FloatArray = (hits[rows, last] - spare * last_right / last_weight) / wanted
        return accuracy

    def _tied(self, draws: Draws) -> tuple[FloatArray, FloatArray]:
        """Weight (c or 1, g) and weight of right answers (c, g) of each run of ties, least confident first."""
        if len(self._starts) == draws.weight.shape[1]:  # no ties
            return draws.weight, draws.weight * draws.correct
        return draws.counts(self._starts), draws.right(self._starts)
