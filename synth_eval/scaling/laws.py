"""The laws: how loss depends on parameters N, training tokens D and synthetic ratio r.

Every law is a sum of positive terms, loss = exp(t1) + exp(t2) + ..., the first of them the asymptote E. A term gives
its exponent and the exponent's derivatives; the logarithm of the sum and its Jacobian follow for all laws alike. Powers
and factors are fitted as logarithms, so that they stay positive.

All functions take a batch of parameter vectors at once, (k, p): starts, or bootstrap resamples. The points are the
same n for all of them, or arrays (k, n) with n for each (`stacked`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from synth_eval.scaling.points import Points

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


Derivatives: TypeAlias = "dict[int, FloatArray | float]"
Term: TypeAlias = "Callable[[FloatArray, Points], tuple[FloatArray, Derivatives]]"

# (lower, upper, start low, start high); losses, sizes and tokens are in the units of `Points`
_RANGE = {
    "log_E": (np.log(1e-3), np.log(1.02), np.log(0.2), np.log(0.99)),  # E as a share of the lowest loss
    "log_A": (-14.0, 8.0, -4.0, 0.0),
    "log_B": (-14.0, 8.0, -4.0, 0.0),
    "log_a": (np.log(0.01), np.log(3.0), np.log(0.1), np.log(0.8)),
    "log_b": (np.log(0.01), np.log(3.0), np.log(0.1), np.log(0.8)),
    "log_l": (-14.0, 14.0, -6.0, 3.0),
    "log_beta": (np.log(0.01), np.log(5.0), np.log(0.1), np.log(1.5)),
    "u0": (-60.0, 60.0, -1.0, 3.0),
    "u1": (-20.0, 20.0, 0.0, 0.0),
    "u2": (-20.0, 20.0, 0.0, 0.0),
    "v": (-60.0, 60.0, 0.0, 3.0),
}


@dataclass(frozen=True)
class Law:
    """A law and its parameters, in the order of the columns of theta."""

    name: str
    formula: str
    parameters: tuple[str, ...]
    terms: tuple[Term, ...]

    def index(self, parameter: str) -> int:
        return self.parameters.index(parameter)

    @property
    def lower(self) -> FloatArray:
        return np.array([_RANGE[name][0] for name in self.parameters])

    @property
    def upper(self) -> FloatArray:
        return np.array([_RANGE[name][1] for name in self.parameters])

    def starts(self, count: int, rng: np.random.Generator) -> FloatArray:
        """(count, p) parameter vectors, drawn evenly from where losses of language models usually lie."""
        low = np.array([_RANGE[name][2] for name in self.parameters])
        high = np.array([_RANGE[name][3] for name in self.parameters])
        return np.asarray(low + (high - low) * rng.random((count, low.size)))

    def log_loss(self, theta: FloatArray, points: Points) -> FloatArray:
        """(k, n) logarithm of the loss / loss_unit at n points for k parameter vectors (k, p)."""
        return np.asarray(reduce(np.logaddexp, [term(theta, points)[0] for term in self.terms]))

    def jacobian(self, theta: FloatArray, points: Points, log_loss: FloatArray) -> FloatArray:
        """(k, n, p) derivatives of `log_loss`, itself known, by the parameters; each of them is in one term only."""
        jacobian = np.empty((*log_loss.shape, theta.shape[1]))
        for term in self.terms:
            exponent, derivatives = term(theta, points)
            share = np.exp(exponent - log_loss)
            for column, derivative in derivatives.items():
                np.multiply(share, derivative, out=jacobian[:, :, column])
        return jacobian


def _asymptote(column: int) -> Term:
    """E"""

    def term(theta: FloatArray, points: Points) -> tuple[FloatArray, Derivatives]:
        return theta[:, column, None], {column: 1.0}

    return term


def _power(factor: int, exponent: int, *, of: str) -> Term:
    """factor / x^exponent"""

    def term(theta: FloatArray, points: Points) -> tuple[FloatArray, Derivatives]:
        slope = np.exp(theta[:, exponent, None]) * getattr(points, of)
        return theta[:, factor, None] - slope, {factor: 1.0, exponent: -slope}

    return term


def _rectified(factor: int, offset: int, exponent: int) -> Term:
    """B / (D_l + D^beta)"""

    def term(theta: FloatArray, points: Points) -> tuple[FloatArray, Derivatives]:
        slope = np.exp(theta[:, exponent, None]) * points.log_tokens
        left = theta[:, offset, None]
        below = np.logaddexp(left, slope)
        derivatives: Derivatives = {
            factor: 1.0,
            offset: -np.exp(left - below),
            exponent: -np.exp(slope - below) * slope,
        }
        return theta[:, factor, None] - below, derivatives

    return term


def _mixed_power(factor: int, exponent: int, linear: dict[str, int], quadratic: int) -> Term:
    """B / D^b exp(-u r + v r^2), where u is a sum over ``linear``: coefficient times 1, ln D or ln N"""

    def term(theta: FloatArray, points: Points) -> tuple[FloatArray, Derivatives]:
        slope = np.exp(theta[:, exponent, None]) * points.log_tokens
        value = theta[:, factor, None] - slope
        derivatives: Derivatives = {factor: 1.0, exponent: -slope}
        for what, column in linear.items():
            effect = points.ratio if what == "1" else points.ratio * getattr(points, what)
            value = value - theta[:, column, None] * effect
            derivatives[column] = -effect
        squared = points.ratio**2
        derivatives[quadratic] = squared
        return value + theta[:, quadratic, None] * squared, derivatives

    return term


POWER = Law("power", "B / D^b + E", ("log_E", "log_B", "log_b"), (_asymptote(0), _power(1, 2, of="log_tokens")))
RECTIFIED = Law(
    "rectified",
    "B / (D_l + D^beta) + E",
    ("log_E", "log_B", "log_l", "log_beta"),
    (_asymptote(0), _rectified(1, 2, 3)),
)
CHINCHILLA = Law(
    "chinchilla",
    "E + A / N^a + B / D^b",
    ("log_E", "log_A", "log_a", "log_B", "log_b"),
    (_asymptote(0), _power(1, 2, of="log_size"), _power(3, 4, of="log_tokens")),
)
MIXTURE = Law(
    "mixture",
    "E + A / N^a + B / D^b exp(-u r + v r^2), u = u0 + u1 ln D + u2 ln N",
    (*CHINCHILLA.parameters, "u0", "u1", "u2", "v"),
    (*CHINCHILLA.terms[:2], _mixed_power(3, 4, {"1": 5, "log_tokens": 6, "log_size": 7}, 8)),
)
FIXED_MIXTURE = Law(
    "mixture, one best ratio",
    "E + A / N^a + B / D^b exp(-u r + v r^2)",
    (*CHINCHILLA.parameters, "u0", "v"),
    (*CHINCHILLA.terms[:2], _mixed_power(3, 4, {"1": 5}, 6)),
)
ONE_SIZE_MIXTURE = Law(
    "mixture at one size",
    "E + B / D^b exp(-u r + v r^2), u = u0 + u1 ln D",
    ("log_E", "log_B", "log_b", "u0", "u1", "v"),
    (_asymptote(0), _mixed_power(1, 2, {"1": 3, "log_tokens": 4}, 5)),
)
ONE_SIZE_FIXED_MIXTURE = Law(
    "mixture at one size, one best ratio",
    "E + B / D^b exp(-u r + v r^2)",
    ("log_E", "log_B", "log_b", "u0", "v"),
    (_asymptote(0), _mixed_power(1, 2, {"1": 3}, 4)),
)
