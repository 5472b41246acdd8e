"""Losses simulated from known scaling laws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth_eval.scaling import Points, points_of

SIZES = (1e8, 4e8, 1.6e9)
TOKENS = (2e9, 8e9, 3.2e10, 1.28e11)
RATIOS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.8)
MIDDLE = 1.6e10  # tokens at which u is u0


@dataclass(frozen=True)
class Truth:
    """E + A / N^a + B / D^b exp(-u r + v r^2), u = u0 + u1 ln(D / 16B); r* = u / 2v = .30 at 16B."""

    asymptote: float = 1.7
    a: float = 0.34
    b: float = 0.28
    u0: float = 0.3
    u1: float = 0.0
    v: float = 0.5

    def loss(self, size: np.ndarray, tokens: np.ndarray, ratio: np.ndarray) -> np.ndarray:
        u = self.u0 + self.u1 * np.log(tokens / MIDDLE)
        return self.asymptote + 406 / size**self.a + 400 / tokens**self.b * np.exp(-u * ratio + self.v * ratio**2)

    def best_ratio(self, tokens: float) -> float:
        return (self.u0 + self.u1 * np.log(tokens / MIDDLE)) / (2 * self.v)

    def speed_up(self, tokens: float, ratio: float) -> float:
        u = self.u0 + self.u1 * np.log(tokens / MIDDLE)
        return float(np.exp((u * ratio - self.v * ratio**2) / self.b))


def grid(sizes: tuple[float, ...] = SIZES, tokens: tuple[float, ...] = TOKENS, ratios: tuple[float, ...] = RATIOS):
    """Sizes, tokens and ratios of every checkpoint of a full grid, three vectors."""
    return tuple(x.ravel() for x in np.meshgrid(sizes, tokens, ratios, indexing="ij"))


def family(truth: Truth = Truth(), *, noise: float = 0.002, seed: int = 0, **grids: tuple[float, ...]) -> Points:
    """A full grid with log-normal noise of this standard deviation."""
    size, tokens, ratio = grid(**grids)
    scatter = np.exp(noise * np.random.default_rng(seed).standard_normal(size.size))
    return points_of(size, tokens, ratio, truth.loss(size, tokens, ratio) * scatter)


def curve(budgets: int, span: float, *, noise: float = 0.002, seed: int = 0, asymptote: float = 1.7) -> Points:
    """One size over tokens: asymptote + 400 / D^.28 from 2B tokens on."""
    tokens = 2e9 * np.geomspace(1, span, budgets)
    loss = (asymptote + 400 / tokens**0.28) * np.exp(noise * np.random.default_rng(seed).standard_normal(budgets))
    return points_of(np.ones(budgets), tokens, np.zeros(budgets), loss)
