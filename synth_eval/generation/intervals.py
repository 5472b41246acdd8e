"""Means over prompts with percentile intervals from resampling the prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from synth_eval.generation.words import cut, tokenise

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


_CHUNK = 1 << 20  # draws at a time: 8 MiB


@dataclass(frozen=True)
class PromptMean:
    """A mean over prompts, its interval, and how many prompts are behind it. NaN where there are none."""

    value: float
    low: float
    high: float
    prompts: int


def bootstrap_means(
    table: FloatArray, *, level: float = 0.95, resamples: int = 1000, rng: np.random.Generator
) -> list[PromptMean]:
    """Means of the columns, leaving NaN out, each with a percentile interval; all columns share the resamples.

    Parameters
    ----------
    table : (p, m) float
        One row a prompt, one column a characteristic.

    Raises
    ------
    ValueError : no rows, level not between 0 and 1, or resamples < 1.
    """
    drawn = resampled_means(table, resamples=resamples, rng=rng)
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    defined = ~np.isnan(table)
    estimates = []
    for column in range(table.shape[1]):
        values = table[defined[:, column], column]
        means = drawn[:, column]
        means = means[~np.isnan(means)]  # a resample may hold none of few prompts
        if not len(values) or not len(means):
            estimates.append(PromptMean(np.nan, np.nan, np.nan, 0))
            continue
        low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
        estimates.append(PromptMean(float(values.mean()), float(low), float(high), len(values)))
    return estimates


def resampled_means(table: FloatArray, *, resamples: int, rng: np.random.Generator) -> FloatArray:
    """(resamples, m) means of the columns, NaN left out, over rows drawn with replacement.

    Parameters
    ----------
    table : (p, m) float, one row a prompt
    resamples : how many
    rng : source of the draws

    Raises
    ------
    ValueError : no rows, or resamples < 1.
    """
    p, columns = table.shape
    if not p or resamples < 1:
        raise ValueError(f"needs at least one prompt and one resample, not {p} and {resamples}")
    defined = ~np.isnan(table)
    filled = np.where(defined, table, 0.0)
    both = np.hstack([filled, defined.astype(np.float64)])
    out = np.empty((resamples, columns))
    rows = max(1, _CHUNK // p)
    for start in range(0, resamples, rows):
        size = min(rows, resamples - start)
        picks = rng.integers(p, size=(size, p)) + p * np.arange(size)[:, None]
        weight = np.bincount(picks.ravel(), minlength=size * p).reshape(size, p).astype(np.float64)
        total = weight @ both
        count = total[:, columns:]
        out[start : start + size] = np.divide(
            total[:, :columns], count, out=np.full((size, columns), np.nan), where=count > 0
        )
    return out


# Texts of several models cut to one length: most characteristics follow length, and then differ by that alone.

Written: TypeAlias = Sequence[Sequence[str]]  # the samples of each prompt

SHORTER = 0.1  # share of the texts of the model that writes least that may be left out
MIN_SAMPLES = 2  # of a prompt: one alone has nothing to be compared with


def usual_least(written: Written) -> int:
    """The number of tokens that nine tenths of a model's texts have, rounded down; 0 without texts.

    Examples
    --------
    >>> usual_least([["one two three", "one two three four"]])
    3
    """
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

    Examples
    --------
    >>> cut_alike([[["a b c", "d e"]], [["f g", "h i j"]]], tokens=2)
    [[('a b', 'd e')], [('f g', 'h i')]]
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
            written.append(tuple(texts[:fewest]) if fewest >= MIN_SAMPLES else ())
    return found
