"""Answers with the tokens that the model wrote them in: their text alone may be tokenised in another way.

Decoding loses what likelihoods need: sentencepiece drops the space before the first word, and "19" may have been
written as "1", "9". lm-eval returns texts only, so the tokens are noted while it generates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance


@dataclass(frozen=True)
class GeneratedAnswer:
    """A generated text, without white space at its end.

    ``context`` and ``tokens`` are ids: what the model read, cut as lm-eval cuts it, and what it wrote of the text;
    empty for a model that gives no tokens. ``written`` is the text as it follows the prompt, with a space that decoding
    drops.
    """

    text: str
    written: str
    context: tuple[int, ...] = ()
    tokens: tuple[int, ...] = ()


def generated(model: Any, requests: Sequence[Instance]) -> list[GeneratedAnswer]:
    """The model's answers to generate_until requests, in their order."""
    from lm_eval.models.huggingface import HFLM

    if not isinstance(model, HFLM):
        texts = [text.rstrip() for text in model.generate_until(list(requests))]
        return [GeneratedAnswer(text, text) for text in texts]
    notes = _Notes(causal=model.backend == "causal")
    with _noting(model, notes):
        texts = list(model.generate_until(list(requests)))
    return [
        _answer(model.tok_decode, text.rstrip(), *notes.of[request.args[0]])
        for request, text in zip(requests, texts, strict=True)
    ]


def answer_logliks(
    model: Any, task: str, contexts: Sequence[str], answers: Sequence[GeneratedAnswer]
) -> list[tuple[float, int]]:
    """Log-likelihood in nats of each answer after its context, and its number of tokens (at least 1)."""
    noted = [i for i, answer in enumerate(answers) if answer.tokens]
    found: dict[int, tuple[float, int]] = {}
    if noted:
        asked = [(None, list(answers[i].context), list(answers[i].tokens)) for i in noted]
        made = model._loglikelihood_tokens(asked, disable_tqdm=True)
        found = {i: (float(made[k][0]), len(answers[i].tokens)) for k, i in enumerate(noted)}
    others = [i for i in range(len(answers)) if i not in found]
    pairs = [(contexts[i], answers[i].written) for i in others]
    counts = token_counts(model, pairs) if hasattr(model, "_encode_pair") else [1] * len(pairs)
    found |= {i: (value, n) for i, value, n in zip(others, logliks(model, task, pairs), counts, strict=True)}
    return [found[i] for i in range(len(answers))]


def logliks(model: Any, task: str, pairs: Sequence[tuple[str, str]]) -> list[float]:
    """Log-likelihood in nats of each (context, continuation)."""
    from lm_eval.api.instance import Instance

    if not pairs:
        return []
    instances = [Instance("loglikelihood", {}, pair, 0, (task, i, 1)) for i, pair in enumerate(pairs)]
    return [float(loglik) for loglik, _ in model.loglikelihood(instances)]


def token_counts(model: Any, requests: Sequence[tuple[str, str]]) -> list[int]:
    """Tokens of the continuation of each (context, continuation), as lm-eval splits the two; at least 1.

    For a multiple-choice task's requests these are the lengths that likelihood per token divides by, see
    `calibration.normalised.with_normalisations`.
    """
    return [max(1, len(model._encode_pair(*request)[1])) for request in requests]


@dataclass
class _Notes:
    """Rows of ids as they are generated, then the request that each belongs to: lm-eval hands these to its cache."""

    causal: bool
    rows: list[tuple[list[int], list[int]]] = field(default_factory=list)
    of: dict[str, tuple[list[int], list[int]]] = field(default_factory=dict)  # context -> ids read, ids written

    def add_batch(self, read: Any, mask: Any, made: Any) -> None:
        begin = read.shape[1] if self.causal else 1  # an encoder-decoder's begins with its start token
        for ids, seen, whole in zip(read, mask.bool(), made, strict=True):
            self.rows.append((ids[seen].tolist(), whole[begin:].tolist()))

    def add_partial(self, kind: str, request: tuple[str, Any], answer: Any) -> None:
        """The method of lm-eval's cache; called for each row of a batch, in order."""
        if kind == "generate_until":
            self.of[request[0]] = self.rows.pop(0)


@contextmanager
def _noting(model: Any, notes: _Notes) -> Iterator[None]:
    generate, hook = model._model_generate, model.cache_hook

    def noted(context: Any, attention_mask: Any, **options: Any) -> Any:
        made = generate(context=context, attention_mask=attention_mask, **options)
        notes.add_batch(context, attention_mask, made)
        return made

    model._model_generate, model.cache_hook = noted, notes
    try:
        yield
    finally:
        model.cache_hook = hook
        del model._model_generate  # the class's own again


def _answer(decode: Callable[[list[int]], str], text: str, context: list[int], made: list[int]) -> GeneratedAnswer:
    """The shortest beginning of what was made that has the whole text: generation goes on until all of a batch end."""
    size = next((n for n in range(1, len(made) + 1) if decode(made[:n]).startswith(text)), None) if text else None
    if size is None:
        return GeneratedAnswer(text, text)
    before, whole = decode(context), decode(context + made[:size])
    beyond = decode(made[:size]).removeprefix(text)  # of the last token
    written = whole.removeprefix(before).removesuffix(beyond).rstrip() if whole.startswith(before) else text
    return GeneratedAnswer(text, written, tuple(context), tuple(made[:size]))
