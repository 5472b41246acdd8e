"""Answers within a cluster hang together: calibrated draws must do so as well, or the null band comes out too narrow.

Calibrated answers are drawn by comparing a uniform number with the probabilities. Within a cluster the uniforms are
tied by a Gaussian copula: u = Phi(sqrt(r) z_cluster + sqrt(1 - r) e_item). Every item keeps its own probabilities
exactly; r is set so that products of residuals within clusters have the mean that was observed (0 if that is
negative).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from synth_eval.calibration.prepared import Prepared
    from synth_eval.types import FloatArray

_NODES = 24  # of the Gauss-Hermite rule
_MOST = 0.99  # above this the cluster is one item repeated
_STEPS = 20


def latent_uniforms(items: Prepared, *, rng: np.random.Generator) -> Callable[[int], FloatArray]:
    """A function that draws (rows, n) uniform numbers, correlated within clusters like the items' residuals."""
    n = len(items)
    correlation = latent_correlation(items)
    if correlation == 0.0 or items.cluster is None:
        return lambda rows: rng.random((rows, n))
    from scipy.special import ndtr  # numpy has no normal distribution function

    cluster, units = items.cluster, items.units

    def draw(rows: int) -> FloatArray:
        shared = rng.standard_normal((rows, units))[:, cluster]
        own = rng.standard_normal((rows, n))
        uniform: FloatArray = ndtr(correlation**0.5 * shared + (1.0 - correlation) ** 0.5 * own)
        return uniform

    return draw


def latent_correlation(items: Prepared) -> float:
    """The copula's r in [0, .99], by matching the mean product of residuals within clusters."""
    if items.cluster is None:
        return 0.0
    # the overall gap is what is under test, not dependence: take it out before looking at products
    observed_products = _products(items.residual - items.residual.mean(), items)
    if observed_products <= 0.0:
        return 0.0
    from scipy.special import ndtri

    with np.errstate(divide="ignore"):
        threshold = ndtri(items.confidence)
    low, high = 0.0, _MOST
    if _expected_products(threshold, items, high) <= observed_products:
        return _MOST
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if _expected_products(threshold, items, middle) < observed_products:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _products(residual: FloatArray, items: Prepared) -> float:
    """Sum of residual_i residual_j over pairs of different items of a cluster (each pair twice)."""
    total = np.bincount(items.cluster, weights=residual)  # type: ignore[arg-type]
    return float((total**2).sum() - (residual**2).sum())


def _expected_products(threshold: FloatArray, items: Prepared, correlation: float) -> float:
    from scipy.special import ndtr

    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    total = 0.0
    for z, weight in zip(nodes, weights / weights.sum()):
        given = ndtr((threshold - correlation**0.5 * z) / (1.0 - correlation) ** 0.5)
        total += weight * _products(given - items.confidence, items)
    return total
