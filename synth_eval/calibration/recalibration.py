"""Recalibration, cross-fitted: what error is left when confidences are corrected by a map fitted on other items.

The maps are netcal's, which is imported only when one is fitted (it takes seconds). Four traps of netcal 1.4 are
stepped round. Temperature scaling does nothing, silently, on float32, and its ``.temperature`` is 1/T: it gets float64
here, and T is what is reported. Histogram binning counts an edge to the bin above when fitting and to the bin below
when mapping: it gets the middles of our own bins. Where probable answers are right less often than improbable ones its
temperature is negative, which turns the model's answers round: here T stops at `HOTTEST`, all but equal probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from synth_eval.calibration.binning import bin_index
from synth_eval.calibration.check import checked, checked_choices, checked_clusters
from synth_eval.calibration.errors import expected_calibration_error
from synth_eval.calibration.items import PROBABILITY_FLOOR
from synth_eval.calibration.scores import negative_log_likelihood
from synth_eval.calibration.temperature import (
    HOTTEST,
    cooled,
    fit_choice_temperature,
    fitted_quietly,
    positive_temperature,
    soften,
)

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, BoolArray, FloatArray, IntArray


ConfidenceDirection: TypeAlias = Literal["overconfident", "underconfident"]
Method: TypeAlias = Literal["temperature", "platt", "isotonic", "histogram"]
METHODS: tuple[Method, ...] = ("temperature", "platt", "isotonic", "histogram")
_LIKELIHOOD_RATIO = 3.84  # 5% point of chi-squared with one degree of freedom


@dataclass(frozen=True)
class Recalibration:
    """Calibration before and after, the latter out of fold.

    ``confidence`` : (n,) recalibrated, in the order of the items; each by a map that has not seen it.
    ``ece_*`` : equal-width error of the confidence, same bins and n before and after, so equally biased.
    ``nll_*`` : negative log-likelihood of right or wrong given the confidence, nats, p floored at 1e-6.
    ``choice_nll_*`` : of the right choice; None where only confidences were given or corrected.
    ``temperature`` : T fitted on all items, above 1 for overconfidence, at most `HOTTEST`; None for the other methods.
    ``fold_temperatures`` : those of the folds, for a feeling of its spread.
    ``direction`` : what T shows, None where it shows nothing clearly, and for the other methods.
    ``in_words`` : the same as a sentence.
    """

    method: Method
    confidence: FloatArray
    folds: int
    ece_before: float
    ece_after: float
    nll_before: float
    nll_after: float
    choice_nll_before: float | None = None
    choice_nll_after: float | None = None
    temperature: float | None = None
    fold_temperatures: tuple[float, ...] = ()
    direction: ConfidenceDirection | None = None
    in_words: str = ""


def recalibrate(
    confidence: FloatArray,
    correct: BoolArray,
    *,
    method: Method = "temperature",
    folds: int = 5,
    bins: int = 15,
    clusters: AnyArray | None = None,
    seed: int | np.random.Generator = 0,
) -> Recalibration:
    """Correct the confidence in the predicted answer.

    Parameters
    ----------
    confidence : (n,) float in [0, 1]
    correct : (n,) bool
    method : "temperature" (log-odds divided by T), "platt" (logistic regression on the log-odds), "isotonic" or
        "histogram" (accuracy of each of ``bins`` bins; the middle of a bin without training items)
    folds : int
        Folds hold equal shares of right answers; clusters, where given, stay whole instead.
    bins : int
        Of the calibration error, and of the histogram.
    clusters : (n,) labels, optional
    seed : int or Generator
        Of the folds.

    Returns
    -------
    Recalibration

    Raises
    ------
    ValueError : as `check.checked`, an unknown option, or a training part without both right and wrong answers.

    Examples
    --------
    >>> import numpy as np
    >>> confidence, correct = np.full(100, 0.9), np.arange(100) % 10 < 6
    >>> found = recalibrate(confidence, correct, method="isotonic")
    >>> round(found.ece_before, 2), round(found.ece_after, 2)
    (0.3, 0.0)
    """
    confidence, correct = checked(confidence, correct)
    fit = _confidence_fitter(method, bins)
    parts = _folds(correct, checked_clusters(clusters, len(correct)), folds, np.random.default_rng(seed))
    after, temperatures = np.empty(len(confidence)), []
    for held_out in parts:
        apply, temperature = fit(confidence[~held_out], correct[~held_out])
        after[held_out] = apply(confidence[held_out])
        temperatures.append(temperature)
    overall, direction, in_words = None, None, ""
    if method == "temperature":
        apply, overall = fit(confidence, correct)
        gain = negative_log_likelihood(confidence, correct) - negative_log_likelihood(apply(confidence), correct)
        direction = _direction(overall, temperatures, gain * len(correct))
        in_words = _in_words(overall, direction)
    return Recalibration(
        method=method,
        confidence=after,
        folds=folds,
        **_before_and_after(confidence, after, correct, bins),
        temperature=overall,
        fold_temperatures=tuple(temperatures) if overall is not None else (),
        direction=direction,
        in_words=in_words,
    )


def recalibrate_choices(
    probs: FloatArray | Sequence[FloatArray],
    gold: IntArray,
    *,
    clusters: AnyArray | None = None,
    method: Method = "temperature",
    folds: int = 5,
    bins: int = 15,
    seed: int | np.random.Generator = 0,
) -> Recalibration:
    """As `recalibrate`, for the probabilities of all choices.

    Temperature scaling divides all log-probabilities of an item by T, which never changes the predicted choice. The
    other methods correct the confidence in the predicted choice alone: choices of a question have no fixed meaning
    from which a map for "choice 2" could be learned.

    Parameters
    ----------
    probs : (n, k) float, or n arrays of their own lengths
    gold : (n,) int

    Raises
    ------
    ValueError : as `recalibrate` and `check.checked_choices`.

    Examples
    --------
    >>> import numpy as np
    >>> probs, gold = np.tile([0.9, 0.1], (100, 1)), (np.arange(100) % 10 < 4).astype(int)
    >>> found = recalibrate_choices(probs, gold)
    >>> round(found.ece_before, 2), round(found.ece_after, 2)
    (0.3, 0.0)
    """
    matrix, gold, n_choices = checked_choices(probs, gold)
    pred = matrix.argmax(axis=1)
    rows = np.arange(len(gold))
    confidence, correct = matrix[rows, pred], pred == gold
    if method != "temperature":
        return recalibrate(confidence, correct, method=method, folds=folds, bins=bins, clusters=clusters, seed=seed)
    parts = _folds(correct, checked_clusters(clusters, len(correct)), folds, np.random.default_rng(seed))
    after, temperatures = np.empty_like(matrix), []
    for held_out in parts:
        temperature = fit_choice_temperature(matrix[~held_out], gold[~held_out], n_choices[~held_out])
        after[held_out] = soften(matrix[held_out], n_choices[held_out], temperature)
        temperatures.append(temperature)
    overall = fit_choice_temperature(matrix, gold, n_choices)
    before_nll = _choice_nll(matrix, gold)
    gain = before_nll - _choice_nll(soften(matrix, n_choices, overall), gold)
    direction = _direction(overall, temperatures, gain * len(gold))
    return Recalibration(
        method=method,
        confidence=after[rows, pred],
        folds=folds,
        **_before_and_after(confidence, after[rows, pred], correct, bins),
        choice_nll_before=before_nll,
        choice_nll_after=_choice_nll(after, gold),
        temperature=overall,
        fold_temperatures=tuple(temperatures),
        direction=direction,
        in_words=_in_words(overall, direction),
    )


def _choice_nll(probs: FloatArray, gold: IntArray) -> float:
    return float(-np.log(np.maximum(probs[np.arange(len(gold)), gold], PROBABILITY_FLOOR)).mean())


def _confidence_fitter(
    method: Method, bins: int
) -> Callable[[FloatArray, BoolArray], tuple[Callable[[FloatArray], FloatArray], float]]:
    """A function that fits a map on confidences and outcomes, and gives the map and its T (NaN if it has none)."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    from netcal.binning import HistogramBinning, IsotonicRegression
    from netcal.scaling import LogisticCalibration, TemperatureScaling

    make: dict[str, Callable[[], Any]] = {
        "temperature": TemperatureScaling,
        "platt": LogisticCalibration,
        "isotonic": IsotonicRegression,
        "histogram": lambda: HistogramBinning(bins=bins),
    }

    def seen(confidence: FloatArray) -> FloatArray:
        return (bin_index(confidence, bins=bins, scheme="width") + 0.5) / bins if method == "histogram" else confidence

    def fit(confidence: FloatArray, correct: BoolArray) -> tuple[Callable[[FloatArray], FloatArray], float]:
        fitted = fitted_quietly(make[method](), seen(confidence), correct.astype(np.float64))

        if method == "temperature":
            temperature = positive_temperature(fitted.temperature[0])
            return lambda values: cooled(values, temperature), temperature

        def apply(values: FloatArray) -> FloatArray:
            # a single item comes back without a dimension, and rounding may leave [0, 1] by an ulp
            mapped: FloatArray = np.clip(np.atleast_1d(fitted.transform(seen(values))), 0.0, 1.0)
            return mapped

        return apply, float("nan")

    return fit


def _folds(correct: BoolArray, cluster: IntArray | None, folds: int, rng: np.random.Generator) -> list[BoolArray]:
    """Which items each fold holds out."""
    if folds < 2:
        raise ValueError(f"folds must be at least 2, got {folds}")
    fold = np.empty(len(correct), dtype=np.int64)
    if cluster is None:
        shuffled = rng.permutation(len(correct))
        by_outcome = shuffled[np.argsort(correct[shuffled], kind="stable")]
        fold[by_outcome] = np.arange(len(correct)) % folds
    else:
        units = int(cluster.max()) + 1
        fold = (rng.permutation(units) % folds)[cluster]
    parts = [fold == i for i in range(folds)]
    for held_out in parts:
        if not held_out.any():
            raise ValueError(f"{folds} folds of {len(correct)} items leave a fold empty: use fewer folds")
        if correct[~held_out].all() or not correct[~held_out].any():
            raise ValueError("recalibration needs right and wrong answers in every training part; there are too few")
    return parts


def _before_and_after(before: FloatArray, after: FloatArray, correct: BoolArray, bins: int) -> dict[str, float]:
    return {
        "ece_before": expected_calibration_error(before, correct, bins=bins),
        "ece_after": expected_calibration_error(after, correct, bins=bins),
        "nll_before": negative_log_likelihood(before, correct),
        "nll_after": negative_log_likelihood(after, correct),
    }


def _direction(temperature: float, of_folds: Sequence[float], gain: float) -> ConfidenceDirection | None:
    """What T shows; ``gain`` is the log-likelihood, summed over items, that it wins over T = 1."""
    if 2.0 * gain <= _LIKELIHOOD_RATIO or min(of_folds) <= 1.0 <= max(of_folds):
        return None
    return "overconfident" if temperature > 1.0 else "underconfident"


def _in_words(temperature: float, direction: ConfidenceDirection | None) -> str:
    if direction is None:
        written = "above 1,000" if temperature > 0.99 * HOTTEST else f"{temperature:.2f}"
        return f"temperature {written}, no clear over- or underconfidence"
    if temperature > 0.99 * HOTTEST:
        return "overconfident: equal probabilities fit best, for the more probable answer is not right more often"
    return f"{direction}: log-probabilities divided by {temperature:.2f} fit best"
