import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import synth_eval
from synth_eval.errors import ResultsError, SynthEvalError
from synth_eval.results.run_folder import RunFolder
from synth_eval.types import ItemTable

TABLE = ItemTable("c", "my_task", "rolling", "domain", {"doc_hash": np.array(["a"]), "loglik": np.array([-1.0])})


def test_layout(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.native("abc") == tmp_path / "lm_eval/abc"
    assert folder.items("abc", "my_task") == tmp_path / "items/abc/my_task.parquet"
    assert [p.name for p in (folder.comparison_json, folder.comparison_csv, folder.comparison_parquet)] == [
        "comparison.json", "comparison.csv", "comparison.parquet",
    ]  # fmt: skip


@pytest.mark.parametrize("task", ["my_task", "bbh/date", "../../etc", ".hidden", "a:b*c?", "mmlu_天文", "a b"])
def test_any_task_name_stays_in_its_folder_and_comes_back(tmp_path, task):
    folder = RunFolder(tmp_path)
    assert folder.items("abc", task).parent == tmp_path / "items/abc"
    folder.save_items("abc", dataclasses.replace(TABLE, task=task), key="k")
    assert folder.tasks("abc") == (task,)
    assert folder.load_items("abc", task).task == task


def test_done_means_the_same_key_and_a_whole_file(tmp_path):
    folder = RunFolder(tmp_path)
    assert not folder.task_done("abc", "my_task", "k1")
    folder.save_items("abc", TABLE, key="k1")
    assert folder.task_done("abc", "my_task", "k1")
    assert not folder.task_done("abc", "my_task", "k2")
    assert not folder.task_done("other", "my_task", "k1")
    folder.save_items("abc", TABLE, key="k2")
    assert folder.task_done("abc", "my_task", "k2")
    path = folder.items("abc", "my_task")
    path.write_bytes(path.read_bytes()[:-10])
    assert not folder.task_done("abc", "my_task", "k2")


def test_one_content_under_several_names(tmp_path):
    folder = RunFolder(tmp_path)
    folder.save_items("abc", TABLE, key="k")
    assert folder.load_items("abc", "my_task").checkpoint == "c"
    assert folder.load_items("abc", "my_task", checkpoint="d").checkpoint == "d"
    with pytest.raises(ResultsError, match=r"other\.parquet: no such file"):
        folder.load_items("abc", "other")
    assert folder.tasks("nothing") == ()


def run_in_another_process(folder: Path, action: str) -> subprocess.CompletedProcess[str]:
    script = (
        "import os, signal, sys, pathlib\n"
        "from synth_eval.results.run_folder import RunFolder\n"
        "from synth_eval.errors import SynthEvalError\n"
        "try:\n"
        "    with RunFolder(pathlib.Path(sys.argv[1])).lock():\n"
        f"        {action}\n"
        "except SynthEvalError as error:\n"
        "    print(error)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(synth_eval.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-c", script, str(folder)], env=environment, capture_output=True, text=True, check=False
    )


def test_a_second_run_says_who_holds_the_folder(tmp_path):
    folder = tmp_path / "results"
    with RunFolder(folder).lock():
        said = run_in_another_process(folder, "print('got it')").stdout
        assert said.startswith(f"{folder}: in use by process {os.getpid()} on ")
        assert said.rstrip().endswith("wait for it to end, or give another folder with --output")
        assert said.count("\n") == 1
        with pytest.raises(SynthEvalError, match="in use"), RunFolder(folder).lock():
            pass
    assert run_in_another_process(folder, "print('got it')").stdout == "got it\n"


def test_the_lock_ends_with_a_killed_process(tmp_path):
    assert run_in_another_process(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)").returncode == -9
    with RunFolder(tmp_path).lock():
        assert f"process {os.getpid()} on" in (tmp_path / ".lock-holder").read_text()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SynthEvalError, match="cannot be written"), RunFolder(tmp_path / "file/results").lock():
        pass
