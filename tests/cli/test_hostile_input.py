"""Manifests and samples files made to do harm, or damaged: one line that names what is wrong, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from synth_eval.errors import ManifestError, ResultsError
from synth_eval.manifest import load_family
from synth_eval.results import read_samples
from tests.support.logged_choices import choice_rows, rolling_row, write_samples


@pytest.mark.parametrize("family", ["../../x", "/tmp/x", "..", "a\\b", "a\x1b[31mb", "x" * 300, " "])
def test_a_familys_name_names_a_folder_below_results(family: str, tmp_path: Path) -> None:
    file = tmp_path / "checkpoints.yaml"
    written = family.replace("\\", "\\\\").replace("\x1b", "\\e")
    file.write_text(f'family: "{written}"\ncheckpoints:\n  - {{path: org/m, ratio: 0}}\n')
    with pytest.raises(ManifestError, match=r"checkpoints.yaml:1: family: .*(path|control characters|at most 100)"):
        load_family(file)


@pytest.mark.parametrize("size", ["0x1F", "0b11", "1:30"])
def test_a_size_is_written_as_a_count(size: str, tmp_path: Path) -> None:
    file = tmp_path / "checkpoints.yaml"
    file.write_text(f"family: f\ncheckpoints:\n  - {{path: org/m, ratio: 0, size: {size}}}\n")
    with pytest.raises(ManifestError, match=f"checkpoints.yaml:3: .*'{size}' is not a count"):
        load_family(file)


@pytest.mark.parametrize("number", [2**63, 2**70, -(2**70), 10**400])
@pytest.mark.parametrize("key", ["doc_id", "level"])
def test_integers_beyond_64_bits_leave_the_item_out(key: str, number: int, tmp_path: Path) -> None:
    rows = choice_rows(10, seed=1)
    (rows[3] if key == "doc_id" else rows[3]["doc"])[key] = number
    samples = read_samples(write_samples(tmp_path, "t", rows))
    assert len(samples.doc_id) == 9
    assert samples.notes == (f"1 of 10 items left out: its {key} is beyond 64 bits",)


@pytest.mark.parametrize("count", [float("inf"), 2**80, 10**400, "inf"])
def test_an_infinite_number_of_bytes_leaves_the_document_out(count: Any, tmp_path: Path) -> None:
    rows = [{**rolling_row(i, "abc", -3.0), "bits_per_byte": [-3.0, count if i == 1 else 3]} for i in range(3)]
    samples = read_samples(write_samples(tmp_path, "w", rows))
    assert samples.notes == ("1 of 3 items left out: its number of bytes is infinite, or beyond 64 bits",)
    with pytest.raises(ResultsError, match="none of its items can be used"):
        read_samples(write_samples(tmp_path, "w", rows[1:2]))


def test_control_characters_of_a_message_are_written_out(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text('family: f\ncheckpoints:\n  - {path: "./a\\e[31mb", ratio: 0}\n')
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "synth_eval", "compare", "m.yaml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "./a\\x1b[31mb is not there" in done.stderr
    assert "\x1b" not in done.stderr
