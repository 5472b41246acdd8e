"""synth_lookup: find one stated fact in a passage full of facts of the same kind.

Level 1: four people, each with a coloured hat. Level 2: six people, each with a coloured thing. Level 3: three people
with two things each, so that person and thing both matter. Level 4: five people with two things each, in mixed wording.

Every wrong choice is stated in the passage about somebody or something else.
"""

from __future__ import annotations

from dataclasses import dataclass

from synth_eval.skills.draw import Draw
from synth_eval.skills.splits import LEVELS, Split, balanced_items, draw_story
from synth_eval.skills.words import name_weight, people
from synth_eval.types import RETRIEVAL, ChoiceItem

NAME = "synth_lookup"
CATEGORY = RETRIEVAL
VERSION = 1
SHALLOW = 0.376  # the best shallow heuristic that we found, see tests/skills/test_shallow.py
QUESTIONS = 5  # answered in a training document: copying is learned late without repeats
LEVEL_WEIGHTS = (4, 2, 2, 1)  # of training documents, by level

THINGS = ("hat", "cup", "car", "coat")
COLOURS = ("red", "blue", "green", "black", "white", "pink", "brown", "grey", "yellow", "purple", "golden", "silver")


@dataclass(frozen=True)
class _Passage:
    text: str
    facts: tuple[tuple[str, str, str], ...]  # (person, thing, colour)


def test_items(seed: int = 0) -> list[ChoiceItem]:
    """The 500 test items, 125 a level."""
    return balanced_items(NAME, VERSION, "test", seed, _item)


def train_items(seed: int = 0) -> list[ChoiceItem]:
    """The 64 few-shot items; no passage is shared with the test items."""
    return balanced_items(NAME, VERSION, "train", seed, _item)


def document(draw: Draw, *, easy: bool = False) -> str:
    """One training document: a passage and several facts asked again (copying is learned late without repeats)."""
    level = 1 if easy else draw.weighted(LEVELS, LEVEL_WEIGHTS)
    passage = draw_story(lambda: _passage(draw, level, even=not easy), lambda p: p.text, "documents")
    weights = [name_weight(person) if easy else 1.0 for person, _, _ in passage.facts]
    asked = [draw.weighted(passage.facts, weights) for _ in range(QUESTIONS)]
    return " ".join([passage.text, *(f"{_question(person, thing)} {colour}." for person, thing, colour in asked)])


def _item(draw: Draw, level: int, split: Split) -> ChoiceItem:
    passage = draw_story(lambda: _passage(draw, level, even=True), lambda p: p.text, split)
    person, thing, colour = draw.choice(passage.facts)
    others = draw.shuffled([c for _, _, c in passage.facts if c != colour])[:3]
    return ChoiceItem(NAME, level, f"{passage.text} {_question(person, thing)}", (colour, *others), 0, f"level-{level}")


def _question(person: str, thing: str) -> str:
    return f"The {thing} of {person} is"


def _passage(draw: Draw, level: int, *, even: bool) -> _Passage:
    persons = people(draw, (4, 6, 3, 5)[level - 1], even=even)
    things = draw.sample(THINGS, 2) if level >= 3 else [draw.choice(THINGS) if level == 2 else THINGS[0]]
    pairs = [(person, thing) for person in persons for thing in things]
    colours = draw.sample(COLOURS, len(pairs))
    facts = draw.shuffled([(person, thing, colour) for (person, thing), colour in zip(pairs, colours)])
    return _Passage(" ".join(_statement(draw, level, *fact) for fact in facts), tuple(facts))


def _statement(draw: Draw, level: int, person: str, thing: str, colour: str) -> str:
    if level == 4 and draw.below(2) == 0:
        return f"The {colour} {thing} belongs to {person}."
    return f"{person} has a {colour} {thing}."
