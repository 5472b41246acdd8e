"""Temperature scaling: log-probabilities divided by T, which softens them above 1 and sharpens them below."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, BoolArray, FloatArray, IntArray


HOTTEST = float(np.exp(7.0))  # about 1,000: whatever the probabilities were, they are equal to three digits
_MIN_PROBABILITY = float(np.finfo(np.float64).eps)  # where netcal clips probabilities before it takes their logarithm


def fit_choice_temperature(probs: FloatArray, gold: IntArray, n_choices: IntArray) -> float:
    """T that minimises the negative log-likelihood of softmax(log probs / T); probs (n, k) filled up with 0.

    netcal's where all items have as many choices, else by halving on the derivative, which rises in 1/T: netcal would
    take the filling for choices. Both clip probabilities at 2.2e-16, so for saturated models T is too small.

    Parameters
    ----------
    probs : (n, k) float
    gold : (n,) int
    n_choices : (n,) choices that each item has
    """
    if (n_choices == probs.shape[1]).all() and probs.shape[1] > 2:
        from netcal.scaling import TemperatureScaling

        return positive_temperature(fitted_quietly(TemperatureScaling(), probs, gold).temperature[0])
    logs, there = _logs(probs, n_choices)
    of_gold = logs[np.arange(len(gold)), gold]
    low, high = -float(np.log(HOTTEST)), float(np.log(HOTTEST))  # of 1/T
    for _ in range(50):
        middle = (low + high) / 2.0
        weights = np.where(there, np.exp(np.exp(middle) * (logs - logs.max(axis=1, keepdims=True))), 0.0)
        expected = (weights * logs).sum(axis=1) / weights.sum(axis=1)
        low, high = (low, middle) if float((expected - of_gold).mean()) > 0 else (middle, high)
    return positive_temperature(np.exp((low + high) / 2.0))


def positive_temperature(inverse: float) -> float:
    """T from 1/T, which may be negative."""
    return 1.0 / max(float(inverse), 1.0 / HOTTEST)


def soften(probs: FloatArray, n_choices: IntArray, temperature: float) -> FloatArray:
    """softmax(log probs / T) over the choices that each item has; the filling stays 0.

    Parameters
    ----------
    probs : (n, k) float
    n_choices : (n,) choices that each item has
    temperature : T > 0
    """
    logs, there = _logs(probs, n_choices)
    weights = np.where(there, np.exp((logs - logs.max(axis=1, keepdims=True)) / temperature), 0.0)
    softened: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return softened


def _logs(probs: FloatArray, n_choices: IntArray) -> tuple[FloatArray, BoolArray]:
    return np.log(np.clip(probs, _MIN_PROBABILITY, 1.0)), np.arange(probs.shape[1]) < n_choices[:, None]


def cooled(confidence: FloatArray, temperature: float) -> FloatArray:
    """Log-odds divided by T."""
    clipped = np.clip(confidence, _MIN_PROBABILITY, 1.0 - _MIN_PROBABILITY)
    scaled: FloatArray = 1.0 / (1.0 + (1.0 / clipped - 1.0) ** (1.0 / temperature))
    return scaled


def fitted_quietly(model: Any, x: FloatArray, y: AnyArray) -> Any:
    """Fit, without netcal's print where some choice is never right.

    Parameters
    ----------
    model : of netcal
    x, y : what it is fitted to
    """
    with contextlib.redirect_stdout(io.StringIO()):
        model.fit(x, y)
    return model
