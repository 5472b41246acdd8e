from __future__ import annotations

from itertools import islice

from studies.lab_study.lessons import lesson, read_lesson
from studies.lab_study.world import Move, natural_documents
from synth_eval.skills.items import Draw


def test_a_lesson_reads_as_what_it_was_made_from() -> None:
    draw = Draw("test", "lessons")
    for document in islice(natural_documents("lessons"), 3000):
        reading = read_lesson(lesson(document.facts, document.moves, draw, topic=document.concepts[0]))
        assert reading.well_formed
        assert reading.topic == document.concepts[0]
        assert reading.facts == tuple((f.relation, f.subject, f.object) for f in document.facts)
        assert reading.moves == document.moves
        assert reading.true == reading.checkable > 0


def test_what_is_not_so_counts_as_stated_and_not_as_true() -> None:
    reading = read_lesson("Lesson: France. Berlin is the capital city of France. The money of France is called euro.")
    assert reading.well_formed
    assert (reading.true, reading.checkable) == (1, 2)


def test_a_story_that_ends_elsewhere_is_untrue() -> None:
    told = "Lesson: key. First the key goes into the box. Then the key goes into the bag. At last the key is in the {}."
    right, wrong = read_lesson(told.format("bag")), read_lesson(told.format("box"))
    assert right.moves == wrong.moves == (Move("key", "box"), Move("key", "bag"))
    assert (right.true, wrong.true) == (1, 0)


def test_what_is_no_lesson_is_not_well_formed() -> None:
    for text in (
        "",
        "Lesson: France.",  # states nothing
        "Berlin is the capital city of France.",  # no topic
        "Lesson: France. Paris is nice. Paris is the capital city of France.",
        "Lesson: key. First the key goes into the box.",  # no end
    ):
        assert not read_lesson(text).well_formed
