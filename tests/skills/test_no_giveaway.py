"""No task may be solvable by looking at the choices alone or at surface positions of the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from synth_eval.skills import SKILLS
from synth_eval.types import ChoiceItem

Scorer = Callable[[ChoiceItem], Sequence[float]]

NEAR_CHANCE = 0.35  # of 500 items at chance .25: five standard errors


def accuracy(items: Sequence[ChoiceItem], scorer: Scorer) -> float:
    """Expected accuracy of taking the choice with the highest score, ties broken at random."""
    total = 0.0
    for item in items:
        scores = scorer(item)
        best = [i for i, score in enumerate(scores) if score == max(scores)]
        total += (item.answer in best) / len(best)
    return total / len(items)


def positions(item: ChoiceItem, choice: str) -> list[int]:
    return [m.start() for m in re.finditer(rf"(?<!\w){re.escape(choice)}(?!\w)", item.question)]


def first_mentioned(item: ChoiceItem) -> list[float]:
    return [-min(positions(item, c), default=10**6) for c in item.choices]


def last_mentioned(item: ChoiceItem) -> list[float]:
    return [max(positions(item, c), default=-1) for c in item.choices]


def most_mentioned(item: ChoiceItem) -> list[float]:
    return [len(positions(item, c)) for c in item.choices]


SURFACE: dict[str, Scorer] = {
    "longest": lambda item: [len(c) for c in item.choices],
    "shortest": lambda item: [-len(c) for c in item.choices],
    "first in the alphabet": lambda item: [-sorted(item.choices).index(c) for c in item.choices],
    "last in the alphabet": lambda item: [sorted(item.choices).index(c) for c in item.choices],
    "first mentioned": first_mentioned,
    "last mentioned": last_mentioned,
    "most mentioned": most_mentioned,
    "least mentioned": lambda item: [-n for n in most_mentioned(item)],
    "first listed": lambda item: [-i for i in range(len(item.choices))],
    "last listed": lambda item: list(range(len(item.choices))),
}


@pytest.fixture(scope="module", params=sorted(SKILLS))
def items(request: pytest.FixtureRequest) -> list[ChoiceItem]:
    return SKILLS[request.param].test_items()


@pytest.mark.parametrize("name", SURFACE)
def test_surface_scorers_stay_near_chance(items: list[ChoiceItem], name: str) -> None:
    assert accuracy(items, SURFACE[name]) < NEAR_CHANCE


def test_the_commonest_answers_are_no_guide(items: list[ChoiceItem]) -> None:
    # What a model could learn from the answers of all items without reading a question (an upper bound: it is fitted
    # and scored on the same items).
    asked = Counter(choice for item in items for choice in item.choices)
    right = Counter(item.choices[item.answer] for item in items)
    # Texts seen a handful of times would be "learned by heart"; shrink their rate to chance.
    rate = {choice: (right[choice] + 2.5) / (asked[choice] + 10) for choice in asked}
    assert accuracy(items, lambda item: [rate[c] for c in item.choices]) < NEAR_CHANCE + 0.05


def test_numbers_in_the_middle_are_no_guide() -> None:
    numeric = [i for i in SKILLS["synth_arithmetic"].test_items() if all(c.isdigit() for c in i.choices)]
    assert len(numeric) == 500

    def middle(item: ChoiceItem) -> list[float]:
        values = [int(c) for c in item.choices]
        mean = sum(values) / 4
        return [-abs(v - mean) for v in values]

    def rank(wanted: int) -> Scorer:
        return lambda item: [-abs(sorted(map(int, item.choices)).index(int(c)) - wanted) for c in item.choices]

    for scorer in (middle, *(rank(k) for k in range(4))):
        assert accuracy(numeric, scorer) < NEAR_CHANCE


def test_items_are_well_formed(items: list[ChoiceItem]) -> None:
    assert len(items) == 500
    assert len({item.question for item in items}) == 500
    assert Counter(item.level for item in items) == {1: 125, 2: 125, 3: 125, 4: 125}
    counts = Counter(item.answer for item in items)
    assert max(counts.values()) - min(counts.values()) <= 4
    for item in items:
        assert len(set(item.choices)) == 4
        assert item.question == item.question.strip()
        assert "  " not in item.question
        # A choice that continues another would be scored with a head start.
        assert not any(a != b and b.startswith(a + " ") for a in item.choices for b in item.choices)


def test_any_leading_part_holds_every_level(items: list[ChoiceItem]) -> None:
    assert Counter(item.level for item in items[:20]) == {1: 5, 2: 5, 3: 5, 4: 5}
