"""synth-eval overlap, as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from synth_eval.cli import cli
from synth_eval.errors import ExitCode

MANIFEST = """\
family: f
domains: {notes: data/*.txt}
choice_tasks: {exam: data/exam.jsonl}
checkpoints: [{path: gone/a, ratio: 0}]
"""
LONG = "the quick brown fox jumps over the lazy dog while seven small birds look on"  # 15 words: three 13-grams
OTHER = " ".join(f"word{i}" for i in range(20))  # eight 13-grams


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "train").mkdir()
    (tmp_path / "checkpoints.yaml").write_text(MANIFEST)
    (tmp_path / "data/one.txt").write_text(LONG)
    (tmp_path / "data/two.txt").write_text(OTHER)
    items = [{"question": f"{OTHER} {i}", "choices": ["a", "b"], "answer": 0} for i in range(3)]
    (tmp_path / "data/exam.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    (tmp_path / "train/a.jsonl").write_text('{"text": "nothing"}\n{"text": ""}\n{"other": "field"}\n')
    (tmp_path / "train/b.jsonl").write_text(json.dumps({"text": f"He wrote: {LONG.upper()[:-3]}."}) + "\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def overlap(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["overlap", "checkpoints.yaml", *arguments])


def test_the_table_names_what_was_found_and_where(folder: Path) -> None:
    done = overlap("--against", "train/*.jsonl")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    # without its last word, "on", LONG holds two of its three 13-grams
    assert lines[1].split()[:5] == ["notes", "13", "2", "of", "11"]
    assert lines[1].split()[5] == "18.2"
    assert lines[2].split()[:6] == ["exam", "13", "0", "of", "27", "0.0"]  # 21 words a question: nine each
    assert "66.7% of 3  data/one.txt:1, in train/b.jsonl: the quick brown" in done.output
    assert "17 words of training text read (train/a.jsonl and 1 more files)" in done.output


def test_json_and_a_pattern_that_the_shell_spread_out(folder: Path) -> None:
    said = json.loads(overlap("--against", "train/a.jsonl", "train/b.jsonl", "--json", "--tasks", "notes").output)
    assert said["training_text"] == {"files": ["train/a.jsonl", "train/b.jsonl"], "words": 17}
    (table,) = said["tasks"]
    assert (table["grams"], table["found"], table["touched"], table["documents"]) == (11, 2, 1, 2)
    assert table["documents_touched"] == [
        {"where": "data/one.txt:1", "grams": 3, "found": 2, "mostly_in": "train/b.jsonl"}
    ]
    shorter = json.loads(overlap("--against", "train/*", "--json", "-n", "14").output)
    assert [(t["task"], t["n"], t["grams"]) for t in shorter["tasks"]] == [("notes", 14, 9), ("exam", 14, 24)]


def test_training_text_of_the_manifest_is_relative_to_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "checkpoints.yaml").write_text(f"training_text: train/*.jsonl\n{MANIFEST}")
    monkeypatch.chdir(folder / "data")
    done = CliRunner().invoke(cli, ["overlap", "../checkpoints.yaml", "--json"])
    assert json.loads(done.output)["training_text"]["files"] == ["train/a.jsonl", "train/b.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no training text: give --against 'train/*.jsonl', or training_text: in FILE"),
        (["train/a.jsonl"], "train/a.jsonl: training text goes behind --against"),
        (["--against", "gone/*"], "gone/*: no such file: check the path"),
        (["--against", "train/*", "--tasks", "notes,nothing"], "--tasks nothing: FILE has notes, exam"),
        (["--against", "train/a.jsonl", "--field", "body"], "is the field 'body' in the records? Name it with --field"),
        (["--against", "data/bad.jsonl", "--tasks", "notes"], "no text in data/bad.jsonl"),
    ],
)
def test_mistakes(folder: Path, arguments: list[str], message: str) -> None:
    (folder / "data/bad.jsonl").write_text("not JSON\n")
    done = overlap(*arguments)
    assert done.exit_code != 0
    assert message in (done.output + str(done.exception))


def test_a_manifest_without_own_tasks(folder: Path) -> None:
    (folder / "checkpoints.yaml").write_text("family: f\ncheckpoints: [{path: gone/a, ratio: 0}]\n")
    done = overlap("--against", "train/*")
    assert "FILE has neither domains nor choice_tasks" in str(done.exception)
    assert done.exception.exit_code == ExitCode.USAGE
