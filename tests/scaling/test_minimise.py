"""The batched minimiser against scipy's, which minimises the same function one vector at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scaling_families import Truth, curve, family
from scipy.optimize import least_squares

from synth_eval.scaling import Points
from synth_eval.scaling.fitting import DELTA, huber_cost, minimise
from synth_eval.scaling.laws import CHINCHILLA, MIXTURE, POWER, Law


def scipy_cost(law: Law, points: Points, target: np.ndarray, start: np.ndarray) -> float:
    found = least_squares(
        lambda theta: (law.log_loss(theta[None, :], points)[0] - target) / DELTA,
        start,
        loss="huber",
        bounds=(law.lower, law.upper),
        jac=lambda theta: law.jacobian(theta[None, :], points, law.log_loss(theta[None, :], points))[0] / DELTA,
        max_nfev=2000,
    )
    return float(found.cost)


def test_huber_by_hand() -> None:
    # .5 * .5^2 + (3 - .5) + .5 * 1^2 = .125 + 2.5 + .5
    assert huber_cost(np.array([0.5, -3.0, 1.0])) == pytest.approx(3.125)


@pytest.mark.parametrize(
    ("law", "points"),
    [
        (POWER, curve(10, 500, seed=1)),
        (CHINCHILLA, family(Truth(u0=0.0, v=0.0), seed=2, ratios=(0.0,))),
        (MIXTURE, family(seed=3)),
    ],
    ids=lambda x: getattr(x, "name", ""),
)
def test_reaches_scipys_minimum(law: Law, points: Points) -> None:
    found, costs = minimise(law, points, points.log_loss, law.starts(12, np.random.default_rng(0)))
    best = found[costs.argmin()]
    start = np.clip(best + 0.02, law.lower + 1e-6, law.upper - 1e-6)
    assert costs.min() <= scipy_cost(law, points, points.log_loss, start) * (1 + 1e-6)


def test_each_of_a_batch_as_alone() -> None:
    points = family(seed=4)
    targets = points.log_loss + 0.002 * np.random.default_rng(1).standard_normal((3, len(points)))
    starts = MIXTURE.starts(3, np.random.default_rng(2))
    together, _ = minimise(MIXTURE, points, targets, starts)
    for i in range(3):
        alone, _ = minimise(MIXTURE, points, targets[i], starts[i : i + 1])
        assert alone[0] == pytest.approx(together[i], abs=1e-6)


def test_stays_within_the_bounds() -> None:
    points = curve(8, 64, asymptote=1e-9)  # no asymptote: E runs into its lower bound
    found, costs = minimise(POWER, points, points.log_loss, POWER.starts(12, np.random.default_rng(0)))
    assert (found >= POWER.lower).all()
    assert (found <= POWER.upper).all()
    assert np.isfinite(costs).all()
