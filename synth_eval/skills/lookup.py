"""synth_lookup: find one stated fact in a passage full of facts of the same kind.

Level 1: what four people with different jobs are called. Level 2: six people. Level 3: three jobs in two towns each,
so that job and town both matter. Level 4: four jobs in two towns each, in mixed wording.

Every wrong choice is stated in the passage about somebody else. What is asked repeats the passage's words up to the
name: whoever can look up at all can answer level 1, so that it measures looking up and not reading comprehension.
"""

from __future__ import annotations

from dataclasses import dataclass

from synth_eval.skills.items import LEVELS, NAMES, Draw, Split, balanced_items, draw_story
from synth_eval.types import RETRIEVAL, ChoiceItem

NAME = "synth_lookup"
CATEGORY = RETRIEVAL
VERSION = 2
SHALLOW = 0.370  # the best shallow heuristic that we found, see tests/skills/test_shallow.py
QUESTIONS = 5  # answered in a training document: copying is learned late without repeats
LEVEL_WEIGHTS = (4, 2, 2, 1)  # of training documents, by level

JOBS = ("doctor", "farmer", "teacher", "baker", "painter", "singer", "lawyer", "driver", "pilot", "nurse")
TOWNS = ("Paris", "London", "Rome", "Berlin", "Madrid")

# In easy training documents the first job is sixty times as frequent as the last; everywhere else all are equal. That
# is what lets a small model learn to look things up at all: with equal keys none is worth learning first, and every
# miniature model that was tried stayed near chance.
_UNEVEN = {job: 2 ** (-position / 1.5) for position, job in enumerate(JOBS)}


@dataclass(frozen=True)
class _Fact:
    who: str  # "doctor" or "doctor in Rome"
    job: str
    name: str


@dataclass(frozen=True)
class _Passage:
    text: str
    facts: tuple[_Fact, ...]


def test_items(seed: int = 0) -> list[ChoiceItem]:
    """500 tables to test with, 125 a level.

    Examples
    --------
    >>> test_items()[0].choices
    ('Adam', 'Beth', 'Hugo', 'Jack')
    """
    return balanced_items(NAME, VERSION, "test", seed, _item)


def train_items(seed: int = 0) -> list[ChoiceItem]:
    """The 64 few-shot items; no passage is shared with the test items.

    Examples
    --------
    >>> train_items()[0].choices
    ('Emma', 'Carl', 'Dana', 'Jack')
    """
    return balanced_items(NAME, VERSION, "train", seed, _item)


def document(draw: Draw, *, easy: bool = False) -> str:
    """One training document: a passage and several facts asked again (copying is learned late without repeats).

    Examples
    --------
    >>> document(Draw("doc")).split(". ")[0]
    'The driver is called Fred'
    """
    level = 1 if easy else draw.weighted(LEVELS, LEVEL_WEIGHTS)
    passage = draw_story(lambda: _passage(draw, level, uneven=easy), lambda p: p.text, "documents")
    weights = [_UNEVEN[fact.job] if easy else 1.0 for fact in passage.facts]
    asked = [draw.weighted(passage.facts, weights) for _ in range(QUESTIONS)]
    return " ".join([passage.text, *(f"{_question(fact)} {fact.name}." for fact in asked)])


def _item(draw: Draw, level: int, split: Split) -> ChoiceItem:
    passage = draw_story(lambda: _passage(draw, level, uneven=False), lambda p: p.text, split)
    asked = draw.choice(passage.facts)
    others = draw.sample([fact.name for fact in passage.facts if fact != asked], 3)
    question = f"{passage.text} {_question(asked)}"
    return ChoiceItem(NAME, level, question, (asked.name, *others), 0, f"level-{level}")


def _question(fact: _Fact) -> str:
    return f"The {fact.who} is called"


def _passage(draw: Draw, level: int, *, uneven: bool) -> _Passage:
    jobs = _jobs(draw, (4, 6, 3, 4)[level - 1], uneven=uneven)
    towns = [f" in {town}" for town in draw.sample(TOWNS, 2)] if level >= 3 else [""]
    keys = draw.shuffled([(job, town) for job in jobs for town in towns])
    names = draw.sample(NAMES, len(keys))
    facts = tuple(_Fact(f"{job}{town}", job, name) for (job, town), name in zip(keys, names))
    return _Passage(" ".join(_statement(draw, level, fact) for fact in facts), facts)


def _jobs(draw: Draw, n: int, *, uneven: bool) -> list[str]:
    if not uneven:
        return draw.sample(JOBS, n)
    pool = list(JOBS)
    found: list[str] = []
    for _ in range(n):
        found.append(draw.weighted(pool, [_UNEVEN[job] for job in pool]))
        pool.remove(found[-1])
    return found


def _statement(draw: Draw, level: int, fact: _Fact) -> str:
    if level == 4 and draw.below(2) == 0:
        return f"{fact.name} is the {fact.who}."
    return f"The {fact.who} is called {fact.name}."
