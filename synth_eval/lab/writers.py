"""What the three writing models learn from and what they are then asked to write.

Each learns from pairs of a prompt and a lesson; the lessons of the pairs come from `lessons.lesson`. What they are
asked for afterwards is something else: natural documents that they have not seen, topics alone, lists of concepts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from synth_eval.lab.concepts import LEVELS, concept_graph, concept_list
from synth_eval.lab.lessons import lesson, topic_of
from synth_eval.lab.world import (
    Document,
    draw_fact,
    facts_by_object,
    facts_by_subject,
    moves_of,
    natural_documents,
    write,
)
from synth_eval.skills.items import Draw

REPHRASED, TEXTBOOK, CONCEPT = "rephrased", "textbook", "concept"
WRITTEN = (REPHRASED, TEXTBOOK, CONCEPT)
END_OF_PROMPT = "\n"
STORIES = 0.2  # of topics, as of natural text
OBJECTS = 0.1  # of topics: what several subjects share
GRAPH_DOCUMENTS = 20_000
UNSEEN = 25  # one subject in so many stands in no pair of the rewriting model


@dataclass(frozen=True)
class Request:
    """A prompt, and what its answer is judged by."""

    prompt: str
    document: Document | None = None  # to be rewritten
    concepts: tuple[str, ...] = ()
    level: int = 0  # of a list of concepts


def pairs(source: str, *, key: str) -> Iterator[tuple[str, str]]:
    """Endless (prompt, lesson) to learn from."""
    draw = Draw("study", "pairs", source, key)
    if source == TEXTBOOK:
        while True:
            topic, about = _content(draw)
            yield topic_prompt(topic), lesson(about.facts, about.moves, draw, topic=topic)
    for document in natural_documents(f"pairs-{source}-{key}"):
        if source == CONCEPT:
            concepts = draw.shuffled(document.concepts) if draw.below(2) else document.concepts
            yield concept_prompt(concepts), lesson(document.facts, document.moves, draw, topic=concepts[0])
        elif _is_for_pairs(document.text) and not any(is_unseen(fact.subject) for fact in document.facts):
            topic = topic_of(document)
            yield rewrite_prompt(document.text), lesson(document.facts, document.moves, draw, topic=topic)


def requests(source: str, *, key: str) -> Iterator[Request]:
    """Endless prompts to write from, none of them made with an answer."""
    draw = Draw("study", "requests", source, key)
    if source == TEXTBOOK:
        topics = all_topics()
        while True:
            yield Request(topic_prompt(draw.choice(topics[_group(draw)])))
    external = natural_documents(f"requests-{source}-{key}")
    if source == REPHRASED:
        for document in external:
            if _is_for_pairs(document.text):
                continue
            yield Request(rewrite_prompt(document.text), document=document)
    graph = concept_graph(islice(natural_documents(f"graph-{key}"), GRAPH_DOCUMENTS))
    for number, document in enumerate(external):
        level = LEVELS[number % len(LEVELS)]
        concepts = concept_list(level, document, graph, draw)
        yield Request(concept_prompt(concepts), concepts=concepts, level=level)


def is_unseen(subject: str) -> bool:
    """Whether the rewriting model never saw the subject in a pair: it must copy it."""
    return Draw("study", "unseen", subject).below(UNSEEN) == 0


def rewrite_prompt(text: str) -> str:
    """Asks the rewriting model for a lesson that states the same."""
    return f"Rewrite: {text}{END_OF_PROMPT}"


def topic_prompt(topic: str) -> str:
    """Asks the textbook model for a lesson."""
    return f"Topic: {topic}{END_OF_PROMPT}"


def concept_prompt(concepts: tuple[str, ...] | list[str]) -> str:
    """Asks the concept model for a lesson that joins them."""
    return f"Concepts: {'; '.join(concepts)}{END_OF_PROMPT}"


def all_topics() -> dict[str, tuple[str, ...]]:
    """Group -> topics: subjects of facts, objects that several subjects share, things that are put into places."""
    things = {move.thing for document in _stories(200) for move in document.moves}
    return {
        "subject": tuple(sorted(facts_by_subject())),
        "object": tuple(sorted(object_ for _, object_ in facts_by_object())),
        "story": tuple(sorted(things)),
    }


def _is_for_pairs(text: str) -> bool:
    """Splits natural documents by their text: two famous subjects are compared again and again in the same words."""
    return Draw("study", "side", text).below(2) == 0


def _stories(n: int) -> list[Document]:
    draw = Draw("study", "things")
    return [write("tracking", draw) for _ in range(n)]


def _group(draw: Draw) -> str:
    return draw.weighted(("subject", "object", "story"), (1 - OBJECTS - STORIES, OBJECTS, STORIES))


def _content(draw: Draw) -> tuple[str, Document]:
    """A topic and what a lesson on it says; subjects as often as natural text names them."""
    group = _group(draw)
    if group == "story":
        text = write("tracking", draw).text
        moves = moves_of(text)
        return moves[0].thing, Document("tracking", text, moves=moves)
    if group == "object":
        relation, object_ = draw.choice(sorted(facts_by_object()))
        known = facts_by_object()[relation, object_]
        return object_, Document("object", "", facts=tuple(draw.sample(known, min(3, len(known)))))
    subject = draw_fact(draw).subject
    known = facts_by_subject()[subject]
    return subject, Document("subject", "", facts=tuple(draw.sample(known, min(4, len(known)))))
