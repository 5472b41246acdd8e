"""A curve made ready for fitting: columns in order, means, their covariance, and the differences that are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.stats.covariance import contrast_variance, mean_covariance, weighted_means
from synth_eval.stats.curve import CurveData
from synth_eval.stats.design import Design, design_of
from synth_eval.stats.fit import Fit, fit_shapes

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


@dataclass(frozen=True, eq=False)
class Prepared:
    """Checkpoints ordered by ratio, then seed, so that the order in which they came does not matter.

    ``covariance`` (C, C) is that of ``mean`` (C,) over items. ``item_variance`` is that of one checkpoint's mean over
    items, beyond what all checkpoints share, or those of one seed where seeds have a level each.
    """

    curve: CurveData
    design: Design
    mean: FloatArray
    deviations: FloatArray
    covariance: FloatArray

    @property
    def late(self) -> FloatArray:
        """(n_above, C); row i takes the scores to the mean of all ratios from the i-th above the baseline on."""
        return self._late(self.design.means)

    @property
    def late_contrasts(self) -> FloatArray:
        """(n_above, C); the same for the differences from the baseline: last comes the largest ratio alone."""
        return self._late(self.design.contrasts)

    def _late(self, of_levels: FloatArray) -> FloatArray:
        above = of_levels[self.design.levels > self.curve.baseline]
        late: FloatArray = above[::-1].cumsum(axis=0)[::-1] / np.arange(len(above), 0, -1)[:, None]
        return late

    @property
    def item_variance(self) -> float:
        return contrast_variance(self.covariance, self.design.flat)

    def fit(self, seed_variance: float = 0.0) -> Fit:
        """Every shape, on the noise of items and a declared noise between training runs."""
        covariance = self.covariance + seed_variance * np.eye(len(self.mean))
        return fit_shapes(self.mean, covariance, self.curve.ratios, self.design.flat)


def prepare(curve: CurveData) -> Prepared:
    """Means and covariance of a curve that `refusal_of_layout` lets through."""
    order = np.lexsort([curve.seeds, curve.ratios])
    curve = replace(curve, scores=curve.scores[:, order], ratios=curve.ratios[order], seeds=curve.seeds[order])
    mean, deviations = weighted_means(curve.scores, curve.weights)
    design = design_of(curve.ratios, curve.seeds, curve.baseline)
    return Prepared(curve, design, mean, deviations, mean_covariance(deviations))
