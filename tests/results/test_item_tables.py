import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.errors import ResultsError
from synth_eval.results.item_tables import items_key, read_items, write_items
from synth_eval.types import ItemTable


def ragged(rows, dtype):
    column = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        column[i] = np.array(row, dtype=dtype)
    return column


def choice_table(n=3, **columns):
    logliks = [[-1.0, -2.5], [-0.1, -np.inf, -3.0], []][:n]
    base = {
        "doc_id": np.arange(n),
        "doc_hash": np.array(["a" * 64, "b", ""][:n], dtype=str),
        "prompt_hash": np.array(["p"] * n, dtype=str),
        "choice_logliks": ragged(logliks, float),
        "choice_bytes": ragged([[3, 4], [1, 2, 3], []][:n], np.int64),
        "probs": ragged([np.exp(row) for row in logliks], float),
        "correct": np.array([True, False, True][:n]),
        "nll": np.array([0.5, np.nan, np.inf][:n]),
    }
    return ItemTable(checkpoint="410M", task="t", kind="choice", category="reasoning", columns=base | columns)


def assert_same(left: ItemTable, right: ItemTable) -> None:
    assert (left.checkpoint, left.task, left.kind, left.category) == (
        right.checkpoint, right.task, right.kind, right.category,
    )  # fmt: skip
    assert list(left.columns) == list(right.columns)
    for name, column in left.columns.items():
        other = right.columns[name]
        assert column.dtype.kind == other.dtype.kind, name
        assert len(column) == len(other)
        for a, b in zip(column, other):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_round_trip(tmp_path, n):
    write_items(tmp_path / "a/t.parquet", choice_table(n))
    assert_same(read_items(tmp_path / "a/t.parquet"), choice_table(n))


def test_generated_text_keeps_its_type(tmp_path):
    texts = np.array(["a\nb", "", "é 漢"], dtype=object)
    columns = {"doc_hash": np.array(["x", "y", "z"]), "text": texts}
    table = ItemTable(checkpoint="c", task="t", kind="generation", category="generation", columns=columns)
    write_items(tmp_path / "t.parquet", table)
    assert_same(read_items(tmp_path / "t.parquet"), table)


def test_samples_keep_their_items(tmp_path):
    samples = np.empty(3, dtype=object)
    samples[:] = [("a\nb", ""), (), ("é 漢", "a", "a")]
    columns = {"doc_hash": np.array(["x", "y", "z"]), "samples": samples}
    table = ItemTable(checkpoint="c", task="t", kind="generation", category="generation", columns=columns)
    write_items(tmp_path / "t.parquet", table)
    assert read_items(tmp_path / "t.parquet").columns["samples"].tolist() == samples.tolist()


finite_or_not = st.floats(width=64)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(finite_or_not, max_size=5), max_size=8))
def test_any_ragged_column_survives(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("any") / "t.parquet"
    hashes = np.array([f"{i}" for i in range(len(rows))], dtype=str)
    columns = {"doc_hash": hashes, "probs": ragged(rows, float)}
    table = ItemTable(checkpoint="c", task="t", kind="choice", category="x", columns=columns)
    write_items(path, table)
    assert_same(read_items(path), table)


def test_the_file_stands_alone_in_pandas(tmp_path):
    write_items(tmp_path / "t.parquet", choice_table())
    frame = pq.read_table(tmp_path / "t.parquet").to_pandas()
    assert list(frame.columns[:3]) == ["checkpoint", "task", "category"]
    assert frame["checkpoint"].tolist() == ["410M"] * 3
    assert frame["choice_bytes"][1].tolist() == [1, 2, 3]


def test_key_is_read_without_rows(tmp_path):
    path = tmp_path / "t.parquet"
    assert items_key(path) is None
    write_items(path, choice_table(), key="settings-1")
    assert items_key(path) == "settings-1"
    write_items(path, choice_table(), key="settings-2")
    assert items_key(path) == "settings-2"


def test_wrong_tables_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="differ in length"):
        write_items(tmp_path / "t.parquet", choice_table(nll=np.zeros(7)))
    with pytest.raises(ValueError, match="reserved"):
        write_items(tmp_path / "t.parquet", choice_table(task=np.zeros(3)))
    assert not list(tmp_path.iterdir())


def refused(path) -> str:
    with pytest.raises(ResultsError) as caught:
        read_items(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


def test_damaged_files_are_named(tmp_path):
    path = tmp_path / "t.parquet"
    assert "no such file" in refused(path)
    write_items(path, choice_table(), key="k")
    whole = path.read_bytes()
    for size in (0, 3, 50, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert "truncated or damaged" in refused(path)
        assert items_key(path) is None
    pq.write_table(pq.read_table(_written(tmp_path)).replace_schema_metadata({}), path)
    assert "not an item table of synth-eval" in refused(path)
    path.write_text("hello")
    assert "truncated or damaged" in refused(path)


def test_a_flipped_bit_in_the_data_is_noticed(tmp_path):
    path = tmp_path / "t.parquet"
    rng = np.random.default_rng(0)
    write_items(path, choice_table(nll=rng.random(3)))
    whole = path.read_bytes()
    for column in ("doc_hash", "nll"):
        chunk = next(
            pq.ParquetFile(path).metadata.row_group(0).column(i)
            for i in range(pq.ParquetFile(path).metadata.num_columns)
            if pq.ParquetFile(path).metadata.row_group(0).column(i).path_in_schema == column
        )
        start = chunk.dictionary_page_offset or chunk.data_page_offset
        flipped = bytearray(whole)
        flipped[start + chunk.total_compressed_size - 1] ^= 1
        (tmp_path / "flipped.parquet").write_bytes(flipped)
        assert "truncated or damaged" in refused(tmp_path / "flipped.parquet")


def _written(folder):
    path = folder / "whole.parquet"
    write_items(path, choice_table())
    return path
