"""Pairing: same document, same prompt, or left out and counted."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.compare.pairing import join_items, with_its_prompts
from synth_eval.types import ItemTable


def _table(name: str, hashes: list[str], prompts: list[str] | None = None) -> ItemTable:
    columns = {
        "doc_id": np.arange(len(hashes)),
        "doc_hash": np.array(hashes, dtype=object),
        "prompt_hash": np.array(prompts or [f"p{h}" for h in hashes], dtype=object),
    }
    return ItemTable(name, "task", "choice", "reasoning", columns)


def test_equal_tables_pair_row_by_row() -> None:
    joined = join_items([_table("a", ["x", "y"]), _table("b", ["x", "y"])])
    np.testing.assert_array_equal(joined.rows, [[0, 0], [1, 1]])
    assert joined.notes == ()


def test_order_differs() -> None:
    joined = join_items([_table("a", ["x", "y", "z"]), _table("b", ["z", "x", "y"])])
    np.testing.assert_array_equal(joined.rows, [[0, 1], [1, 2], [2, 0]])
    assert joined.notes == ()


def test_items_that_some_checkpoint_lacks_are_left_out_and_counted() -> None:
    joined = join_items([_table("a", ["x", "y", "z"]), _table("b", ["y", "w"])])
    np.testing.assert_array_equal(joined.rows, [[1, 0]])
    # x, y, z, w: four documents, one of them shared; a lacks w, b lacks x and z
    assert joined.notes == ("3 of 4 items are not in every checkpoint and were left out (b lacks 2, a lacks 1)",)


def test_many_checkpoints_that_lack_items_are_counted() -> None:
    tables = [_table("whole", ["x", "y"])] + [_table(f"part{i}", ["x"]) for i in range(5)]
    assert join_items(tables).notes[0].endswith("(part4 lacks 1, part3 lacks 1, part2 lacks 1 and 2 more checkpoints)")


def test_other_prompts_are_left_out_and_named() -> None:
    joined = join_items([_table("a", ["x", "y"], ["1", "2"]), _table("b", ["x", "y"], ["1", "3"])])
    np.testing.assert_array_equal(joined.rows, [[0, 0]])
    assert joined.notes == ("1 items were asked with different prompts and were left out (doc_id 1)",)


def test_copies_of_a_document_pair_in_turn() -> None:
    joined = join_items([_table("a", ["x", "x", "y"]), _table("b", ["y", "x", "x"])])
    np.testing.assert_array_equal(joined.rows, [[0, 1], [1, 2], [2, 0]])


def test_nothing_shared() -> None:
    joined = join_items([_table("a", ["x"]), _table("b", ["y"])])
    assert joined.rows.shape == (0, 2)
    assert len(joined.notes) == 1


@given(st.lists(st.sampled_from("abcdef"), min_size=1), st.lists(st.sampled_from("abcdef"), min_size=1))
def test_paired_rows_hold_the_same_document_and_none_is_lost(first: list[str], second: list[str]) -> None:
    tables = [_table("a", first), _table("b", second)]
    rows = join_items(tables).rows
    assert [first[i] for i in rows[:, 0]] == [second[j] for j in rows[:, 1]]
    assert all(len(set(rows[:, t])) == len(rows) for t in (0, 1))
    assert len(rows) == sum(min(first.count(key), second.count(key)) for key in "abcdef")


def test_a_checkpoint_with_other_prompts_is_left_out_alone() -> None:
    first, some, most = _table("a", ["x", "y", "z"]), _table("b", ["z", "y", "x"], ["pz", "py", "1"]), ["px", "2", "3"]
    tables = [first, some, _table("c", ["x", "y", "z"], most), _table("d", ["w"]), _table("e", ["x"])]
    kept, odd = with_its_prompts({table.checkpoint: table for table in tables})
    assert list(kept) == ["a", "b", "e"]
    assert odd == {
        "c": "2 of 3 items were asked with other prompts than those of",
        "d": "it was asked about none of the documents of",
    }
    assert with_its_prompts({}) == ({}, {})
