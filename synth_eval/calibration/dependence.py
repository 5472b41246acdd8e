"""Answers within a cluster hang together: calibrated draws must do so as well, or the null band comes out too narrow.

Calibrated answers are drawn by comparing a uniform number with the probabilities. Within a cluster the uniforms are
tied by a Gaussian copula: u = Phi(sqrt(r) z_cluster + sqrt(1 - r) e_item). Every item keeps its own probabilities
exactly; r is set so that products of residuals within clusters have the mean that was observed (0 if that is
negative).

With some tens of clusters that mean is itself uncertain, and a null band that takes it for the truth is too narrow,
as a normal interval is where a t interval is due. So every calibrated data set has an r of its own: the variance of
cluster totals V is bootstrapped over clusters, and since V* / V is distributed about as V is around the true
variance, V^2 / V* stands for the latter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.answers import Answers

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


_TERMS = 200  # of the series: off by 1e-9 at r = .93 and 1e-4 at .99
_FAR = 38.0  # standard deviations: the normal density is 0 beyond
_MAX_CORRELATION = 0.99  # above this the cluster is one item repeated
_GRID = 33  # values of r at which products are computed; straight lines between them are off by at most .003


def latent_uniforms(items: Answers, *, rng: np.random.Generator) -> Callable[[int], FloatArray]:
    """A function that draws (rows, n) uniform numbers, correlated within clusters like the items' residuals."""
    n = len(items)
    if _observed_products(items) <= 0.0:
        return lambda rows: rng.random((rows, n))
    from scipy.special import ndtr  # numpy has no normal distribution function

    cluster, units, expected = items.cluster, items.units, _expected_products(items)
    assert cluster is not None  # without clusters there are no products

    def draw(rows: int) -> FloatArray:
        correlation = _correlation(_products_of_truth(items, rows=rows, rng=rng), expected)[:, None]
        shared = rng.standard_normal((rows, units))[:, cluster]
        own = rng.standard_normal((rows, n))
        uniform: FloatArray = ndtr(correlation**0.5 * shared + (1.0 - correlation) ** 0.5 * own)
        return uniform

    return draw


def _correlation(products: FloatArray, expected: FloatArray) -> FloatArray:
    """The r at which such products are expected, 0 or .99 outside of what any r gives."""
    found: FloatArray = np.interp(products, np.maximum.accumulate(expected), np.linspace(0.0, _MAX_CORRELATION, _GRID))
    return found


def _observed_products(items: Answers) -> float:
    if items.units == len(items):  # no clusters, or no pairs: below, rounding would leave something
        return 0.0
    # the overall gap is what is under test, not dependence: take it out before looking at products
    return _products(items.residual - items.residual.mean(), items)


def _products_of_truth(items: Answers, *, rows: int, rng: np.random.Generator) -> FloatArray:
    """What the true sum of products may be, (rows,), given the observed one."""
    residual = items.residual - items.residual.mean()
    square = np.bincount(items.cluster, weights=residual) ** 2  # type: ignore[arg-type]
    units = len(square)
    # taking out the mean cost one of the clusters
    variance = square.sum() * units / (units - 1)
    weight = rng.multinomial(units, np.full(units, 1.0 / units), size=rows)
    resampled = np.maximum(weight @ square, 1e-12 * variance)
    products: FloatArray = variance * (square.sum() / resampled) - (residual**2).sum()
    return products


def _products(residual: FloatArray, items: Answers) -> float:
    """Sum of residual_i residual_j over pairs of different items of a cluster (each pair twice)."""
    total = np.bincount(items.cluster, weights=residual)  # type: ignore[arg-type]
    return float((total**2).sum() - (residual**2).sum())


def _expected_products(items: Answers) -> FloatArray:
    """The same in the mean over calibrated answers, (_GRID,), for r from 0 to .99.

    By the tetrachoric series (Pearson 1900): with t = Phi^-1(p) and Hermite polynomials He, two answers with latent
    correlation r are both right with probability p_i p_j + sum_k r^k / k  a_k(t_i) a_k(t_j), where
    a_k(t) = phi(t) He_(k-1)(t) / sqrt((k-1)!). So the products of one k are summed once for all r.
    """
    from scipy.special import ndtri

    with np.errstate(divide="ignore"):
        threshold = np.clip(ndtri(items.confidence), -_FAR, _FAR)
    before, term = np.zeros(len(items)), np.exp(-0.5 * threshold**2) / np.sqrt(2.0 * np.pi)
    of_term = np.empty(_TERMS)
    for k in range(1, _TERMS + 1):
        of_term[k - 1] = _products(term, items) / k
        before, term = term, (threshold * term - (k - 1) ** 0.5 * before) / k**0.5
    powers = np.linspace(0.0, _MAX_CORRELATION, _GRID)[:, None] ** np.arange(1, _TERMS + 1)
    expected: FloatArray = powers @ of_term
    return expected
