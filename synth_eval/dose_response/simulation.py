"""Simulated curves with known truth, item by item, in pure numpy: what the statistics are measured on.

Each item has four choices with logits z_k = a [k = gold] + sqrt(a) x_k, x standard normal. The log-density ratio of
such a vector for two candidate golds is z_k - z_j, so softmax(z) is the exact posterior: calibrated at any accuracy,
and multiplying z by exp(drift) makes it overconfident without moving a single answer. A share of the variance of x
belongs to the item and is the same in all checkpoints: that is what pairing gains.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from synth_eval.dose_response.curve import CurveData

if TYPE_CHECKING:
    from synth_eval.types import FloatArray, IntArray


ShapeName: TypeAlias = Literal[
    "null",
    "hinge",
    "linear",
    "accelerating",
    "saturating",
    "improve-then-degrade",
    "improve-then-return",
    "improve-only",
]
CHOICES = 4
MARGIN = 0.03  # relative, of accuracy
GAP_MARGIN = 0.02  # nats
SEED_SD = 0.01  # declared for accuracy
CLIP = 1e-6
BUMP = 0.35  # height of an improvement, as a share of the drop


@dataclass(frozen=True)
class CurveSpec:
    """Truth of one simulated curve.

    ``drop`` is the accuracy lost at the largest ratio (won, for improve-only; won at ``onset`` and lost again, for
    improve-then-return), ``seed_sd`` the standard deviation of accuracy between training runs, ``shared`` the share of
    item variance that all checkpoints have in common. ``drift`` is the log-temperature at the largest ratio, a hinge
    from ``drift_onset``; ``drift_sd`` its standard deviation between training runs. ``level_sd`` and ``drift_level_sd``
    are those of a training seed's own level, the same at all of its ratios, the baseline included.
    """

    shape: ShapeName = "null"
    onset: float = 0.2
    drop: float = 0.06
    ratios: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    n: int = 500
    seeds: int = 1
    seed_sd: float = 0.0
    accuracy: float = 0.65
    shared: float = 0.75
    drift: float = 0.0
    drift_onset: float = 0.2
    drift_sd: float = 0.0
    level_sd: float = 0.0
    drift_level_sd: float = 0.0

    def fall(self, ratios: FloatArray) -> FloatArray:
        """Accuracy lost at each ratio; negative where better than the baseline."""
        largest = max(self.ratios)
        share, start = ratios / largest, self.onset / largest
        after = np.clip((share - start) / (1 - start), 0.0, None)
        before = np.minimum(share / start, 1.0) if start > 0 else np.ones_like(share)
        shapes: dict[str, FloatArray] = {
            "null": np.zeros_like(share),
            "hinge": after,
            "linear": share,
            "accelerating": share**2,
            "saturating": (1 - np.exp(-5 * share)) / (1 - np.exp(-5.0)),
            "improve-then-degrade": -BUMP * before * (1 - after) + after,
            "improve-then-return": -before * (1 - after),
            "improve-only": -before,
        }
        return self.drop * shapes[self.shape]

    @property
    def crossing(self) -> float:
        """Smallest ratio at which the loss reaches 3% of the baseline; inf if none."""
        grid = np.linspace(0.0, max(self.ratios), 100_001)
        beyond = self.fall(grid) >= MARGIN * self.accuracy
        return float(grid[beyond.argmax()]) if beyond.any() else float("inf")


@dataclass(frozen=True, eq=False)
class SimulatedItems:
    """``correct`` and ``gap`` (surprise gap, nats; None if not requested) are (n, n_checkpoints), items paired."""

    ratios: FloatArray
    seeds: IntArray
    correct: FloatArray
    gap: FloatArray | None

    def accuracy_curve(self, *, measure: str = "", size: str = "") -> CurveData:
        return CurveData(
            self.correct, self.ratios, self.seeds, margin=MARGIN, seed_sd=SEED_SD, measure=measure, size=size
        )

    def gap_curve(self) -> CurveData:
        """Raises ValueError if the gap was not simulated."""
        if self.gap is None:
            raise ValueError("simulate the items with gap=True for a curve of the surprise gap")
        return CurveData(
            self.gap, self.ratios, self.seeds, margin=GAP_MARGIN, margin_kind="absolute", signed=True, seed_sd=SEED_SD
        )


def simulate_items(spec: CurveSpec, rng: np.random.Generator, *, gap: bool = False) -> SimulatedItems:
    """Draw the items of every checkpoint of a curve.

    Parameters
    ----------
    gap : whether the surprise gap is wanted, which takes the logits of all choices.
    """
    ratios = np.repeat(spec.ratios, spec.seeds)
    seeds = np.tile(np.arange(spec.seeds), len(spec.ratios))
    accuracy = spec.accuracy - spec.fall(ratios) + spec.seed_sd * rng.standard_normal(len(ratios))
    if spec.level_sd:
        accuracy = accuracy + spec.level_sd * rng.standard_normal(spec.seeds)[seeds]
    accuracy_of, strengths = _strengths()
    strength = np.interp(accuracy, accuracy_of, strengths)
    kind = np.float32  # twice as fast, and far finer than any effect
    own = rng.standard_normal((CHOICES, spec.n, len(ratios)), dtype=kind)
    item = rng.standard_normal((CHOICES, spec.n, 1), dtype=kind)
    z = np.sqrt(strength).astype(kind) * (np.sqrt(kind(spec.shared)) * item + np.sqrt(kind(1 - spec.shared)) * own)
    z[0] += strength.astype(kind)  # which choice is right does not matter
    correct = (z[0] > z[1:].max(axis=0)).astype(float)
    if not gap:
        return SimulatedItems(ratios, seeds, correct, None)
    largest = max(spec.ratios)
    drifts = spec.drift * np.clip((ratios - spec.drift_onset) / (largest - spec.drift_onset), 0.0, None)
    drifts = drifts + spec.drift_sd * rng.standard_normal(len(ratios))
    if spec.drift_level_sd:
        drifts = drifts + spec.drift_level_sd * rng.standard_normal(spec.seeds)[seeds]
    return SimulatedItems(ratios, seeds, correct, _surprise_gap(z * np.exp(drifts).astype(kind)))


def _surprise_gap(z: FloatArray) -> FloatArray:
    """-log p(gold) - entropy from logits (choices, ...), gold first."""
    p = np.exp(z - z.max(axis=0))
    p = np.clip(p / p.sum(axis=0), CLIP, None)
    log_p = np.log(p)
    gap: FloatArray = (-log_p[0] + (p * log_p).sum(axis=0)).astype(float)
    return gap


@lru_cache(maxsize=1)
def _strengths() -> tuple[FloatArray, FloatArray]:
    """Accuracies, ascending, and the a that gives each: P(gold is largest) = E[Phi(x + sqrt(a))^3]."""
    from scipy.special import ndtr

    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    roots = np.linspace(0.0, 6.0, 1201)
    accuracy = ndtr(nodes + roots[:, None]) ** (CHOICES - 1) @ (weights / weights.sum())
    return accuracy, roots**2
