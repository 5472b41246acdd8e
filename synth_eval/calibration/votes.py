"""Several answers of a model to one question: which one most of them give, and what share of them that is.

The share of votes estimates the probability that the model gives its answer, so it is a confidence that needs no
likelihoods (Wang et al. 2023 sample in the same way for accuracy).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, BoolArray, Samples

_NO_ANSWER = "[invalid]"  # what lm-eval's regex filter leaves where it finds nothing
_LEADING = re.compile(r"^(?:[\s\"'*`]|(?:the|an|a)\s)+")
_TRAILING = re.compile(r"[\s\"'*`.,;:]+$")


@dataclass(frozen=True)
class Vote:
    """The answer that most of n texts give. ``answer`` is "" where no text gives one."""

    answer: str
    votes: int
    n: int

    @property
    def share(self) -> float:
        """Confidence in [0, 1]."""
        return self.votes / self.n


@dataclass(frozen=True)
class VoteScores:
    """The scores of one item; see `vote_scores`."""

    answer: str
    exact_match: float
    confidence: float
    brier: float
    nll: float


def normalised_answer(text: str) -> str:
    """An answer as it is compared: two texts are the same answer if this is the same.

    Case is folded, runs of white space become one space; white space, quotes, asterisks and backticks at both ends,
    ``. , ; :`` at the end and the articles a, an, the at the beginning are dropped. "[invalid]", which lm-eval's regex
    filter writes where it finds no answer, is none: "".

    Examples
    --------
    >>> normalised_answer(" The  Answer. ")
    'answer'
    """
    answer = _TRAILING.sub("", _LEADING.sub("", " ".join(text.casefold().split())))
    return "" if answer == _NO_ANSWER else answer


def majority_vote(texts: Sequence[str]) -> Vote:
    """The answer with most votes; of several the one given first. A text without an answer counts in n alone.

    Raises
    ------
    ValueError : no texts.

    References
    ----------
    Wang et al., "Self-Consistency Improves Chain of Thought Reasoning in Language Models", ICLR 2023.

    Examples
    --------
    >>> majority_vote(["4", "four", "4."])
    Vote(answer='4', votes=2, n=3)
    """
    if not texts:
        raise ValueError("a vote needs at least one text")
    counts = Counter(answer for text in texts if (answer := normalised_answer(text)))
    answer, votes = counts.most_common(1)[0] if counts else ("", 0)
    return Vote(answer, votes, len(texts))


def is_right(text: str, targets: Sequence[str]) -> bool:
    """Whether a text is one of the acceptable answers, both as `normalised_answer` writes them; "" never is.

    Examples
    --------
    >>> is_right("The cat.", ["cat"])
    True
    """
    answer = normalised_answer(text)
    return bool(answer) and answer in {normalised_answer(target) for target in targets}


def vote_scores(texts: Sequence[str], targets: Sequence[str]) -> VoteScores:
    """Score the majority answer of k texts.

    Returns
    -------
    VoteScores

    - exact_match: 1.0 if the majority answer is one of the targets; confidence: its share of the k votes, 0 if no text
      gives an answer;
    - brier = (confidence - exact_match)^2, of the two outcomes right and wrong, in [0, 1];
    - nll = -log of the probability of the outcome, in nats, with (votes + 1/2) / (k + 1) for the probability of being
      right: k of k votes do not mean that a wrong answer was impossible.

    Raises
    ------
    ValueError : no texts.

    Examples
    --------
    >>> vote_scores(["4", "4", "5"], ["4"]).confidence
    0.6666666666666666
    """
    vote = majority_vote(texts)
    right = is_right(vote.answer, targets)
    smoothed = (vote.votes + 0.5) / (vote.n + 1)
    return VoteScores(
        answer=vote.answer,
        exact_match=float(right),
        confidence=vote.share,
        brier=(vote.share - right) ** 2,
        nll=-math.log(smoothed if right else 1.0 - smoothed),
    )


def vote_columns(samples: Samples) -> dict[str, AnyArray]:
    """Confidence in the answers of a generation task, one row an item.

    Returns
    -------
    {} unless every item has at least two answers; otherwise answer (majority, as `normalised_answer`), votes, n_answers
    and confidence. Where all targets are known and agree with lm-eval's own ``exact_match`` (if logged): correct, brier
    and nll of `vote_scores`. They agree if comparing the first answers, or the majority ones, gives ``exact_match`` on
    every item; else the task compares in a way of its own (a number in a longer target), and correct is left out.
    """
    if not samples.repeats or min(map(len, samples.repeats)) < 2:
        return {}
    targets = samples.targets or ((),) * len(samples.repeats)
    votes = [majority_vote(texts) for texts in samples.repeats]
    answer = np.empty(len(votes), dtype=object)
    answer[:] = [vote.answer for vote in votes]
    columns: dict[str, AnyArray] = {
        "answer": answer,
        "votes": np.array([vote.votes for vote in votes], dtype=np.int64),
        "n_answers": np.array([vote.n for vote in votes], dtype=np.int64),
        "confidence": np.array([vote.share for vote in votes]),
    }
    if not samples.targets:
        return columns
    scores = [vote_scores(texts, accepted) for texts, accepted in zip(samples.repeats, targets)]
    correct = np.array([score.exact_match for score in scores]) == 1.0
    if _compared_alike(samples, correct):
        columns["correct"] = correct
        columns["brier"] = np.array([score.brier for score in scores])
        columns["nll"] = np.array([score.nll for score in scores])
    return columns


def _compared_alike(samples: Samples, majority: BoolArray) -> bool:
    if not samples.exact_match:
        return True
    logged = np.array(samples.exact_match)
    first = np.array([is_right(text, accepted) for text, accepted in zip(samples.texts, samples.targets)])
    return bool((logged == majority).all() or (logged == first).all())
