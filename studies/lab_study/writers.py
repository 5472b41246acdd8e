"""What the three writing models learn from and what they are then asked to write.

Each learns from pairs of a prompt and a lesson; the lessons of the pairs come from `lessons.lesson`. What they are
asked for afterwards is something else: natural documents that they have not seen, topics alone, lists of concepts.

Lists of concepts have three levels, after SynthLLM (Qin et al., "Scaling Laws of Synthetic Data for Language Models",
arXiv 2503.19551): level 1 takes a document's concepts as they come, level 2 recombines some of them, level 3 walks on
the graph of concepts that occur together in some document, and so joins what no document joins.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, islice

from studies.lab_study.lessons import lesson
from studies.lab_study.world import (
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
LEVELS = (1, 2, 3)
MIN_CONCEPTS, MAX_CONCEPTS = 2, 5  # in a list of level 2 or 3
UNSEEN = 25  # one subject in so many stands in no pair of the rewriting model


Graph = Mapping[str, Mapping[str, int]]


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
            yield (
                rewrite_prompt(document.text),
                lesson(document.facts, document.moves, draw, topic=document.concepts[0]),
            )


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
    draw = Draw("study", "things")
    stories = [write("tracking", draw) for _ in range(200)]
    things = {move.thing for document in stories for move in document.moves}
    return {
        "subject": tuple(sorted(facts_by_subject())),
        "object": tuple(sorted(object_ for _, object_ in facts_by_object())),
        "story": tuple(sorted(things)),
    }


def _is_for_pairs(text: str) -> bool:
    """Splits natural documents by their text: two famous subjects are compared again and again in the same words."""
    return Draw("study", "side", text).below(2) == 0


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


def concept_graph(documents: Iterable[Document]) -> dict[str, dict[str, int]]:
    """Concept -> neighbour -> number of documents that hold both."""
    together: Counter[tuple[str, str]] = Counter()
    for document in documents:
        together.update(combinations(sorted(set(document.concepts)), 2))
    graph: dict[str, dict[str, int]] = {}
    for (one, other), times in together.items():
        graph.setdefault(one, {})[other] = times
        graph.setdefault(other, {})[one] = times
    return graph


def concept_list(level: int, document: Document, graph: Graph, draw: Draw) -> tuple[str, ...]:
    """The concepts to write about.

    Parameters
    ----------
    level : 1, 2 or 3
    document : where to take them from; at level 3, where the walk starts.
    graph : of `concept_graph`; used at level 3 alone.
    """
    own = document.concepts
    if level == 1:
        return own
    size = draw.between(MIN_CONCEPTS, MAX_CONCEPTS)
    if level == 2:
        return tuple(draw.sample(own, min(size, len(own))))
    return walk(graph, draw.choice(own), size, draw)


def walk(graph: Graph, start: str, size: int, draw: Draw) -> tuple[str, ...]:
    """At most ``size`` different concepts, each a neighbour of the one before.

    A neighbour is taken with a weight of the logarithm of one plus the number of common documents. Shorter where the
    walk has nowhere new to go.
    """
    path = [start]
    while len(path) < size:
        onward = {c: n for c, n in graph.get(path[-1], {}).items() if c not in path}
        if not onward:
            break
        path.append(draw.weighted(tuple(onward), [math.log1p(count) for count in onward.values()]))
    return tuple(path)
