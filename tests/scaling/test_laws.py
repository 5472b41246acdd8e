"""The laws, by hand and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scaling_families import family

from synth_eval.scaling import laws as all_laws
from synth_eval.scaling import points_of
from synth_eval.scaling.laws import CHINCHILLA, MIXTURE, POWER, RECTIFIED, Law

LAWS = [law for law in vars(all_laws).values() if isinstance(law, Law)]


def theta(**values: float) -> np.ndarray:
    return np.array([list(values.values())])


def test_by_hand() -> None:
    points = points_of([1.0, 4.0], [1.0, 16.0], [0.0, 0.5], [1.0, 1.0])
    # units: N 2, D 4; at the second point N = 2, D = 4 units
    power = POWER.log_loss(theta(log_E=0.0, log_B=np.log(6), log_b=np.log(0.5)), points)
    assert np.exp(power[0, 1]) == pytest.approx(1 + 6 / 4**0.5)
    rectified = RECTIFIED.log_loss(theta(log_E=0.0, log_B=np.log(6), log_l=np.log(3), log_beta=np.log(0.5)), points)
    assert np.exp(rectified[0, 1]) == pytest.approx(1 + 6 / (3 + 4**0.5))
    shared = {"log_E": 0.0, "log_A": np.log(3), "log_a": np.log(2), "log_B": np.log(6), "log_b": np.log(0.5)}
    chinchilla = CHINCHILLA.log_loss(theta(**shared), points)
    assert np.exp(chinchilla[0, 1]) == pytest.approx(1 + 3 / 2**2 + 6 / 4**0.5)
    mixture = MIXTURE.log_loss(theta(**shared, u0=0.4, u1=0.1, u2=0.2, v=0.8), points)
    u = 0.4 + 0.1 * np.log(4) + 0.2 * np.log(2)
    assert np.exp(mixture[0, 1]) == pytest.approx(1 + 3 / 2**2 + 6 / 4**0.5 * np.exp(-u * 0.5 + 0.8 * 0.25))
    assert mixture[0, 0] == pytest.approx(chinchilla[0, 0])  # natural data: no effect of the mix


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_jacobian_against_finite_differences(law: Law, seed: int) -> None:
    points, step = family(), 1e-6
    at = law.starts(3, np.random.default_rng(seed))
    jacobian = law.jacobian(at, points, law.log_loss(at, points))
    for column in range(len(law.parameters)):
        beside = np.zeros(len(law.parameters))
        beside[column] = step
        slope = (law.log_loss(at + beside, points) - law.log_loss(at - beside, points)) / (2 * step)
        assert jacobian[:, :, column] == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_starts_lie_within_the_bounds(law: Law) -> None:
    starts = law.starts(100, np.random.default_rng(0))
    assert (starts >= law.lower).all()
    assert (starts <= law.upper).all()
    assert len(law.terms) >= 2
