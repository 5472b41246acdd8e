"""One thread a process, and a really trained family of three checkpoints that have learned nothing, built once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

# Before numpy and torch are imported, here and in the processes that tests start: the workers share the cores already,
# and threads that wait for each other's turn cost several times the processor time of the work itself.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from end_to_end_run import MANIFEST, run
from hypothesis import settings

# An example is not wrong because the machine is slow for a moment.
settings.register_profile("synth-eval", deadline=None)
settings.load_profile("synth-eval")


class Done(NamedTuple):
    """What a command that has ended left, by the names that subprocess gives."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def tiny_family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with checkpoints.yaml and its three trained checkpoints."""
    folder = tmp_path_factory.mktemp("tiny-family")
    (folder / "checkpoints.yaml").write_text(MANIFEST)
    built = run("lab", "build", "checkpoints.yaml", cwd=folder)
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture
def run_here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run ``synth-eval ...`` in this process, which saves the seconds that a new one takes to import everything."""

    def call(*arguments: str, cwd: Path, **environment: str) -> Done:
        from synth_eval import cli

        monkeypatch.chdir(cwd)
        # a manifest's data_dir sets SYNTH_EVAL_DATA, too: undone at the end
        for name, value in {"COLUMNS": "100", "SYNTH_EVAL_DATA": "", **environment}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["synth-eval", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return Done(int(stop.value.code or 0), *capsys.readouterr())

    return call
