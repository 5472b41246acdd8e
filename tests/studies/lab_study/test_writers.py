from __future__ import annotations

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.lab_study.lessons import read_lesson
from studies.lab_study.world import Document, natural_documents
from studies.lab_study.writers import (
    CONCEPT,
    END_OF_PROMPT,
    MAX_CONCEPTS,
    MIN_CONCEPTS,
    REPHRASED,
    TEXTBOOK,
    WRITTEN,
    concept_graph,
    concept_list,
    is_unseen,
    pairs,
    requests,
    walk,
)
from synth_eval.skills.facts import Fact
from synth_eval.skills.items import Draw


@pytest.fixture(autouse=True)
def _a_small_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studies.lab_study.writers.GRAPH_DOCUMENTS", 1000)


@pytest.mark.parametrize("source", WRITTEN)
def test_pairs_are_prompts_with_true_lessons(source: str) -> None:
    for prompt, answer in islice(pairs(source, key="t"), 300):
        assert prompt.endswith(END_OF_PROMPT)
        assert prompt.count(END_OF_PROMPT) == 1
        reading = read_lesson(answer)
        assert reading.well_formed
        assert reading.true == reading.checkable
    assert list(islice(pairs(source, key="t"), 50)) == list(islice(pairs(source, key="t"), 50))


@pytest.mark.parametrize("source", WRITTEN)
def test_requests_are_prompts_of_the_same_kind_without_an_answer(source: str) -> None:
    kind = next(pairs(source, key="t"))[0].split(":")[0]
    for request in islice(requests(source, key="t"), 100):
        assert request.prompt.startswith(f"{kind}: ")
        assert request.prompt.endswith(END_OF_PROMPT)


def test_pairs_of_rewriting_leave_the_unseen_subjects_out_and_requests_do_not() -> None:
    for _, answer in islice(pairs(REPHRASED, key="t"), 1000):
        assert not any(is_unseen(subject) for _, subject, _ in read_lesson(answer).facts)
    documents = [request.document for request in islice(requests(REPHRASED, key="t"), 1000)]
    assert any(is_unseen(fact.subject) for document in documents if document for fact in document.facts)


def test_nothing_to_be_rewritten_stood_in_a_pair() -> None:
    learned = {prompt for prompt, _ in islice(pairs(REPHRASED, key="train"), 2000)}
    asked = {request.prompt for request in islice(requests(REPHRASED, key="write"), 1000)}
    assert not asked & learned


def test_topics_are_topics_of_pairs() -> None:
    learned = {prompt for prompt, _ in islice(pairs(TEXTBOOK, key="t"), 6000)}
    asked = [request.prompt for request in islice(requests(TEXTBOOK, key="t"), 300)]
    assert sum(prompt in learned for prompt in asked) > 0.9 * len(asked)  # the rarest subjects may be missing


def test_levels_of_concepts_take_turns() -> None:
    assert [request.level for request in islice(requests(CONCEPT, key="t"), 6)] == [1, 2, 3, 1, 2, 3]


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
    assert 1 <= len(path) <= MAX_CONCEPTS
    assert len(set(path)) == len(path)
    assert all(after in GRAPH[before] for before, after in pairwise(path))


def test_a_walk_ends_where_nothing_is_new() -> None:
    assert walk({"a": {"b": 1}, "b": {"a": 1}}, "a", MIN_CONCEPTS + 3, Draw("end")) == ("a", "b")
    assert walk({}, "a", 3, Draw("end")) == ("a",)
