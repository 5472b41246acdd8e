"""Kill a run while it scores, and read what it left: for runs that must go on where they were stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from forked_run import Run


def wait_for_answers(run: Run, output: Path) -> None:
    while run.returncode is None and not (output / "progress").is_dir():
        time.sleep(0.005)


def kill_while_scoring(run: Run, output: Path, *, after: float) -> bool:
    """SIGKILL so many seconds after the first answers are due; whether the run was still at work."""
    wait_for_answers(run, output)
    end = time.monotonic() + after
    while run.returncode is None and time.monotonic() < end:
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        os.kill(run.pid, signal.SIGKILL)
    run.wait()
    return run.returncode == -signal.SIGKILL


def scoring_seconds(run: Run, output: Path) -> float:
    wait_for_answers(run, output)
    started = time.monotonic()
    run.finish()
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
