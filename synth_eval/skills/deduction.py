"""synth_deduction: the order of people, and their family relations, over several hops.

Level 1: an order of four people, told in one direction. Level 2: told in both directions ("taller", "shorter").
Level 3: an order of five people in one direction, or a family line of five generations, asked two generations apart.
Level 4: both directions, and two or three generations apart.

The sentences come in random order and every rank is asked, so that neither the first nor the last nor the most often
mentioned name is a good guess.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from synth_eval.skills.items import LEVELS, NAMES, Draw, Split, balanced_items, draw_story
from synth_eval.types import REASONING, ChoiceItem

NAME = "synth_deduction"
CATEGORY = REASONING
VERSION = 1
SHALLOW = 0.514  # the best shallow heuristic that we found, see tests/skills/test_shallow.py
QUESTIONS = 3  # answered in a training document
LEVEL_WEIGHTS = (3, 3, 2, 2)  # of training documents, by level

COMPARISONS = (("taller", "shorter", "tallest", "shortest"), ("older", "younger", "oldest", "youngest"))
ANCESTOR = {2: "grandparent", 3: "great-grandparent"}
DESCENDANT = {2: "grandchild", 3: "great-grandchild"}


@dataclass(frozen=True)
class _Story:
    text: str
    line: tuple[str, ...]  # from the top of the order, or from the oldest generation, down
    form: str
    words: tuple[str, str, str, str] | None  # taller, shorter, tallest, shortest; None for kinship


def test_items(seed: int = 0) -> list[ChoiceItem]:
    """500 orders and families to test with, 125 a level.

    Examples
    --------
    >>> test_items()[0].choices
    ('Carl', 'Adam', 'Gina', 'Iris')
    """
    return balanced_items(NAME, VERSION, "test", seed, _item)


def train_items(seed: int = 0) -> list[ChoiceItem]:
    """64 orders and families to show as examples; none is among the test items.

    Examples
    --------
    >>> train_items()[0].choices
    ('Fred', 'Iris', 'Adam', 'Hugo')
    """
    return balanced_items(NAME, VERSION, "train", seed, _item)


def document(draw: Draw, *, easy: bool = False) -> str:
    """One training document: a story of a random level with several answered questions.

    Examples
    --------
    >>> document(Draw("doc")).split(". ")[0]
    'Hugo is a parent of Dana'
    """
    level = 1 if easy else draw.weighted(LEVELS, LEVEL_WEIGHTS)
    story = draw_story(lambda: _story(draw, level), lambda s: s.text, "documents")
    asked = draw.sample(_questions(story, level), QUESTIONS)
    return " ".join([story.text, *(f"{question} {answer}." for question, answer, _ in asked)])


def _item(draw: Draw, level: int, split: Split) -> ChoiceItem:
    story = draw_story(lambda: _story(draw, level), lambda s: s.text, split)
    question, answer, about = draw.choice(_questions(story, level))
    others = draw.sample([name for name in story.line if name not in (answer, about)], 3)
    return ChoiceItem(NAME, level, f"{story.text} {question}", (answer, *others), 0, story.form)


def _story(draw: Draw, level: int) -> _Story:
    kinship = level >= 3 and draw.below(2) == 0
    both_ways = level in (2, 4)
    line = tuple(draw.sample(NAMES, 5 if level >= 3 else 4))
    words = None if kinship else COMPARISONS[0] if level == 1 else draw.choice(COMPARISONS)
    more, less = ("a parent of", "a child of") if words is None else (f"{words[0]} than", f"{words[1]} than")
    sentences = []
    for upper, lower in itertools.pairwise(line):
        from_below = both_ways and draw.below(2) == 1
        sentences.append(f"{lower} is {less} {upper}." if from_below else f"{upper} is {more} {lower}.")
    return _Story(" ".join(draw.shuffled(sentences)), line, "kinship" if kinship else "order", words)


def _questions(story: _Story, level: int) -> list[tuple[str, str, str | None]]:
    """Every (question, answer, person asked about) that the level asks of the story."""
    line = story.line
    if story.words is not None:
        _, _, top, bottom = story.words
        return [
            (f"The {top} is", line[0], None),
            (f"The second {top} is", line[1], None),
            (f"The second {bottom} is", line[-2], None),
            (f"The {bottom} is", line[-1], None),
        ]
    found: list[tuple[str, str, str | None]] = []
    for distance in (2,) if level == 3 else (2, 3):
        for i in range(len(line) - distance):
            upper, lower = line[i], line[i + distance]
            found.append((f"The {ANCESTOR[distance]} of {lower} is", upper, lower))
            found.append((f"The {DESCENDANT[distance]} of {upper} is", lower, upper))
    return found
