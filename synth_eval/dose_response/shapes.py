"""The shapes that a degradation curve may have: flat and then a straight fall from a knot, or a power of the ratio.

Every shape is 0 at the lowest ratio and 1 at the highest, and never decreases: it is the share of the fall so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.comparison import FittedCurve

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


KNOT_STEP = 0.02  # of the range of the ratios
POWERS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
SAME_FIT = 1e-9  # relative: fits this close cannot be distinguished


@dataclass(frozen=True, eq=False)
class Shapes:
    """The family of shapes over one range of ratios: hinges first, then powers ("The curve test" in docs/methods.md).

    ``knots`` (n_hinges,) are ratios; ``count`` is the number of shapes, hinges and powers together.
    """

    lowest: float
    highest: float
    knots: FloatArray

    @property
    def hinges(self) -> int:
        return len(self.knots)

    @property
    def count(self) -> int:
        return self.hinges + len(POWERS)

    def at(self, ratios: FloatArray) -> FloatArray:
        """Share of the fall at each ratio, (n_ratios, count), in [0, 1]."""
        share = np.clip((ratios - self.lowest) / (self.highest - self.lowest), 0.0, 1.0)[:, None]
        knots = (self.knots - self.lowest) / (self.highest - self.lowest)
        hinged = np.clip((share - knots) / (1 - knots), 0.0, None)
        return np.hstack([hinged, share ** np.array(POWERS)])

    def reaches(self, share: FloatArray) -> FloatArray:
        """The ratio at which each shape has gone through a share of its fall, (count,); inf where the share is > 1.

        Parameters
        ----------
        share : (count,) > 0
        """
        knots = (self.knots - self.lowest) / (self.highest - self.lowest)
        hinged = knots + share[: self.hinges] * (1 - knots)
        with np.errstate(over="ignore"):  # a share far above 1 is never reached, whatever its power
            powered = share[self.hinges :] ** (1 / np.array(POWERS))
        at = self.lowest + np.concatenate([hinged, powered]) * (self.highest - self.lowest)
        return np.where(share > 1, np.inf, at)

    def best(self, gains: FloatArray) -> int:
        """The best shape, the first where several fit alike: rounding, another on every processor, must not choose.

        A straight line is a hinge and a power; hinges between the two highest tested ratios are one and the same there.

        Parameters
        ----------
        gains : (count,) >= 0, fall in the sum of squares by each shape
        """
        return int(np.argmax(gains >= gains.max() * (1 - SAME_FIT)))

    def likeliest_knot(self, gains: FloatArray) -> FloatArray:
        """Knot of the best hinge; where several fit alike (between the same two tested ratios), their mean.

        Parameters
        ----------
        gains : (..., n_hinges) >= 0, fall in the sum of squares by each hinge

        Returns
        -------
        (...,) ratio
        """
        alike = gains >= gains.max(axis=-1, keepdims=True) * (1 - SAME_FIT)
        mean: FloatArray = (alike * self.knots).sum(axis=-1) / alike.sum(axis=-1)
        return mean


@lru_cache(maxsize=64)
def shapes_over(lowest: float, highest: float) -> Shapes:
    """The shapes for ratios from `lowest` to `highest`.

    Raises
    ------
    ValueError : the range is empty.
    """
    if not lowest < highest:
        raise ValueError(f"shapes need a range of ratios, not {lowest:g} to {highest:g}")
    steps = round(1 / KNOT_STEP)
    return Shapes(lowest, highest, lowest + np.arange(steps) / steps * (highest - lowest))


# All shapes fitted to one curve at once, by generalised least squares.

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
        from scipy.linalg import solve_triangular

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
    from scipy.linalg import solve_triangular

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


def fitted_curve(fit: Fit, mean: FloatArray, ratios: FloatArray, direction: int) -> FittedCurve | None:
    """The shape with the best fit among those that run in one direction, of the size that was judged.

    It is the shape whose crossing of the margin is reported. An onset is the knot of the best hinge, which is another
    shape where a power of the ratio fits better. The level, which is in no verdict, is the one at which the curve
    passes through the middle of the means: that of generalised least squares can lie outside of all of them where
    checkpoints share most of their noise.

    Parameters
    ----------
    fit : every shape, fitted to the means of the checkpoints
    mean : (C,) of these checkpoints
    ratios : (C,) of these checkpoints, in the same order
    direction : -1 for shapes that fall, +1 for those that rise

    Returns
    -------
    Its values at the lowest and highest ratio, in the units of the means; None where no shape runs that way.
    """
    along = direction * fit.scores
    shapes, gains = fit.shapes, np.maximum(along, 0.0) ** 2
    best = shapes.best(gains)
    if not along[best] > 0:
        return None
    size = float(fit.rise[best])
    start = float(np.mean(mean - size * shapes.at(ratios)[:, best]))
    if best < shapes.hinges:
        knot = float(shapes.likeliest_knot(gains[: shapes.hinges]))
        return FittedCurve("hinge", knot, start, start + size)
    return FittedCurve("power", POWERS[best - shapes.hinges], start, start + size)
