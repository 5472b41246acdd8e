"""Requests as lm-eval makes them, and a tiny model's answers both ways."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import numpy as np
from lm_eval.models.huggingface import HFLM
from tiny_models import LETTERS, character_tokenizer

from synth_eval.harness.shared_prefix.model import SharedPrefixLM


def words(seed: int, length: int) -> str:
    drawn = random.Random(seed)
    return "".join(drawn.choice(LETTERS) for _ in range(length)).strip() or "a"


def instance(*arguments: Any) -> Any:
    return SimpleNamespace(args=arguments, task_name="t")


def choice_requests() -> list[Any]:
    """A header of 40 tokens, items, choices of 1 to 6 tokens; a repeated one, no context, contexts that are cut."""
    header = words(0, 40) + "\n"
    made = []
    for item in range(6):
        context = header + words(10 + item, 7 + 5 * item) + " answer:"
        made += [instance(context, " " + words(100 * item + k, 1 + k % 3 * 2)) for k in range(4)]
    made += [
        made[2],
        instance("", "a lone text"),
        instance("ends in space ", "b"),
        instance("x", "y"),
        instance("", "ab"),
    ]
    long = words(7, 200)  # the models take 128 tokens: cut from the left, the header is gone
    return [*made, instance(long, " yes"), instance(long, " no"), instance(header + long, " no")]


def pair(model: Any, *, bos: bool = False, **options: Any) -> tuple[SharedPrefixLM, HFLM]:
    tokenizer = character_tokenizer(bos=bos)
    options = {"tokenizer": tokenizer, "batch_size": 4, "max_length": 128, **options}
    return SharedPrefixLM(model, **options), HFLM(model, **options)


def assert_same(ours: list[tuple[float, bool]], plain: list[tuple[float, bool]]) -> None:
    np.testing.assert_allclose([a for a, _ in ours], [a for a, _ in plain], rtol=0, atol=1e-4)
    assert [b for _, b in ours] == [b for _, b in plain]
