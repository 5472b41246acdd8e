"""Questions to a model about its own answer: the requests, and what their answers say of confidence.

lm-eval issues a task's requests up front, so these are made in a second pass, once the answers are there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.items import choice_probabilities
from synth_eval.errors import SynthEvalError

if TYPE_CHECKING:
    from synth_eval.types import BoolArray, FloatArray


VERDICTS = (" True", " False")
_ASK = "\nIs this answer True or False? This answer is"


@dataclass(frozen=True)
class AnswerConfidence:
    """n answers, how sure the model is of each by one method, and whether they are right.

    ``answer`` names which answers they are, "majority of 10" or "greedy"; ``unanswered`` counts those without an
    answer, which are wrong and have confidence 0.
    """

    method: str
    answer: str
    confidence: FloatArray
    correct: BoolArray
    unanswered: int = 0

    def __len__(self) -> int:
        return len(self.correct)


def likelihood_request(context: str, answer: str) -> tuple[str, str]:
    """(context, continuation) whose log-likelihood is that of the answer as the model wrote it.

    A space is put between the two where neither has one: some tokenizers drop it when they decode.
    """
    return context, answer if _apart(context, answer) else f" {answer}"


def truth_requests(context: str, answer: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """The two requests of P(True): the answered question, asked about, continued with True and with False.

    References
    ----------
    Kadavath et al., "Language Models (Mostly) Know What They Know", arXiv 2207.05221, section 3.
    """
    prompt = "".join(likelihood_request(context, answer)).rstrip() + _ASK
    return (prompt, VERDICTS[0]), (prompt, VERDICTS[1])


def likelihood_confidence(loglik: float, *, tokens: int = 1) -> float:
    """exp(loglik / tokens), in [0, 1]: the probability of the whole answer, or its geometric mean over tokens.

    Raises
    ------
    SynthEvalError : NaN or above 0.
    """
    if not loglik <= 1e-3:  # log-softmax rounds; a NaN fails the comparison too
        raise SynthEvalError(f"the model gives an answer log-likelihood {loglik}; are its weights sound?")
    return math.exp(min(loglik, 0.0) / tokens)


def truth_confidence(loglik_true: float, loglik_false: float) -> float:
    """P(True) among the two verdicts, in [0, 1].

    Raises
    ------
    SynthEvalError : a log-likelihood is NaN or infinite.
    """
    if not (math.isfinite(loglik_true) and math.isfinite(loglik_false)):
        raise SynthEvalError(f"P(True) has log-likelihoods {loglik_true} and {loglik_false}; are the weights sound?")
    return float(choice_probabilities([loglik_true, loglik_false])[0])


def with_unanswered(
    method: str, answer: str, confidence: Sequence[float], answered: Sequence[bool], correct: Sequence[bool]
) -> AnswerConfidence:
    """Confidence of all items from that of the answered ones, in order; the others get 0 and are wrong.

    Raises
    ------
    ValueError : not one confidence an answered item.
    """
    there = np.array(answered, dtype=np.bool_)
    if len(confidence) != there.sum() or len(correct) != len(there):
        raise ValueError(f"{len(confidence)} confidences for {there.sum()} answered items of {len(correct)}")
    values = np.zeros(len(there))
    values[there] = confidence
    return AnswerConfidence(method, answer, values, np.array(correct, dtype=np.bool_) & there, int((~there).sum()))


def _apart(context: str, answer: str) -> bool:
    return context[-1:].isspace() or answer[:1].isspace() or not context
