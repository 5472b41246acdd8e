"""Which logged files are read, and for which model."""

from __future__ import annotations

import pytest
from logged_choices import choice_rows, write_results, write_samples

from synth_eval.cli.logged import logged_files, read_model
from synth_eval.errors import ResultsError


def test_groups_of_groups_end_in_tasks(tmp_path):
    for task in "abc":
        write_samples(tmp_path, task, choice_rows(5, seed=0))
    groups = {"top": ["left", "c"], "left": ["a", "b", "top"]}  # a group that holds one above it
    write_results(tmp_path, ["a", "b", "c"], groups=groups)
    (files,) = logged_files([tmp_path])
    assert files.groups == {"top": ("a", "b", "c"), "left": ("a", "b", "c")}
    (files,) = logged_files([tmp_path], wanted=["left"])
    assert list(files.output.samples) == ["a", "b", "c"]


def test_samples_files_of_one_folder_are_one_model(tmp_path):
    paths = [write_samples(tmp_path / "m", task, choice_rows(5, seed=0)) for task in "ab"]
    (files,) = logged_files(paths)
    assert (files.output.name, list(files.output.samples), files.groups) == ("m", ["a", "b"], {})


def test_of_two_files_of_a_task_the_newer_is_read(tmp_path):
    new = write_samples(tmp_path, "t", choice_rows(5, seed=0))
    old = new.with_name(new.name.replace("2026", "2025"))
    old.write_text(new.read_text())
    for order in ([old, new], [new, old]):
        (files,) = logged_files(order)
        assert files.output.samples == {"t": new}
        assert files.output.notes == (f"t: {old.name} left out, {new.name} is newer",)


def test_a_file_given_with_its_folder_is_read_once(tmp_path):
    path = write_samples(tmp_path, "t", choice_rows(5, seed=0))
    write_results(tmp_path, ["t"], model="org/m")
    (files,) = logged_files([path, tmp_path])
    assert (files.output.name, files.output.samples) == ("org/m", {"t": path})


def test_unusable_log_likelihoods_are_left_out_with_their_reason(tmp_path):
    rows = choice_rows(5, seed=0)
    rows[2]["resps"] = rows[2]["filtered_resps"] = [[["nan", "False"]]] * 4
    write_samples(tmp_path, "t", rows)
    seen = []
    model = read_model(logged_files([tmp_path])[0], on_file=lambda task, n: seen.append((task, n)))
    assert [len(items) for items in model.tasks] == [4]
    assert model.notes == ("t: 1 of 5 items left out: NaN log-likelihood",)
    assert seen == [("t", 4)]


def test_results_without_samples(tmp_path):
    write_results(tmp_path, ["t"])
    with pytest.raises(ResultsError, match="no samples files: run lm_eval with --log_samples"):
        logged_files([tmp_path])
