"""synth-eval compare in a pipeline: gate, exit codes, --summary, --junit, --track; and synth-eval diff --fail-on."""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest

from synth_eval import cli
from synth_eval.errors import ExitCode

RATIOS = ("0", "0.1", "0.2", "0.4")
N = 20_000
# Accuracy on 20,000 items has a standard error of .3 points, and the three seeds agree as well as that: arc, which does
# not move, is safe; qa falls by 20 points after ratio .2, and has a budget of 20%.
FALLING = (0.80, 0.80, 0.80, 0.60)
FLAT = (0.80, 0.80, 0.80, 0.80)
SEEDS = (0.0, 0.003, -0.003)
FILE = """\
family: f
categories: {arc: reasoning, qa: retrieval}
grid: {path: 'org/m-r{ratio}-s{seed}', ratio: [0, 0.1, 0.2, 0.4], seed: [0, 1, 2]}
"""  # a gate starts in line 4


def write_results(folder: Path, **tasks) -> None:
    """Aggregates of one model a ratio and seed, as lm-eval writes them."""
    for (i, ratio), (seed, luck) in product(enumerate(RATIOS), enumerate(SEEDS)):
        name = f"m-r{ratio}-s{seed}"
        place = folder / f"org__{name}"
        place.mkdir(parents=True, exist_ok=True)
        means = {task: values[i] + luck for task, values in tasks.items()}
        content = {
            "results": {
                task: {"acc,none": mean, "acc_stderr,none": (mean * (1 - mean) / (N - 1)) ** 0.5}
                for task, mean in means.items()
            },
            "n-samples": {task: {"original": N, "effective": N} for task in tasks},
            "model_name": f"org/{name}",
        }
        (place / "results_2026-01-02T03-04-05.678901.json").write_text(json.dumps(content))


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    write_results(Path("out"), arc=FLAT, qa=FALLING)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["synth-eval", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return call


def compare(call, gate: str, *options: str) -> tuple[int, str, str]:
    Path("m.yaml").write_text(FILE + gate)
    return call("compare", "m.yaml", "--results", "out", "-o", "r", *options)


@pytest.mark.parametrize(
    ("gate", "options", "code", "failed"),
    [
        ("", (), ExitCode.OK, []),
        ("", ("--fail-on", "degraded"), ExitCode.GATE, ["no curve is degraded (--fail-on degraded)"]),
        ("gate: {fail_on: degraded}\n", (), ExitCode.GATE, ["no curve is degraded (m.yaml:4)"]),
        ("gate: {fail_on: degraded}\n", ("--fail-on", "never"), ExitCode.OK, []),
        # aggregates alone are compared unpaired, which is a warning
        (
            "gate: {rules: {task: arc, fail_on: degraded}}\n",
            ("--fail-on", "warning"),
            ExitCode.GATE,
            ["no curve is degraded (--fail-on warning)", "no warning (--fail-on warning)"],
        ),
        ("gate: {rules: {category: retrieval, minimum_budget: 0.2}}\n", (), ExitCode.OK, []),
        (
            "gate: {rules: {category: retrieval, minimum_budget: 0.4}}\n",
            (),
            ExitCode.GATE,
            ["retrieval: budget of at least 40% (m.yaml:4)"],
        ),
        (
            "gate:\n  rules:\n"
            "    - {category: reasoning, minimum_budget: 0.4}\n"
            "    - {task: typo, fail_on: degraded}\n",
            (),
            ExitCode.GATE,
            ["typo: no curve is degraded (m.yaml:7)"],
        ),
    ],
)
def test_exit_codes_and_reasons(call, gate: str, options, code: ExitCode, failed: list[str]) -> None:
    found, out, err = compare(call, gate, *options)
    assert found == code
    lines = [line for line in err.splitlines() if line.startswith("gate failed: ")]
    assert [line.removeprefix("gate failed: ").split("): ")[0] + ")" for line in lines] == failed
    asked = json.loads(Path("r/comparison.json").read_text())["gate"]
    assert [f"{row['rule']} ({row['where']})" for row in asked if not row["passed"]] == failed
    assert ("Gate: " in out) == bool(asked)
    if asked:
        said = f"{len(failed)} of {len(asked)} rule{'s' * (len(asked) > 1)} failed" if failed else "1 rule passed"
        assert f"Gate: {said}" in out
        assert f"### Gate: {said}" in Path("r/report.md").read_text()
        assert f"Gate: {said}" in Path("r/report.html").read_text()


def test_the_gate_is_checked_before_anything_is_read(call) -> None:
    code, out, err = compare(call, "gate: {rules: {metric: acuracy, fail_on: degraded}}\n", "--results", "nowhere")
    assert (code, out) == (ExitCode.USAGE, "")
    assert err == "synth-eval: m.yaml:4: no metric 'acuracy' carries a verdict: did you mean 'accuracy'?\n"


def test_summary_and_junit(call) -> None:
    before = set(sys.modules)
    gate = "gate: {rules: {category: retrieval, minimum_budget: 0.4}}\n"
    code, out, err = compare(call, gate, "--summary", "--junit", "ci/junit.xml")
    assert code == ExitCode.GATE
    (line,) = out.splitlines()  # and nothing else
    found = json.loads(line)
    assert (found["exit_code"], found["gate"], found["results"]) == (1, "failed", "r")
    assert found["curves"] == {"degraded": 1, "inconclusive": 0, "safe": 1, "improved": 0, "refused": 0}
    assert [(row["level"], row["name"]) for row in found["overall"]] == [
        ("suite", "suite"), ("category", "retrieval"), ("category", "reasoning"),
    ]  # fmt: skip
    assert {row["category"]: row["budget"] for row in found["budgets"]} == {"reasoning": 0.4, "retrieval": 0.2}
    assert err.startswith("gate failed: retrieval")
    suite = ElementTree.parse("ci/junit.xml").getroot().find("testsuite")
    assert suite is not None
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    # two curves, their mean and a rule; the rule and its curve fail, to the mean no rule objects
    assert counts == {"tests": "4", "failures": "2", "errors": "0", "skipped": "1"}
    assert not {"tensorboard", "wandb", "mlflow"} & (set(sys.modules) - before)  # only if asked for


def test_one_kind_of_output(call) -> None:
    code, _, err = compare(call, "", "--summary", "--json")
    assert code == ExitCode.USAGE
    assert "choose one" in err


def test_trackers_are_checked_first_and_cannot_spoil_the_results(call, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = compare(call, "", "--track", "csv=x")
    assert (code, Path("r").exists()) == (ExitCode.USAGE, False)
    assert err.startswith("synth-eval: --track csv=x: write one of tensorboard=DIR")

    pytest.importorskip("tensorboard")
    code, _, err = compare(call, "", "-q", "--track", "tensorboard=tb")
    assert (code, err.splitlines()[0].split(":")[0]) == (ExitCode.OK, "tensorboard")
    assert list(Path("tb/f").rglob("events.out.tfevents.*"))

    Path("blocked").write_text("")
    code, out, err = compare(call, "", "-q", "--track", "tensorboard=blocked")
    assert code == ExitCode.USAGE
    assert err.startswith("synth-eval: not logged: tensorboard: ")
    assert "degraded" in out


@pytest.fixture(scope="module")
def steady_and_fallen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two comparisons of the same tasks: nothing moved, and qa degraded."""
    folder = tmp_path_factory.mktemp("compared")
    (folder / "m.yaml").write_text(FILE)
    for name, values in (("steady", FLAT), ("fallen", FALLING)):
        write_results(folder / f"out-{name}", arc=FLAT, qa=values)
        arguments = ("m.yaml", "--results", f"out-{name}", "-o", name, "-q")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setattr("sys.argv", ["synth-eval", "compare", *arguments])
            with pytest.raises(SystemExit):
                cli.main()
    return folder / "steady", folder / "fallen"


@pytest.mark.parametrize(
    ("before", "after", "codes"),  # 0 steady, 1 fallen; codes of --fail-on change and --fail-on worse
    [
        (0, 0, (0, 0)),
        (0, 1, (1, 1)),
        (1, 0, (1, 0)),
    ],
)
def test_diff_in_a_pipeline(call, steady_and_fallen: tuple[Path, Path], before: int, after: int, codes) -> None:
    one, two = (str(steady_and_fallen[which]) for which in (before, after))
    assert call("diff", one, two)[0] == ExitCode.OK
    assert tuple(call("diff", one, two, "--fail-on", word)[0] for word in ("change", "worse")) == codes
    code, out, _ = call("diff", one, two, "--json", "--fail-on", "worse")
    assert code == codes[1]
    found = json.loads(out)
    assert [(change["level"], change["task"], change["worse"]) for change in found["changed"]] == (
        [("suite", "suite", after == 1), ("task", "qa", after == 1)] if codes[0] else []
    )
