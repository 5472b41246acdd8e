"""Does confidence separate right from wrong? AUROC, and accuracy when the least confident answers are withheld.

Ties: items of equal confidence are accepted in random order, and what is given is the mean over those orders, so no
number depends on the order of the items.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.check import checked

if TYPE_CHECKING:
    from synth_eval.calibration.bootstrap import Resamples
    from synth_eval.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class RiskCoverage:
    """``risk[i]`` is the error rate among the ``coverage[i]`` share of most confident items; coverage runs up to 1."""

    coverage: FloatArray
    risk: FloatArray


def auroc(confidence: FloatArray, correct: BoolArray) -> float:
    """Chance that a right answer has higher confidence than a wrong one, ties counting half.

    Returns
    -------
    float in [0, 1]; 0.5 is no better than chance, 1 is perfect. NaN where all answers are right or all are wrong.

    Raises
    ------
    ValueError : as `check.checked`.

    References
    ----------
    Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 143, 1982.

    Examples
    --------
    >>> import numpy as np
    >>> confidence, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    >>> round(auroc(confidence, correct), 3)
    0.667
    """
    right, wrong = _tie_groups(*checked(confidence, correct))
    pairs = float(right.sum()) * float(wrong.sum())
    if pairs == 0:
        return float("nan")
    return float((right * (np.cumsum(wrong) - wrong / 2.0)).sum() / pairs)


def risk_coverage_curve(confidence: FloatArray, correct: BoolArray) -> RiskCoverage:
    """Error rate of the k most confident items, for k = 1 ... n.

    Raises
    ------
    ValueError : as `check.checked`.

    References
    ----------
    Geifman and El-Yaniv, "Selective classification for deep neural networks", NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> confidence, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    >>> risk_coverage_curve(confidence, correct).risk.round(3)
    array([0.   , 0.   , 0.333, 0.25 ])
    """
    right, wrong = _tie_groups(*checked(confidence, correct))
    right, wrong = right[::-1], wrong[::-1]
    size = right + wrong
    each = np.repeat(wrong / size, size)  # within ties an item is wrong with the group's error rate
    accepted = np.arange(1, len(each) + 1)
    return RiskCoverage(coverage=accepted / len(each), risk=np.cumsum(each) / accepted)


def area_under_risk_coverage(confidence: FloatArray, correct: BoolArray) -> float:
    """Mean of the risk-coverage curve over k = 1 ... n: the error rate averaged over coverages. Lower is better.

    Raises ValueError as `check.checked`.

    References
    ----------
    Geifman, Uziel and El-Yaniv, "Bias-reduced uncertainty estimation for deep neural classifiers", ICLR 2019.

    Examples
    --------
    >>> import numpy as np
    >>> confidence, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    >>> round(area_under_risk_coverage(confidence, correct), 3)
    0.146
    """
    return float(risk_coverage_curve(confidence, correct).risk.mean())


def accuracy_at_coverage(confidence: FloatArray, correct: BoolArray, *, coverage: float) -> float:
    """Accuracy of the ceil(coverage * n) most confident items.

    Parameters
    ----------
    confidence : (n,) float in [0, 1]
    correct : (n,) bool
    coverage : share of items that is answered, in (0, 1]

    Raises
    ------
    ValueError : as `check.checked`, or a coverage outside (0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> confidence, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    >>> accuracy_at_coverage(confidence, correct, coverage=0.5)
    1.0
    """
    if not 0.0 < coverage <= 1.0:
        raise ValueError(f"coverage must lie in (0, 1], got {coverage}")
    curve = risk_coverage_curve(confidence, correct)
    return float(1.0 - curve.risk[accepted_items(len(curve.risk), coverage) - 1])


def accepted_items(n: float, coverage: float) -> int:
    """ceil(coverage * n), not thrown one up by rounding: 0.07 * 100 is 7.000000000000001."""
    return max(1, int(np.ceil(coverage * n - 1e-9 * n)))


def _tie_groups(confidence: FloatArray, correct: BoolArray) -> tuple[IntArray, IntArray]:
    """How many right and wrong items each distinct confidence has, in rising order."""
    values, group = np.unique(confidence, return_inverse=True)
    right = np.bincount(group[correct], minlength=len(values)).astype(np.int64)
    wrong = np.bincount(group[~correct], minlength=len(values)).astype(np.int64)
    return right, wrong


# The same for many data sets at once, each (c,). Items are sorted by confidence, so ties are runs, from ``starts`` on.


def resampled_auroc(resamples: Resamples, starts: IntArray) -> FloatArray:
    """As `auroc`; NaN for data sets of one outcome."""
    weight, right = _tied(resamples, starts)
    wrong = weight - right
    below = np.cumsum(wrong, axis=1)
    pairs = right.sum(axis=1) * below[:, -1]
    below -= wrong / 2.0
    wins = np.einsum("ij,ij->i", right, below)
    area: FloatArray = np.divide(wins, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return area


def resampled_area_under_risk_coverage(resamples: Resamples, starts: IntArray) -> FloatArray:
    """As `area_under_risk_coverage`.

    The i-th accepted item, if wrong, adds 1 / (n k) for every k from i to n. With H the harmonic numbers that is
    (H(n) - H(i - 1)) / n, averaged over the places of a run of ties.
    """
    weight, right = _tied(resamples, starts)
    wrong = weight - right
    # accepted before a run, counted from the most confident end
    after = np.cumsum(weight[:, ::-1], axis=1)[:, ::-1]
    before = after - weight
    n = after[:, 0]
    harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, int(n.max()) + 1))])
    summed = np.concatenate([[0.0], np.cumsum(harmonic)])  # sum of H(0) ... H(m - 1)
    places = summed[after.astype(np.int64)] - summed[before.astype(np.int64)]
    share = harmonic[n.astype(np.int64)][:, None] - places / np.maximum(weight, 1.0)
    area: FloatArray = (wrong * share).sum(axis=1) / n
    return area


def resampled_accuracy_at(resamples: Resamples, starts: IntArray, *, coverage: float) -> FloatArray:
    """As `accuracy_at_coverage`.

    Parameters
    ----------
    resamples : data sets over items in rising order of confidence
    starts : first item of each run of ties
    coverage : share of items that is answered, in (0, 1]
    """
    weight, right = _tied(resamples, starts)
    after = np.cumsum(weight[:, ::-1], axis=1)
    hits = np.cumsum(right[:, ::-1], axis=1)
    wanted = np.array([accepted_items(total, coverage) for total in after[:, -1]], dtype=np.float64)
    rows = np.arange(len(hits))
    last = np.argmax(after >= wanted[:, None], axis=1)  # the run where enough are accepted
    last_weight = np.broadcast_to(weight[:, ::-1], hits.shape)[rows, last]
    last_right = right[:, ::-1][rows, last]
    spare = np.broadcast_to(after, hits.shape)[rows, last] - wanted
    accuracy: FloatArray = (hits[rows, last] - spare * last_right / last_weight) / wanted
    return accuracy


def _tied(resamples: Resamples, starts: IntArray) -> tuple[FloatArray, FloatArray]:
    """Weight (c or 1, g) and weight of right answers (c, g) of each run of ties, least confident first."""
    if len(starts) == resamples.weight.shape[1]:  # no ties
        return resamples.weight, resamples.weight * resamples.correct
    return resamples.counts(starts), resamples.right(starts)
