"""A really trained family of three checkpoints, too small to have learned anything, built once a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from end_to_end_run import MANIFEST, run


@pytest.fixture(scope="session")
def tiny_family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with checkpoints.yaml and its three trained checkpoints."""
    folder = tmp_path_factory.mktemp("tiny-family")
    (folder / "checkpoints.yaml").write_text(MANIFEST)
    built = run("lab", "build", "checkpoints.yaml", cwd=folder)
    assert built.returncode == 0, built.stderr
    return folder
