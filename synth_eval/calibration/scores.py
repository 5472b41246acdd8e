"""Scores of probabilities: Brier with its parts, negative log-likelihood, surprise gap, signed gap.

Each takes either the confidence in the predicted answer and whether it was right (two outcomes), or the probabilities
of all choices and the index of the right one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.binning import Binning, bin_index, blocks, log_sum
from synth_eval.calibration.check import checked, checked_choices
from synth_eval.calibration.items import PROBABILITY_FLOOR

if TYPE_CHECKING:
    from synth_eval.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class BrierParts:
    """``brier = reliability - resolution + uncertainty + within_bin``, to rounding.

    ``reliability`` : mean squared gap between bin confidence and bin accuracy (0 is best).
    ``resolution`` : spread of bin accuracies around the base rate (large is good).
    ``uncertainty`` : base rate times one minus it; not the model's doing.
    ``within_bin`` : variance of the forecasts within bins, less twice their covariance with the outcome; what binning
    hides. 0 where each bin holds one distinct forecast, as in Murphy's original.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bin: float


def signed_gap(confidence: FloatArray, correct: BoolArray) -> float:
    """Mean confidence minus accuracy, in [-1, 1]: positive is overconfident. Raises ValueError as `check.checked`.

    Examples
    --------
    >>> import numpy as np
    >>> confidence, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    >>> round(signed_gap(confidence, correct), 3)
    0.0
    """
    confidence, correct = checked(confidence, correct)
    return float(confidence.mean() - correct.mean())


def brier_score(probability: FloatArray, correct: BoolArray) -> float:
    """Mean of (p - [right])^2, in [0, 1], for one probability an item. Raises ValueError as `check.checked`.

    References
    ----------
    Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950.

    Examples
    --------
    >>> import numpy as np
    >>> confidence, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    >>> round(brier_score(confidence, correct), 3)
    0.175
    """
    probability, correct = checked(probability, correct, ranges=False)
    total = 0.0
    for block, right in blocks(probability, correct):
        residual = np.subtract(block, right, out=right)
        total += float(residual @ residual)
    return total / len(probability)


def negative_log_likelihood(probability: FloatArray, correct: BoolArray) -> float:
    """Mean of -log(probability given to what happened), nats, p floored at 1e-6. Raises as `check.checked`.

    Examples
    --------
    >>> import numpy as np
    >>> confidence, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    >>> round(negative_log_likelihood(confidence, correct), 3)
    0.511
    """
    probability, correct = checked(probability, correct, ranges=False)
    total = 0.0
    for block, right in blocks(probability, correct):
        wrong = np.subtract(1.0, right, out=right)
        happened = np.abs(np.subtract(block, wrong, out=wrong), out=wrong)  # p, or 1 - p where the answer is wrong
        total += log_sum(np.maximum(happened, PROBABILITY_FLOOR, out=happened))
    return -total / len(probability) + 0.0


def surprise_gap(probability: FloatArray, correct: BoolArray) -> float:
    """Mean of -log(probability of what happened) - entropy, nats: 0 when calibrated, positive when overconfident.

    Two outcomes; `choice_surprise_gap` takes all choices. Raises ValueError as `check.checked`.

    Examples
    --------
    >>> import numpy as np
    >>> confidence, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    >>> round(surprise_gap(confidence, correct), 3)
    -0.017
    """
    probability, correct = checked(probability, correct)
    return choice_surprise_gap(np.column_stack([probability, 1.0 - probability]), (~correct).astype(np.int64))


def choice_brier_score(probs: FloatArray | Sequence[FloatArray], gold: IntArray) -> float:
    """Mean over items of sum over choices of (p - [choice is gold])^2, in [0, 2]; with two choices twice the binary
    score. Raises ValueError as `check.checked_choices`.

    Examples
    --------
    >>> import numpy as np
    >>> probs, gold = np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([0, 0])
    >>> round(choice_brier_score(probs, gold), 3)
    0.45
    """
    matrix, gold, _ = checked_choices(probs, gold)
    # the sum of squares, less twice what the right choice got, plus 1: no table of what each choice would score
    mean = float((np.vdot(matrix, matrix) - 2.0 * matrix[np.arange(len(gold)), gold].sum()) / len(gold)) + 1.0
    return max(mean, 0.0)  # of a perfect model rounding may leave less than nothing


def choice_negative_log_likelihood(probs: FloatArray | Sequence[FloatArray], gold: IntArray) -> float:
    """Mean of -log p(gold), nats, p floored at 1e-6. Raises ValueError as `check.checked_choices`.

    Examples
    --------
    >>> import numpy as np
    >>> probs, gold = np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([0, 0])
    >>> round(choice_negative_log_likelihood(probs, gold), 3)
    0.636
    """
    matrix, gold, _ = checked_choices(probs, gold)
    return -log_sum(np.maximum(matrix[np.arange(len(gold)), gold], PROBABILITY_FLOOR)) / len(gold) + 0.0


def choice_surprise_gap(probs: FloatArray | Sequence[FloatArray], gold: IntArray) -> float:
    """Mean of -log p(gold) - entropy, nats: 0 when calibrated, positive when overconfident.

    Linear in items, so it needs no bins and is unbiased; the score test for a change of temperature.
    Raises ValueError as `check.checked_choices`.

    Examples
    --------
    >>> import numpy as np
    >>> probs, gold = np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([0, 0])
    >>> round(choice_surprise_gap(probs, gold), 3)
    -0.005
    """
    matrix, gold, _ = checked_choices(probs, gold)
    return float(choice_table(matrix, "surprise_gap")[np.arange(len(gold)), gold].mean())


def choice_table(probs: FloatArray, score: str) -> FloatArray:
    """What each item would score if each of its choices were right: (n, k) from (n, k) probabilities.

    ``score`` is "brier", "nll" or "surprise_gap".
    """
    if score == "brier":
        table: FloatArray = (probs**2).sum(axis=1, keepdims=True) - 2.0 * probs + 1.0
        return table
    surprise = -np.log(np.maximum(probs, PROBABILITY_FLOOR)) + 0.0
    if score == "nll":
        return surprise
    if score == "surprise_gap":
        gap: FloatArray = surprise - (probs * surprise).sum(axis=1, keepdims=True)
        return gap
    raise ValueError(f"score must be 'brier', 'nll' or 'surprise_gap', got {score!r}")


def brier_decomposition(
    probability: FloatArray, correct: BoolArray, *, bins: int = 15, scheme: Binning = "width"
) -> BrierParts:
    """Brier score of one probability an item, split into parts that sum to it exactly.

    Murphy's three parts sum to the Brier score only where all forecasts of a bin are equal; binning wider leaves the
    variance and covariance within bins over, which are reported as ``within_bin``.

    Parameters
    ----------
    probability : (n,) float in [0, 1]
    correct : (n,) bool
    bins, scheme : as in `binning.bin_index`

    Raises
    ------
    ValueError : as `check.checked`, or an unknown option.

    References
    ----------
    Murphy, "A new vector partition of the probability score", J. Applied Meteorology 12, 1973.
    Stephenson, Coelho and Jolliffe, "Two extra components in the Brier score decomposition", Weather and Forecasting
    23, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> confidence, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    >>> parts = brier_decomposition(confidence, correct)
    >>> round(parts.reliability, 3), round(parts.resolution, 3), round(parts.uncertainty, 3)
    (0.175, 0.188, 0.188)
    """
    probability, correct = checked(probability, correct)
    return _parts(probability, correct, bins, scheme)


def choice_brier_decomposition(
    probs: FloatArray | Sequence[FloatArray], gold: IntArray, *, bins: int = 15, scheme: Binning = "width"
) -> BrierParts:
    """As `brier_decomposition` for all choices: each choice against the rest, summed over choices.

    Parameters
    ----------
    probs : (n, k) float, or n arrays of their own lengths
    gold : (n,) int
    bins, scheme : as in `binning.bin_index`

    Raises
    ------
    ValueError : as `check.checked_choices`, or an unknown option.

    Examples
    --------
    >>> import numpy as np
    >>> probs, gold = np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([0, 0])
    >>> round(choice_brier_decomposition(probs, gold).brier, 3)
    0.45
    """
    matrix, gold, _ = checked_choices(probs, gold)
    each = [_parts(matrix[:, j], gold == j, bins, scheme) for j in range(matrix.shape[1])]
    names = ("brier", "reliability", "resolution", "uncertainty", "within_bin")
    return BrierParts(**{name: float(sum(getattr(parts, name) for parts in each)) for name in names})


def _parts(probability: FloatArray, correct: BoolArray, bins: int, scheme: Binning) -> BrierParts:
    index = bin_index(probability, bins=bins, scheme=scheme)
    count = np.bincount(index, minlength=bins)
    share = count / len(index)
    mean = np.bincount(index, weights=probability, minlength=bins) / np.maximum(count, 1)
    rate = np.bincount(index, weights=correct, minlength=bins) / np.maximum(count, 1)
    base = correct.mean()
    spread, residual = probability - mean[index], correct - rate[index]
    return BrierParts(
        brier=float(((probability - correct) ** 2).mean()),
        reliability=float((share * (mean - rate) ** 2).sum()),
        resolution=float((share * (rate - base) ** 2).sum()),
        uncertainty=float(base * (1.0 - base)),
        within_bin=float((spread**2).mean() - 2.0 * (spread * residual).mean()),
    )
