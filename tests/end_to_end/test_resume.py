"""Real runs killed by SIGKILL at random moments end with the files of a run that was left in peace, byte for byte."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tiny_checkpoint import write_tiny_neox

import synth_eval

pytestmark = pytest.mark.slow

# Choices, rolling text, and sampled answers.
MANIFEST = """\
family: killed
tasks: [synth_recall, synth_domain_licences, synth_recall_generate]
defaults: {model: hf, model_args: {dtype: float32%s}, batch_size: 8}
checkpoints:
  - {path: a, ratio: 0}
  - {path: b, ratio: 0.5}
"""
WAYS = {"shared-prefix": "", "plain": ", shared_prefix: false", "two-workers": ""}
LIMIT = "24"
ITEM_TABLES = 6  # three tasks, two checkpoints


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    for seed, name in enumerate("ab"):
        write_tiny_neox(folder / name, seed=seed, layers=3, hidden=32)
    for way, argument in WAYS.items():
        (folder / f"{way}.yaml").write_text(MANIFEST % argument)
    return folder


def start(family: Path, way: str, output: Path) -> subprocess.Popen[str]:
    root = Path(synth_eval.__file__).parents[1]
    workers = "2" if way == "two-workers" else "1"
    command = [sys.executable, "-m", "synth_eval", "run", f"{way}.yaml", "-o", str(output)]
    return subprocess.Popen(
        [*command, "--limit", LIMIT, "--workers", workers, "--quiet"],
        cwd=family,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    said, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return said


def kill_while_scoring(process: subprocess.Popen[str], output: Path, *, after: float) -> bool:
    """SIGKILL so many seconds after the first answers are due; whether the run was still at work."""
    while process.poll() is None and not (output / "progress").is_dir():
        time.sleep(0.005)
    end = time.monotonic() + after
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def scoring_seconds(process: subprocess.Popen[str], output: Path) -> float:
    while process.poll() is None and not (output / "progress").is_dir():
        time.sleep(0.005)
    started = time.monotonic()
    finish(process)
    return time.monotonic() - started


def contents(output: Path) -> dict[str, Any]:
    """Item tables and logged samples as bytes, aggregates without times."""
    found: dict[str, Any] = {}
    for file in sorted((output / "items").rglob("*")):
        found[str(file.relative_to(output))] = file.read_bytes() if file.is_file() else None
    for folder in sorted((output / "lm_eval").iterdir()):
        for file in folder.iterdir():
            if file.name.startswith("samples_"):
                found[f"{folder.name}/{file.name.rpartition('_')[0]}"] = file.read_bytes()
            else:
                logged = json.loads(file.read_text())
                (task,) = logged["results"]
                assert f"{folder.name}/results of {task}" not in found
                found[f"{folder.name}/results of {task}"] = (logged["results"], logged["configs"], logged["n-samples"])
    return found


def kill_and_compare(family: Path, way: str, folder: Path, *, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    calm = folder / "calm"
    seconds = scoring_seconds(start(family, way, calm), calm)
    expected = contents(calm)
    assert sum(name.endswith(".parquet") for name in expected) == ITEM_TABLES
    assert sum("results of" in name for name in expected) == ITEM_TABLES
    landed = 0
    while landed < kills:
        output = folder / f"killed after {landed}"
        resumed = False
        # a run is killed again and again until it is through
        while landed < kills and kill_while_scoring(
            start(family, way, output), output, after=draw.uniform(0, 0.7 * seconds)
        ):
            landed += 1
            resumed = True
        finish(start(family, way, output))
        assert contents(output) == expected
        assert resumed or landed < kills
        assert not list((output / "progress").iterdir())
        assert not list(output.rglob("*.tmp"))
    assert finish(start(family, way, output)).startswith("0 evaluations now")


def test_killed_twice(family: Path, tmp_path: Path) -> None:
    kill_and_compare(family, "shared-prefix", tmp_path, kills=2, seed=5)


@pytest.mark.nightly
@pytest.mark.parametrize("way", WAYS)
def test_killed_twenty_times(way: str, family: Path, tmp_path: Path) -> None:
    kill_and_compare(family, way, tmp_path, kills=20, seed=int(time.time()))


def test_a_second_run_on_the_same_folder_says_so(family: Path, tmp_path: Path) -> None:
    first = start(family, "plain", tmp_path)
    while first.poll() is None and not (tmp_path / "progress").is_dir():
        time.sleep(0.005)
    second = start(family, "plain", tmp_path)
    first.send_signal(signal.SIGSTOP)  # it holds the folder for as long as the second one needs to see it
    try:
        _, errors = second.communicate(timeout=600)
    finally:
        first.send_signal(signal.SIGCONT)
    assert second.returncode == 2
    assert f"in use by process {first.pid} on" in errors
    assert len(errors.strip().splitlines()) == 1
    finish(first)
