"""Domains over datasets of the hub: stored from a folder that stands for it, and drawn from where they were stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from public_data import write_lines

from synth_eval.data.domains import domain_sample
from synth_eval.data.folder import DataError
from synth_eval.data.hub import lacking_parts, stored_task, wanted_of_own
from synth_eval.data.pull import pull
from synth_eval.data.records import OwnDataError
from synth_eval.data.sets import Part
from synth_eval.types import OwnTask

NOTES = [{"note": f"note {i}", "ward": i % 3, "summary": f"s{i}"} for i in range(30)]
README = """\
---
configs:
- {config_name: en, data_files: [{split: test, path: en.jsonl}, {split: train, path: en_train.jsonl}]}
- {config_name: de, data_files: [{split: test, path: de.jsonl}]}
---
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.delenv("SYNTH_EVAL_DATA", raising=False)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    hub = tmp_path / "mirror" / "my-org" / "notes"
    write_lines(hub / "en.jsonl", NOTES)
    write_lines(hub / "en_train.jsonl", NOTES)
    write_lines(hub / "de.jsonl", [{"note": "Notiz"}])
    (hub / "README.md").write_text(README)
    return tmp_path / "mirror"


def over_hub(name: str = "clinic", **options) -> OwnTask:
    settings = {"hub": "my-org/notes", "subset": "en", "field": "note"} | options
    return OwnTask(name, "rolling", Path("/study"), **settings)


def test_stored_is_the_split_and_nothing_else(mirror: Path, tmp_path: Path) -> None:
    tasks = [
        over_hub(),
        over_hub("summaries", field="summary", seed=3),  # of the same split: stored once
        over_hub("german", subset="de"),
        OwnTask("legal", "rolling", tmp_path, files=("legal.txt",)),
    ]
    done = pull(tmp_path / "data", wanted_of_own(tasks, mirror=mirror))
    assert [(str(each.part), each.outcome, each.rows) for each in done] == [
        ("my-org/notes/en/test", "stored", 30),
        ("my-org/notes/de/test", "stored", 1),
    ]
    files = json.loads((tmp_path / "data" / "index.json").read_text())["files"]
    assert {name: entry["tasks"] for name, entry in files.items()} == {
        "my-org/notes/de/test.parquet": ["german"],
        "my-org/notes/en/test.parquet": ["clinic", "summaries"],
    }
    assert files["my-org/notes/de/test.parquet"]["source"] == {
        "dataset": "my-org/notes", "config": "de", "split": "test",
    }  # fmt: skip
    assert {each.outcome for each in pull(tmp_path / "data", wanted_of_own(tasks, mirror=mirror))} == {"there already"}


def test_the_sample_is_the_one_that_the_hub_gives(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = over_hub(amount=7, seed=5)
    pull(tmp_path / "data", wanted_of_own([task], mirror=mirror))
    monkeypatch.chdir(mirror)  # `datasets` reads org/name from the working directory if it is there
    assert stored_task(task) == task  # no data folder: the hub is asked
    from_hub = domain_sample(task)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTH_EVAL_DATA", str(tmp_path / "data"))
    stored = stored_task(task)
    assert stored.hub is None
    from_folder = domain_sample(stored)
    assert len(from_folder.documents) == 7
    assert from_folder.sha256 == from_hub.sha256
    assert (from_folder.of, from_folder.sources) == (from_hub.of, from_hub.sources) == (30, 7)


def test_a_file_dropped_in_by_hand_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lines(tmp_path / "notes" / "test.jsonl", NOTES[:2])  # under the name without the owner
    monkeypatch.setenv("SYNTH_EVAL_DATA", str(tmp_path))
    task = over_hub(subset=None)
    assert not lacking_parts([task], tmp_path)
    assert {document.text for document in domain_sample(stored_task(task)).documents} == {"note 0", "note 1"}


def test_a_task_over_files_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTH_EVAL_DATA", str(tmp_path))
    task = OwnTask("legal", "rolling", tmp_path, files=("legal.txt",))
    assert stored_task(task) is task
    assert not lacking_parts([task], tmp_path)


def test_what_is_lacking_or_changed_is_named(mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("SYNTH_EVAL_DATA", str(data))
    task = over_hub()
    assert lacking_parts([task], data) == [Part("my-org/notes", "en", "test")]
    with pytest.raises(DataError, match=r"my-org/notes/en/test; .* data pull --to DIR --manifest checkpoints\.yaml"):
        stored_task(task)
    pull(data, wanted_of_own([task], mirror=mirror))
    with (data / "my-org/notes/en/test.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(DataError, match=r"en/test\.parquet: SHA-256 .* the file was changed"):
        stored_task(task)


def test_a_wrong_field_fails_at_the_pull(mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [over_hub(), over_hub("other", field="text"), over_hub("german", subset="de")]
    failed, stored = pull(tmp_path / "data", wanted_of_own(tasks, mirror=mirror))
    assert failed.outcome == "failed"
    assert failed.reason == "other: the field 'text' is missing (there are note, ward, summary)"
    assert stored.outcome == "stored"
    # and at a run, where the manifest was changed after the pull
    pull(tmp_path / "data", wanted_of_own(tasks[:1], mirror=mirror))
    monkeypatch.setenv("SYNTH_EVAL_DATA", str(tmp_path / "data"))
    with pytest.raises(OwnDataError, match=r"test\.parquet: the column 'text' is missing"):
        domain_sample(stored_task(tasks[1]))
