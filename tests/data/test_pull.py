"""Pulling from a folder that stands for the hub: what is stored, what is left alone, what is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from public_data import gsm8k_records, write_lines, write_mirror

from synth_eval.data import hub
from synth_eval.data.folder import read_part, sha256_of
from synth_eval.data.hub import _domain_records, wanted_parts
from synth_eval.data.pull import Wanted, pull
from synth_eval.data.sets import DOMAINS, GROUP_TASKS, TASK_PARTS, Part

PART = Part("gsm8k", "", "test")


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mirror(tmp_path_factory.mktemp("mirror"))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def counting(rows: list, calls: list, part: Part = PART) -> Wanted:
    def write(path: Path) -> int:
        calls.append(part)
        write_lines(path, rows)
        return len(rows)

    return Wanted(part, ("synth_gsm8k",), {"dataset": "openai/gsm8k"}, write, ".jsonl")


def test_the_suite_is_stored_as_the_tasks_read_it(mirror: Path, tmp_path: Path) -> None:
    done = pull(tmp_path / "data", wanted_parts(GROUP_TASKS["synth_suite_public"], mirror=mirror))
    assert {each.outcome for each in done} == {"stored"}
    assert read_part(tmp_path / "data", PART) == gsm8k_records(30)
    for part in {part for task in GROUP_TASKS["synth_suite_public"] for part in TASK_PARTS[task]}:
        assert read_part(tmp_path / "data", part)
    # Of OpenTriviaQA the answer's text becomes an index, and its empty first record goes.
    trivia = read_part(tmp_path / "data", Part("opentriviaqa", "world", "train"))
    assert len(trivia) == 12
    assert all(0 <= record["answer"] < 4 for record in trivia)


def test_the_index_says_hash_rows_source_and_tasks(mirror: Path, tmp_path: Path) -> None:
    pull(tmp_path, wanted_parts(["synth_gsm8k", "synth_gsm8k_generate"], mirror=mirror))
    files = json.loads((tmp_path / "index.json").read_text())["files"]
    assert list(files) == ["gsm8k/test.parquet", "gsm8k/train.parquet"]
    assert files["gsm8k/test.parquet"] == {
        "sha256": sha256_of(tmp_path / "gsm8k/test.parquet"),
        "rows": 30,
        "source": {"dataset": "openai/gsm8k", "config": "main", "split": "test"},
        "tasks": ["synth_gsm8k", "synth_gsm8k_generate"],
    }


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    calls: list[Part] = []
    wanted = [counting(gsm8k_records(3), calls)]
    outcomes = [pull(tmp_path, wanted)[0].outcome for _ in range(2)]
    assert (outcomes, len(calls)) == (["stored", "there already"], 1)
    assert pull(tmp_path, wanted, force=True)[0].outcome == "stored"


def test_a_file_dropped_in_by_hand_is_kept(tmp_path: Path) -> None:
    calls: list[Part] = []
    mine = write_lines(tmp_path / "gsm8k/test.jsonl", gsm8k_records(2))
    (done,) = pull(tmp_path, [counting(gsm8k_records(3), calls)])
    assert (done.outcome, done.path, calls) == ("there, by hand", mine, [])


def test_a_damaged_file_is_fetched_again(tmp_path: Path) -> None:
    calls: list[Part] = []
    wanted = [counting(gsm8k_records(3), calls)]
    pull(tmp_path, wanted)
    (tmp_path / "gsm8k/test.jsonl").write_text("half a li")
    assert pull(tmp_path, wanted)[0].outcome == "stored"
    assert read_part(tmp_path, PART) == gsm8k_records(3)


def test_one_failure_does_not_keep_the_others_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    def broken(path: Path) -> int:
        path.write_text('{"half": ')
        raise ConnectionError("the hub hung up\nand more")

    def empty(path: Path) -> int:
        path.write_text("")
        return 0

    other = Part("squad", "", "validation")
    calls: list[Part] = []
    wanted = [
        Wanted(PART, (), {}, broken),
        Wanted(Part("nq_open", "", "validation"), (), {}, empty),
        counting(gsm8k_records(1), calls, other),
    ]
    done = pull(tmp_path, wanted)
    assert [(each.outcome, each.reason) for each in done] == [
        ("failed", "the hub hung up"),
        ("failed", "it has no records"),
        ("stored", ""),
    ]
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["index.json", "validation.jsonl"]
    # Run again: it goes on with what failed.
    wanted[0] = counting(gsm8k_records(2), calls)
    assert [each.outcome for each in pull(tmp_path, wanted)] == ["stored", "failed", "there already"]


def test_domains_take_the_first_documents_of_each_component(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [
        {"text": f"{name} {i}", "meta": {"pile_set_name": name}}
        for i in range(20 + 5)
        for name in (*DOMAINS.values(), "Enron Emails")
    ]
    folder = tmp_path / "monology/pile-uncopyrighted"
    write_lines(folder / "test.jsonl", records)
    _domain_records.cache_clear()
    monkeypatch.setattr(hub, "DOMAIN_RECORDS", 20)
    tasks = GROUP_TASKS["synth_domains_public"]
    done = pull(tmp_path / "data", wanted_parts(tasks, mirror=tmp_path))
    assert {(each.outcome, each.rows) for each in done} == {("stored", 20)}
    law = read_part(tmp_path / "data", Part("domains", "law", "test"))
    assert law[0] == {"text": "FreeLaw 0"}
    assert all(record["text"].startswith("FreeLaw") for record in law)
    _domain_records.cache_clear()
