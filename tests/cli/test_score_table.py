"""synth-eval compare scores.csv: the report, the gate, the other commands on its results, and one-line errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synth_eval.errors import ExitCode

RATIOS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
FALLS = {"sums": 0.3, "facts": 0.0}  # points a ratio of 1


def table(folder: Path, *, scale: float = 1.0) -> Path:
    """Two tasks, three seeds of 0.4 points SD."""
    noise = (0.004, -0.003, -0.001)
    lines = [
        f"web-study,410M,{ratio},rephrased,{seed},{task},acc,{scale * (0.6 - fall * ratio + sign * noise[seed]):.4f}"
        for task, fall in FALLS.items()
        for i, ratio in enumerate(RATIOS)
        for seed, sign in ((0, (-1) ** i), (1, 1), (2, (-1) ** (i // 2)))
    ]
    file = folder / "scores.csv"
    file.write_text("\n".join(["family,size,ratio,source,seed,task,metric,value", *lines]), encoding="utf-8")
    return file


@pytest.fixture
def call(run_here, tmp_path: Path):
    table(tmp_path)
    return lambda *arguments: run_here("compare", *arguments, cwd=tmp_path)


def test_the_report(call, tmp_path: Path) -> None:
    done = call("scores.csv", "--quiet")
    assert done.returncode == ExitCode.OK, done.stderr
    said = " ".join(done.stdout.split())
    assert "web-study" in said
    assert "1 of 2 tasks" in said
    assert "noise from scatter alone" in said
    assert "0 items" not in said
    assert (tmp_path / "results" / "web-study" / "report.html").is_file()


def test_what_was_found_is_read_by_the_other_commands(call, run_here, tmp_path: Path) -> None:
    assert call("scores.csv", "--json").returncode == ExitCode.OK
    folder = tmp_path / "results" / "web-study"
    found = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    assert {cell["task"]: cell["verdict"]["word"] for cell in found["cells"]}["sums"] == "degraded"
    for command in (("report", str(folder)), ("diff", str(folder), str(folder))):
        done = run_here(*command, cwd=tmp_path)
        assert done.returncode == ExitCode.OK, done.stderr
    planned = run_here("plan", "--all", str(folder), cwd=tmp_path)  # without items, how many would do is not known
    assert planned.returncode == ExitCode.USAGE
    assert "no items were compared" in planned.stderr


def test_gates(call, tmp_path: Path) -> None:
    assert call("scores.csv", "-q", "--fail-on", "degraded").returncode == ExitCode.GATE
    (tmp_path / "gate.yaml").write_text("gate:\n  rules:\n    - {task: facts, minimum_budget: 0.1}\n")
    assert call("scores.csv", "-q", "--gate", "gate.yaml").returncode == ExitCode.OK
    (tmp_path / "gate.yaml").write_text("gate:\n  rules:\n    - {task: sums, size: 0.41B, fail_on: degraded}\n")
    failed = call("scores.csv", "-q", "--gate", "gate.yaml")
    assert failed.returncode == ExitCode.GATE
    assert "gate.yaml:3" in failed.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("gate:\n  rules:\n    - {size: 7B, fail_on: degraded}\n", "gate.yaml:3: no checkpoint has size 7B"),
        ("family: f\n", "gate.yaml:1: no gate"),
        ("gate: {fail: degraded}\n", "gate.yaml:1"),
        ("gate: {rules: [{metric: acccc, fail_on: degraded}]}\n", "no metric 'acccc'"),
    ],
)  # fmt: skip
def test_gates_that_do_not_fit(call, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "gate.yaml").write_text(content)
    done = call("scores.csv", "-q", "--gate", "gate.yaml")
    assert done.returncode == ExitCode.USAGE
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_options_of_tables(call, tmp_path: Path) -> None:
    table(tmp_path, scale=100)
    assert "say --percent" in call("scores.csv", "-q").stderr
    done = call("scores.csv", "-q", "--percent", "--family", "web-study", "--baseline", "0.1", "--json")
    assert done.returncode == ExitCode.OK, done.stderr
    found = json.loads(done.stdout)
    assert found["baseline_ratio"] == 0.1
    assert max(found["cells"][0]["data"]["values"]) < 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("scores.csv", "--limit", "5"), "is a table of scores"),
        (("scores.csv", "--results", "."), "is a table of scores"),
        (("none.csv",), "none.csv: No such file"),
        (("m.yaml", "--percent"), "m.yaml is no table of scores"),
        (("scores.csv", "--gate", "g.yaml", "--fail-on", "degraded"), "both gates"),
        (("scores.csv", "--gate", "none.yaml"), "none.yaml: no such file"),
        (("scores.csv", "--baseline", "7"), "--baseline"),
        (("scores.csv", "--baseline", "0.15"), "no row at ratio 0.15"),
        (("scores.csv", "--tasks", "nothing"), "no task 'nothing': there are sums, facts"),
    ],
)
def test_wrong_usage_is_one_line(call, arguments: tuple[str, ...], said: str) -> None:
    done = call(*arguments, "-q")
    assert done.returncode == ExitCode.USAGE
    assert said in done.stderr
    assert "Traceback" not in done.stderr
