"""The one shape that fits a curve best, as a curve to be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synth_eval.stats.fit import Fit
from synth_eval.stats.shapes import POWERS
from synth_eval.types import FittedCurve

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


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
