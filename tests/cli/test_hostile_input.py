"""Manifests and samples files made to do harm, or damaged: one line that names what is wrong, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from synth_eval.errors import ManifestError, ResultsError
from synth_eval.manifest import load_family
from synth_eval.results import read_results, read_samples
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


@pytest.mark.parametrize("axis", ["size", "tokens"])
@pytest.mark.parametrize(("count", "place"), [("0x1F", "[1]"), ("[1B, 0x1F]", "[2]"), ("[1:30]", "[1]")])
def test_a_count_of_a_grid_is_written_as_a_count(axis: str, count: str, place: str, tmp_path: Path) -> None:
    file = tmp_path / "checkpoints.yaml"
    file.write_text(f"family: f\ngrid:\n  path: 'org/m-{{{axis}}}-{{ratio}}'\n  {axis}: {count}\n  ratio: [0, 1]\n")
    with pytest.raises(ManifestError, match=rf"checkpoints.yaml:4: grid.{axis}\{place[:-1]}\]: .* is not a count"):
        load_family(file)


@pytest.mark.parametrize("number", [2**63, 2**70, -(2**70), 10**400])
@pytest.mark.parametrize("key", ["doc_id", "level"])
def test_integers_beyond_64_bits_leave_the_item_out(key: str, number: int, tmp_path: Path) -> None:
    rows = choice_rows(10, seed=1)
    (rows[3] if key == "doc_id" else rows[3]["doc"])[key] = number
    samples = read_samples(write_samples(tmp_path, "t", rows))
    assert len(samples.doc_id) == 9
    assert samples.notes == (f"1 of 10 items left out: its {key} is beyond 64 bits",)


@pytest.mark.parametrize("number", [10**400, -(10**400), 2**70])
def test_a_target_beyond_64_bits_is_none_of_the_choices(number: int, tmp_path: Path) -> None:
    rows = choice_rows(10, seed=1)
    rows[3]["target"] = number
    samples = read_samples(write_samples(tmp_path, "t", rows))
    assert samples.notes == ("1 of 10 items left out: the target is none of the choices",)


@pytest.mark.parametrize("number", [10**400, float("inf"), float("nan"), 2**70, -1, "x", [], None])
def test_numbers_of_results_files_that_are_none(number: Any, tmp_path: Path) -> None:
    content = {"results": {"qa": {"acc,none": number, "acc_stderr,none": number}}}
    content |= {"n-samples": {"qa": {"effective": number}}, "n-shot": {"qa": number}, "date": number}
    file = tmp_path / "results_2026-01-01T00-00-00.000000.json"
    file.write_text(json.dumps(content))
    result = read_results(file).tasks["qa"]
    assert (result.n_samples, result.n_shot) == (None, None)
    if result.metrics:
        (metric,) = result.metrics
        assert {metric.value, metric.stderr} == ({float(number)} if number in (2**70, -1) else {None})


@pytest.mark.parametrize("key", ["seed", "iteration", "num_fewshot", "batch_size"])
def test_integers_of_a_manifest_beyond_64_bits(key: str, tmp_path: Path) -> None:
    file = tmp_path / "checkpoints.yaml"
    file.write_text(f"family: f\ncheckpoints:\n  - {{path: org/m, ratio: 0, {key}: {10**30}}}\n")
    with pytest.raises(ManifestError, match=rf"checkpoints.yaml:3: checkpoints\[1\].{key}"):
        load_family(file)


@pytest.mark.parametrize("count", [float("inf"), 2**80, 10**400, "inf"])
def test_an_infinite_number_of_bytes_leaves_the_document_out(count: Any, tmp_path: Path) -> None:
    rows = [{**rolling_row(i, "abc", -3.0), "bits_per_byte": [-3.0, count if i == 1 else 3]} for i in range(3)]
    samples = read_samples(write_samples(tmp_path, "w", rows))
    assert samples.notes == ("1 of 3 items left out: its number of bytes is infinite, or beyond 64 bits",)
    with pytest.raises(ResultsError, match="none of its items can be used"):
        read_samples(write_samples(tmp_path, "w", rows[1:2]))


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "synth_eval", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


STEERING = "\x1b[31mX\x07\u202e"  # colour, bell, and text from right to left


@pytest.fixture
def steering(tmp_path: Path) -> Path:
    """Names of models, tasks, filters, groups, categories, folders and files that would steer a terminal."""
    task = f"task{STEERING}"
    for i, ratio in enumerate((0, 0.3, 0.6)):
        rows = choice_rows(30, seed=i)
        rows = [{**row, "filter": f"{'a' if j else 'b'}{STEERING}"} for j, row in enumerate(rows)]
        folder = tmp_path / f"{ratio}{STEERING}"
        write_samples(folder, task, rows)
        content = {
            "results": {task: {"acc,none": 0.5, "acc_stderr,none": 0.1}, f"alone{STEERING}": {"odd,none": 3.0}},
            "configs": {task: {"metadata": {"category": f"kind{STEERING}"}}},
            "group_subtasks": {f"group{STEERING}": [task]},
            "config": {"model_args": f"pretrained=org/{STEERING}"},
            "chat_template_sha": STEERING if i == 2 else "",
        }
        (folder / f"x{STEERING}.json").write_text(json.dumps(content))
    lines = [{"results": f"{ratio}{STEERING}", "ratio": ratio} for ratio in (0, 0.3, 0.6)]
    (tmp_path / "m.yaml").write_text(json.dumps({"family": "f", "checkpoints": lines}))
    (tmp_path / "n.yaml").write_text(json.dumps({"family": "f", "checkpoints": [{"path": "org/m", "ratio": 0}]}))
    head = "family,size,tokens,ratio,source,task,loss"
    losses = [f"f{STEERING},1B,{2**k}B,0,s{STEERING},t{STEERING},{3 - 0.1 * k}" for k in range(5)]
    (tmp_path / f"l{STEERING}.csv").write_text("\n".join([head, *losses, f"f,1{STEERING},1B,0,s,t,3"]))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["compare", "m.yaml"], 0),
        (["compare", "m.yaml", "--explain", f"task{STEERING}"], 0),
        (["compare", "m.yaml", "--tasks", f"no{STEERING}"], 2),
        (["compare", "n.yaml", "--results", "."], 2),
        (["calibrate", ".", "--resamples", "0"], 0),
        (["calibrate", f"0{STEERING}", "--tasks", f"no{STEERING}"], 2),
        (["scaling", f"l{STEERING}.csv", "--resamples", "50"], 0),
        (["scaling", f"no{STEERING}.csv"], 2),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_names_cannot_steer_a_terminal(steering: Path, arguments: list[str], code: int) -> None:
    done = run(steering, *arguments)
    assert done.returncode == code, done.stderr
    printed = done.stdout + done.stderr
    assert "\\x1b" in printed  # the name is there, written out
    assert not {"\x1b", "\x07", "\u202e"} & set(printed)
    assert "Traceback" not in printed


def test_control_characters_of_a_message_are_written_out(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text('family: f\ncheckpoints:\n  - {path: "./a\\e[31mb", ratio: 0}\n')
    done = run(tmp_path, "compare", "m.yaml")
    assert done.returncode == 2
    assert "./a\\x1b[31mb is not there" in done.stderr
    assert "\x1b" not in done.stderr
