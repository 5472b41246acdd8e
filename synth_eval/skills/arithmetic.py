"""synth_arithmetic: word problems with one to three steps.

Level 1: one step, numbers up to 9. Level 2: one step, numbers up to 20. Level 3: two steps. Level 4: three steps, the
last of which may double the number. The answer is always a whole number from 3 to 60.

The wrong choices are what a slip would give (a step left out, a sign turned, off by one or ten), drawn so that the
right answer is equally often the smallest, second, third or largest choice.
"""

from __future__ import annotations

from dataclasses import dataclass

from synth_eval.skills.items import LEVELS, NAMES, Draw, Split, balanced_items, draw_story
from synth_eval.types import REASONING, ChoiceItem

NAME = "synth_arithmetic"
CATEGORY = REASONING
VERSION = 1
SHALLOW = 0.525  # the best shallow heuristic that we found, see tests/skills/test_shallow.py
LEVEL_WEIGHTS = (2, 2, 3, 3)  # of training documents, by level

THINGS = ("pens", "cups", "books", "coins", "cards", "eggs")
GAIN = ("buys", "finds")
LOSS = ("sells", "loses")
DOUBLE = "doubles"
SMALLEST, LARGEST = 3, 60


@dataclass(frozen=True)
class _Problem:
    text: str  # up to and without the answer
    thing: str
    answer: int
    slips: tuple[int, ...]  # answers that a mistake would give, see `_slips`
    form: str


def test_items(seed: int = 0) -> list[ChoiceItem]:
    """500 word problems to test with, 125 a level.

    Examples
    --------
    >>> test_items()[0].choices
    ('16', '7', '6', '8')
    """
    return balanced_items(NAME, VERSION, "test", seed, _item)


def train_items(seed: int = 0) -> list[ChoiceItem]:
    """64 word problems to show as examples; none is among the test items.

    Examples
    --------
    >>> train_items()[0].choices
    ('7', '9', '10', '6')
    """
    return balanced_items(NAME, VERSION, "train", seed, _item)


def document(draw: Draw, *, easy: bool = False) -> str:
    """One training document: a solved problem of a random level, never one of the test split.

    Examples
    --------
    >>> document(Draw("doc")).split(". ")[0]
    'Gina has 4 cards'
    """
    level = 1 if easy else draw.weighted(LEVELS, LEVEL_WEIGHTS)
    problem = draw_story(lambda: _problem(draw, level), lambda p: p.text, "documents")
    return f"{problem.text} {problem.answer} {problem.thing}."


def _item(draw: Draw, level: int, split: Split) -> ChoiceItem:
    problem = draw_story(lambda: _problem(draw, level), lambda p: p.text, split)
    choices = [problem.answer, *_wrong_answers(draw, problem)]
    return ChoiceItem(NAME, level, problem.text, tuple(map(str, choices)), 0, problem.form)


def _problem(draw: Draw, level: int) -> _Problem:
    steps = (1, 1, 2, 3)[level - 1]
    largest = 20 if level == 2 else 9
    while True:
        name, thing = draw.choice(NAMES), draw.choice(THINGS)
        start = draw.between(2, largest)
        changes = [draw.between(1, 9) * draw.choice((1, -1, -1)) for _ in range(steps)]
        doubles = level == 4 and draw.below(2) == 0
        if doubles:
            changes[-1] = 0
        totals = [start]
        for change in changes:
            totals.append(totals[-1] + change if change else totals[-1] * 2)
        if min(totals[1:]) >= SMALLEST and totals[-1] <= LARGEST:
            break
    sentences = [f"{name} has {start} {thing}."]
    for change in changes:
        if change == 0:
            sentences.append(f"{name} {DOUBLE} them.")
        else:
            verb = draw.choice(GAIN if change > 0 else LOSS)
            sentences.append(f"{name} {verb} {abs(change)}.")
    text = f"{' '.join(sentences)} Now {name} has"
    return _Problem(text, thing, totals[-1], _slips(start, changes), f"{steps}-step" + ("-double" if doubles else ""))


def _slips(start: int, changes: list[int]) -> tuple[int, ...]:
    """The sum of all numbers named, then results with one step left out or its sign turned."""
    found = [start + sum(map(abs, changes))]
    for wrong in range(len(changes)):
        for factor in (0, -1):
            total = start
            for i, change in enumerate(changes):
                if change == 0:
                    total = total if i == wrong else total * 2
                else:
                    total += change * (factor if i == wrong else 1)
            found.append(total)
    return tuple(found)


def _wrong_answers(draw: Draw, problem: _Problem) -> list[int]:
    """Three wrong answers, so many of them below the right one as a uniform draw from 0 to 3 gives."""
    near = [problem.answer + d for d in (-10, -3, -2, -1, 1, 2, 3, 10)]
    below_wanted = draw.below(4)
    chosen: list[int] = []
    for count, side in ((below_wanted, -1), (3 - below_wanted, 1)):
        found = [v for v in (*problem.slips, *near) if v >= 0 and (v - problem.answer) * side > 0]
        # One slip a side at most: more would let "far from the others" point at the answer. The one that heeds no
        # sign comes first: a scorer that adds up all numbers must be wrong at every loss.
        heedless = [v for v in found if v == problem.slips[0]][:1]
        slips = heedless + draw.shuffled(sorted({v for v in found if v in problem.slips} - {problem.slips[0]}))
        others = draw.shuffled(sorted({v for v in found if v in near} - set(slips[:1])))
        chosen += (slips[:1] + others)[:count]
    return draw.shuffled(chosen)
