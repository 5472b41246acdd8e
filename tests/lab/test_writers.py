from __future__ import annotations

from itertools import islice

import pytest

from synth_eval.lab.lessons import read_lesson
from synth_eval.lab.writers import CONCEPT, END_OF_PROMPT, REPHRASED, TEXTBOOK, WRITTEN, is_unseen, pairs, requests


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
