"""The examples in docstrings run. Each module's run in a folder with the files that the library's examples name."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest
from library_folder import write_library_folder

import synth_eval

PACKAGE = Path(synth_eval.__file__).parent
MODULES = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    write_library_folder(folder)
    return folder


def test_there_are_examples() -> None:
    assert {"synth_eval.pipeline.compare", "synth_eval.pipeline.calibrate", "synth_eval.text"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed
