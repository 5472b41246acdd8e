"""Which generated text may be tested, shown as an example or trained on.

A procedural generator can produce the same story twice, so different seeds alone do not keep training documents apart
from test items. The split of a story is therefore a function of its text: a story whose hash falls into the test
bucket is never used in a few-shot example or a training document, whatever the seed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, TypeVar

from synth_eval.types import ChoiceItem

# Random choices that stay the same on every machine and Python version.
#
# Items must never move once published. ``random.Random.random`` is the one generator output that Python promises to
# keep for a given seed; ``sample``, ``shuffle`` and ``randrange`` may change their algorithm, and so may the
# distributions of ``numpy.random.Generator``. So everything here is built from ``random()`` alone.

T = TypeVar("T")


class Draw:
    """A stream of choices determined by its key alone.

    Parameters
    ----------
    *key : str or int
        What the stream is for, for example ``Draw("synth_recall", 1, "test", 0)``. Different keys give streams that
        are independent for all practical purposes (the key is hashed with SHA-512 by ``random.Random``).
    """

    def __init__(self, *key: str | int) -> None:
        self._next = random.Random("|".join(map(str, key))).random

    def unit(self) -> float:
        """Uniform in [0, 1)."""
        return self._next()

    def below(self, n: int) -> int:
        """Uniform integer in 0 .. n - 1."""
        return int(self._next() * n)

    def between(self, low: int, high: int) -> int:
        """Uniform integer in low .. high, both included."""
        return low + int(self._next() * (high - low + 1))

    def choice(self, options: Sequence[T]) -> T:
        """One of the options, each equally likely."""
        return options[int(self._next() * len(options))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All options in random order (Fisher-Yates)."""
        return self.sample(options, len(options))

    def sample(self, options: Sequence[T], k: int) -> list[T]:
        """k different positions of the options, in random order."""
        if k > len(options):
            raise ValueError(f"cannot draw {k} of {len(options)} options")
        pool = list(options)
        for i in range(k):
            j = i + int(self._next() * (len(pool) - i))
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:k]

    def weighted(self, options: Sequence[T], weights: Sequence[float]) -> T:
        """One of the options, likely in proportion to its weight."""
        point = self._next() * sum(weights)
        for option, weight in zip(options, weights):
            point -= weight
            if point < 0:
                return option
        return options[-1]


Split: TypeAlias = Literal["test", "train", "documents"]

TEST_PER_LEVEL = 125
TRAIN_PER_LEVEL = 16
LEVELS = (1, 2, 3, 4)

S = TypeVar("S")


def split_of(story: str) -> Split:
    """The split that owns a story: an eighth is test, a sixteenth few-shot, the rest training documents."""
    bucket = hashlib.sha256(story.encode()).digest()[0] % 16
    if bucket < 2:
        return "test"
    return "train" if bucket == 2 else "documents"


def draw_story(make: Callable[[], S], text_of: Callable[[S], str], split: Split) -> S:
    """Draw stories until one belongs to the split.

    Parameters
    ----------
    make : gives a story
    text_of : the text by which a story is assigned to a split
    split : which one is wanted

    Raises
    ------
    RuntimeError : 10,000 draws without one; the generator has too few stories.
    """
    for _ in range(10_000):
        story = make()
        if split_of(text_of(story)) == split:
            return story
    raise RuntimeError(f"no story of split {split!r} in 10,000 draws")


def balanced_items(
    skill: str, version: int, split: Split, seed: int, make_item: Callable[[Draw, int, Split], ChoiceItem]
) -> list[ChoiceItem]:
    """The items of one split: the same number at each level, no question twice, levels interleaved.

    Interleaving (1, 2, 3, 4, 1, ...) keeps ``--limit N`` representative of all levels. The right answer is at
    each position equally often within a level.

    Parameters
    ----------
    skill, version, split, seed : name the stream of random choices
    make_item : makes an item of a level from that stream
    """
    per_level = TEST_PER_LEVEL if split == "test" else TRAIN_PER_LEVEL
    seen: set[str] = set()
    columns: list[list[ChoiceItem]] = []
    for level in LEVELS:
        draw = Draw(skill, version, split, seed, level)
        positions = draw.shuffled([i % 4 for i in range(per_level)])
        column: list[ChoiceItem] = []
        while len(column) < per_level:
            item = make_item(draw, level, split)
            if item.question in seen:
                continue
            seen.add(item.question)
            column.append(_with_answer_at(item, positions[len(column)]))
        columns.append(column)
    return [column[i] for i in range(per_level) for column in columns]


def _with_answer_at(item: ChoiceItem, position: int) -> ChoiceItem:
    wrong = [choice for i, choice in enumerate(item.choices) if i != item.answer]
    choices = [*wrong[:position], item.choices[item.answer], *wrong[position:]]
    return ChoiceItem(item.skill, item.level, item.question, tuple(choices), position, item.form)


# The words that several skills share.
#
# Few and common on purpose: a model of a few hundred thousand parameters must be able to learn what each skill asks
# from two million tokens (with 16 names it did not), and a large model is not helped by rare names.

NAMES = ("Adam", "Beth", "Carl", "Dana", "Emma", "Fred", "Gina", "Hugo", "Iris", "Jack")
