"""Which logged files are read, and for which model: of several runs the newest of each task."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from logged_choices import choice_rows, write_results, write_samples

from synth_eval.errors import ResultsError
from synth_eval.results import find_results, read_model, read_models

OLD, NEW = "2026-01-01T00-00-00.000001", "2026-01-02T00-00-00.000001"


def run(folder: Path, date: str, acc: dict[str, float], *, samples: bool = True, **more) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    results = {task: {"acc,none": value, "acc_stderr,none": 0.01} for task, value in acc.items()}
    content = {"results": results, "model_name": "org/m", **more}
    (folder / f"results_{date}.json").write_text(json.dumps(content))
    for task in acc if samples else ():
        (folder / f"samples_{task}_{date}.jsonl").write_text("{}\n")


def read(*folders: Path):
    return read_model(output for folder in folders for output in find_results(folder)).without_outdated_samples()


def test_one_run(tmp_path: Path) -> None:
    run(tmp_path, OLD, {"t": 0.5})
    found = read(tmp_path)
    assert found.samples == {"t": tmp_path / f"samples_t_{OLD}.jsonl"}
    assert found.aggregates["t"].metric("acc").value == 0.5
    assert found.notes == ()


@pytest.mark.parametrize("newer_first", [True, False])
def test_the_newest_of_two_folders(tmp_path: Path, newer_first: bool) -> None:
    run(tmp_path / "a", OLD, {"t": 0.5, "u": 0.6})
    run(tmp_path / "b", NEW, {"t": 0.7})
    folders = [tmp_path / "a", tmp_path / "b"]
    found = read(*(reversed(folders) if newer_first else folders))
    assert found.samples["t"].parent.name == "b"
    assert found.aggregates["t"].metric("acc").value == 0.7
    assert found.aggregates["u"].metric("acc").value == 0.6
    assert found.notes == (("t", "several results, the newest are used"),)


def test_newer_results_without_samples_win_over_older_samples(tmp_path: Path) -> None:
    run(tmp_path, OLD, {"t": 0.5})
    run(tmp_path, NEW, {"t": 0.7}, samples=False)
    found = read(tmp_path)
    assert found.samples == {}
    assert found.aggregates["t"].metric("acc").value == 0.7
    assert ("t", "the newest results have no samples; the older ones' samples are left out") in found.notes


def test_groups_are_left_to_their_tasks(tmp_path: Path) -> None:
    run(tmp_path, OLD, {"g": 0.5, "a": 0.4, "b": 0.6}, samples=False, group_subtasks={"g": ["a", "b"], "a": []})
    found = read(tmp_path)
    assert set(found.aggregates) == {"a", "b"}
    assert found.groups == {"g": ("a", "b")}


def test_a_group_without_its_tasks_stands_for_itself(tmp_path: Path) -> None:
    run(tmp_path, OLD, {"g": 0.5}, samples=False, group_subtasks={"g": ["a", "b"]})
    assert set(read(tmp_path).aggregates) == {"g"}


def test_an_unreadable_results_file_is_named(tmp_path: Path) -> None:
    run(tmp_path, OLD, {"t": 0.5})
    (tmp_path / f"results_{OLD}.json").write_text("{")
    found = read(tmp_path)
    assert found.samples
    assert found.aggregates == {}
    assert found.notes == ((f"results_{OLD}.json", "left out, not a results file of lm-eval, or truncated"),)


def test_nothing() -> None:
    with pytest.raises(ResultsError, match="no results of lm-eval"):
        read_model([])


def test_groups_of_groups_end_in_tasks(tmp_path):
    for task in "abc":
        write_samples(tmp_path, task, choice_rows(5, seed=0))
    groups = {"top": ["left", "c"], "left": ["a", "b", "top"]}  # a group that holds one above it
    write_results(tmp_path, ["a", "b", "c"], groups=groups)
    (model,) = read_models([tmp_path])
    assert model.groups == {"top": ("a", "b", "c"), "left": ("a", "b", "c")}
    (model,) = read_models([tmp_path], wanted=["left"])
    assert list(model.samples) == ["a", "b", "c"]


def test_samples_files_of_one_folder_are_one_model(tmp_path):
    paths = [write_samples(tmp_path / "m", task, choice_rows(5, seed=0)) for task in "ab"]
    (model,) = read_models(paths)
    assert (model.name, list(model.samples), model.groups) == ("m", ["a", "b"], {})


def test_of_two_files_of_a_task_the_newer_is_read(tmp_path):
    new = write_samples(tmp_path, "t", choice_rows(5, seed=0))
    old = new.with_name(new.name.replace("2026", "2025"))
    old.write_text(new.read_text())
    for order in ([old, new], [new, old]):
        (model,) = read_models(order)
        assert model.samples == {"t": new}
        assert model.notes == (("t", f"{old.name} left out, {new.name} is newer"),)


def test_a_file_given_with_its_folder_is_read_once(tmp_path):
    path = write_samples(tmp_path, "t", choice_rows(5, seed=0))
    write_results(tmp_path, ["t"], model="org/m")
    (model,) = read_models([path, tmp_path])
    assert (model.name, model.samples) == ("org/m", {"t": path})


def test_results_without_samples(tmp_path):
    write_results(tmp_path, ["t"])
    with pytest.raises(ResultsError, match="no samples files: run lm_eval with --log_samples"):
        read_models([tmp_path])
