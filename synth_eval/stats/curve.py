"""One curve to be judged, and what the judgement says: the two ends of the seam between `compare` and `stats`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from synth_eval.types import VerdictWord

if TYPE_CHECKING:
    from synth_eval.types import FloatArray, IntArray

MarginKind: TypeAlias = Literal["relative", "absolute"]

RATIO_DECIMALS = 9  # ratios that agree to this many decimals are the same ratio


@dataclass(frozen=True, eq=False)
class CurveData:
    """Item scores of every checkpoint of one curve, paired: row i is the same item in every column.

    Parameters
    ----------
    scores : (n_items, n_checkpoints) float
        Oriented so that HIGHER IS BETTER, in any unit. All finite.
    ratios : (n_checkpoints,) float in [0, 1]
        Synthetic ratio of each checkpoint.
    seeds : (n_checkpoints,) int
        Training seed of each checkpoint. Checkpoints that share a seed are paired.
    baseline_ratio : float
        Ratio that the others are compared with.
    margin, margin_kind
        The largest drop that still counts as safe: a share of the baseline's mean (relative) or in units of the
        scores (absolute).
    weights : (n_items,) float > 0, optional
        Weight of each item in the mean (the bytes of a document); equal if None.
    chance : float, optional
        Score of guessing. A curve whose baseline is not clearly above it has no room to fall and is refused.

    Raises
    ------
    ValueError : shapes that do not fit, a score that is not finite, or a weight that is not positive.
    """

    scores: FloatArray
    ratios: FloatArray
    seeds: IntArray
    baseline_ratio: float = 0.0
    margin: float = 0.03
    margin_kind: MarginKind = "relative"
    weights: FloatArray | None = None
    chance: float | None = None

    def __post_init__(self) -> None:
        scores = np.asarray(self.scores, dtype=float)
        ratios = np.round(np.asarray(self.ratios, dtype=float), RATIO_DECIMALS)
        seeds = np.asarray(self.seeds, dtype=np.int64)
        if scores.ndim != 2:
            raise ValueError(f"scores must be items x checkpoints, not an array of {scores.ndim} dimension(s)")
        if ratios.shape != scores.shape[1:] or seeds.shape != scores.shape[1:]:
            raise ValueError(
                f"{scores.shape[1]} checkpoints, but ratios of shape {ratios.shape} and seeds of shape {seeds.shape}"
            )
        if not np.isfinite(scores).all():
            raise ValueError("scores must be finite: leave out items that a checkpoint could not score")
        if self.weights is not None:
            weights = np.asarray(self.weights, dtype=float)
            if weights.shape != scores.shape[:1] or not (np.isfinite(weights) & (weights > 0)).all():
                raise ValueError("weights must be one finite positive number for each item")
            object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "scores", scores)
        object.__setattr__(self, "ratios", ratios)
        object.__setattr__(self, "seeds", seeds)

    @property
    def n_items(self) -> int:
        return int(self.scores.shape[0])

    @property
    def baseline(self) -> float:
        """The baseline ratio, rounded as `ratios` are."""
        return round(float(self.baseline_ratio), RATIO_DECIMALS)

    def margin_in_units(self, baseline_value: float) -> float:
        """The margin in units of the scores."""
        return self.margin * abs(baseline_value) if self.margin_kind == "relative" else self.margin


@dataclass(frozen=True, eq=False)
class CurveVerdict:
    """What is said of one curve. Arrays run over the distinct ratios, ascending; NaN where the data give no number.

    ``values`` and ``difference`` (value minus baseline, seeds paired) are in the units of `CurveData.scores`, so a
    loss is negative; ``se`` belongs to ``values``, ``difference_ci`` (n_ratios, 2) to ``difference``.
    ``p_value`` is one-sided, for this curve alone. ``first_below`` is the smallest ratio clearly below the baseline,
    ``budget`` the largest ratio up to which every ratio is shown within ``margin`` (in units of the scores), and
    ``min_detectable`` the smallest drop that this many items and seeds find with 80% power.
    ``phi`` is the noise between seeds over that expected from items alone, on ``df`` degrees of freedom; both are None
    for a single seed, and then the verdict is ``conditional`` on no noise between training runs.
    ``onset`` and ``crossing`` are None where the judge fits no shape.
    """

    ratios: FloatArray
    values: FloatArray
    se: FloatArray
    difference: FloatArray
    difference_ci: FloatArray
    verdict: VerdictWord
    reason: str = ""  # why it was refused; empty otherwise
    p_value: float | None = None
    first_below: float | None = None
    onset: float | None = None
    onset_ci: tuple[float, float] | None = None
    crossing: float | None = None
    crossing_ci: tuple[float, float] | None = None
    budget: float | None = None
    margin: float | None = None
    min_detectable: float | None = None
    phi: float | None = None
    df: float | None = None
    conditional: bool = False
    best_ratio: float | None = None
    seed_tolerance: float | None = None
