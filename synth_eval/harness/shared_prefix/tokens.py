"""Tokens and plans made once: for the choices of an item, and for all checkpoints that share a tokenizer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth_eval.harness.shared_prefix.batches import Batch
from synth_eval.harness.shared_prefix.plan import Pass

RECENT_TEXTS = 64
PLANNED_TOKENS = 4_000_000  # kept for the next checkpoint, about 40 bytes each; what comes later is planned again

Steps = list[Pass | Batch]


class TokenMemo:
    """Remembers what a tokenizer made of (context, continuation) pairs and of the last few texts, and how requests
    were cut into passes."""

    def __init__(self) -> None:
        self._steps: dict[str, Steps] = {}
        self._planned = 0
        self._documents: dict[str, NDArray[np.int32]] = {}
        self._kept = 0
        self._pairs: dict[tuple[str, str], tuple[NDArray[np.int32], NDArray[np.int32]]] = {}
        self._texts: dict[str, list[int]] = {}

    def pair(
        self, context: str, continuation: str, encode: Callable[[str, str], tuple[list[int], list[int]]]
    ) -> tuple[list[int], list[int]]:
        """What ``encode`` returns for the pair, from memory if it was asked before."""
        key = (context, continuation)
        if key not in self._pairs:
            made = encode(context, continuation)
            self._pairs[key] = (np.array(made[0], dtype=np.int32), np.array(made[1], dtype=np.int32))
        first, second = self._pairs[key]
        return first.tolist(), second.tolist()

    def knows(self, context: str, continuation: str) -> bool:
        return (context, continuation) in self._pairs

    def steps(self, key: str, plan: Callable[[], Steps]) -> Steps:
        """What ``plan`` returns, from memory if the key was asked before and `PLANNED_TOKENS` left room for it."""
        known = self._steps.get(key)
        if known is not None:
            return known
        made = plan()
        tokens = sum(step.tokens.size for step in made)
        if self._planned + tokens <= PLANNED_TOKENS:
            self._steps[key] = made
            self._planned += tokens
        return made

    def document(self, text: str, encode: Callable[[str], list[int]]) -> list[int]:
        """What ``encode`` returns for a text that every checkpoint is asked, kept while `PLANNED_TOKENS` leave room."""
        if text in self._documents:
            known: list[int] = self._documents[text].tolist()
            return known
        made = encode(text)
        if self._kept + len(made) <= PLANNED_TOKENS:
            self._documents[text] = np.array(made, dtype=np.int32)
            self._kept += len(made)
        return made

    def knows_document(self, text: str) -> bool:
        return text in self._documents

    def text(self, text: str, encode: Callable[[str], list[int]]) -> list[int]:
        """What ``encode`` returns for the text, from memory if it was among the last few."""
        if text not in self._texts:
            if len(self._texts) >= RECENT_TEXTS:
                del self._texts[next(iter(self._texts))]  # the oldest
            self._texts[text] = encode(text)
        return list(self._texts[text])


def requests_key(pairs: Sequence[tuple[Sequence[int], Sequence[int]]], *sizes: int) -> str:
    """Hash of what decides a plan: the tokens of each request's context and continuation, and some sizes."""
    tokens = np.fromiter(chain.from_iterable(chain(first, second) for first, second in pairs), dtype=np.int32)
    lengths = np.array([(len(first), len(second)) for first, second in pairs], dtype=np.int64)
    digest = hashlib.sha256(json.dumps(sizes).encode())
    digest.update(lengths.tobytes())
    digest.update(tokens.tobytes())
    return digest.hexdigest()


def tokenizer_key(tokenizer: Any) -> str:
    """Hash of what a tokenizer does: two tokenizers with the same key may share a memo, whatever they are called.

    Taken from the whole serialised tokenizer where there is one (vocabulary, merges, normaliser, post-processor),
    from the vocabulary of a tokenizer written in Python otherwise, and from the class and special tokens.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    content = backend.to_str() if backend is not None else json.dumps(sorted(tokenizer.get_vocab().items()))
    special = {name: str(value) for name, value in sorted(tokenizer.special_tokens_map.items())}
    added = [getattr(tokenizer, name, None) for name in ("add_bos_token", "add_eos_token", "add_prefix_space")]
    stated = json.dumps([type(tokenizer).__name__, special, [str(value) for value in added]])
    return hashlib.sha256(f"{stated}\n{content}".encode()).hexdigest()
