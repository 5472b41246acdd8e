"""Texts of several models cut to one length: most characteristics follow length, and then differ by that alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from synth_eval.diversity.tokens import cut, tokenise

Written: TypeAlias = Sequence[Sequence[str]]  # the samples of each prompt

SHORTER = 0.1  # share of the texts of the model that writes least that may be left out
FEWEST_SAMPLES = 2  # of a prompt: one alone has nothing to be compared with


def usual_least(written: Written) -> int:
    """The number of tokens that nine tenths of a model's texts have, rounded down; 0 without texts."""
    lengths = [len(tokenise(text)) for texts in written for text in texts]
    return int(np.quantile(lengths, SHORTER, method="lower")) if lengths else 0


def cut_alike(models: Sequence[Written], *, tokens: int) -> list[list[tuple[str, ...]]]:
    """The same number of samples of every prompt, of exactly so many tokens, from every model.

    Texts with fewer tokens are left out. Of each prompt every model then keeps its first m samples, where m is what the
    model with fewest has left: the measures that pool samples, or compare them, rise and fall with their number too.

    Parameters
    ----------
    models : the samples of each prompt, by model; all of the same prompts
    tokens : length, at least 1

    Returns
    -------
    models x prompts: samples; () for prompts of which some model has fewer than two left.

    Raises
    ------
    ValueError : models with different numbers of prompts, or tokens < 1.
    """
    if len({len(written) for written in models}) > 1:
        raise ValueError("models with different numbers of prompts cannot be paired")
    if tokens < 1:
        raise ValueError(f"tokens must be at least 1, not {tokens}")
    left = [
        [[cut(text, tokens=tokens) for text in texts if len(tokenise(text)) >= tokens] for texts in written]
        for written in models
    ]
    found: list[list[tuple[str, ...]]] = [[] for _ in models]
    for of_prompt in zip(*left):
        fewest = min(map(len, of_prompt))
        for written, texts in zip(found, of_prompt):
            written.append(tuple(texts[:fewest]) if fewest >= FEWEST_SAMPLES else ())
    return found
