"""Real runs killed by SIGKILL at random moments end with the files of a run that was left in peace, byte for byte."""

from __future__ import annotations

import os
import random
import signal
import time
from itertools import count
from pathlib import Path

import pytest
from forked_run import Run
from killed_run import contents, kill_while_scoring, scoring_seconds, wait_for_answers
from tiny_checkpoint import write_tiny_neox

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
NUMBER = count()  # of the run, for its log
ITEM_TABLES = 6  # three tasks, two checkpoints


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    for seed, name in enumerate("ab"):
        write_tiny_neox(folder / name, seed=seed, layers=3, hidden=32)
    for way, argument in WAYS.items():
        (folder / f"{way}.yaml").write_text(MANIFEST % argument)
    return folder


def start(family: Path, way: str, output: Path) -> Run:
    workers = "2" if way == "two-workers" else "1"
    command = ("run", f"{way}.yaml", "-o", str(output), "--limit", LIMIT, "--workers", workers, "--quiet")
    return Run(*command, cwd=family, log=output.with_name(f"{output.name} {next(NUMBER)}"))


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
        start(family, way, output).finish()
        assert contents(output) == expected
        assert resumed or landed < kills
        assert not list((output / "progress").iterdir())
        assert not list(output.rglob("*.tmp"))
    assert start(family, way, output).finish().startswith("0 evaluations now")


def test_killed_twice(family: Path, tmp_path: Path) -> None:
    kill_and_compare(family, "shared-prefix", tmp_path, kills=2, seed=5)


@pytest.mark.nightly
@pytest.mark.parametrize("way", WAYS)
def test_killed_twenty_times(way: str, family: Path, tmp_path: Path) -> None:
    kill_and_compare(family, way, tmp_path, kills=20, seed=int(time.time()))


def test_a_second_run_on_the_same_folder_says_so(family: Path, tmp_path: Path) -> None:
    first = start(family, "plain", tmp_path)
    wait_for_answers(first, tmp_path)
    second = start(family, "plain", tmp_path)
    os.kill(first.pid, signal.SIGSTOP)  # it holds the folder for as long as the second one needs to see it
    try:
        _, errors = second.wait()
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert second.returncode == 2
    assert f"in use by process {first.pid} on" in errors
    assert len(errors.strip().splitlines()) == 1
    first.finish()
