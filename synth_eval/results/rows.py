"""What one logged row contains: its kind, requests and responses. Responses are strings in most 0.4.x releases."""

from __future__ import annotations

import ast
import hashlib
import json
import math
from collections.abc import Iterable
from typing import Any

from synth_eval.types import MAX_INTEGER, TaskKind

_BYTE_METRICS = ("bits_per_byte", "byte_perplexity")
USUAL_METRICS = ("exact_match", "em", "acc", "f1")  # of generation tasks
CONFIDENCES = ("likelihood", "likelihood_per_token", "p_true")  # metrics of how sure a model is of its answer


class Unusable(Exception):  # noqa: N818 - a reason, counted and reported, not a failure
    """Why a row is left out, in a few words that are the same for all such rows."""


def kind_of(row: dict[str, Any], arguments: list[list[Any]], answers: list[Any]) -> TaskKind:
    """Which kind of task logged the row.

    A loglikelihood request is answered by a pair, a rolling one by a number, a generation by text. A generated "42"
    is a number too, and two generated answers may look like a pair, so the requests decide: a generation has settings
    as an argument, a rolling one has the text as its only argument. ``arguments`` and ``answers`` are those of
    `arguments_of` and `answers_of`.
    """
    for request in arguments:
        if len(request) > 1 and isinstance(request[1], dict):
            return "generation"
    if is_pair(answers[0]):
        return "choice" if len(answers) > 1 else "rolling"
    if number_of(answers[0]) is None:
        return "generation"
    alone = len(arguments) == 1 and len(arguments[0]) == 1
    return "rolling" if alone or (not arguments and logged_bytes(row) is not None) else "generation"


def answers_of(row: dict[str, Any]) -> list[Any]:
    """The model's answer to each request of the row, of several repeats the first: a pair, a number or a text.

    Raises
    ------
    Unusable : no responses.
    """
    responses = row.get("resps")
    if isinstance(responses, list) and responses:
        return [
            repeats[0]
            if isinstance(repeats, list) and repeats and (len(repeats) != 2 or not is_pair(repeats))
            else repeats
            for repeats in responses
        ]
    responses = row.get("filtered_resps")
    if isinstance(responses, list) and responses:
        return responses
    raise Unusable("no responses logged")


def answers_kept(row: dict[str, Any]) -> tuple[list[str], bool]:
    """Every generated answer that can be compared with the filtered one, and whether others were dropped.

    A filter that keeps several (take_first_k) logs them all. One that only picks one (take_first, majority_vote) leaves
    the others comparable as they were generated. One that rewrites the one it picks (a regex) does not.

    Raises
    ------
    Unusable : there is none.
    """
    text = filtered_text(row)
    filtered, raw = _texts(row.get("filtered_resps")), _texts(row.get("resps"))
    if len(filtered) > 1:
        return filtered, False
    if text in raw:
        return raw, False
    return [text], len(raw) > 1


def targets_of(row: dict[str, Any]) -> list[str] | None:
    """The acceptable answers: a text, or several as a list or as lm-eval writes a list. None if not logged."""
    target = row.get("target")
    if isinstance(target, str) and target.startswith("["):
        try:
            target = ast.literal_eval(target)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return [str(target)]
    if isinstance(target, (list, tuple)):
        return [str(each) for each in target] or None
    return None if target is None else [str(target)]


def filtered_text(row: dict[str, Any]) -> str:
    """The generated text after the row's filter; of several the first.

    Raises
    ------
    Unusable : there is none.
    """
    for responses in (row.get("filtered_resps"), row.get("resps")):
        first = responses
        while isinstance(first, list) and first:
            first = first[0]
        if isinstance(first, str):
            return first
    raise Unusable("no generated text")


def arguments_of(row: dict[str, Any]) -> list[list[Any]]:
    """The arguments of each request, from ``{"gen_args_0": {"arg_0": ...}}`` or a list of lists; [] if not logged."""
    arguments = row.get("arguments")
    if isinstance(arguments, dict):
        requests = [arguments[key] for key in _in_order(arguments)]
    elif isinstance(arguments, list):
        requests = arguments
    else:
        return []
    return [_as_list(request) for request in requests]


def is_pair(answer: Any) -> bool:
    """Whether an answer is (log-likelihood, whether it is the greedy choice)."""
    return isinstance(answer, list) and len(answer) == 2 and answer[1] in ("False", "True", True, False)


def number_of(value: Any) -> float | None:
    """A number that may be written as text; "N/A" is NaN; None if it is none."""
    if type(value) is str and value != "N/A":  # by far the most frequent
        try:
            return float(value)
        except ValueError:
            return None
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:  # JSON's integers have no end
            return math.inf if value > 0 else -math.inf
    if value == "N/A":
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def logged_confidences(row: dict[str, Any]) -> dict[str, float]:
    """What a task logs of how sure the model is of its generated answer, under the names of `CONFIDENCES`."""
    found = {name: number_of(row[name]) for name in CONFIDENCES if name in row}
    return {name: value for name, value in found.items() if value is not None}


def logged_metrics(row: dict[str, Any]) -> dict[str, float]:
    """The row's metrics that are a finite number (true counts 1): not those that a corpus is scored by, such as BLEU.

    Rows of the first 0.4 releases do not list their metrics; of these, the usual names are taken.
    """
    names = row.get("metrics")
    found = {}
    for name in names if isinstance(names, list) else USUAL_METRICS:
        value = row.get(name) if isinstance(name, str) else None
        number = float(value) if isinstance(value, bool) else number_of(value)
        if number is not None and math.isfinite(number):
            found[name] = number
    return found


def cluster_of(row: dict[str, Any], field: str) -> str:
    """A short label that two documents share exactly if this field of theirs is equal; "" if there is none.

    ``field`` may be nested: "passage.id".
    """
    value = row.get("doc")
    for name in (field,) if isinstance(value, dict) and field in value else field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return ""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def logged_bytes(row: dict[str, Any]) -> int | None:
    """UTF-8 bytes of the document as lm-eval counted them, from a metric logged as [log-likelihood, bytes]."""
    for metric in _BYTE_METRICS:
        value = row.get(metric)
        if isinstance(value, list) and len(value) == 2:
            count = number_of(value[1])
            if count is None:
                continue
            if count > MAX_INTEGER:
                raise Unusable("its number of bytes is infinite, or beyond 64 bits")
            if count > 0 and count == int(count):
                return int(count)
    return None


def _texts(responses: Any) -> list[str]:
    """The answers to the row's one request, each a text; [] if they are something else."""
    while isinstance(responses, list) and len(responses) == 1 and isinstance(responses[0], list):
        responses = responses[0]
    return responses if isinstance(responses, list) and all(isinstance(text, str) for text in responses) else []


def _as_list(request: Any) -> list[Any]:
    if isinstance(request, dict):
        usual = len(request) <= 2 and next(iter(request), "").endswith("_0")  # as lm-eval writes them, in order
        return list(request.values()) if usual else [request[key] for key in _in_order(request)]
    return request if isinstance(request, list) else [request]


def _in_order(keys: Iterable[str]) -> list[str]:
    """gen_args_0, gen_args_1 ...; up to ten of them have one digit, and sorting them as text is much faster."""
    in_order = sorted(keys)
    return in_order if len(in_order) <= 10 else sorted(in_order, key=_number_at_end)


def _number_at_end(key: str) -> int:
    """gen_args_10 comes after gen_args_9."""
    digits = key.rsplit("_", 1)[-1]
    return int(digits) if digits.isdigit() else 0
