"""One curve to be judged, and its verdict: what `compare` gives and what it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from synth_eval.cell import RATIO_DECIMALS, FittedCurve, VerdictWord
from synth_eval.errors import Refusal

if TYPE_CHECKING:
    from synth_eval.types import FloatArray, IntArray


MarginKind: TypeAlias = Literal["relative", "absolute"]


@dataclass(frozen=True, eq=False)
class CurveData:
    """Item scores of every checkpoint of one curve, paired: row i is the same item in every column.

    Parameters
    ----------
    scores : (n_items, n_checkpoints) float
        Oriented so that HIGHER IS BETTER, in any unit; not oriented if `signed`. All finite.
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
    strata : (n_items,) int, optional
        Which task an item belongs to, in the curve of several: items are drawn within their task. One task if None.
    chance : float, optional
        Score of guessing. A curve whose baseline is not clearly above it has no room to fall and is refused.
    signed : bool
        The mean is best at 0, and worse the further from it on either side (a surprise gap).
    seed_sd : float, optional
        Declared standard deviation of a checkpoint's mean between training runs, in units of the scores: used only
        where the data cannot measure it (fewer than 3 degrees of freedom). Half the margin if None.
    measure : str
        What is measured (task and metric). Curves with the same non-empty name pool their noise.
    size : str
        Size of the model: curves of one measure and size are pooled first.
    metric : str
        The metric alone: curves of other tasks with the same non-empty name inform each other's noise.
    scatter_only : bool
        The scores stand for values without an error of their own but that of rounding (a table of scores): noise is
        what the checkpoints scatter by, and a curve where that has too few degrees of freedom is refused.

    Raises
    ------
    ValueError : shapes that do not fit, a score that is not finite, a weight that is not positive, or a task of one
        item.
    """

    scores: FloatArray
    ratios: FloatArray
    seeds: IntArray
    baseline_ratio: float = 0.0
    margin: float = 0.03
    margin_kind: MarginKind = "relative"
    weights: FloatArray | None = None
    chance: float | None = None
    signed: bool = False
    seed_sd: float | None = None
    measure: str = ""
    size: str = ""
    metric: str = ""
    strata: IntArray | None = None
    scatter_only: bool = False

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
        if self.seed_sd is not None and not 0 <= self.seed_sd < float("inf"):
            raise ValueError(f"seed_sd must be a finite number >= 0, not {self.seed_sd}")
        if self.weights is not None:
            weights = np.asarray(self.weights, dtype=float)
            if weights.shape != scores.shape[:1] or not (np.isfinite(weights) & (weights > 0)).all():
                raise ValueError("weights must be one finite positive number for each item")
            object.__setattr__(self, "weights", weights)
        if self.strata is not None:
            strata = np.asarray(self.strata, dtype=np.int64)
            if strata.shape != scores.shape[:1] or (np.unique(strata, return_counts=True)[1] < 2).any():
                raise ValueError("strata must be one number for each item, and each number that of two items at least")
            object.__setattr__(self, "strata", strata)
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

    def declared_seed_sd(self, baseline_value: float) -> float:
        """The seed SD to assume where none can be measured, in units of the scores."""
        return self.margin_in_units(baseline_value) / 2 if self.seed_sd is None else self.seed_sd

    def margin_in_units(self, baseline_value: float) -> float:
        """The margin in units of the scores."""
        return self.margin * abs(baseline_value) if self.margin_kind == "relative" else self.margin


@dataclass(frozen=True, eq=False)
class CurveVerdict:
    """The verdict on one curve ("The curve test" in docs/methods.md).

    Arrays run over the distinct ratios, ascending; NaN where the data give no number. ``values`` and ``difference``
    (value minus baseline, seeds paired) are in the units of `CurveData.scores`, so a loss is negative unless the curve
    is signed; ``se`` belongs to ``values``, ``difference_ci`` (n_ratios, 2) to ``difference``.

    Attributes
    ----------
    verdict : degraded if ``p_value`` < .05; else improved if ``p_improved`` < .05; else safe if ``budget`` is the
        largest ratio; else inconclusive.
    refusal : why it was refused, with a code; None otherwise.
    p_value : of getting worse, for this curve alone: of the two tests (shape, guard) together, see `Null.p_both`.
    p_improved : of getting better: the same tests in the other direction. 1 where a signed curve has no room.
    helps_to : largest ratio that by itself is clearly better than the baseline.
    first_below : smallest ratio that by itself lies clearly below the baseline; later than the onset.
    onset, onset_ci : knot of the best hinge and its 95% region; where a rise comes before, that of the fall after the
        peak. Only where degraded.
    crossing, crossing_ci : where the fitted fall reaches ``margin``. None if not within the tested ratios; an upper
        limit at the largest ratio may lie beyond it.
    budget : lower limit of the crossing over all shapes, rounded down to a tested ratio; the baseline where right and
        wrong answers are too few to prove any (the margin is less than three items).
    margin : largest fall that counts as safe, in units of the scores.
    min_detectable : fall at the largest ratio that is found with 80% power if it is a straight line from the lowest;
        never less than three items.
    phi, df : measured noise around the curve and between seeds over that of items, and its degrees of freedom, pooled
        over curves of one measure and moderated by the other tasks of its metric. phi is None on none. Where every
        seed has a baseline of its own, what is common to all checkpoints of a seed is no noise: it cancels in every
        difference from the baseline.
    other_df : those of ``df`` that come from other curves.
    conditional : df < 3, so that everything here holds if ``seed_sd`` is what was declared.
    seed_tolerance : the largest seed SD at which a conditional degraded verdict survives.
    best_ratio, best_ratio_ci : smallest ratio at which the best shape that rises and then falls is at its peak, and its
        95% region; of a signed or refused curve the ratio with the best value, without one.
    direction : +1 if a signed curve is judged upwards (growing overconfidence), else -1.
    seed_sd : standard deviation of a checkpoint's mean between training runs, measured or declared; beyond the seed's
        own level where that is taken out.
    seed_sd_by_ratio : (n_ratios,) the same at each ratio from its replicates alone; NaN where a ratio has one run.
    item_sd : standard deviation of one item's score within a checkpoint, beyond what all checkpoints share (those of a
        seed, where its level is taken out): a mean over n items has the noise ``item_sd**2 / n + seed_sd**2``.
    fitted : the best-fitting shape in the direction that is worse, in units of the scores; None where none falls.
    """

    ratios: FloatArray
    values: FloatArray
    se: FloatArray
    difference: FloatArray
    difference_ci: FloatArray
    verdict: VerdictWord
    refusal: Refusal | None = None
    p_value: float | None = None
    p_improved: float | None = None
    helps_to: float | None = None
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
    other_df: float | None = None
    conditional: bool = False
    best_ratio: float | None = None
    best_ratio_ci: tuple[float, float] | None = None
    seed_tolerance: float | None = None
    direction: int = -1
    seed_sd: float | None = None
    seed_sd_by_ratio: FloatArray | None = None
    item_sd: float | None = None
    fitted: FittedCurve | None = None
