"""synth-eval report and synth-eval diff: from comparison.json alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from synth_eval.cli import cli
from synth_eval.errors import ResultsError

GOLDEN = Path(__file__).parents[1] / "golden" / "comparison.json"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    shutil.copy(GOLDEN, tmp_path / "comparison.json")
    return tmp_path


def _run(*arguments: str | Path):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False)


def test_prints_and_writes(results: Path) -> None:
    done = _run("report", results)
    assert done.exception is None
    assert "2 of 7 tasks are degraded" in done.output
    written = {path.name for path in results.iterdir()}
    assert written == {"comparison.json", "report.html", "report.md"}


def test_more_on_request_and_elsewhere(results: Path, tmp_path: Path) -> None:
    done = _run("report", results / "comparison.json", "--latex", "--junit", "-q", "-o", tmp_path / "out")
    assert done.exception is None
    assert "degraded" not in done.output
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"report.html", "report.md", "report.tex", "junit.xml"}
    assert not (results / "report.html").exists()


def test_explains_and_writes_nothing(results: Path) -> None:
    done = _run("report", results, "--explain", "synth_lookup")
    assert "synth_lookup: safe" in done.output
    assert {path.name for path in results.iterdir()} == {"comparison.json"}


@pytest.mark.parametrize("text", [None, "no json", "{}", b"\xff\xfe"])
def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, text) -> None:
    if text is not None:
        (tmp_path / "comparison.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    error = _run("report", tmp_path).exception
    assert isinstance(error, ResultsError)
    assert str(tmp_path / "comparison.json") in str(error)
    assert "\n" not in str(error)


def test_no_torch_is_imported(results: Path) -> None:
    code = (
        "import sys; from synth_eval.cli import cli\n"
        f"cli.main(['report', {str(results)!r}, '-q'], standalone_mode=False)\n"
        "print(sorted({'torch', 'lm_eval', 'transformers', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_diff_of_the_same(results: Path) -> None:
    done = _run("diff", results, GOLDEN)
    assert done.exception is None
    assert done.output == f"0 of 22 verdicts changed from {results} to {GOLDEN}.\n"


def test_diff_names_what_changed(results: Path, tmp_path: Path) -> None:
    text = GOLDEN.read_text(encoding="utf-8")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "comparison.json").write_text(text.replace('"synth_lookup"', '"renamed"'), encoding="utf-8")
    lines = _run("diff", results, tmp_path / "new").output.splitlines()
    assert lines[0].startswith("0 of 18 verdicts changed")
    assert sum("synth_lookup" in line for line in lines) == sum("renamed" in line for line in lines) == 4
