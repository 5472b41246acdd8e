"""Where degradation starts, where it exceeds the margin, what is still safe: read off the 95% region of the fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.cell import Interval
from synth_eval.dose_response.noise import Noise
from synth_eval.dose_response.shapes import Fit

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


@dataclass(frozen=True)
class Crossing:
    """Ratio at which the fitted fall reaches the margin; inf where it does not within the tested ratios.

    ``at`` is that of the best shape; ``lowest`` and ``highest`` are over every shape and size in the 95% region.
    """

    at: float
    lowest: float
    highest: float


def onset(fit: Fit, noise: Noise, direction: int) -> tuple[float, Interval]:
    """Knot of the best hinge, and the 95% profile region of the knot (its hull), both as ratios.

    Parameters
    ----------
    direction : -1 if degradation means that the scores fall, +1 if they rise
    """
    shapes = fit.shapes
    gains = np.maximum(direction * fit.scores[: shapes.hinges], 0.0) ** 2
    inside = shapes.knots[gains >= gains.max() - noise.reach]
    return float(shapes.likeliest_knot(gains)), (float(inside[0]), float(inside[-1]))


def crossing(fit: Fit, noise: Noise, direction: int, *, baseline: float, margin: float) -> Crossing:
    """Where the fall since the baseline reaches the margin, over all shapes.

    A hinge fitted to a curve that falls at once and then levels off puts the crossing too late; that is why the limits
    run over the powers as well.

    Parameters
    ----------
    baseline : ratio from which the fall counts
    margin : in units of the scores, >= 0
    """
    along = direction * fit.scores
    gains = np.maximum(along, 0.0) ** 2
    best = fit.shapes.best(gains)
    at_best = _reaches(fit, along / fit.lengths, baseline, margin)[best]
    # a size s of shape k has the sum of squares  flat - along_k^2 + (s length_k - along_k)^2
    room = noise.reach - gains.max() + along**2
    inside = room >= 0
    half = np.sqrt(np.where(inside, room, 0.0))
    steepest = _reaches(fit, (along + half) / fit.lengths, baseline, margin)[inside]
    gentlest = _reaches(fit, (along - half) / fit.lengths, baseline, margin)[inside]
    return Crossing(float(at_best), float(steepest.min()), float(gentlest.max()))


def budget(levels: FloatArray, lowest_crossing: float, baseline: float) -> float:
    """The lower confidence limit of the crossing, rounded down to a tested ratio; at least the baseline itself.

    Parameters
    ----------
    levels : (n_ratios,) tested ratios, ascending
    lowest_crossing : lower limit of `crossing`
    baseline : the baseline ratio
    """
    safe = levels[(levels >= baseline) & (levels <= lowest_crossing)]
    return float(safe[-1]) if len(safe) else baseline


def _reaches(fit: Fit, size: FloatArray, baseline: float, margin: float) -> FloatArray:
    """Ratio at which each shape of a given size (over the whole range) has fallen by the margin since the baseline."""
    before = fit.shapes.at(np.array([baseline]))[0]
    falls = size > 0
    share = before + margin / np.where(falls, size, 1.0)
    return np.where(falls, fit.shapes.reaches(np.where(falls, share, 1.0)), np.inf)
