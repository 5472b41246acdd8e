from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from studies.lab_study.world import KINDS, NATURAL_MIX, Document, Move, moves_of, natural_documents, write
from synth_eval.skills.facts import Fact, facts
from synth_eval.skills.items import Draw


def test_equal_keys_give_equal_text_and_others_do_not() -> None:
    first, same, other = (list(islice(natural_documents(key), 200)) for key in ("a", "a", "b"))
    assert first == same
    assert first != other


def test_any_leading_part_has_the_mix() -> None:
    for n in (200, 2000):
        written: Counter[str] = Counter()
        for document in islice(natural_documents("mix"), n):
            written[document.kind] += len(document.text)
        whole = sum(written.values())
        for kind in KINDS:  # within one document of about 250 characters
            assert abs(written[kind] - NATURAL_MIX[kind] * whole) < 400


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_names_all_that_it_states(kind: str) -> None:
    draw = Draw("test", kind)
    known = set(facts())
    for document in (write(kind, draw) for _ in range(500)):
        assert document.facts or document.moves
        assert set(document.facts) <= known
        for concept in document.concepts:
            assert concept.casefold() in document.text.casefold()


def test_moves_are_read_in_order_and_looks_are_none() -> None:
    text = (
        "Adam puts the key in the box. Beth looks in the bag. Carl moves the key to the chest. The key is in the chest."
    )
    assert moves_of(text) == (Move("key", "box"), Move("key", "chest"))


def test_concepts_stand_once_and_in_order() -> None:
    france = (Fact("capital", "France", "Paris", 1), Fact("currency", "France", "euro", 1))
    assert Document("note", "", france).concepts == ("France", "Paris", "euro")
