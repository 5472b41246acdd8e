"""The shapes that a degradation curve may have: flat and then a straight fall from a knot, or a power of the ratio.

Every shape is 0 at the lowest ratio and 1 at the highest, and never decreases: it is the share of the fall so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from synth_eval.cell import FittedCurve

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
FEW_DRAWS = 2000
MIN_TENT_DF = 3  # degrees of freedom from which on tents are fitted
MAX_TENTS = 9  # knots of tents that noise and the test of improvement are measured with


@dataclass(frozen=True, eq=False)
class Tents:
    """Straight lines up to a knot and from there on, each with a slope of its own: a curve that rises and then falls.

    ``basis`` (2, C, T) are two orthonormal vectors a knot, white and without the flat part: the line up to the knot,
    and what the line after it adds. ``overlap`` (T,) is how much of the second line runs along the first, over the
    length of what it adds: it takes projections to the slope before the knot.
    """

    basis: FloatArray
    overlap: FloatArray

    def gains(self, white: FloatArray) -> FloatArray:
        """(T, ...) fall in the sum of squares by each tent, for means (C, ...), whichever way it bends."""
        first, second = self._along(white)
        found: FloatArray = first**2 + second**2
        return found

    def rising(self, white: FloatArray, direction: int) -> FloatArray:
        """(...,) the best of those whose line up to the knot runs in one direction; 0 where none does."""
        first, second = self._along(white)
        overlap = self.overlap.reshape(-1, *[1] * (first.ndim - 1))
        rises = direction * (first - overlap * second) > 0
        best: FloatArray = np.where(rises, first**2 + second**2, 0.0).max(axis=0, initial=0.0)
        return best

    def _along(self, white: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self.basis[0].T @ white, self.basis[1].T @ white


def tents_of(ratios: FloatArray, root: FloatArray, flat: FloatArray) -> Tents:
    """Tents with knots at tested ratios between the first and the last, at most `MAX_TENTS` of them.

    Parameters
    ----------
    ratios : (C,) of the means
    root, flat : as in `Fit`
    """
    from scipy.linalg import solve_triangular

    levels = np.unique(ratios)[1:-1]
    knots = levels[np.unique(np.linspace(0, len(levels) - 1, MAX_TENTS).round().astype(int))] if len(levels) else levels
    lines = np.concatenate([np.minimum(ratios[:, None], knots), np.maximum(ratios[:, None] - knots, 0.0)], axis=1)
    white = solve_triangular(root, lines, lower=True)
    white = white - flat @ (flat.T @ white)
    before, after = white[:, : len(knots)], white[:, len(knots) :]
    before = before / np.linalg.norm(before, axis=0)
    along = (before * after).sum(axis=0)
    after = after - before * along
    lengths = np.linalg.norm(after, axis=0)
    return Tents(np.stack([before, after / lengths]), along / lengths)


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
    tents : shapes that rise and then fall, or fall and then rise.
    """

    shapes: Shapes
    root: FloatArray
    flat: FloatArray
    directions: FloatArray
    lengths: FloatArray
    mean: FloatArray
    scores: FloatArray
    flat_rss: float
    tents: Tents

    @property
    def either_rss(self) -> float:
        """Residual sum of squares around the best shape, on `residual_df` degrees of freedom; see `residual`."""
        return float(self.residual(self.mean, np.max(self.scores**2), self.flat_rss))

    def residual(self, white: FloatArray, gain: ArrayLike, flat_rss: ArrayLike) -> FloatArray:
        """Residual sum of squares, on `residual_df` degrees of freedom, of means that are white.

        Around the best shape that rises or falls, or the best tent, which has one degree of freedom less: whichever
        leaves less noise a degree of freedom. A curve that rises and levels off is not noise.

        Parameters
        ----------
        white : (C, ...) means
        gain : (...,) largest fall in the sum of squares by a shape that rises or falls
        flat_rss : (...,) around the best flat line
        """
        return self._least(white, gain, flat_rss) / self._chosen_for_fit

    def _least(self, white: FloatArray, gain: ArrayLike, flat_rss: ArrayLike) -> FloatArray:
        df = self.residual_df
        one_way = np.maximum(np.asarray(flat_rss) - gain, 0.0)
        if df < MIN_TENT_DF:
            return one_way
        two_ways = np.maximum(flat_rss - self.tents.gains(white).max(axis=0), 0.0) * df / (df - 1)
        least: FloatArray = np.minimum(one_way, two_ways)
        return least

    @cached_property
    def _chosen_for_fit(self) -> float:
        """What the choice between one way and two leaves of the noise of a flat curve, on average; at most 1."""
        if self.residual_df < MIN_TENT_DF:
            return 1.0
        white = _few_draws(len(self.mean))
        flat_rss = np.sum(white**2, axis=0) - np.sum((self.flat.T @ white) ** 2, axis=0)
        gain = np.max((self.directions.T @ white) ** 2, axis=0)
        return min(1.0, float(np.mean(self._least(white, gain, flat_rss))) / self.residual_df)

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

    def across(self, columns: FloatArray) -> FloatArray:
        """(C, m) columns of means -> the same where the noise is white, without their flat part."""
        white = self.whiten(columns.T).T
        rest: FloatArray = white - self.flat @ (self.flat.T @ white)
        return rest


@lru_cache(maxsize=16)
def _few_draws(columns: int) -> FloatArray:
    """(columns, draws) standard normal."""
    return np.random.default_rng([2, columns]).standard_normal((columns, FEW_DRAWS))


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
        tents=tents_of(ratios, root, levels),
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
