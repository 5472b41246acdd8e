"""Reliability curves as data: accuracy against confidence, with what chance alone would do. Nothing is drawn here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from synth_eval.calibration.answers import Answers, prepare_answers, run_starts, runs
from synth_eval.calibration.bootstrap import Resamples, bootstrap, calibrated, observed
from synth_eval.calibration.smooth import MODES, cosine_basis, grid_cell

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, BoolArray, FloatArray, IntArray

CurveKind: TypeAlias = Literal["width", "mass", "kernel"]
_MIN_BANDWIDTH = 0.02  # some twenty cells of the smoothing grid
_MIN_ITEMS = 2.0  # under the kernel; with fewer, a smoothed accuracy would be one answer's


@dataclass(frozen=True)
class ReliabilityCurve:
    """Points of a reliability curve in rising order of confidence; every array has length b.

    ``confidence`` : mean confidence of the bin, or the place on the axis of a kernel curve.
    ``accuracy`` : share of right answers there.
    ``count`` : items in the bin, or the effective number under the kernel. Empty bins are left out.
    ``low``, ``high`` : bootstrap band of the accuracy; NaN where there is none (one item, or no resamples).
    ``null_low``, ``null_high`` : consistency band, where a calibrated model's accuracy would lie.
    ``bandwidth`` : of the kernel; None for bins.
    """

    kind: CurveKind
    confidence: FloatArray
    accuracy: FloatArray
    count: FloatArray
    low: FloatArray
    high: FloatArray
    null_low: FloatArray
    null_high: FloatArray
    level: float
    bandwidth: float | None = None


def reliability_curve(
    confidence: FloatArray,
    correct: BoolArray,
    *,
    kind: CurveKind = "width",
    bins: int = 15,
    bandwidth: float | None = None,
    clusters: AnyArray | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int | np.random.Generator = 0,
) -> ReliabilityCurve:
    """Accuracy as a function of confidence, with a bootstrap band and a consistency band.

    Bands are pointwise. To each resampled accuracy half a right and half a wrong answer are added with random weight,
    as Jeffreys' prior does, so that a bin of three right answers does not claim to be certain.

    Parameters
    ----------
    confidence : (n,) float in [0, 1]
    correct : (n,) bool
    kind : "width", "mass" or "kernel"
        Bins of equal width or of equal numbers of items, or a Gaussian kernel reflected at 0 and 1.
    bins : int
        Number of bins; of a kernel curve, of places on the axis, less those with under two items in reach.
    bandwidth : float, optional
        Of the kernel; if None, sd(confidence) / (2 n^(1/5)), but no less than .02: about half of what would give the
        least error, so that bands need no allowance for bias. (The bandwidth of the smooth calibration error is made
        for detecting error, and would flatten a curve that has much of it.)
    clusters : (n,) labels, optional
        Resampled whole.
    resamples : int
        For the bands; 0 gives the curve alone.
    level : float in (0, 1)
    seed : int or Generator

    Returns
    -------
    ReliabilityCurve

    Raises
    ------
    ValueError : as `check.checked`, or an option out of range.

    References
    ----------
    Broecker and Smith, "Increasing the reliability of reliability diagrams", Weather and Forecasting 22, 2007
    (consistency bands).

    Examples
    --------
    >>> import numpy as np
    >>> curve = reliability_curve(np.array([0.1, 0.2, 0.9]), np.array([False, True, True]), bins=2, resamples=0)
    >>> curve.accuracy, curve.count
    (array([0.5, 1. ]), array([2., 1.]))
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    if kind not in ("width", "mass", "kernel"):
        raise ValueError(f"kind must be 'width', 'mass' or 'kernel', got {kind!r}")
    items = prepare_answers(confidence, correct, clusters=clusters)
    lines: _Bins | _Kernel = _Kernel(items, bins, bandwidth) if kind == "kernel" else _Bins(items, bins, kind)
    weight, right = (each[0] for each in lines.totals(observed(items)))
    band, null_band = _bands(items, lines, resamples, level, np.random.default_rng(seed))
    return ReliabilityCurve(
        kind=kind,
        confidence=lines.confidence,
        accuracy=np.clip(right / weight, 0.0, 1.0),
        count=weight,
        low=band[0],
        high=band[1],
        null_low=null_band[0],
        null_high=null_band[1],
        level=level,
        bandwidth=lines.bandwidth,
    )


class _Bins:
    """Items and right answers of each filled bin."""

    bandwidth: float | None = None

    def __init__(self, items: Answers, bins: int, kind: Literal["width", "mass"]) -> None:
        self._starts = runs(items, bins=bins, scheme=kind)
        size = np.diff(np.append(self._starts, len(items)))
        self.confidence: FloatArray = items.confidence_totals(self._starts) / size

    def totals(self, draws: Resamples) -> tuple[FloatArray, FloatArray]:
        return draws.counts(self._starts), draws.right(self._starts)


class _Kernel:
    """Items and right answers within reach of each place: kernel sums, scaled to effective numbers of items.

    What is smoothed is correct - confidence, and the place is added back: smoothing the answers themselves would pull
    even a calibrated model's curve off the diagonal, towards the mean.
    """

    def __init__(self, items: Answers, bins: int, bandwidth: float | None) -> None:
        if bins < 1:
            raise ValueError(f"bins must be at least 1, got {bins}")
        if bandwidth is not None and not bandwidth > 0:
            raise ValueError(f"bandwidth must be positive, got {bandwidth}")
        if bandwidth is None:
            bandwidth = max(_MIN_BANDWIDTH, 0.5 * float(items.confidence.std()) * items.units**-0.2)
        self.bandwidth: float | None = bandwidth
        cell = grid_cell(items.confidence)
        self._starts: IntArray = run_starts(cell)
        self.confidence: FloatArray = (np.arange(bins) + 0.5) / bins
        modes = np.arange(MODES)
        at = np.cos(np.pi * np.outer(modes, self.confidence)) * np.where(modes == 0, 1.0, 2.0)[:, None]
        decay = np.exp(-0.5 * (np.pi * modes * bandwidth) ** 2)
        # a Gaussian averages over as many items as lie in 2 sqrt(pi) bandwidths
        reach = 2.0 * np.pi**0.5 * bandwidth
        self._smoother = np.maximum((cosine_basis(cell[self._starts]) / 2.0 * decay) @ at, 0.0) * reach
        in_reach = self.totals(observed(items))[0][0]
        kept = in_reach >= min(_MIN_ITEMS, in_reach.max())
        self._smoother, self.confidence = self._smoother[:, kept], self.confidence[kept]

    def totals(self, draws: Resamples) -> tuple[FloatArray, FloatArray]:
        weight, excess = (each @ self._smoother for each in (draws.counts(self._starts), draws.excess(self._starts)))
        return weight, excess + weight * self.confidence


def _bands(
    items: Answers, lines: _Bins | _Kernel, resamples: int, level: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Bootstrap band and consistency band, each (2, b)."""
    none = np.full((2, len(lines.confidence)), np.nan)
    if resamples == 0:
        return none, none
    tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    null = np.concatenate(
        [right / weight for weight, right in map(lines.totals, calibrated(items, resamples=resamples, rng=rng))]
    )
    null_band = np.quantile(null, tails, axis=0)
    if items.units < 2:
        return none, null_band
    drawn = [lines.totals(draws) for draws in bootstrap(items, resamples=resamples, rng=rng)]
    weight, right = (np.concatenate([each[i] for each in drawn]) for i in range(2))
    prior_right, prior_wrong = rng.gamma(0.5, size=(2, *right.shape))
    accuracy = np.clip((right + prior_right) / (weight + prior_right + prior_wrong), 0.0, 1.0)
    band = np.quantile(accuracy, tails, axis=0)
    # the prior must not push the band off a bin of no right or no wrong answers
    weight, right = (each[0] for each in lines.totals(observed(items)))
    own = np.clip(right / weight, 0.0, 1.0)
    return np.stack([np.minimum(band[0], own), np.maximum(band[1], own)]), null_band
