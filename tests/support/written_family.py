"""Simulated checkpoints that write: words of a fixed vocabulary, the i-th with probability falling as 1 / i.

Words from the 101st on are rare: 31% of what is written, as the harmonic sums to 100 and 1,000 words are 5.19 and 7.49.
A checkpoint that lost a share of the tail writes one of the 100 frequent words instead of so many of its rare ones.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable

import numpy as np

from synth_eval.calibration import score_samples
from synth_eval.generation import Reference, score_prompt
from synth_eval.types import GENERATION, Checkpoint, ItemTable, Samples

WORDS, FREQUENT = 1000, 100
REFERENCE = Reference(frozenset(f"w{i}" for i in range(FREQUENT)))
RARE_SHARE = 1 - sum(1 / i for i in range(1, FREQUENT + 1)) / sum(1 / i for i in range(1, WORDS + 1))


def write(
    rng: np.random.Generator, *, lost: float = 0.0, samples: int = 4, words: int = 60, spread: float = 0.0
) -> list[str]:
    """Samples of one prompt; `lost` is the share of rare words that give way to frequent ones.

    With `spread`, lengths are drawn uniformly from `words` (1 - spread) to `words` (1 + spread).
    """
    probability = 1 / np.arange(1, WORDS + 1)
    longest = round(words * (1 + spread))
    drawn = rng.choice(WORDS, size=(samples, longest), p=probability / probability.sum())
    gone = (drawn >= FREQUENT) & (rng.random(drawn.shape) < lost)
    drawn[gone] = rng.choice(FREQUENT, size=gone.sum(), p=probability[:FREQUENT] / probability[:FREQUENT].sum())
    lengths = rng.integers(round(words * (1 - spread)), longest + 1, size=samples) if spread else [words] * samples
    return [" ".join(f"w{i}" for i in row[:length]) for row, length in zip(drawn, lengths)]


def written_tables(
    checkpoints: Iterable[Checkpoint],
    *,
    lost: Callable[[Checkpoint], float],
    words: Callable[[Checkpoint], int] = lambda checkpoint: 60,
    spread: float = 0.0,
    task: str = "essays",
    prompts: int = 40,
    seed: int = 0,
) -> dict[tuple[str, str], ItemTable]:
    """Item tables of a generation task, as lm-eval's samples of synth_generation give them."""
    tables = {}
    for number, checkpoint in enumerate(checkpoints):
        rng = np.random.default_rng([seed, number])
        texts = [write(rng, lost=lost(checkpoint), words=words(checkpoint), spread=spread) for _ in range(prompts)]
        scores = [dataclasses.asdict(score_prompt(each, reference=REFERENCE)) for each in texts]
        logged = [name for name in scores[0] if not all(math.isnan(row[name]) for row in scores)]
        samples = Samples(
            task=task,
            kind="generation",
            doc_id=tuple(range(prompts)),
            doc_hash=tuple(f"{task}-{i}" for i in range(prompts)),
            prompt_hash=tuple(f"p-{task}-{i}" for i in range(prompts)),
            texts=tuple(each[0] for each in texts),
            repeats=tuple(map(tuple, texts)),
            metrics={name: tuple(row[name] for row in scores) for name in logged},
        )
        tables[checkpoint.name, task] = score_samples(samples, checkpoint=checkpoint.name, category=GENERATION)
    return tables
