"""Which generated text may be tested, shown as an example or trained on.

A procedural generator can produce the same story twice, so different seeds alone do not keep training documents apart
from test items. The split of a story is therefore a function of its text: a story whose hash falls into the test
bucket is never used in a few-shot example or a training document, whatever the seed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Literal, TypeAlias, TypeVar

from synth_eval.skills.draw import Draw
from synth_eval.types import ChoiceItem

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

    Interleaving (1, 2, 3, 4, 1, ...) keeps ``--limit N`` representative of all levels. The right answer stands at
    each position equally often within a level.
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
