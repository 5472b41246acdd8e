import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.results import atomic
from synth_eval.results.atomic import atomic_file, atomic_folder, clean_leftovers, to_json, write_atomically, write_json


def test_writes_text_and_bytes_and_makes_folders(tmp_path):
    path = tmp_path / "a/b/file.txt"
    write_atomically(path, "héllo")
    assert path.read_bytes() == "héllo".encode()
    write_atomically(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert os.listdir(path.parent) == ["file.txt"]


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError), atomic_file(path) as temporary:
        temporary.write_text("half of the new \ud800", encoding="utf-8")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_readers_never_see_a_part(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, "old")
    with atomic_file(path) as temporary:
        temporary.write_text("half")
        assert path.read_text() == "old"
        assert temporary.parent == path.parent
    assert path.read_text() == "half"


def test_ordinary_permissions(tmp_path):
    write_atomically(tmp_path / "file", "x")
    (tmp_path / "plain").write_text("x")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_comes_whole_and_replaces_the_old_one(tmp_path):
    target = tmp_path / "model"
    for content in ("first", "second"):
        with atomic_folder(target) as temporary:
            (temporary / "sub").mkdir()
            (temporary / "sub/weights").write_text(content)
            assert not target.exists() or (target / "sub/weights").read_text() == "first"
        assert (target / "sub/weights").read_text() == content
    with pytest.raises(FileNotFoundError), atomic_folder(target) as temporary:
        (temporary / "no such folder/weights").write_text("third")
    assert (target / "sub/weights").read_text() == "second"
    assert os.listdir(tmp_path) == ["model"]


def killed_while_writing(folder: Path) -> None:
    """A process that dies by kill -9 in the middle of a file and a folder."""
    script = (
        "import os, sys, signal, pathlib\n"
        "from synth_eval.results.atomic import atomic_file, atomic_folder\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "with atomic_folder(folder / 'model') as model, atomic_file(folder / 'file') as file:\n"
        "    (model / 'w').write_text('half'); file.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(atomic.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script, str(folder)], env=environment, check=False)
    assert done.returncode == -9


def test_leftovers_of_the_dead_are_removed_and_work_in_progress_is_not(tmp_path):
    killed_while_writing(tmp_path)
    assert len(os.listdir(tmp_path)) == 2
    mine = tmp_path / f".x.{atomic._HOST}-{os.getpid()}-0123abcd.tmp"
    other_host = tmp_path / ".x.elsewhere-1-0123abcd.tmp"
    old_other_host = tmp_path / ".y.elsewhere-1-0123abcd.tmp"
    users_own = tmp_path / "notes.tmp"
    for file in (mine, other_host, old_other_host, users_own):
        file.write_text("x")
    long_ago = time.time() - 30 * 24 * 3600
    os.utime(old_other_host, (long_ago, long_ago))
    assert clean_leftovers(tmp_path) == 3
    assert {*tmp_path.iterdir()} == {mine, other_host, users_own}


def test_the_next_write_cleans_up(tmp_path):
    killed_while_writing(tmp_path)
    write_atomically(tmp_path / "file", "whole")
    assert os.listdir(tmp_path) == ["file"]


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Point:
    y: float
    x: tuple[float | None, ...]


def test_json_of_everything_we_write():
    value = {
        "nan": float("nan"), "inf": np.inf, "np": np.float32(0.5), "int": np.int64(3), "bool": np.bool_(True),
        "array": np.array([[1.0, np.nan]]), "set": {"b", "a"}, "path": Path("a/b"), "enum": Colour.RED, 3: None,
        "point": Point(2.0, (None, float("-inf"))), "text": "é",
    }  # fmt: skip
    assert json.loads(to_json(value)) == {
        "nan": None, "inf": None, "np": 0.5, "int": 3, "bool": True, "array": [[1.0, None]], "set": ["a", "b"],
        "path": "a/b", "enum": "red", "3": None, "point": {"y": 2.0, "x": [None, None]}, "text": "é",
    }  # fmt: skip
    assert list(json.loads(to_json(Point(1.0, ())))) == ["y", "x"]
    with pytest.raises(TypeError, match="cannot write object as JSON"):
        to_json({"a": object()})


def test_write_json(tmp_path):
    write_json(tmp_path / "x.json", {"a": 1})
    assert (tmp_path / "x.json").read_text() == '{\n  "a": 1\n}\n'


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None, max_examples=60)
@given(plain_values)
def test_plain_values_survive(value):
    assert json.loads(to_json(value)) == value
