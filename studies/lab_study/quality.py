"""How good a source of synthetic text is: what its documents state against what they should."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from studies.lab_study.lessons import read_lesson
from studies.lab_study.writers import CONCEPT, REPHRASED, TEXTBOOK, Request, is_unseen
from synth_eval.skills.facts import facts
from synth_eval.skills.recall import CLOZE

Z = 1.959964
_STOP = re.compile(r"(?<!St)\. (?=[A-Z])|\.$")


@dataclass(frozen=True)
class Share:
    """A share over documents with its 95% interval; ``of`` counts what it is a share of."""

    value: float
    low: float
    high: float
    of: int


def source_quality(source: str, texts: Sequence[str], requests: Sequence[Request] = ()) -> dict[str, Share]:
    """Shares that say how good the texts of a source are, by name.

    Parameters
    ----------
    source : rephrased, textbook, concept, or anything else for text that was sampled without a prompt.
    texts : what the model wrote, in the order of the requests.
    requests : what it was asked for; none for sampled text.

    Returns
    -------
    distinct : documents whose text did not come before.
    true : of all facts stated (and ends of stories told), those that are so.
    well_formed : documents that are whole lessons (not of sampled text).
    rephrased: kept, kept_unseen (facts about subjects that stood in no pair), kept_moves, added (facts that the
    original does not state). textbook: on_topic. concept: named (of the concepts asked for), and true_1 to true_3.
    """
    counts: dict[str, list[tuple[int, int]]] = {}

    def add(name: str, hits: int, of: int) -> None:
        counts.setdefault(name, []).append((hits, of))

    seen: set[str] = set()
    for text in texts:
        add("distinct", text not in seen, 1)
        seen.add(text)
    if source not in (REPHRASED, TEXTBOOK, CONCEPT):
        for text in texts:
            stated = [sentence for sentence in _STOP.split(text)[:-1] if _is_cloze(sentence)]
            add("true", sum(sentence in _true_sentences() for sentence in stated), len(stated))
        return {name: share(values) for name, values in counts.items()}
    for text, request in zip(texts, requests):
        reading = read_lesson(text)
        add("well_formed", reading.well_formed, 1)
        add("true", reading.true, reading.checkable)
        stated_facts = set(reading.facts)
        if request.document is not None:
            asked = {(fact.relation, fact.subject, fact.object) for fact in request.document.facts}
            for fact in asked:
                add("kept_unseen" if is_unseen(fact[1]) else "kept", fact in stated_facts, 1)
            moves = request.document.moves
            add("kept_moves", sum(move in reading.moves for move in moves), len(moves))
            add("added", sum(fact not in asked for fact in reading.facts), len(reading.facts))
        elif request.concepts:
            add("named", sum(concept in text for concept in request.concepts), len(request.concepts))
            add(f"true_{request.level}", reading.true, reading.checkable)
        else:
            add("on_topic", f"Topic: {reading.topic}" == request.prompt.strip(), 1)
    return {name: share(values) for name, values in sorted(counts.items())}


def share(counts: Sequence[tuple[int, int]]) -> Share:
    """Hits of all documents over what they are hits of; the interval takes documents, not statements, as independent.

    Parameters
    ----------
    counts : (hits, of) a document
    """
    hits, of = sum(h for h, _ in counts), sum(n for _, n in counts)
    if not of:
        return Share(float("nan"), float("nan"), float("nan"), 0)
    value = hits / of
    half = Z * sum((h - value * n) ** 2 for h, n in counts) ** 0.5 / of  # linearised ratio of two means
    return Share(value, max(0.0, value - half), min(1.0, value + half), of)


def _is_cloze(sentence: str) -> bool:
    return any(re.match(pattern, sentence) for pattern in _patterns())


@lru_cache(maxsize=1)
def _patterns() -> tuple[str, ...]:
    return tuple(re.escape(cloze).replace(r"\{\}", ".+?") + " " for cloze in CLOZE.values())


@lru_cache(maxsize=1)
def _true_sentences() -> frozenset[str]:
    said = (f"{CLOZE[fact.relation].format(fact.subject)} {fact.object}" for fact in facts())
    return frozenset(text[:1].upper() + text[1:] for text in said)
