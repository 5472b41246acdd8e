"""Curves for tests of the statistics: from the package's simulator, or noise on a given shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synth_eval.dose_response import CurveData, CurveVerdict, judge_curves
from synth_eval.dose_response.simulation import CurveSpec, simulate_items

SIX = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def judged(spec: CurveSpec, families: int, *, seed: int) -> list[CurveVerdict]:
    """Verdicts on the accuracy of independent families, each judged alone."""
    rng = np.random.default_rng(seed)
    return [judge_curves([simulate_items(spec, rng).accuracy_curve()])[0] for _ in range(families)]


def rate(hits: Sequence[bool]) -> float:
    return float(np.mean(hits))


def normal_curve(
    seed: int,
    means: Sequence[float] = (0.0, 0.0, -0.1, -0.2, -0.3),
    *,
    ratios: Sequence[float] = (0.0, 0.1, 0.2, 0.3, 0.4),
    seeds: int = 1,
    n: int = 80,
    noise: float = 0.5,
    exact: bool = False,
    **more,
) -> CurveData:
    """Items with a level of their own and noise; the mean at each ratio is `means` plus 3, exactly if so wanted."""
    rng = np.random.default_rng(seed)
    own = noise * rng.standard_normal((n, len(ratios) * seeds))
    if exact:
        own -= own.mean(axis=0)
    item = rng.standard_normal((n, 1))
    scores = 3 + item - item.mean() + own + np.repeat(means, seeds)
    return CurveData(scores, np.repeat(ratios, seeds), np.tile(np.arange(seeds), len(ratios)), **more)
