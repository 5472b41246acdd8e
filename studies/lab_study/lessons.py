"""The register of the writing models: plain lessons. No natural document is written like this.

`lesson` makes the training pairs of the writing models and nothing else: what the studied models train on is written
by those models. `read_lesson` says what such a text states, so that it can be compared with what it should.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from studies.lab_study.world import Move, capitalised
from synth_eval.skills.facts import Fact, facts
from synth_eval.skills.items import Draw

_FACT = {
    "capital": ("{o} is the capital city of {s}.", "The parliament of {s} meets at {o}."),
    "currency": ("The money of {s} is called {o}.", "Prices in {s} are given in {o}."),
    "continent": ("On the map {s} belongs to {o}.", "{o} is the continent of {s}."),
    "language": ("The laws of {s} are written in {o}.", "{o} is taught at every school of {s}."),
    "symbol": ("Chemists write {o} for {s}.", "The letters {o} stand for the element {s}."),
    "number": ("Every atom of {s} has {o} protons.", "There are {o} protons in {s}."),
}
_FIRST, _NEXT, _END = (
    "First the {t} goes into the {p}.",
    "Then the {t} goes into the {p}.",
    "At last the {t} is in the {p}.",
)
_TOPIC = "Lesson: {t}."
_SENTENCES = re.compile(r"(?<=\.)(?<!St\.) (?=[A-Z])")  # "St. John's" goes on


@dataclass(frozen=True)
class Reading:
    """What a lesson states. ``odd``: sentences that no wording of lessons explains."""

    topic: str
    facts: tuple[tuple[str, str, str], ...]  # relation, subject, object; true or not
    moves: tuple[Move, ...]
    ends: tuple[Move, ...]
    odd: tuple[str, ...]

    @property
    def well_formed(self) -> bool:
        """A topic, then at least one statement, and nothing odd; every thing that moves ends somewhere."""
        moved = {move.thing for move in self.moves}
        return bool(
            self.topic and not self.odd and (self.facts or self.moves) and moved == {end.thing for end in self.ends}
        )

    @property
    def true(self) -> int:
        """Statements that are so: facts of the table, and ends where the last move of the thing leads."""
        last = {move.thing: move.place for move in self.moves}
        return sum(fact in _table() for fact in self.facts) + sum(last.get(e.thing) == e.place for e in self.ends)

    @property
    def checkable(self) -> int:
        """Statements that can be true or false."""
        return len(self.facts) + len(self.ends)


def lesson(facts_: Sequence[Fact], moves: Sequence[Move], draw: Draw, *, topic: str) -> str:
    """A lesson that states the facts and moves in their order."""
    said = [_TOPIC.format(t=topic)]
    for fact in facts_:
        said.append(capitalised(draw.choice(_FACT[fact.relation]).format(s=fact.subject, o=fact.object)))
    seen: dict[str, str] = {}
    for move in moves:
        said.append((_NEXT if move.thing in seen else _FIRST).format(t=move.thing, p=move.place))
        seen[move.thing] = move.place
    said += [_END.format(t=thing, p=place) for thing, place in seen.items()]
    return " ".join(said)


def read_lesson(text: str) -> Reading:
    """What the text states, read by the wordings of lessons."""
    topic = ""
    found: list[tuple[str, str, str]] = []
    moves: list[Move] = []
    ends: list[Move] = []
    odd: list[str] = []
    for number, sentence in enumerate(_SENTENCES.split(text)):
        if number == 0 and (match := re.fullmatch(_pattern(_TOPIC), sentence)):
            topic = match["t"]
        elif match := re.fullmatch(_pattern(_FIRST), sentence) or re.fullmatch(_pattern(_NEXT), sentence):
            moves.append(Move(match["t"], match["p"]))
        elif match := re.fullmatch(_pattern(_END), sentence):
            ends.append(Move(match["t"], match["p"]))
        elif fact := _fact(sentence):
            found.append(fact)
        else:
            odd.append(sentence)
    return Reading(topic, tuple(found), tuple(moves), tuple(ends), tuple(odd))


def _fact(sentence: str) -> tuple[str, str, str] | None:
    for relation, wordings in _FACT.items():
        for wording in wordings:
            if match := re.fullmatch(_pattern(wording), sentence):
                return relation, match["s"], match["o"]
    return None


@lru_cache(maxsize=64)
def _pattern(wording: str) -> str:
    return re.sub(r"\\\{(\w)\\\}", r"(?P<\1>.+?)", re.escape(wording))


@lru_cache(maxsize=1)
def _table() -> frozenset[tuple[str, str, str]]:
    return frozenset((fact.relation, fact.subject, fact.object) for fact in facts())
