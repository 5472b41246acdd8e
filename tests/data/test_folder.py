"""Where parts lie in a data folder, and what is said when they do not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from public_data import write_lines

from synth_eval.data import folder as data
from synth_eval.data.folder import DataError
from synth_eval.data.sets import Part

ROWS = [{"question": "one", "answer": ["1"]}, {"question": "two", "answer": ["2"]}]
PART = Part("nq_open", "", "validation")


def parquet(path: Path, rows: list) -> Path:
    import pyarrow
    import pyarrow.parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def test_every_ending_is_read_alike(tmp_path: Path) -> None:
    write_lines(tmp_path / "a/nq_open/validation.jsonl", ROWS)
    (tmp_path / "b/nq_open").mkdir(parents=True)
    with gzip.open(tmp_path / "b/nq_open/validation.jsonl.gz", "wt") as file:
        file.write((tmp_path / "a/nq_open/validation.jsonl").read_text())
    parquet(tmp_path / "c/nq_open/validation.parquet", ROWS)
    assert all(data.read_part(tmp_path / name, PART) == ROWS for name in "abc")


@pytest.mark.parametrize(
    ("place", "part"),
    [
        ("nq_open/validation.jsonl", PART),
        ("NQ_Open/validation.jsonl", PART),
        ("bbh/tracking/test.jsonl", Part("bbh", "tracking", "test")),
        ("bbh/tracking.jsonl", Part("bbh", "tracking", "test")),
        ("strategyqa/validation.jsonl", Part("strategyqa", "", "validation")),
        ("strategyqa/test.jsonl", Part("strategyqa", "", "validation")),  # as the hub's copy calls it
        ("org/name/config/test.jsonl", Part("org/name", "config", "test")),
    ],
)
def test_parts_are_found(tmp_path: Path, place: str, part: Part) -> None:
    path = write_lines(tmp_path / place, ROWS)
    assert data.find_part(tmp_path, part) == path


@pytest.mark.parametrize("place", ["nq_open/train.jsonl", "nq_open/validation.csv", "other/validation.jsonl"])
def test_other_files_are_not_taken_for_a_part(tmp_path: Path, place: str) -> None:
    write_lines(tmp_path / place, ROWS)
    assert data.find_part(tmp_path, PART) is None
    with pytest.raises(DataError, match=r"not in the data folder .*: nq_open/validation; .* data pull"):
        data.read_part(tmp_path, PART)


@pytest.mark.parametrize(
    ("hub", "config", "place"),
    [
        ("openai/gsm8k", "main", "gsm8k/test.jsonl"),
        ("openai/gsm8k", "main", "gsm8k/main/test.jsonl"),
        ("SaylorTwift/bbh", "tracking", "bbh/tracking.jsonl"),
        ("allenai/ai2_arc", "ARC-Easy", "allenai/ai2_arc/ARC-Easy/test.jsonl"),
        ("allenai/ai2_arc", "ARC-Easy", "ai2_arc/ARC-Easy/test.jsonl"),
        ("org/plain", None, "plain/test.jsonl"),
    ],
)
def test_datasets_of_the_hub_are_found_by_hand_or_pulled(
    tmp_path: Path, hub: str, config: str | None, place: str
) -> None:
    path = write_lines(tmp_path / place, ROWS)
    assert path in [data.find_part(tmp_path, part) for part in data.hub_parts(hub, config, "test")]


def test_two_configurations_are_never_mixed_up(tmp_path: Path) -> None:
    write_lines(tmp_path / "bbh/test.jsonl", ROWS)
    assert [data.find_part(tmp_path, part) for part in data.hub_parts("SaylorTwift/bbh", "tracking", "test")] == [
        None
    ] * len(data.hub_parts("SaylorTwift/bbh", "tracking", "test"))


def indexed(folder: Path, path: Path) -> None:
    entry = {"sha256": data.sha256_of(path), "rows": 2}
    (folder / "index.json").write_text(json.dumps({"files": {path.relative_to(folder).as_posix(): entry}}))


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "nq_open/validation.jsonl", ROWS)
    indexed(tmp_path, path)
    assert data.read_part(tmp_path, PART) == ROWS
    write_lines(path, [*ROWS, {"question": "three", "answer": ["3"]}])
    with pytest.raises(DataError, match=r"validation.jsonl: SHA-256 .* is not the .* pull it again with --force"):
        data.read_part(tmp_path, PART)


@pytest.mark.parametrize("text", ["[]", "{}", '{"files": 3}', "no json"])
def test_a_broken_index_is_named(tmp_path: Path, text: str) -> None:
    write_lines(tmp_path / "nq_open/validation.jsonl", ROWS)
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(DataError, match=r"index\.json: not an index"):
        data.read_part(tmp_path, PART)


@pytest.mark.parametrize(
    ("text", "says"),
    [('{"a": 1}\n{"a"', ":2: not JSON"), ("[1]\n", ":1: the line is a list, not a record"), ("\n", "no records")],
)
def test_a_broken_line_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match=f"x.jsonl{says}" if says.startswith(":") else says):
        data.read_records(path)


def test_what_is_no_parquet_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"not Parquet")
    with pytest.raises(DataError, match=r"x.parquet: "):
        data.read_records(path)


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYNTH_EVAL_DATA", raising=False)
    assert data.data_folder() is None
    with pytest.raises(DataError, match=r"data_dir: .*gone: there is no such folder"):
        data.use_data_folder(tmp_path / "gone")
    data.use_data_folder(tmp_path)
    assert data.data_folder() == tmp_path
    data.use_data_folder(tmp_path / "other")  # what is set already stays
    assert data.data_folder() == tmp_path
    monkeypatch.setenv("SYNTH_EVAL_DATA", str(tmp_path / "gone"))
    with pytest.raises(DataError, match="gone: there is no such folder"):
        data.data_folder()
