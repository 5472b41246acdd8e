"""Checkpoints in processes of their own: the same numbers as in one process, and a worker that dies takes one along."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_checkpoint import write_tiny_neox

from synth_eval.harness.engines import local as workers
from synth_eval.harness.engines.local import Order, _next, default_workers
from synth_eval.harness.evaluate import evaluate_family
from synth_eval.results import Evaluation, RunFolder
from synth_eval.types import Checkpoint, Family


class Heard:
    """A listener that keeps every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **options: self.calls.append((name, arguments))

    def of(self, name: str) -> list[Any]:
        return [arguments for call, arguments in self.calls if call == name]


def family(*folders: Path) -> Family:
    checkpoints = tuple(
        Checkpoint(folder.name, 0.0, path=str(folder), model_args={"dtype": "float32"}) for folder in folders
    )
    return Family("f", ("synth_recall",), checkpoints)


def evaluate(of: Family, output: Path, heard: Heard, **options: Any) -> Evaluation:
    return evaluate_family(of, RunFolder(output), limit=8, listener=heard, **options)


def test_two_workers_score_as_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six checkpoints: two of the same content, one that cannot be loaded, one whose worker is killed."""
    folders = [write_tiny_neox(tmp_path / name, seed=seed) for seed, name in enumerate("abc")]
    twin = write_tiny_neox(tmp_path / "twin", seed=0)  # the content of a: evaluated once
    doomed = write_tiny_neox(tmp_path / "doomed", seed=7)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{}")
    give = workers._Worker.give

    def give_and_kill(self: Any, order: Order | None) -> None:
        if order is not None and order.checkpoint.name == "doomed":
            os.kill(self.process.pid, signal.SIGKILL)
        give(self, order)

    monkeypatch.setattr(workers._Worker, "give", give_and_kill)
    heard = Heard()
    several = evaluate(family(*folders, twin, broken, doomed), tmp_path / "two", heard, workers=2)
    alone = evaluate(family(*folders, twin, broken), tmp_path / "one", Heard(), workers=1)
    assert several.evaluated == alone.evaluated == 3
    assert alone.fingerprints.items() < several.fingerprints.items()
    assert set(several.failures) == {"broken", "doomed"}
    assert several.failures["broken"] == alone.failures["broken"]
    assert several.failures["doomed"].startswith("doomed: its worker process was ended (signal SIGKILL); ")
    assert (several.failures["doomed"],) in heard.of("said")
    for name, fingerprint in alone.fingerprints.items():
        if name != "broken":
            tables = [RunFolder(tmp_path / out).load_items(fingerprint, "synth_recall") for out in ("one", "two")]
            np.testing.assert_array_equal(tables[0].columns["nll"], tables[1].columns["nll"], err_msg=name)
    # broken has no weights: it failed before anything was planned
    assert sorted(name for name, *_ in heard.of("finished")) == ["a", "b", "c", "doomed", "twin"]
    assert evaluate(family(*folders), tmp_path / "two", Heard(), workers=2).evaluated == 0


def test_the_same_content_is_given_out_once_at_a_time() -> None:
    a, twin, b = (
        Order(Checkpoint(name, 0.0), fingerprint) for name, fingerprint in (("a", "x"), ("t", "x"), ("b", "y"))
    )
    busy = workers._Worker(None, None, order=a)  # type: ignore[arg-type]
    waiting = [twin, b]
    assert _next(waiting, [busy]) is b
    assert _next(waiting, [busy]) is None
    assert waiting == [twin]
    assert _next(waiting, []) is twin


def test_a_few_checkpoints_are_not_worth_a_second_process(tmp_path: Path) -> None:
    folder = write_tiny_neox(tmp_path / "model")
    assert default_workers([]) == 1
    assert default_workers([Checkpoint("c", 0.0, path=str(folder))] * 5) == 1
    assert default_workers([Checkpoint("c", 0.0, path=str(folder))] * 6) <= 2


def test_memory_bounds_the_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_tiny_neox(tmp_path / "model")
    size = (folder / "model.safetensors").stat().st_size
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(64), raising=False)
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)
    checkpoints = [Checkpoint("c", 0.0, path=str(folder))] * 30
    monkeypatch.setattr(workers, "available_memory", lambda: 1000 * size)
    assert default_workers(checkpoints) == 10  # three checkpoints each
    monkeypatch.setattr(workers, "available_memory", lambda: 13 * size)
    assert default_workers(checkpoints) == 4  # three times the weights each
    monkeypatch.setattr(workers, "available_memory", lambda: size)
    assert default_workers(checkpoints) == 1


@pytest.mark.skipif(not workers._forks(), reason="workers are forked on Linux only")
def test_imports_begin_early_only_for_several_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    from multiprocessing import forkserver

    begun: list[str] = []
    monkeypatch.setattr(forkserver, "ensure_running", lambda: begun.append("begun"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    workers.start_early(5)  # two workers take three each
    assert not begun
    if not Path("/proc/driver/nvidia").exists():
        workers.start_early(6)
        assert begun == ["begun"]
    begun.clear()
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    workers.start_early(6)
    assert not begun


def _told(connection: Any, setup: workers.Setup) -> None:
    workers._inherit(setup)
    connection.send(dict(os.environ))


def test_a_worker_has_the_environment_of_its_parent_not_of_the_process_it_is_forked_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []
    for value in ("before", "after"):  # the process that they are forked from starts with the first
        monkeypatch.setenv("SYNTH_EVAL_PROBE", value)
        setup = workers.Setup(family(), tmp_path, None, False)
        ours, theirs = (context := workers._context(setup)).Pipe()
        child = context.Process(target=_told, args=(theirs, setup))
        child.start()
        heard.append(ours.recv()["SYNTH_EVAL_PROBE"])
        child.join()
    assert heard == ["before", "after"]


@pytest.mark.parametrize("method", sorted({"spawn", "forkserver"} & set(multiprocessing.get_all_start_methods())))
def test_a_worker_does_not_outlive_its_parent(method: str, tmp_path: Path) -> None:
    """The parent is killed while its worker waits: the worker is gone a moment later."""
    import subprocess
    import sys

    script = tmp_path / "parent.py"
    script.write_text(
        "import multiprocessing, sys, time\n"
        "from synth_eval.harness.engines.local import _end_with_parent\n"
        "def wait():\n"
        "    import threading\n"
        "    threading.Thread(target=_end_with_parent, daemon=True).start()\n"
        "    time.sleep(600)\n"
        "if __name__ == '__main__':\n"
        f"    child = multiprocessing.get_context('{method}').Process(target=wait)\n"
        "    child.start()\n"
        "    print(child.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(workers.__file__).parents[3])}
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    time.sleep(1.0)
    parent.kill()
    parent.wait()
    gone = threading.Event()
    for _ in range(600):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            gone.set()
            break
        if Path(f"/proc/{child}/stat").is_file() and Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            gone.set()
            break
        time.sleep(0.05)
    assert gone.is_set()
