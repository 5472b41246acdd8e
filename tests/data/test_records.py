"""Records and text of files: what is read, where a message points, what each kind of damage is called."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synth_eval.data import texts as texts_module
from synth_eval.data.records import OwnDataError, Tally, matching_files, read_records, shown
from synth_eval.data.texts import read_texts


def texts(path: Path, *, field: str = "text", skip: bool = False):
    tally = Tally(skip=skip)
    return list(read_texts([path], field=field, base=path.parent, tally=tally)), tally.left_out


def refused(path: Path, **options) -> str:
    with pytest.raises(OwnDataError) as caught:
        texts(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


LINES = '{"text": "one"}\n\n{"text": "zwei ü", "id": 7}\n'


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.ndjson"])
def test_jsonl_plain_and_compressed(tmp_path, name):
    data = ("\ufeff" + LINES).encode()  # editors on Windows write a byte-order mark
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    blocks, left_out = texts(tmp_path / name)
    assert [(b.where, b.text, b.first) for b in blocks] == [(f"{name}:1", "one", True), (f"{name}:3", "zwei ü", True)]
    assert left_out == 0


def test_parquet_rows_count_from_one(tmp_path):
    pq.write_table(pa.table({"id": [1, 2], "text": ["one", "two"]}), tmp_path / "a.parquet")
    blocks, _ = texts(tmp_path / "a.parquet")
    assert [(b.where, b.text) for b in blocks] == [("a.parquet, row 1", "one"), ("a.parquet, row 2", "two")]
    assert refused(tmp_path / "a.parquet", field="body") == (
        "a.parquet: the column 'body' is missing (there are id, text)"
    )


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.txt.gz"])
def test_a_text_file_is_one_document_in_blocks_of_whole_lines(tmp_path, name, monkeypatch):
    monkeypatch.setattr(texts_module, "BLOCK", 8)  # bytes: each block ends with the line in which the eighth lies
    data = b"aaaa\nbbbb\ncccc\ndddd\n"
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    blocks, _ = texts(tmp_path / name)
    assert "".join(b.text for b in blocks) == data.decode()
    assert [(b.line, b.first) for b in blocks] == [(1, True), (3, False)]
    assert blocks[1].place(5) == f"{name}:4"  # "cccc\n" are five characters


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"text": "x"}\n{"text": \n', "a.jsonl:2: not JSON (Expecting value: line 2 column 1 (char 10))"),
        ("a.jsonl", b'{"text": "x"}\n["x"]\n', "a.jsonl:2: the line is a list, not a record: write {...}"),
        ("a.jsonl", b'{"text": "\xff"}', "a.jsonl:1: not UTF-8: save the file as UTF-8"),
        ("a.jsonl", b'{"body": "x"}', "a.jsonl:1: the field 'text' is missing (there are body): name the right one in"),
        ("a.jsonl", b'{"text": "x"}\n{"text": " \\n"}', "a.jsonl:2: the document (text) is empty: remove it, or set"),
        ("a.jsonl", b'{"text": null}', "a.jsonl:1: the document (text) is missing, not text"),
        ("a.jsonl", b'{"text": ["x"]}', "a.jsonl:1: the document (text) is a list, not text"),
        ("a.jsonl", b'{"text": "\\ud800"}', "a.jsonl:1: the document (text) holds half a character"),
        ("a.jsonl", b"[" * 100_000, "a.jsonl:1: not JSON that can be read: nested too deeply"),
        ("a.jsonl.gz", b"plain", "a.jsonl.gz: the gzip file is damaged or cut short: copy it again"),
        (
            "a.jsonl.gz",
            gzip.compress(b'{"text": "x"}' * 99, mtime=0)[:-9],
            "a.jsonl.gz: the gzip file is damaged or cut short",
        ),
        ("a.parquet", b"PAR1", "a.parquet: no Parquet file: "),
        ("a.txt", b"  \n", "a.txt: the document is empty: remove it, or set skip_unusable: true"),
        ("a.txt", b"\xff\xfe", "a.txt: not UTF-8: save the file as UTF-8"),
        ("a.csv", b"x", "a.csv: this format is not read: give .jsonl, .jsonl.gz, .parquet or text (.txt, .md, .rst"),
    ],
)
def test_damage_is_named_with_its_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path / name).startswith(message)


def test_unusable_records_can_be_left_out_and_are_counted(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n{"text": ""}\nnot JSON\n{"body": "x"}\n{"text": "y"}\n')
    blocks, left_out = texts(tmp_path / "a.jsonl", skip=True)
    assert [b.text for b in blocks] == ["x", "y"]
    assert left_out == 3


def test_records_of_another_format(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([{"question": "?"}]))
    with pytest.raises(OwnDataError, match=r"a\.json: this format is not read: give .jsonl, .* one record a line"):
        list(read_records(tmp_path / "a.json", "a.json", Tally()))


def test_patterns_and_names(tmp_path):
    for name in ("b.txt", "a.txt", "deep/er/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = matching_files([f"{tmp_path}/**/*.txt", f"{tmp_path}/a.txt"], base=tmp_path)
    assert [shown(path, tmp_path) for path in found] == ["a.txt", "b.txt", "deep/er/c.txt"]
    assert shown(tmp_path / "b.txt", tmp_path / "deep") == "../b.txt"
    with pytest.raises(OwnDataError, match=r"^z\*\.txt: no such file"):
        matching_files([f"{tmp_path}/z*.txt"], base=tmp_path)
