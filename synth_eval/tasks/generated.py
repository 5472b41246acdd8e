"""What the generated-answer tasks report to lm-eval: accuracy and calibration of the majority of sampled answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synth_eval.calibration.votes import vote_scores


def process_results(doc: Mapping[str, Any], results: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Scores of one item from the k answers that the task's filter kept.

    Right are the document's ``answers``, or where it has none the choice that its ``answer`` indexes. ``ece`` carries
    (confidence, correct), which `synth_eval.tasks.metrics.ece` turns into an error.

    Raises
    ------
    ValueError : the filter kept a single text, of which no vote can be taken.
    """
    (answers,) = results
    if isinstance(answers, str):
        raise ValueError("the filter kept one answer; a vote needs all of them: end it with take_first_k")
    targets = doc["answers"] if "answers" in doc else [doc["choices"][doc["answer"]]]
    scores = vote_scores(answers, targets)
    return {
        "exact_match": scores.exact_match,
        "vote_share": scores.confidence,
        "brier": scores.brier,
        "nll": scores.nll,
        "ece": (scores.confidence, scores.exact_match),
    }
