"""What a log gives back is what was appended whole, to the bit; nothing half-written is read."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synth_eval
from synth_eval.results.run_folder import LoggedAnswer, ResponseLog

answers = st.one_of(st.floats(), st.text(), st.tuples(st.floats(), st.booleans()))
batches = st.lists(st.dictionaries(st.text(max_size=5), answers, max_size=4), min_size=1, max_size=5)


def same(a: LoggedAnswer, b: LoggedAnswer) -> bool:
    return repr(a) == repr(b)  # NaN too; repr of a float is exact


def write(path: Path, content: list[dict[str, LoggedAnswer]]) -> list[int]:
    """File size after each batch."""
    sizes = []
    with ResponseLog(path) as log:
        for batch in content:
            log.append(batch)
            sizes.append(path.stat().st_size)
    return sizes


def merged(content: list[dict[str, LoggedAnswer]]) -> dict[str, LoggedAnswer]:
    return {key: value for batch in content for key, value in batch.items()}


@settings(deadline=None, max_examples=40)
@given(content=batches, data=st.data())
def test_cut_anywhere_whole_batches_come_back(
    content: list[dict[str, LoggedAnswer]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("log") / "a/b.log"
    sizes = write(path, content)
    length = data.draw(st.integers(0, sizes[-1]))
    os.truncate(path, length)
    whole = sum(size <= length for size in sizes)
    with ResponseLog(path) as log:
        expected = merged(content[:whole])
        assert log.answers.keys() == expected.keys()
        assert all(same(log.answers[key], expected[key]) for key in expected)
        log.append({"after": (-1.5, True)})
    with ResponseLog(path) as log:
        assert log.answers.keys() == expected.keys() | {"after"}
        assert log.answers["after"] == (-1.5, True)


def test_a_damaged_line_costs_its_own_batch(tmp_path: Path) -> None:
    path = tmp_path / "log"
    sizes = write(path, [{"a": 1.5}, {"b": -math.inf}, {"c": "text"}])
    content = bytearray(path.read_bytes())
    content[sizes[0] + 25] ^= 1  # in the body of the second line
    path.write_bytes(content)
    with ResponseLog(path) as log:
        assert log.answers == {"a": 1.5, "c": "text"}


def test_what_was_appended_survives_a_kill(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys, pathlib\n"
        "from synth_eval.results.run_folder import ResponseLog\n"
        "log = ResponseLog(pathlib.Path(sys.argv[1]))\n"
        "log.append({'a': (-0.1, False)})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(synth_eval.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "log")], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    with ResponseLog(tmp_path / "log") as log:
        assert log.answers == {"a": (-0.1, False)}
        log.discard()
    assert not (tmp_path / "log").exists()
