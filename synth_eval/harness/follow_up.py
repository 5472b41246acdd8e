"""A second pass over a generation task: how sure is the model of its answers, by vote, by likelihood, by P(True)?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from synth_eval.calibration.votes import is_right, majority_vote, normalised_answer
from synth_eval.harness.native import SEED, evaluate_task
from synth_eval.scoring.follow_up import (
    AnswerConfidence,
    likelihood_confidence,
    likelihood_request,
    truth_confidence,
    truth_requests,
    with_unanswered,
)
from synth_eval.types import SynthEvalError

if TYPE_CHECKING:
    from lm_eval.api.model import LM
    from lm_eval.api.task import Task

STEPS = ("votes", "greedy answers", "follow-up")


def answer_confidence(
    model: LM,
    task: Task,
    *,
    num_fewshot: int | None = None,
    limit: float | None = None,
    seed: int = SEED,
    on_step: Callable[[str], None] = lambda step: None,
) -> list[AnswerConfidence]:
    """Three ways to ask a model how sure it is of the answers that it generates, on the same items.

    - vote: the share of the task's sampled answers that agree with the most frequent one; correct is of that one.
    - likelihood: the probability of the greedily generated text, exp(loglik); likelihood per token: the geometric mean
      over its tokens. The answer, taken from the text by the task's own filter, is the greedy one.
    - p_true: the probability of True against False when asked whether the greedy answer is right.

    Parameters
    ----------
    task : a generate_until task with ``repeats`` of 2 or more and a filter that keeps them (its first filter counts)
    limit : number of items, or share of them below 1; all if None
    seed : of the sampled answers

    Returns
    -------
    Four AnswerConfidence of the same n items, in the order above.

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
    targets = [_targets(row["target"]) for row in rows]
    votes = [majority_vote(row["filtered_resps"][0]) for row in rows]
    by_vote = with_unanswered(
        "vote",
        f"majority of {repeats}",
        [vote.share for vote in votes if vote.votes],
        [vote.votes > 0 for vote in votes],
        [is_right(vote.answer, accepted) for vote, accepted in zip(votes, targets)],
    )

    on_step(STEPS[1])
    texts = _greedy_texts(model, name, rows)
    answers = _filtered(task, texts, [row["doc"] for row in rows], repeats)
    answered = [bool(normalised_answer(answer)) for answer in answers]
    correct = [is_right(answer, accepted) for answer, accepted in zip(answers, targets)]

    on_step(STEPS[2])
    contexts = [row["arguments"][0][0] for row, there in zip(rows, answered) if there]
    said = [text.rstrip() for text, there in zip(texts, answered) if there]
    whole = [likelihood_request(context, text) for context, text in zip(contexts, said)]
    asked = [request for context, text in zip(contexts, said) for request in truth_requests(context, text)]
    logliks = _logliks(model, name, [*whole, *asked])
    likely, verdicts = logliks[: len(whole)], logliks[len(whole) :]
    counts = token_counts(model, whole)
    by_method = {
        "likelihood": [likelihood_confidence(value) for value in likely],
        "likelihood per token": [likelihood_confidence(value, tokens=n) for value, n in zip(likely, counts)],
        "p_true": [truth_confidence(yes, no) for yes, no in zip(verdicts[::2], verdicts[1::2])],
    }
    greedy = [with_unanswered(method, "greedy", values, answered, correct) for method, values in by_method.items()]
    return [by_vote, *greedy]


def token_counts(model: Any, requests: Sequence[tuple[str, str]]) -> list[int]:
    """Tokens of the continuation of each (context, continuation), as lm-eval splits the two; at least 1.

    For a multiple-choice task's requests these are the lengths that likelihood per token divides by, see
    `calibration.normalised.with_normalisations`.
    """
    return [max(1, len(model._encode_pair(*request)[1])) for request in requests]


def _checked_repeats(task: Task) -> int:
    name, repeats = task.config.task, int(task.config.repeats or 1)
    if task.OUTPUT_TYPE != "generate_until":
        why = "its choices have probabilities" if task.OUTPUT_TYPE == "multiple_choice" else "it generates no answers"
        raise SynthEvalError(f"{name} is a {task.OUTPUT_TYPE} task ({why}); give a generate_until task with repeats")
    if repeats < 2:
        raise SynthEvalError(f"{name} samples one answer an item; set `repeats: 10`, a temperature and take_first_k")
    return repeats


def _greedy_texts(model: LM, name: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    from lm_eval.api.instance import Instance

    sampling = ("temperature", "top_k", "top_p", "min_p", "typical_p")
    requests = []
    for row in rows:
        context, settings = row["arguments"][0][:2]
        greedy = {key: value for key, value in settings.items() if key not in sampling} | {"do_sample": False}
        requests.append(Instance("generate_until", row["doc"], (context, greedy), 0, (name, row["doc_id"], 1)))
    return list(model.generate_until(requests))


def _filtered(task: Task, texts: Sequence[str], docs: Sequence[Any], repeats: int) -> list[str]:
    """What the task's own filter makes of one text an item: it wants so many, so it gets as many copies."""
    kept: Any = [[text] * repeats for text in texts]
    for make in task._filters[0].filters:
        kept = make().apply(kept, list(docs))
    return [next(iter(each)) for each in kept]


def _logliks(model: LM, name: str, requests: Sequence[tuple[str, str]]) -> list[float]:
    from lm_eval.api.instance import Instance

    if not requests:
        return []
    instances = [Instance("loglikelihood", {}, pair, 0, (name, i, 1)) for i, pair in enumerate(requests)]
    return [float(loglik) for loglik, _ in model.loglikelihood(instances)]


def _targets(target: Any) -> list[str]:
    return [str(each) for each in target] if isinstance(target, (list, tuple)) else [str(target)]
