"""Natural text of the study: documents of five kinds that state facts, or tell where things are put.

The kinds are its domains, each with a loss of its own. Two are documents of the skills, so that synth_recall and
synth_tracking can be asked of the models; the other three state the same facts in other words, with chatter around them
or side by side, as a web does. Obscure facts are stated seldom (`recall.TIER_WEIGHT`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from synth_eval.skills import recall, tracking
from synth_eval.skills.facts import Fact, facts
from synth_eval.skills.items import Draw

KINDS = ("recall", "note", "question", "comparison", "tracking")
# Shares of characters. No source is favoured: each can write about all that these documents say.
NATURAL_MIX: Mapping[str, float] = MappingProxyType(
    {"recall": 0.2, "note": 0.25, "question": 0.15, "comparison": 0.2, "tracking": 0.2}
)
SHARED = ("currency", "continent", "language")  # relations whose objects several subjects have
HELD_OUT = "held-out"

_NOTE = {
    "capital": ("My uncle once drove to {o}, which is the capital of {s}.", "All of {s} is ruled from {o}."),
    "currency": ("In the shops of {s} you pay with the {o}.", "We took some {o} notes with us to {s}."),
    "continent": ("To see {s} you have to travel to {o}.", "I think {s} is somewhere in {o}."),
    "language": ("Most people in {s} talk in {o}.", "I took a course in {o} before I went to {s}."),
    "symbol": ("On the poster at school {o} stood for {s}.", "My teacher wrote {o} and meant {s}."),
    "number": ("In the long table {s} comes at place {o}.", "Count the boxes up to {o} to find {s}."),
}
_CHATTER = (
    "It was a rainy day and we had nothing else to do.",
    "Please do not ask me how I know.",
    "My sister says that this is boring.",
    "More of this next week, if I find the time.",
    "Thanks to all who wrote to me.",
    "I had to look it up twice.",
    "The photos did not come out well.",
    "By the way, the coffee was cold again.",
)
_QUESTION = {
    "capital": "What is the capital of {s}?",
    "currency": "How do people pay in {s}?",
    "continent": "Where in the world is {s}?",
    "language": "What is spoken in {s}?",
    "symbol": "How is {s} abbreviated?",
    "number": "Which number has {s}?",
}
_ALIKE = {
    "currency": "{a} and {b} share the {o}.",
    "continent": "{a} and {b} are both part of {o}.",
    "language": "{o} is common to {a} and {b}.",
}
_APART = {
    "capital": "The government of {a} sits in {x}, that of {b} in {y}.",
    "currency": "{a} has the {x} and {b} has the {y}.",
    "language": "You hear {x} in {a} but {y} in {b}.",
    "symbol": "{a} is short for {x} and {b} is short for {y}.",
    "number": "{a} has {x} where {b} has {y}.",
}
_STOP = re.compile(r"(?<!St)\. (?=[A-Z])|\.$")  # "St. John's" goes on
_MOVE = re.compile(r"(?:puts|moves) the (\w+) (?:in|to) the (\w+)\.")


@dataclass(frozen=True)
class Move:
    """A thing that is put into a place."""

    thing: str
    place: str


@dataclass(frozen=True)
class Document:
    """A text and what it states, in order."""

    kind: str
    text: str
    facts: tuple[Fact, ...] = ()
    moves: tuple[Move, ...] = ()

    @property
    def concepts(self) -> tuple[str, ...]:
        """What the document is about: subjects and objects, things and places, each once."""
        pairs = [(f.subject, f.object) for f in self.facts] + [(m.thing, m.place) for m in self.moves]
        return tuple(dict.fromkeys(concept for pair in pairs for concept in pair))


def natural_documents(key: str) -> Iterator[Document]:
    """Endless documents in the natural mix; equal keys give equal text. Nothing is trained on the key `HELD_OUT`.

    Kinds take turns by how far each is behind its share of characters, so that any leading part has the mix too.
    """
    draws = {kind: Draw("study", kind, key) for kind in KINDS}
    written = dict.fromkeys(KINDS, 0)
    while True:
        kind = min(KINDS, key=lambda k: written[k] / NATURAL_MIX[k])
        document = write(kind, draws[kind])
        written[kind] += len(document.text)
        yield document


def write(kind: str, draw: Draw) -> Document:
    """One natural document of a kind."""
    return {"recall": _recall, "note": _note, "question": _question, "comparison": _comparison, "tracking": _tracking}[
        kind
    ](draw)


def draw_fact(draw: Draw) -> Fact:
    """A fact, likely as its tier is stated in natural text."""
    pools = facts_by_tier()
    tier = draw.weighted(tuple(pools), [recall.TIER_WEIGHT[t] * len(pool) for t, pool in pools.items()])
    return draw.choice(pools[tier])


@lru_cache(maxsize=1)
def facts_by_tier() -> dict[int, list[Fact]]:
    """Tier -> its facts."""
    return _grouped(lambda fact: fact.tier)


@lru_cache(maxsize=1)
def facts_by_subject() -> dict[str, list[Fact]]:
    """Subject -> all that is known of it."""
    return _grouped(lambda fact: fact.subject)


@lru_cache(maxsize=1)
def facts_by_object() -> dict[tuple[str, str], list[Fact]]:
    """(relation, object) -> who has it, for objects that several subjects have."""
    found = _grouped(lambda fact: (fact.relation, fact.object))
    return {key: group for key, group in found.items() if key[0] in SHARED and len(group) > 1}


def capitalised(text: str) -> str:
    """With a capital first letter ("the Netherlands" may come first)."""
    return text[:1].upper() + text[1:]


def moves_of(text: str) -> tuple[Move, ...]:
    """The moves that a document of synth_tracking tells."""
    return tuple(Move(thing, place) for thing, place in _MOVE.findall(text))


def _grouped(key):  # type: ignore[no-untyped-def]
    groups = defaultdict(list)
    for fact in facts():
        groups[key(fact)].append(fact)
    return dict(groups)


def _said(template: str, fact: Fact) -> str:
    return capitalised(template.format(s=fact.subject, o=fact.object))


def _recall(draw: Draw) -> Document:
    text = recall.document(draw)
    known = {f"{recall.question(fact)} {fact.object}": fact for fact in facts()}
    return Document("recall", text, tuple(known[sentence] for sentence in _STOP.split(text)[:-1]))


def _note(draw: Draw) -> Document:
    about = draw.shuffled(facts_by_subject()[draw_fact(draw).subject])[: draw.between(2, 3)]
    said = [_said(draw.choice(_NOTE[fact.relation]), fact) for fact in about]
    for chatter in draw.sample(_CHATTER, draw.between(1, 2)):
        said.insert(draw.below(len(said) + 1), chatter)
    return Document("note", " ".join(said), tuple(about))


def _question(draw: Draw) -> Document:
    asked = list(dict.fromkeys(draw_fact(draw) for _ in range(3)))
    text = " ".join(f"Q: {_said(_QUESTION[fact.relation], fact)} A: {fact.object}." for fact in asked)
    return Document("question", text, tuple(asked))


def _comparison(draw: Draw) -> Document:
    """Two subjects: what they have in common, if anything, and then in what they differ."""
    first = draw_fact(draw)
    group = facts_by_object().get((first.relation, first.object))
    same_kind = facts_by_tier()[first.tier]
    others = group or [fact for fact in same_kind if fact.relation == first.relation]
    second = draw.choice([fact for fact in others if fact.subject != first.subject])
    alike = _ALIKE.get(first.relation) if first.object == second.object else None
    template = alike or _APART.get(first.relation)
    said: list[str] = []
    stated: list[Fact] = []
    if template is not None:
        said.append(_pair(template, first, second))
        stated += [first, second]
    theirs = {fact.relation: fact for fact in facts_by_subject()[second.subject]}
    more = [
        (fact, theirs[fact.relation])
        for fact in draw.shuffled(facts_by_subject()[first.subject])
        if fact.relation in theirs and fact.relation in _APART and fact.relation != first.relation
        if fact.object != theirs[fact.relation].object
    ]
    for one, other in more[: 1 if said else 2]:
        said.append(_pair(_APART[one.relation], one, other))
        stated += [one, other]
    if not said:  # two subjects with nothing to compare: another pair
        return _comparison(draw)
    return Document("comparison", " ".join(said), tuple(stated))


def _pair(template: str, one: Fact, other: Fact) -> str:
    return capitalised(template.format(a=one.subject, b=other.subject, x=one.object, y=other.object, o=one.object))


def _tracking(draw: Draw) -> Document:
    text = tracking.document(draw)
    return Document("tracking", text, moves=moves_of(text))
