"""Covariance of a curve's means over the items that its checkpoints share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from synth_eval.types import FloatArray, IntArray


SHRINKAGE_ITEMS = 50  # with no more items than this, only the average correlation is believed
MIN_VARIANCE = 4.0  # a column's variance is at least this over n, as a share of the average variance
MAX_CORRELATION = 1 - 1e-12  # an average correlation of 1 would leave nothing to whiten by


def weighted_means(
    scores: FloatArray, weights: FloatArray | None, strata: IntArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Weighted column means, and each item's influence on them times n.

    Parameters
    ----------
    scores : (n_items, n_checkpoints)
    weights : (n_items,) > 0; equal if None
    strata : (n_items,) which part of the test each item belongs to, where another draw would take as many items of
        each: then items deviate from the mean of their own part. One part if None

    Returns
    -------
    means (n_checkpoints,), NaN without items; deviations (n_items, n_checkpoints), columns of mean 0.

    Examples
    --------
    >>> import numpy as np
    >>> weighted_means(np.array([[1.0], [4.0]]), np.array([2.0, 1.0]))[0]
    array([2.])
    """
    if not len(scores):
        return np.full(scores.shape[1], np.nan), scores
    if weights is None and strata is None:
        means = scores.mean(axis=0)
        return means, scores - means
    share = np.ones(len(scores)) if weights is None else weights / weights.mean()
    means = np.average(scores, axis=0, weights=share)
    if strata is None:
        return means, share[:, None] * (scores - means)
    deviations = np.empty_like(scores)
    for part in np.unique(strata):
        rows = strata == part
        own = np.average(scores[rows], axis=0, weights=share[rows])
        # `mean_covariance` divides by n - 1 for the one mean that was taken off; here each part had its own
        lost = np.sqrt((1 - 1 / len(scores)) / (1 - 1 / max(rows.sum(), 2)))
        deviations[rows] = lost * share[rows, None] * (scores[rows] - own)
    return means, deviations


def mean_covariance(deviations: FloatArray) -> FloatArray:
    """Covariance of the mean vector, its correlations shrunk toward one common correlation.

    With C checkpoints and n items the C (C - 1) / 2 correlations are noisy, and whitening inverts them; checkpoints of
    one family tend to be correlated alike. The weight of the common correlation is min(1, 50 / n). A column that is
    constant over items (all right) would have no error at all; its variance is set to 4 / n of the average.

    Parameters
    ----------
    deviations : (n_items, n_checkpoints), n_items >= 2, columns of mean 0; see `weighted_means`

    Returns
    -------
    (n_checkpoints, n_checkpoints), in squared units of the scores; positive definite if any column varies.

    References
    ----------
    Schafer and Strimmer, "A Shrinkage Approach to Large-Scale Covariance Matrix Estimation", 2005, target F; the weight
    was chosen by simulation, see "The curve test" in docs/methods.md.
    """
    n, columns = deviations.shape
    raw = deviations.T @ deviations / (n * (n - 1))
    variance = np.diag(raw)
    varies = variance > 0
    scale = np.sqrt(np.where(varies, variance, 1.0))
    correlation = raw / np.outer(scale, scale)
    both = np.outer(varies, varies) & ~np.eye(columns, dtype=bool)
    common = float(correlation[both].mean()) if both.any() else 0.0
    common = float(np.clip(common, 0.0, MAX_CORRELATION))
    # what a constant column shares is not known: only the part that is shrunk has it, or the whole might not be
    # positive definite
    correlation = np.where(both, correlation, 0.0)
    weight = min(1.0, SHRINKAGE_ITEMS / n)
    correlation = (1 - weight) * correlation + weight * common
    np.fill_diagonal(correlation, 1.0)
    deviation = np.sqrt(np.maximum(variance, variance.mean() * min(1.0, MIN_VARIANCE / n)))
    shrunk: FloatArray = correlation * np.outer(deviation, deviation)
    return shrunk


def contrast_variance(covariance: FloatArray, flat: FloatArray) -> float:
    """Average variance of a checkpoint's mean once what checkpoints share is taken out.

    With equal variances v and correlations c between the checkpoints that share a column of `flat` it is v (1 - c):
    half the variance of the difference of two of them.

    Parameters
    ----------
    covariance : (C, C) of the means
    flat : (C, L), `Design.flat`
    """
    shared = np.linalg.qr(flat)[0]
    count, levels = flat.shape
    return float((np.trace(covariance) - np.trace(shared.T @ covariance @ shared)) / (count - levels))
