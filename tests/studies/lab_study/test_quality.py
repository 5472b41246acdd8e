from __future__ import annotations

import pytest

from studies.lab_study.quality import share, source_quality
from studies.lab_study.world import Document, Move
from studies.lab_study.writers import CONCEPT, REPHRASED, TEXTBOOK, Request, is_unseen, topic_prompt
from synth_eval.skills.facts import Fact, facts

FRANCE = (Fact("capital", "France", "Paris", 1), Fact("currency", "France", "euro", 1))


def test_the_interval_of_a_share_takes_documents_as_independent() -> None:
    # two documents, 2 of 2 and 0 of 2: p = .5, residuals 1 and -1, se = sqrt(2) / 4
    found = share([(2, 2), (0, 2)])
    assert (found.value, found.of) == (0.5, 4)
    assert (found.low, found.high) == (0.0, 1.0)  # .5 -+ .69, cut at the ends
    even = share([(1, 2)] * 50)
    assert even.low == even.high == even.value == 0.5


def test_rewritten_facts_are_kept_lost_or_added() -> None:
    text = "Lesson: France. Paris is the capital city of France. The money of Spain is called euro."
    found = source_quality(REPHRASED, [text], [Request("", document=Document("note", "", FRANCE))])
    kept = [fact for fact in FRANCE if not is_unseen(fact.subject)]
    assert found["kept" if kept else "kept_unseen"].value == 0.5
    assert found["added"].value == 0.5  # Spain's
    assert found["true"].value == found["well_formed"].value == 1.0


def test_rewritten_moves_are_counted() -> None:
    story = Document("tracking", "", moves=(Move("key", "box"), Move("key", "bag")))
    text = "Lesson: key. First the key goes into the bag. At last the key is in the bag."
    assert source_quality(REPHRASED, [text], [Request("", document=story)])["kept_moves"].value == 0.5


def test_topics_and_concepts() -> None:
    text = "Lesson: France. Rome is the capital city of France."
    textbook = source_quality(TEXTBOOK, [text, text], [Request(topic_prompt("France")), Request(topic_prompt("Spain"))])
    assert textbook["on_topic"].value == 0.5
    assert textbook["distinct"].value == 0.5
    assert textbook["true"].value == 0.0
    concept = source_quality(CONCEPT, [text], [Request("", concepts=("France", "Rome", "euro"), level=3)])
    assert concept["named"].value == pytest.approx(2 / 3)
    assert concept["true_3"].value == 0.0


def test_sampled_text_is_judged_by_its_plain_statements() -> None:
    text = "The capital of France is Paris. The capital of Spain is Paris. Q: What is spoken in Chad? A: x."
    found = source_quality("self", [text])
    assert (found["true"].value, found["true"].of) == (0.5, 2)
    assert set(found) == {"distinct", "true"}


def test_some_subjects_are_left_out_of_the_pairs() -> None:
    subjects = {fact.subject for fact in facts()}
    assert 0 < sum(map(is_unseen, subjects)) < len(subjects) / 10
