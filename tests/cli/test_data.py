"""synth-eval data, and a run on what it stored: every socket fails, and none is tried.

The runs have processes of their own, whose sockets can be forbidden; what only reads a mirror runs in this one.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import forbidden_network
import pytest
from public_data import write_data_folder, write_lines, write_mirror
from tiny_checkpoint import write_tiny_neox

from synth_eval.errors import ExitCode

TASKS = Path(__file__).parents[2] / "tasks"
MANIFEST = """\
family: public
tasks: [synth_suite_public]
domains: {clinic: my-org/notes:validation:note}
data_dir: data
defaults: {model_args: {dtype: float32}, batch_size: 64}
checkpoints:
  - {path: tiny, ratio: 0.0}
"""


def without_network(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    done, tried = forbidden_network.without_network(
        *command, cwd=cwd, COLUMNS="100", HF_HOME=str(cwd / "hf"), **environment
    )
    assert tried == ""
    return done


def synth_eval(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return without_network(sys.executable, "-m", "synth_eval", *arguments, cwd=cwd, **environment)


@pytest.fixture
def here(study: Path, tmp_path: Path, run_here, monkeypatch: pytest.MonkeyPatch):
    """Run a command in this process, in the study's folder."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return partial(run_here, cwd=study)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_tiny_neox(folder / "tiny")
    write_mirror(folder / "mirror")
    notes = [{"note": "A cough since Monday.", "ward": 3}, {"note": "Better today.", "ward": 3}]
    write_lines(folder / "mirror" / "my-org" / "notes" / "validation.jsonl", notes)
    (folder / "checkpoints.yaml").write_text(MANIFEST)
    return folder


@pytest.mark.slow
def test_pull_check_and_run_without_network(study: Path, here) -> None:
    (study / "data").mkdir()
    code, _, err = here("run", "checkpoints.yaml")
    assert code == ExitCode.USAGE
    assert "not in the data folder" in err
    assert "gsm8k/test" in err
    assert "my-org/notes/validation" in err
    assert "synth-eval data pull --to DIR --manifest checkpoints.yaml" in err

    pull = ("data", "pull", "--to", "data", "--manifest", "checkpoints.yaml", "--mirror", "mirror", "-q")
    code, out, err = here(*pull)
    assert code == ExitCode.OK, err
    assert "13 of 13 parts are in data" in out  # 12 of the group, and the domain's
    assert json.loads((study / "data" / "index.json").read_text())["files"]["my-org/notes/validation.parquet"] == {
        "sha256": hashlib.sha256((study / "data/my-org/notes/validation.parquet").read_bytes()).hexdigest(),
        "rows": 2,
        "source": {"dataset": "my-org/notes", "split": "validation"},
        "tasks": ["clinic"],
    }
    assert here(*pull)[1].count("there already") == 13

    code, out, _ = here("data", "check", "data")
    assert code == ExitCode.OK
    assert "13 files in the index, 13 as they were pulled" in out
    assert "lacks squad/validation" in out

    done = synth_eval("run", "checkpoints.yaml", "--limit", "3", cwd=study)
    assert done.returncode == 0, done.stderr
    assert "9 evaluations now, 0 checkpoints failed" in done.stdout

    samples = study / "results" / "public" / "lm_eval"
    assert sorted(
        json.loads(line)["doc"]["text"] for file in samples.rglob("samples_clinic_*") for line in file.open()
    ) == ["A cough since Monday.", "Better today."]
    code, out, err = here("calibrate", str(next(samples.iterdir())), "--json")
    assert code == ExitCode.OK, err
    for task in ("synth_gsm8k", "synth_strategyqa", "synth_opentriviaqa", "synth_nq_open"):
        assert task in out


@pytest.mark.slow
def test_a_changed_file_stops_the_run_and_is_named(here, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    here("data", "pull", "--to", str(folder), "--mirror", "mirror", "--tasks", "synth_opentriviaqa")
    changed = folder / "opentriviaqa" / "world" / "train.jsonl"
    changed.write_text(changed.read_text().replace("Which", "What"))
    code, _, err = here("run", "checkpoints.yaml", "--tasks", "synth_opentriviaqa", SYNTH_EVAL_DATA=str(folder))
    assert code == ExitCode.USAGE
    assert "world/train.jsonl: SHA-256" in err
    code, out, _ = here("data", "check", str(folder))
    assert code == ExitCode.PARTIAL
    assert "4 files in the index, 3 as they were pulled" in out


def test_of_a_manifest_only_the_tasks_asked_for_are_stored(here, tmp_path: Path) -> None:
    arguments = ("data", "pull", "--to", str(tmp_path), "--mirror", "mirror", "--manifest", "checkpoints.yaml")
    code, out, err = here(*arguments, "--tasks", "clinic,synth_strategyqa,synth_recall")
    assert code == ExitCode.OK, err
    files = json.loads((tmp_path / "index.json").read_text())["files"]
    assert list(files) == ["my-org/notes/validation.parquet", "strategyqa/validation.parquet"]
    assert "2 of 2 parts" in out
    assert err.splitlines() == ["my-org/notes/validation ...", "strategyqa/validation ..."]


@pytest.mark.slow
@pytest.mark.nightly
def test_tasks_of_lm_eval_are_pulled_and_run_offline(study: Path, tmp_path: Path) -> None:
    pulled = synth_eval("data", "pull", "--to", str(tmp_path), "--mirror", "mirror", "--tasks", "arc_easy", cwd=study)
    assert pulled.returncode == 0, pulled.stderr
    index = json.loads((tmp_path / "index.json").read_text())["files"]
    assert list(index) == ["allenai/ai2_arc/ARC-Easy/test.parquet", "allenai/ai2_arc/ARC-Easy/train.parquet"]
    done = synth_eval(
        "run", "checkpoints.yaml", "--tasks", "arc_easy", "-o", "arc", cwd=study, SYNTH_EVAL_DATA=str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    assert "1 evaluations now" in done.stdout


@pytest.mark.slow
def test_lm_eval_reads_the_folder(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import lm_eval
    from lm_eval.tasks import TaskManager

    monkeypatch.setenv("SYNTH_EVAL_DATA", str(write_data_folder(tmp_path / "dropped")))
    monkeypatch.setattr("datasets.load_dataset", lambda *a, **k: pytest.fail("the hub was asked"))
    done = lm_eval.simple_evaluate(
        model="hf",
        model_args=f"pretrained={study / 'tiny'}",
        tasks=["synth_public_reasoning"],
        task_manager=TaskManager(include_path=str(TASKS), include_defaults=False),
        device="cpu",
        limit=2,
    )
    for name in ("synth_gsm8k", "synth_strategyqa", "synth_bbh_tracking_shuffled_objects_five_objects"):
        assert "surprise_gap,none" in done["results"][name]


@pytest.mark.slow
@pytest.mark.nightly
def test_verbatim_lm_eval_reads_the_folder(study: Path, tmp_path: Path) -> None:
    folder = write_data_folder(tmp_path / "dropped")
    lm_eval = str(Path(sys.executable).with_name("lm_eval"))
    done = without_network(
        *(lm_eval, "--tasks", "synth_public_reasoning", "--include_path", str(TASKS), "--model", "hf"),
        *("--model_args", f"pretrained={study / 'tiny'}", "--limit", "2"),
        cwd=tmp_path,
        SYNTH_EVAL_DATA=str(folder),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for name in ("synth_gsm8k", "synth_strategyqa", "synth_bbh_tracking_shuffled_objects_five_objects", "surprise_gap"):
        assert name in done.stdout


def test_wrong_usage_is_one_line(here) -> None:
    for arguments in (("data", "pull"), ("data", "pull", "--to", "d", "--tasks", ","), ("data", "check", "gone")):
        code, _, err = here(*arguments)
        assert code == ExitCode.USAGE
        assert "Traceback" not in err


def test_the_embedded_suite_needs_no_data(here, tmp_path: Path) -> None:
    code, out, _ = here("data", "pull", "--to", str(tmp_path / "d"), "--tasks", "synth_suite")
    assert code == ExitCode.OK
    assert "these tasks have their own items" in out
    assert not (tmp_path / "d").exists()
