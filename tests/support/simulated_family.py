"""A simulated family with known accuracy and calibration by ratio.

Each item has four choices with logits z_k = a [k = gold] + sqrt(a) x_k, x standard normal. The log-density ratio of
such a vector for two candidate golds is z_k - z_j, so softmax(z) is the exact posterior: the model is calibrated at any
accuracy, and multiplying z by exp(drift) makes it overconfident without moving a single answer. Three quarters of the
variance of x belong to the item and are shared by all checkpoints: that is what pairing gains.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from synth_eval.calibration import score_samples
from synth_eval.types import Checkpoint, Family, ItemTable, Samples

RATIOS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
SHARED = 0.75


class Flat(NamedTuple):
    """The same level at every ratio."""

    level: float

    def __call__(self, ratio: float) -> float:
        return self.level


NO_DRIFT = Flat(0.0)


def hinge(level: float, *, onset: float = 0.2, slope: float = 0.4) -> Callable[[float], float]:
    return lambda ratio: level - slope * max(0.0, ratio - onset)


@dataclass(frozen=True)
class Task:
    """Accuracy (or bits per byte, for a rolling task) and log-temperature drift by ratio."""

    level: Callable[[float], float]
    drift: Callable[[float], float] = NO_DRIFT
    category: str = "reasoning"
    kind: str = "choice"
    n: int = 500


@cache
def strength(accuracy: float) -> float:
    """The a at which four choices give this accuracy: P(gold is largest) = E[Phi(x + sqrt(a))^3]."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / weights.sum()
    return brentq(lambda root: float(weights @ norm.cdf(nodes + root) ** 3) - accuracy, 0.0, 12.0) ** 2


@dataclass(frozen=True)
class Simulated:
    family: Family
    tables: dict[tuple[str, str], ItemTable]


def simulate(
    tasks: dict[str, Task],
    *,
    ratios: tuple[float, ...] = RATIOS,
    seeds: int = 2,
    sizes: tuple[str, ...] = ("281k",),
    iterations: tuple[int, ...] = (1,),
    jitter: float = 0.0,
    seed: int = 0,
) -> Simulated:
    """A family with every cell of the grid; `jitter` is the SD of accuracy between training runs."""
    rng = np.random.default_rng(seed)
    checkpoints = tuple(
        Checkpoint(name=f"{size}-r{round(100 * ratio):03d}-it{it}-s{s}", ratio=ratio, size=size, iteration=it, seed=s)
        for size in sizes
        for it in iterations
        for ratio in ratios
        for s in range(seeds)
    )
    tables = {}
    for name, task in tasks.items():
        items = rng.standard_normal((task.n, 4))
        gold, n_bytes = rng.integers(0, 4, task.n), rng.integers(200, 2000, task.n)
        for checkpoint in checkpoints:
            noise = np.sqrt(SHARED) * items + np.sqrt(1 - SHARED) * rng.standard_normal((task.n, 4))
            level = task.level(checkpoint.ratio) + rng.normal(0, jitter)
            samples = (
                _choices(name, level, task.drift(checkpoint.ratio), noise, gold)
                if task.kind == "choice"
                else _documents(name, level, noise, n_bytes)
            )
            tables[checkpoint.name, name] = score_samples(samples, checkpoint=checkpoint.name, category=task.category)
    return Simulated(Family("simulated", tuple(tasks), checkpoints), tables)


def _names(task: str, n: int) -> dict[str, tuple]:
    return {
        "doc_id": tuple(range(n)),
        "doc_hash": tuple(f"{task}-{i}" for i in range(n)),
        "prompt_hash": tuple(f"p-{task}-{i}" for i in range(n)),
    }


def _choices(task: str, accuracy: float, drift: float, noise, gold) -> Samples:
    a = strength(round(accuracy, 6))
    z = np.sqrt(a) * noise
    z[np.arange(len(gold)), gold] += a
    z *= np.exp(drift)
    return Samples(
        task=task,
        kind="choice",
        **_names(task, len(gold)),
        choice_logliks=tuple(map(tuple, z)),
        choice_bytes=((5, 5, 5, 5),) * len(gold),
        gold=tuple(gold.tolist()),
    )


def _documents(task: str, bits: float, noise, n_bytes) -> Samples:
    each = bits + 0.2 * noise[:, 0]
    return Samples(
        task=task,
        kind="rolling",
        **_names(task, len(n_bytes)),
        loglik=tuple((-each * n_bytes * np.log(2)).tolist()),
        n_bytes=tuple(n_bytes.tolist()),
    )
