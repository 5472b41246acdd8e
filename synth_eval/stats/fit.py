"""All shapes fitted to one curve at once, by generalised least squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_triangular

from synth_eval.stats.shapes import Shapes, shapes_over

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


SHAPE_PARAMETERS = 2  # size and knot


@dataclass(frozen=True, eq=False)
class Fit:
    """Every shape, each with its own level (or levels) and size of fall, fitted where the noise is white.

    Attributes
    ----------
    shapes : the K shapes.
    root : (C, C) lower-triangular root of the covariance of the C means.
    flat : (C, L) orthonormal: what does not change with the ratio, whitened; see `Design.flat`.
    directions : (C, K) unit vectors: each shape whitened, its flat part taken out.
    lengths : (K,) lengths of those vectors before they were scaled to 1.
    mean : (C,) the means, whitened.
    scores : (K,) ``directions.T @ mean``: positive where the curve rises along a shape, negative where it falls. In
        standard errors.
    flat_rss : residual sum of squares around the best flat line, or lines.
    """

    shapes: Shapes
    root: FloatArray
    flat: FloatArray
    directions: FloatArray
    lengths: FloatArray
    mean: FloatArray
    scores: FloatArray
    flat_rss: float

    @property
    def either_rss(self) -> float:
        """Residual sum of squares around the best shape, whether it rises or falls."""
        return float(max(0.0, self.flat_rss - np.max(self.scores**2)))

    @property
    def residual_df(self) -> int:
        """What levels, size and knot of a shape leave over: C - 2 - L."""
        return max(0, len(self.mean) - SHAPE_PARAMETERS - int(self.flat.shape[1]))

    @property
    def rise(self) -> FloatArray:
        """(K,) fitted rise of each shape from its lowest to its highest ratio, in units of the scores."""
        slope: FloatArray = self.scores / self.lengths
        return slope

    def whiten(self, deviations: FloatArray) -> FloatArray:
        """(m, C) deviations of the means -> the same in coordinates where the noise is white."""
        white: FloatArray = solve_triangular(self.root, deviations.T, lower=True).T
        return white


def fit_shapes(mean: FloatArray, covariance: FloatArray, ratios: FloatArray, flat: FloatArray | None = None) -> Fit:
    """Fit every shape to the means of a curve ("The curve test" in docs/methods.md).

    Parameters
    ----------
    mean : (C,) mean score of each checkpoint
    covariance : (C, C) of these means, positive definite
    ratios : (C,) at least two distinct
    flat : (C, L) columns that do not change with the ratio, such as `Design.flat`; one level for all if None
    """
    shapes = shapes_over(float(ratios.min()), float(ratios.max()))
    root = np.asarray(np.linalg.cholesky(covariance), dtype=float)
    flat = np.ones((len(mean), 1)) if flat is None else flat
    columns = np.column_stack([mean, shapes.at(ratios), flat])
    white = solve_triangular(root, columns, lower=True)
    curves, levels = white[:, : -flat.shape[1]], np.linalg.qr(white[:, -flat.shape[1] :])[0]
    rest = curves - levels @ (levels.T @ curves)
    lengths = np.linalg.norm(rest[:, 1:], axis=0)
    directions = rest[:, 1:] / lengths
    return Fit(
        shapes=shapes,
        root=root,
        flat=levels,
        directions=directions,
        lengths=lengths,
        mean=white[:, 0],
        scores=directions.T @ rest[:, 0],
        flat_rss=float(rest[:, 0] @ rest[:, 0]),
    )
