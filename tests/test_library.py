"""`import synth_eval`: what notebooks call. Typed results, DataFrames, and no file that was not asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from library_folder import write_library_folder

import synth_eval
from synth_eval import cli
from synth_eval.compare.calibration import CalibrationSettings
from synth_eval.comparison import Comparison
from synth_eval.errors import ManifestError, ResultsError
from synth_eval.results import RunFolder
from synth_eval.types import Family


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_library_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_functions_come_when_they_are_used() -> None:
    code = (
        "import sys, synth_eval\n"
        "assert {'compare', 'calibrate', 'load_family'} <= set(dir(synth_eval))\n"
        "assert not {'numpy', 'torch', 'pandas', 'pydantic'} & set(sys.modules)\n"
        "synth_eval.compare, synth_eval.calibrate, synth_eval.scaling, synth_eval.evaluate, synth_eval.load_results\n"
        "print(*sorted(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "transformers", "lm_eval", "plotly", "netcal"} & set(loaded)


def test_a_function_and_the_layer_of_its_name_are_one(folder: Path) -> None:
    import synth_eval.compare.gate
    import synth_eval.scaling.laws

    assert synth_eval.compare.gate.judge_gate is not None
    with pytest.raises(ManifestError, match="no such file"):
        synth_eval.compare("nowhere.yaml")
    with pytest.raises(ResultsError, match="nowhere"):
        synth_eval.scaling("nowhere.csv")
    with pytest.raises(AttributeError, match="nothing"):
        synth_eval.nothing  # noqa: B018


def test_compare_is_what_the_command_prints_from(folder: Path, monkeypatch, capsys) -> None:
    before = files(folder)
    found = synth_eval.compare("checkpoints.yaml", results="out")
    assert files(folder) == before
    assert isinstance(found.comparison, Comparison)
    frame = found.to_frame()
    sums = frame[(frame["task"] == "sums") & (frame["metric"] == "acc")]
    assert sums["ratio"].tolist() == [0.0, 0.1, 0.3, 0.6]
    assert set(sums["verdict"]) == {"degraded"}
    page = found._repr_html_()
    assert "<table" in page
    assert "degraded" in page
    monkeypatch.setattr(sys, "argv", ["synth-eval", "compare", "checkpoints.yaml", "--results", "out", "--json"])
    with pytest.raises(SystemExit):
        cli.main()
    printed = json.loads(capsys.readouterr().out)
    written = found.save("saved")
    assert {path.name for path in written} == {
        *("comparison.json", "comparison.csv", "comparison.parquet", "reliability.json", "report.html", "report.md")
    }
    saved = json.loads((folder / "saved/comparison.json").read_text())
    printed.pop("created"), saved.pop("created")
    assert printed == saved


def test_saved_results_come_back(folder: Path) -> None:
    found = synth_eval.compare("checkpoints.yaml", results=["out"], tasks=["sums"])
    found.save("saved")
    again = synth_eval.load_results("saved")
    pd.testing.assert_frame_equal(again.to_frame(), found.to_frame())
    assert again.view == found.view
    again.save("twice")
    for name in ("comparison.json", "reliability.json", "report.html", "report.md"):
        assert (folder / "twice" / name).read_bytes() == (folder / "saved" / name).read_bytes(), name
    with pytest.raises(ResultsError, match="give a folder that synth-eval compare wrote"):
        synth_eval.load_results("nowhere")


def test_a_gate_of_ones_own(folder: Path) -> None:
    family = synth_eval.load_family("checkpoints.yaml", folders_needed=False)
    assert isinstance(family, Family)
    from synth_eval.types import Gate

    assert synth_eval.compare(family, results="out").exit_code == 0
    assert synth_eval.compare(family, results="out", gate=Gate(fail_on="degraded")).exit_code == 1


def test_calibrate(folder: Path) -> None:
    before = files(folder)
    found = synth_eval.calibrate("out", tasks=["sums"], settings=CalibrationSettings(resamples=50))
    assert files(folder) == before
    frame = found.to_frame()
    assert len(frame) == 8
    assert set(frame["name"]) == {"sums"}
    assert not found.failed
    assert frame["model"][0] in found._repr_html_()
    found.save("calibrated")
    assert sorted(path.name for path in (folder / "calibrated").iterdir()) == [
        *("calibration.csv", "calibration.json", "calibration.parquet")
    ]


def test_scaling(folder: Path) -> None:
    before = files(folder)
    found = synth_eval.scaling("losses.csv", resamples=50)
    assert files(folder) == before
    assert found.to_frame()["task"].tolist() == ["web"]
    assert "<table" in found._repr_html_()
    assert [path.name for path in found.save("laws")] == ["scaling.json", "scaling.html"]
    assert json.loads((folder / "laws/scaling.json").read_text())["tasks"][0]["task"] == "web"


def test_nothing_to_evaluate(folder: Path) -> None:
    text = (folder / "checkpoints.yaml").read_text()
    lines = [
        line.replace("{path: ", f"{{results: out/{line.split('path: ')[1].split(',')[0].replace('/', '__')}, path: ")
        if "{path: " in line
        else line
        for line in text.splitlines()
    ]
    (folder / "checkpoints.yaml").write_text("\n".join(lines))
    found = synth_eval.evaluate("checkpoints.yaml")
    assert (found.runnable, found.evaluated, len(found.to_frame())) == (False, 0, 0)
    with RunFolder(folder / "results/small").lock():  # it was released
        pass
