"""MAUVE from histograms over the same clusters, and each prompt's share in it, so that prompts can be resampled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


POINTS = 25  # of the divergence curve
SCALE = 5.0  # of the divergences, as its authors set it
_EDGE = 1e-6  # a mixture is never one of the two alone
_AT_ONCE = 1 << 22  # numbers held at a time


def mauve_of_histograms(reference: FloatArray, texts: FloatArray) -> FloatArray:
    """MAUVE of texts against a reference, both as shares of the same clusters.

    The area under the curve of (exp(-5 KL(q | r)), exp(-5 KL(p | r))) over the mixtures r = w p + (1 - w) q, p the
    reference and q the texts.

    Parameters
    ----------
    reference : (k,) float >= 0
        Share, or number, of the reference texts in each cluster.
    texts : (n, k) float >= 0
        The same of n sets of texts.

    Returns
    -------
    (n,) float in [0, 1]; 1 where both histograms are the same.

    Raises
    ------
    ValueError : other shapes, a negative or infinite number, or a histogram of nothing.

    References
    ----------
    Pillutla et al., "MAUVE: Measuring the Gap Between Neural Text and Human Text using Divergence Frontiers",
    NeurIPS 2021.
    """
    if reference.ndim != 1 or texts.ndim != 2 or texts.shape[1] != len(reference):
        raise ValueError(f"histograms of shapes {reference.shape} and {texts.shape} are not over the same clusters")
    for side in (reference, texts):
        if not (np.isfinite(side) & (side >= 0)).all() or not (side.sum(axis=-1) > 0).all():
            raise ValueError("a histogram takes finite numbers of at least 0, and not all of them 0")
    p = reference / reference.sum()
    q = texts / texts.sum(axis=1, keepdims=True)
    block = max(1, _AT_ONCE // (POINTS * len(p)))
    return np.concatenate([_area(p, q[start : start + block]) for start in range(0, len(q), block)])


def mauve_by_prompt(reference: FloatArray, prompts: FloatArray) -> FloatArray:
    """Jackknife pseudo-values of MAUVE, one a prompt: n M(all) - (n - 1) M(all but this one).

    Their mean is MAUVE less the bias of order 1 / n that so many prompts give it, and their spread its standard error.
    Checkpoints that answered the same prompts are paired by them.

    Parameters
    ----------
    reference : (k,) as in `mauve_of_histograms`
    prompts : (n, k) float >= 0, n >= 2
        Share of each prompt's texts in each cluster.

    Returns
    -------
    (n,) float; single ones lie far outside of [0, 1].

    Raises
    ------
    ValueError : as `mauve_of_histograms`, or fewer than two prompts.

    References
    ----------
    Quenouille, "Notes on bias in estimation", Biometrika 43, 1956; Tukey, Annals of Mathematical Statistics 29, 1958.

    Examples
    --------
    >>> pseudo = mauve_by_prompt(np.array([0.5, 0.5]), np.array([[1.0, 0.0], [0.0, 1.0]] * 5))
    >>> round(float(pseudo.mean()), 2)
    1.0
    """
    n = len(prompts)
    if n < 2:
        raise ValueError(f"pseudo-values take at least two prompts, not {n}")
    whole = mauve_of_histograms(reference, prompts.sum(axis=0, keepdims=True))
    without = mauve_of_histograms(reference, prompts.sum(axis=0) - prompts)
    pseudo: FloatArray = n * whole - (n - 1) * without
    return pseudo


def _area(p: FloatArray, q: FloatArray) -> FloatArray:
    share = np.linspace(_EDGE, 1 - _EDGE, POINTS)[:, None]
    mixed = share * p + (1 - share) * q[:, None, :]
    from_texts, from_reference = (_divergence(side, mixed) for side in (q[:, None, :], p))
    ends = np.zeros((len(q), 1)), np.ones((len(q), 1))
    across = np.concatenate([ends[1], np.exp(-SCALE * from_texts), ends[0]], axis=1)
    up = np.concatenate([ends[0], np.exp(-SCALE * from_reference), ends[1]], axis=1)
    # from right to left, in trapezoids
    area: FloatArray = (-np.diff(across) * (up[:, 1:] + up[:, :-1])).sum(axis=1) / 2
    return area


def _divergence(side: FloatArray, mixed: FloatArray) -> FloatArray:
    """Kullback-Leibler divergence (nats) of a histogram from each mixture, which holds all that it holds."""
    held = np.broadcast_to(side > 0, mixed.shape)
    ratio = np.divide(np.broadcast_to(side, mixed.shape), mixed, out=np.ones_like(mixed), where=held)
    total: FloatArray = (side * np.log(ratio)).sum(axis=-1)
    return total
