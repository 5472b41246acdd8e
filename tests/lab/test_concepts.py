from __future__ import annotations

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.lab.concepts import FEWEST, MOST, concept_graph, concept_list, walk
from synth_eval.lab.world import Document, natural_documents
from synth_eval.skills.facts import Fact
from synth_eval.skills.items import Draw

FRANCE = Document("note", "", (Fact("capital", "France", "Paris", 1), Fact("currency", "France", "euro", 1)))
SPAIN = Document("note", "", (Fact("currency", "Spain", "euro", 1),))
DOCUMENTS = list(islice(natural_documents("walks"), 300))
GRAPH = concept_graph(DOCUMENTS)


def test_edges_count_documents_that_hold_both() -> None:
    graph = concept_graph([FRANCE, FRANCE, SPAIN])
    assert graph["France"] == {"Paris": 2, "euro": 2}
    assert graph["euro"] == {"France": 2, "Paris": 2, "Spain": 1}
    assert graph["Spain"] == {"euro": 1}


def test_levels_stay_within_a_document_or_leave_it() -> None:
    graph = concept_graph([FRANCE, SPAIN])
    draw = Draw("test")
    assert concept_list(1, FRANCE, graph, draw) == ("France", "Paris", "euro")
    assert all(set(concept_list(2, FRANCE, graph, draw)) <= set(FRANCE.concepts) for _ in range(50))
    joined = {frozenset(concept_list(3, FRANCE, graph, draw)) for _ in range(200)}
    assert any({"France", "Spain"} <= concepts for concepts in joined)  # no document holds both


def test_neighbours_are_taken_by_the_logarithm_of_their_documents() -> None:
    # weights log 2 and log 4, so b comes first in a third of the walks: 4 standard errors of 3000 are .034
    graph = {"a": {"b": 1, "c": 3}, "b": {"a": 1}, "c": {"a": 3}}
    draw = Draw("weights")
    share = sum(walk(graph, "a", 2, draw)[1] == "b" for _ in range(3000)) / 3000
    assert share == pytest.approx(1 / 3, abs=0.034)


@given(st.integers(0, 10_000))
def test_walks_follow_edges_and_never_return(seed: int) -> None:
    path = concept_list(3, DOCUMENTS[seed % 300], GRAPH, Draw("walk", seed))
    assert 1 <= len(path) <= MOST
    assert len(set(path)) == len(path)
    assert all(after in GRAPH[before] for before, after in pairwise(path))


def test_a_walk_ends_where_nothing_is_new() -> None:
    assert walk({"a": {"b": 1}, "b": {"a": 1}}, "a", FEWEST + 3, Draw("end")) == ("a", "b")
    assert walk({}, "a", 3, Draw("end")) == ("a",)
