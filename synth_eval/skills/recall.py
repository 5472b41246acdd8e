"""synth_recall: closed-book recall of common facts, as a sentence to complete with one of four answers.

"The capital of France is" -> " Paris". Level is the tier of the subject, 1 (everyone knows it) to 4 (obscure). Test
facts are in the training documents too: that is what closed-book recall means. Only the few-shot (train) items are
disjoint from the test items, by (relation, subject).

Why the choices give nothing away
---------------------------------
- Within each relation every text is a distractor three times as often as it is the answer (see distractors.py). So no
  ranking of texts, by base rate, length, alphabet or fame, does better than about one in four.
- Facts whose subject spells the answer (Mexico City, Polish, the leone of Sierra Leone) are never asked.
- Wrong answers come from the same continent and a near tier; wrong symbols share letters with the element; numbers are
  near, and the right one is equally often the smallest, second, third and largest.

Measured on test_items(0), ties counted as their share (chance .25): the best shallow heuristic found takes the choice
with the longest common beginning with the subject, then the largest share of letters in common: .31. On symbols alone
it is .58, since they abbreviate the element's name by nature (those that merely cut it short, like He, are asked only
where others do not suffice); on the other relations .21 to .31. Most letters in common .30, most frequent answer .24,
longest .25, shortest .26, first in the alphabet .27, middle number .25.
SmolLM2-135M-Instruct (4-bit weights) is right in .66: .82, .73, .62 and .50 at levels 1 to 4.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from synth_eval.skills.facts import RELATIONS, TIERS, Fact, balanced_distractors, facts
from synth_eval.skills.items import Draw
from synth_eval.types import RETRIEVAL, ChoiceItem

NAME = "synth_recall"
CATEGORY = RETRIEVAL
SELECTIONS = 50  # draws of facts, one of which must have balanced distractors
VERSION = 1
SHALLOW = 0.31  # longest common beginning, then letters in common: see above

TEST_PER_LEVEL = 125
TRAIN_PER_RELATION = 2  # per level: 4 levels x 6 relations x 2 = 48 few-shot items
OBJECT_CAP = 5  # times one text may be the answer, per level and relation
TIER_WEIGHT = {1: 8, 2: 4, 3: 2, 4: 1}  # how often document() states a fact: the long tail is what synthetic data loses

CLOZE = {
    "capital": "The capital of {} is",
    "currency": "The official currency of {} is the",
    "continent": "{} is a country in",
    "language": "The official language of {} is",
    "symbol": "The chemical symbol of {} is",
    "number": "The atomic number of {} is",
}


def test_items(seed: int = 0) -> list[ChoiceItem]:
    """500 items, 125 a level; every answer position 125 times. Levels take turns, so that any prefix is mixed.

    Parameters
    ----------
    seed : int
        0 is the published test set; others give other facts and distractors.

    Returns
    -------
    list of ChoiceItem, with ``form`` the relation.

    Examples
    --------
    >>> test_items()[0].choices
    ('92', '95', '99', '97')
    """
    return list(_split(seed)[0])


def train_items(seed: int = 0) -> list[ChoiceItem]:
    """48 items for few-shot prompts, two a level and relation, about none of the facts in ``test_items(seed)``.

    Examples
    --------
    >>> train_items()[0].choices
    ('North America', 'Oceania', 'Asia', 'South America')
    """
    return list(_split(seed)[1])


def document(draw: Draw, *, easy: bool = False, facts_per_document: int = 4) -> str:
    """One training document: a few different facts in the wording of the items.

    Facts come from the whole table, those under test included, each with probability proportional to TIER_WEIGHT.

    Parameters
    ----------
    draw : source of the facts
    easy : accepted by every skill's `document`; facts are the same either way
    facts_per_document : how many

    Raises
    ------
    ValueError : facts_per_document is below 1 or above the number of facts.

    Examples
    --------
    >>> document(Draw("doc")).split(". ")[0]
    'The capital of North Korea is Pyongyang'
    """
    if not 1 <= facts_per_document <= len(facts()):
        raise ValueError(f"facts_per_document is {facts_per_document}, must be 1 to {len(facts())}")
    by_tier = [[fact for fact in facts() if fact.tier == tier] for tier in TIERS]
    weights = [TIER_WEIGHT[tier] * len(pool) for tier, pool in zip(TIERS, by_tier)]
    stated: list[Fact] = []
    while len(stated) < facts_per_document:
        fact = draw.choice(draw.weighted(by_tier, weights))
        if fact not in stated:
            stated.append(fact)
    return " ".join(f"{question(fact)} {fact.object}." for fact in stated)


def question(fact: Fact) -> str:
    """The sentence up to and without the space before the answer.

    Examples
    --------
    >>> question(facts()[0])
    'The capital of Afghanistan is'
    """
    text = CLOZE[fact.relation].format(fact.subject)
    return text[0].upper() + text[1:]  # "the Netherlands" may come first


def names_answer(fact: Fact) -> bool:
    """Whether a word of the subject and one of the object begin with the same two letters (Poland, Polish).

    Symbols do so by nature and are dealt with by their distractors; numbers never do.
    """
    if fact.relation in ("symbol", "number"):
        return False
    subject, object_ = (
        {word[:2].casefold() for word in re.split(r"[ -]", text) if word not in ("the", "of", "and")}
        for text in (fact.subject, fact.object)
    )
    return bool(subject & object_)


def _is_abbreviation(fact: Fact) -> bool:
    """Whether a symbol is just the beginning of the name (He); asked only where the others (Fe, Mg) do not suffice."""
    return fact.relation == "symbol" and fact.subject.casefold().startswith(fact.object.casefold())


@lru_cache(maxsize=4)
def _split(seed: int) -> tuple[tuple[ChoiceItem, ...], tuple[ChoiceItem, ...]]:
    """Test and few-shot items. Facts that have no balanced distractors together are drawn again."""
    for attempt in range(SELECTIONS):
        try:
            return _drawn(seed, *([attempt] if attempt else []))
        except ValueError:
            continue
    raise ValueError(f"no facts with balanced distractors in {SELECTIONS} draws")


def _drawn(*key: int) -> tuple[tuple[ChoiceItem, ...], tuple[ChoiceItem, ...]]:
    examples: list[Fact] = []
    candidates: dict[tuple[int, str], list[Fact]] = {}
    for relation in RELATIONS:
        draw = Draw(NAME, VERSION, *key, "select", relation)
        pools = {
            tier: draw.shuffled(
                [f for f in facts() if (f.relation, f.tier) == (relation, tier) and not names_answer(f)]
            )
            for tier in TIERS
        }
        shown = _varied(pools, TRAIN_PER_RELATION)
        examples += [fact for tier in TIERS for fact in shown[tier]]
        rest = {
            tier: sorted((fact for fact in pools[tier] if fact not in shown[tier]), key=_is_abbreviation)
            for tier in TIERS
        }
        candidates |= {(tier, relation): found for tier, found in _varied(rest, TEST_PER_LEVEL).items()}
    tested: list[Fact] = []
    for tier in TIERS:
        pools_of_tier = [candidates[tier, relation] for relation in RELATIONS]
        for pool, share in zip(pools_of_tier, _shares([len(pool) for pool in pools_of_tier], TEST_PER_LEVEL)):
            tested += pool[:share]
    return _items(tested, Draw(NAME, VERSION, *key, "test")), _items(examples, Draw(NAME, VERSION, *key, "train"))


def _varied(pools: Mapping[int, Sequence[Fact]], most: int) -> dict[int, list[Fact]]:
    """Up to ``most`` facts of each tier, rarest objects first, none of them over OBJECT_CAP times a tier."""
    used: Counter[str] = Counter()  # over all tiers
    chosen: dict[int, list[Fact]] = {tier: [] for tier in pools}
    for tier, pool in pools.items():
        left = list(pool)
        used_here: Counter[str] = Counter()
        while left and len(chosen[tier]) < most:
            fact = min(
                left, key=lambda f: (used_here[f.object], used[f.object])
            )  # the first of equals: pools are shuffled
            left.remove(fact)
            if used_here[fact.object] < OBJECT_CAP:
                chosen[tier].append(fact)
                used[fact.object] += 1
                used_here[fact.object] += 1
    return chosen


def _shares(capacity: Sequence[int], total: int) -> list[int]:
    """Split a total as evenly as the capacities allow."""
    shares = [0] * len(capacity)
    for _ in range(total):
        open_ = [i for i, room in enumerate(capacity) if shares[i] < room]
        shares[min(open_, key=shares.__getitem__)] += 1
    return shares


def _items(chosen: Sequence[Fact], draw: Draw) -> tuple[ChoiceItem, ...]:
    columns: dict[int, list[ChoiceItem]] = {tier: [] for tier in TIERS}
    positions = {tier: _positions(sum(fact.tier == tier for fact in chosen), tier, draw) for tier in TIERS}
    for relation in RELATIONS:
        group = [fact for fact in chosen if fact.relation == relation]
        for fact, choices in zip(group, balanced_distractors(group, draw)):
            answer = positions[fact.tier].pop()
            choices.insert(answer, fact.object)
            columns[fact.tier].append(ChoiceItem(NAME, fact.tier, question(fact), tuple(choices), answer, relation))
    mixed = [draw.shuffled(column) for column in columns.values()]
    return tuple(item for turn in zip(*mixed) for item in turn)


def _positions(n: int, tier: int, draw: Draw) -> list[int]:
    """Answer positions in blocks of four different ones; what is left of four differs between tiers."""
    blocks = [draw.shuffled(range(4)) for _ in range(n // 4)]
    return [position for block in blocks for position in block] + [(tier + i) % 4 for i in range(n % 4)]
