"""Rows of a loss table, simulated."""

from __future__ import annotations

import numpy as np
from scaling_families import RATIOS, SIZES, TOKENS, Truth, grid

from synth_eval.scaling.loss_table import LossRow

PLAIN = Truth()
NAMES = dict(zip(SIZES, ("100M", "400M", "1.6B")))


def family_rows(
    truth: Truth = PLAIN,
    *,
    source: str = "rephrased",
    task: str = "web",
    worse: float = 0.0,
    sizes: tuple[float, ...] = SIZES,
    tokens: tuple[float, ...] = TOKENS,
    ratios: tuple[float, ...] = RATIOS,
) -> list[LossRow]:
    """A full grid with .2% noise; ``worse`` is added to the log loss of every mix."""
    size, budget, ratio = grid(sizes, tokens, ratios)
    noise = 0.002 * np.random.default_rng(0).standard_normal(size.size)
    losses = truth.loss(size, budget, ratio) * np.exp(noise + worse * (ratio > 0))
    return [
        LossRow("f", NAMES[n], float(n), float(d), float(r), source, task, float(loss))
        for n, d, r, loss in zip(size, budget, ratio, losses)
    ]
