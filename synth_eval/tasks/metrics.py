"""What the multiple-choice tasks report to lm-eval: accuracy and calibration of one model on one task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synth_eval.calibration import choice_scores, expected_calibration_error


def process_results(doc: Mapping[str, Any], results: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """Scores of one item from the (log-likelihood, is greedy) pairs of its choices.

    ``acc``, ``brier``, ``nll`` and ``surprise_gap`` are averaged by lm-eval; ``ece`` carries (confidence, correct),
    which only the whole task can turn into an error, see `ece`.
    """
    return _reported(results, int(doc["answer"]))


def process_labelled_results(doc: Mapping[str, Any], results: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """The same for documents as ARC and CommonsenseQA have them: ``answerKey`` is one of ``choices.label``."""
    return _reported(results, list(doc["choices"]["label"]).index(doc["answerKey"]))


def ece(items: Sequence[tuple[float, float]]) -> float:
    """Expected calibration error (15 equal-width bins) of a task from its items' (confidence, correct)."""
    confidence, correct = np.asarray(items, dtype=np.float64).T
    return expected_calibration_error(confidence, correct.astype(bool))


def _reported(results: Sequence[tuple[float, bool]], gold: int) -> dict[str, Any]:
    scores = choice_scores([loglik for loglik, _ in results], gold)
    return {
        "acc": scores.acc,
        "brier": scores.brier,
        "nll": scores.nll,
        "surprise_gap": scores.surprise_gap,
        "ece": (scores.confidence, scores.acc),
    }
