"""Bad input: one line that says what, where and what to do; the exit codes of the design; never a traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synth_eval import cli
from synth_eval.errors import ExitCode

GOOD = """\
family: f
tasks: [synth_suite]
checkpoints:
  - {path: ./a, ratio: 0}
  - {path: ./b, ratio: 0.1}
"""


def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr("sys.argv", ["synth-eval", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return int(stop.value.code or 0), capsys.readouterr().err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in "ab":
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("ratio: 0.1", "ration: 0.1"), r":5: .*ration.*ratio"),
        (GOOD.replace("./b", "./missing"), r":5: .*missing"),
        (GOOD.replace("0.1", "1.7"), r":5: .*1\.7"),
        (GOOD.replace("0.1", "30"), r":5: .*0\.3"),
        (GOOD.replace("0.1", "0"), r":5: .*4"),
        (GOOD.replace("ratio: 0}", "ratio: 0.2}"), r"baseline"),
        ("family: [", r":\d+: "),
        ("just text", r""),
        (GOOD + "lab: {recipe: gigantic}\n", r"gigantic"),
    ],
)
def test_manifest_errors(
    folder: Path, text: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "checkpoints.yaml").write_text(text)
    code, err = call(capsys, monkeypatch, "compare", str(folder / "checkpoints.yaml"))
    assert code == ExitCode.USAGE
    assert err.startswith("synth-eval: ")
    assert len(err.strip().splitlines()) == 1
    assert "checkpoints.yaml" in err
    assert re.search(said, err), err


def test_a_manifest_that_is_not_there(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, err = call(capsys, monkeypatch, "compare", "nowhere.yaml")
    assert code == ExitCode.USAGE
    assert "nowhere.yaml" in err


def test_a_family_without_a_lab_is_not_built(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "checkpoints.yaml").write_text(GOOD)
    code, err = call(capsys, monkeypatch, "lab", "build", str(folder / "checkpoints.yaml"))
    assert code == ExitCode.USAGE
    assert "lab" in err


@pytest.mark.parametrize("arguments", [["compare"], ["compare", "x.yaml", "--nonsense"], ["fly"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, err = call(capsys, monkeypatch, *arguments)
    assert code == ExitCode.USAGE
    assert "Usage" in err


@pytest.mark.slow
def test_an_unknown_task_is_named_before_anything_runs(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "checkpoints.yaml").write_text(GOOD)
    code, err = call(capsys, monkeypatch, "compare", str(folder / "checkpoints.yaml"), "--tasks", "synth_recal")
    assert code == ExitCode.USAGE
    assert "synth_recal'" in err
    assert "synth_recall" in err


@pytest.mark.slow
def test_when_no_checkpoint_can_be_read_the_reason_is_given(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "checkpoints.yaml").write_text(GOOD)
    code, err = call(capsys, monkeypatch, "compare", str(folder / "checkpoints.yaml"))
    assert code == ExitCode.PARTIAL
    assert "no weights" in err
    assert "Traceback" not in err


def test_tasks_can_be_listed_and_shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["synth-eval", "tasks", "--show", "synth_recall"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    out = capsys.readouterr().out
    assert [f"level {n}" in out for n in (1, 2, 3, 4)] == [True] * 4
    assert out.count("*") == 4
