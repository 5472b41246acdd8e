"""synth-eval data, and a run on what it stored: every socket fails, and none is tried."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from public_data import write_data_folder, write_mirror
from tiny_checkpoint import write_tiny_neox

GUARD = Path(__file__).parents[1] / "support" / "no_network"
TASKS = Path(__file__).parents[2] / "tasks"
MANIFEST = """\
family: public
tasks: [synth_suite_public]
data_dir: data
defaults: {model_args: {dtype: float32}, batch_size: 64}
checkpoints:
  - {path: tiny, ratio: 0.0}
"""


def synth_eval(*arguments: str, cwd: Path, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    return without_network(sys.executable, "-m", "synth_eval", *arguments, cwd=cwd, data=data)


def without_network(*command: str, cwd: Path, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HF_", "TRANSFORMERS_", "SYNTH_EVAL_"))
    }
    root = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(GUARD), os.environ.get("PYTHONPATH", root)]))
    environment |= {"NO_NETWORK_LOG": str(cwd / "sockets.log"), "COLUMNS": "100", "HF_HOME": str(cwd / "hf")}
    if data is not None:
        environment["SYNTH_EVAL_DATA"] = str(data)
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, timeout=600)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_tiny_neox(folder / "tiny")
    write_mirror(folder / "mirror")
    (folder / "checkpoints.yaml").write_text(MANIFEST)
    return folder


@pytest.mark.slow
def test_pull_check_and_run_without_network(study: Path) -> None:
    (study / "data").mkdir(exist_ok=True)
    empty = synth_eval("run", "checkpoints.yaml", cwd=study)
    assert empty.returncode == 2
    assert "not in the data folder" in empty.stderr
    assert "gsm8k/test" in empty.stderr
    assert "synth-eval data pull --to DIR --tasks synth_gsm8k," in empty.stderr

    pulled = synth_eval("data", "pull", "--to", "data", "--mirror", "mirror", "-q", cwd=study)
    assert pulled.returncode == 0, pulled.stderr
    assert "12 of 12 parts are in data" in pulled.stdout
    again = synth_eval("data", "pull", "--to", "data", "--mirror", "mirror", "-q", cwd=study)
    assert again.stdout.count("there already") == 12

    checked = synth_eval("data", "check", "data", cwd=study)
    assert checked.returncode == 0
    assert "12 files in the index, 12 as they were pulled" in checked.stdout
    assert "lacks squad/validation" in checked.stdout

    done = synth_eval("run", "checkpoints.yaml", "--limit", "3", cwd=study)
    assert done.returncode == 0, done.stderr
    assert "8 evaluations now, 0 checkpoints failed" in done.stdout
    assert not (study / "sockets.log").exists(), (study / "sockets.log").read_text()

    samples = study / "results" / "public" / "lm_eval"
    calibrated = synth_eval("calibrate", str(next(samples.iterdir())), "--json", cwd=study)
    assert calibrated.returncode == 0, calibrated.stderr
    for task in ("synth_gsm8k", "synth_strategyqa", "synth_opentriviaqa", "synth_nq_open"):
        assert task in calibrated.stdout


@pytest.mark.slow
def test_a_changed_file_stops_the_run_and_is_named(study: Path, tmp_path: Path) -> None:
    synth_eval("data", "pull", "--to", str(tmp_path), "--mirror", "mirror", "--tasks", "synth_opentriviaqa", cwd=study)
    changed = tmp_path / "opentriviaqa" / "world" / "train.jsonl"
    changed.write_text(changed.read_text().replace("Which", "What"))
    done = synth_eval("run", "checkpoints.yaml", "--tasks", "synth_opentriviaqa", cwd=study, data=tmp_path)
    assert done.returncode == 2
    assert "world/train.jsonl: SHA-256" in done.stderr
    checked = synth_eval("data", "check", str(tmp_path), cwd=study)
    assert checked.returncode == 3
    assert "4 files in the index, 3 as they were pulled" in checked.stdout


@pytest.mark.slow
@pytest.mark.nightly
def test_tasks_of_lm_eval_are_pulled_and_run_offline(study: Path, tmp_path: Path) -> None:
    pulled = synth_eval("data", "pull", "--to", str(tmp_path), "--mirror", "mirror", "--tasks", "arc_easy", cwd=study)
    assert pulled.returncode == 0, pulled.stderr
    index = json.loads((tmp_path / "index.json").read_text())["files"]
    assert list(index) == ["allenai/ai2_arc/ARC-Easy/test.parquet", "allenai/ai2_arc/ARC-Easy/train.parquet"]
    done = synth_eval("run", "checkpoints.yaml", "--tasks", "arc_easy", "-o", "arc", cwd=study, data=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 evaluations now" in done.stdout
    assert not (study / "sockets.log").exists()


@pytest.mark.slow
def test_verbatim_lm_eval_reads_the_folder(study: Path, tmp_path: Path) -> None:
    folder = write_data_folder(tmp_path / "dropped")
    lm_eval = str(Path(sys.executable).with_name("lm_eval"))
    done = without_network(
        *(lm_eval, "--tasks", "synth_public_reasoning", "--include_path", str(TASKS), "--model", "hf"),
        *("--model_args", f"pretrained={study / 'tiny'}", "--limit", "2"),
        cwd=tmp_path,
        data=folder,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for name in ("synth_gsm8k", "synth_strategyqa", "synth_bbh_tracking_shuffled_objects_five_objects", "surprise_gap"):
        assert name in done.stdout


def test_wrong_usage_is_one_line(tmp_path: Path) -> None:
    for arguments in (("data", "pull"), ("data", "pull", "--to", "d", "--tasks", ","), ("data", "check", "gone")):
        done = synth_eval(*arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_the_embedded_suite_needs_no_data(tmp_path: Path) -> None:
    done = synth_eval("data", "pull", "--to", "d", "--tasks", "synth_suite", cwd=tmp_path)
    assert done.returncode == 0
    assert "these tasks bring their items" in done.stdout
    assert not (tmp_path / "d").exists()
