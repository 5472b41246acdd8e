"""Run the program in a process of its own, forked from one that has imported what it needs.

What is killed is a real process; the seconds that each would take to import torch and lm-eval are saved. Where
processes cannot be forked so (not Linux), each is started anew.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

from synth_eval.harness.engines.local import PRELOAD


class Run:
    """``synth-eval ...`` at work in a folder. ``returncode`` is None until it has ended."""

    def __init__(self, *arguments: str, cwd: Path, log: Path) -> None:
        method = "forkserver" if sys.platform.startswith("linux") else "spawn"
        context = multiprocessing.get_context(method)
        context.set_forkserver_preload(list(PRELOAD))
        self._log = log
        self._process = context.Process(target=_main, args=(arguments, str(cwd), str(log)))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> tuple[str, str]:
        """What it had written to stdout and stderr when it ended."""
        self._process.join(timeout=600)
        return self._log.with_suffix(".out").read_text(), self._log.with_suffix(".err").read_text()

    def finish(self) -> str:
        """Wait until it has ended well; what it wrote to stdout."""
        said, errors = self.wait()
        assert self.returncode == 0, errors
        return said


def _main(arguments: tuple[str, ...], cwd: str, log: str) -> None:
    for descriptor, suffix in ((1, ".out"), (2, ".err")):
        file = os.open(Path(log).with_suffix(suffix), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    os.chdir(cwd)
    sys.argv = ["synth-eval", *arguments]
    from synth_eval.cli import main

    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
