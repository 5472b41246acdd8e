"""A second pass over a generation task: how sure is the model of its answers, by vote, by likelihood, by P(True)?

lm-eval issues a task's requests up front, so questions about an answer are made here, once the answers are there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synth_eval.calibration.items import choice_probabilities
from synth_eval.calibration.votes import is_right, majority_vote, normalised_answer
from synth_eval.errors import SynthEvalError
from synth_eval.harness.generated_answers import GeneratedAnswer, answer_logliks, generated, logliks
from synth_eval.harness.native import SEED, evaluate_task
from synth_eval.results import atomic_file

if TYPE_CHECKING:
    from lm_eval.api.model import LM
    from lm_eval.api.task import Task

    from synth_eval.types import BoolArray, FloatArray

LOGGED = ("likelihood", "likelihood_per_token", "p_true")  # names of the methods in a samples file
STEPS = ("votes", "greedy answers", "follow-up")
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


@dataclass(frozen=True)
class FollowUp:
    """What `follow_up` found: an `AnswerConfidence` a method, and the logged rows of the n items.

    A row is the task's own with, beside the sampled answers, ``greedy_answer``, whether that is right as
    ``exact_match``, and ``likelihood``, ``likelihood_per_token`` and ``p_true`` of it, as `synth-eval calibrate` reads.
    """

    methods: list[AnswerConfidence]
    rows: list[dict[str, Any]]


def follow_up(
    model: LM,
    task: Task,
    *,
    num_fewshot: int | None = None,
    limit: float | None = None,
    seed: int = SEED,
    on_step: Callable[[str], None] = lambda step: None,
) -> FollowUp:
    """Three ways to ask a model how sure it is of the answers that it generates, on the same items.

    - vote: the share of the task's sampled answers that agree with the most frequent one; correct is of that one.
    - likelihood: the probability of the greedily generated text, exp(loglik), in the tokens that the model wrote it in;
      likelihood per token: the geometric mean over these. The answer, taken from the text by the task's own filter, is
      the greedy one.
    - p_true: the probability of True against False when asked whether the greedy answer is right.

    Parameters
    ----------
    task : a generate_until task with ``repeats`` of 2 or more and a filter that keeps them (its first filter counts)
    limit : number of items, or share of them below 1; all if None
    seed : of the sampled answers

    Returns
    -------
    Four methods of the same n items, in the order above.

    Raises
    ------
    SynthEvalError : a task of another kind, without repeats, or whose filter keeps one answer.
    """

    repeats = _checked_repeats(task)
    on_step(STEPS[0])
    name = task.config.task
    logged = evaluate_task(model, task, num_fewshot=num_fewshot, limit=limit, seed=seed)["samples"][name]
    rows = [row for row in logged if row["filter"] == logged[0]["filter"]]
    if isinstance(rows[0]["filtered_resps"][0], str):
        raise SynthEvalError(f"{name}: its filter keeps one of {repeats} answers; end it with take_first_k")
    stated = [row["target"] for row in rows]
    targets = [[str(each) for each in (one if isinstance(one, (list, tuple)) else [one])] for one in stated]
    votes = [majority_vote(row["filtered_resps"][0]) for row in rows]
    by_vote = with_unanswered(
        "vote",
        f"majority of {repeats}",
        [vote.share for vote in votes if vote.votes],
        [vote.votes > 0 for vote in votes],
        [is_right(vote.answer, accepted) for vote, accepted in zip(votes, targets)],
    )

    on_step(STEPS[1])
    made = _greedy_answers(model, name, rows)
    texts = [each.text for each in made]
    answers = _filtered(task, texts, [row["doc"] for row in rows], repeats)
    answered = [bool(normalised_answer(answer)) for answer in answers]
    correct = [is_right(answer, accepted) for answer, accepted in zip(answers, targets)]

    on_step(STEPS[2])
    contexts = [row["arguments"][0][0] for row, there in zip(rows, answered) if there]
    said = [each for each, there in zip(made, answered) if there]
    asked = [request for context, each in zip(contexts, said) for request in truth_requests(context, each.written)]
    likely = answer_logliks(model, name, contexts, said)
    verdicts = logliks(model, name, asked)
    by_method = {
        "likelihood": [likelihood_confidence(value) for value, _ in likely],
        "likelihood per token": [likelihood_confidence(value, tokens=n) for value, n in likely],
        "p_true": [truth_confidence(yes, no) for yes, no in zip(verdicts[::2], verdicts[1::2])],
    }
    greedy = [with_unanswered(method, "greedy", values, answered, correct) for method, values in by_method.items()]
    for i, row in enumerate(rows):
        row["greedy_answer"], row["exact_match"] = answers[i], float(greedy[0].correct[i])
        row |= {each.method.replace(" ", "_"): float(each.confidence[i]) for each in greedy}
        row["metrics"] = [*dict.fromkeys([*row["metrics"], "exact_match", *LOGGED])]
    return FollowUp([by_vote, *greedy], rows)


def write_follow_up(found: FollowUp, task: str, folder: Path) -> Path:
    """The rows as samples_<task>_<date>.jsonl in the folder, whole or not at all; returns the file."""
    from lm_eval.utils import handle_non_serializable

    date = datetime.now().isoformat().replace(":", "-")
    file = folder / f"samples_{task}_{date}.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(row, default=handle_non_serializable, ensure_ascii=False) + "\n" for row in found.rows)
    with atomic_file(file) as path:
        path.write_text("".join(lines), encoding="utf-8")
    return file


def _checked_repeats(task: Task) -> int:
    name, repeats = task.config.task, int(task.config.repeats or 1)
    if task.OUTPUT_TYPE != "generate_until":
        why = "its choices have probabilities" if task.OUTPUT_TYPE == "multiple_choice" else "it generates no answers"
        raise SynthEvalError(f"{name} is a {task.OUTPUT_TYPE} task ({why}); give a generate_until task with repeats")
    if repeats < 2:
        raise SynthEvalError(f"{name} samples one answer an item; set `repeats: 10`, a temperature and take_first_k")
    return repeats


def _greedy_answers(model: LM, name: str, rows: Sequence[dict[str, Any]]) -> list[GeneratedAnswer]:
    from lm_eval.api.instance import Instance

    sampling = ("temperature", "top_k", "top_p", "min_p", "typical_p")
    requests = []
    for row in rows:
        context, settings = row["arguments"][0][:2]
        greedy = {key: value for key, value in settings.items() if key not in sampling} | {"do_sample": False}
        requests.append(Instance("generate_until", row["doc"], (context, greedy), 0, (name, row["doc_id"], 1)))
    return generated(model, requests)


def _filtered(task: Task, texts: Sequence[str], docs: Sequence[Any], repeats: int) -> list[str]:
    """What the task's own filter makes of one text an item: it wants so many, so it gets as many copies."""
    kept: Any = [[text] * repeats for text in texts]
    for make in task._filters[0].filters:
        kept = make().apply(kept, list(docs))
    return [next(iter(each)) for each in kept]


def truth_requests(context: str, answer: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """The two requests of P(True): the answered question, asked about, continued with True and with False.

    ``answer`` is as it follows the context, with the space before it if the model wrote one.

    References
    ----------
    Kadavath et al., "Language Models (Mostly) Know What They Know", arXiv 2207.05221, section 3.
    """
    prompt = f"{context}{answer}".rstrip() + _ASK
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
