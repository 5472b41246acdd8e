"""Lists of concepts to write about: of one document, recombined within it, or walked to across documents.

The three levels follow SynthLLM (Qin et al., "Scaling Laws of Synthetic Data for Language Models", arXiv 2503.19551):
level 1 takes a document's concepts as they come, level 2 recombines some of them, level 3 walks on the graph of
concepts that stand together in some document, and so joins what no document joins.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from synth_eval.lab.world import Document
from synth_eval.skills.items import Draw

LEVELS = (1, 2, 3)
FEWEST, MOST = 2, 5  # concepts in a list of level 2 or 3

Graph = Mapping[str, Mapping[str, int]]


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
    size = draw.between(FEWEST, MOST)
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
        path.append(draw.weighted(tuple(onward), _weights(tuple(onward.values()))))
    return tuple(path)


def _weights(counts: Sequence[int]) -> list[float]:
    return [math.log1p(count) for count in counts]
