"""Does confidence tell right from wrong? AUROC, and accuracy when the least confident answers are withheld.

Ties: items of equal confidence are accepted in random order, and what is given is the mean over those orders, so no
number depends on the order of the items.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.check import checked

if TYPE_CHECKING:
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
    float in [0, 1]; 0.5 says nothing, 1 is perfect. NaN where all answers are right or all are wrong.

    Raises
    ------
    ValueError : as `check.checked`.

    References
    ----------
    Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 143, 1982.
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
    """
    return float(risk_coverage_curve(confidence, correct).risk.mean())


def accuracy_at_coverage(confidence: FloatArray, correct: BoolArray, *, coverage: float) -> float:
    """Accuracy of the ceil(coverage * n) most confident items.

    Raises
    ------
    ValueError : as `check.checked`, or a coverage outside (0, 1].
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
