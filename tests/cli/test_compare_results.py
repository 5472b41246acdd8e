"""synth-eval compare --results: what a user sees for lm-eval folders that were there already."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from logged_choices import choice_rows, generation_row, write_samples

from synth_eval import cli
from synth_eval.errors import ExitCode

RATIOS = ("0", "0.1", "0.2", "0.4")
GRID = "family: f\ngrid: {path: 'org/m-r{ratio}', ratio: [0, 0.1, 0.2, 0.4]}\n"


def write_model(folder: Path, name: str, *, n: int = 60, samples: bool = True, tasks=("qa",), **more) -> Path:
    """One model's folder: a multiple-choice task, aggregated as lm-eval would."""
    place = folder / name.replace("/", "__")
    rows = choice_rows(n, seed=3)
    mean = float(np.mean([row["acc"] for row in rows]))
    values = {"acc,none": mean, "acc_stderr,none": float(np.sqrt(mean * (1 - mean) / (n - 1)))}
    content = {
        "results": {task: {"alias": task, **values} for task in tasks},
        "n-samples": {task: {"original": n, "effective": n} for task in tasks},
        "model_name": name,
        **more,
    }
    place.mkdir(parents=True, exist_ok=True)
    (place / "results_2026-01-02T03-04-05.678901.json").write_text(json.dumps(content))
    for task in tasks if samples else ():
        write_samples(place, task, rows)
    return place


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    Path("m.yaml").write_text(GRID)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["synth-eval", "compare", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return call


def compared(call, *arguments: str) -> dict:
    code, out, err = call(*arguments, "--json")
    assert code == ExitCode.OK, err
    return json.loads(out)


def test_folders_find_their_checkpoints(call) -> None:
    for ratio in RATIOS:
        write_model(Path("out"), f"org/m-r{ratio}")
    comparison = compared(call, "m.yaml", "--results", "out")
    acc = next(cell for cell in comparison["cells"] if cell["metric"] == "acc")
    assert (acc["data"]["ratios"], acc["data"]["n_items"], acc["data"]["paired"]) == ([0.0, 0.1, 0.2, 0.4], 60, True)
    # the four were made from the same items and logits
    assert "are these the same checkpoint?" in acc["verdict"]["reason"]
    assert comparison["warnings"] == []


def test_folders_may_be_named_one_by_one_and_need_no_samples(call) -> None:
    places = [write_model(Path(f"out{i}"), f"org/m-r{ratio}", samples=False) for i, ratio in enumerate(RATIOS)]
    options = [word for place in places for word in ("--results", str(place))]
    comparison = compared(call, "m.yaml", *options)
    (acc,) = comparison["cells"]
    assert (acc["verdict"]["word"], acc["data"]["paired"]) == ("inconclusive", False)
    assert comparison["warnings"] == [
        "qa: aggregate results only, so compared unpaired, with wider intervals; "
        "run lm_eval with --log_samples for paired verdicts"
    ]


def test_results_in_the_manifest_may_be_folders_files_or_the_older_layout(call) -> None:
    folder = write_model(Path("out"), "org/a")
    (results,) = write_model(Path("out"), "org/b", samples=False).glob("results_*")
    (samples,) = write_model(Path("out"), "org/c").glob("samples_*")
    older = {"results": {"qa": {"acc": 0.5, "acc_stderr": 0.0651}}, "versions": {"qa": 0}}
    Path("older.json").write_text(json.dumps(older))
    lines = [
        f"  - {{results: {path}, ratio: {r}}}" for path, r in zip((folder, results, samples, "older.json"), RATIOS)
    ]
    Path("mixed.yaml").write_text("\n".join(["family: f", "checkpoints:", *lines]) + "\n")
    comparison = compared(call, "mixed.yaml")
    acc = next(cell for cell in comparison["cells"] if cell["metric"] == "acc")
    assert acc["data"]["ratios"] == [0.0, 0.1, 0.2, 0.4]
    assert acc["data"]["values"][3] == pytest.approx(0.5)
    assert "2 of 4 checkpoints have no samples" in acc["verdict"]["reason"]


def test_folders_of_the_manifest_need_not_be_there(call) -> None:
    Path("paths.yaml").write_text("family: f\ngrid: {path: '/data/runs/r{ratio}', ratio: [0, 0.1, 0.2, 0.4]}\n")
    for ratio in RATIOS:
        write_model(Path("out"), f"/data/runs/r{ratio}")
    assert compared(call, "paths.yaml", "--results", "out")["cells"]
    code, _, err = call("paths.yaml")
    assert (code, "is not there" in err) == (ExitCode.USAGE, True)


def test_a_missing_cell_is_fine_and_strangers_are_named(call) -> None:
    for ratio in ("0", "0.1", "0.4"):
        write_model(Path("out"), f"org/m-r{ratio}")
    write_model(Path("out"), "org/stranger")
    comparison = compared(call, "m.yaml", "--results", "out")
    assert {tuple(cell["data"]["ratios"]) for cell in comparison["cells"]} == {(0.0, 0.1, 0.4)}
    assert comparison["warnings"] == [
        "self-r0.2-it1-s0: not evaluated, left out",
        "out/org__stranger: results of org/stranger, which is no checkpoint of m.yaml: left out; if it is one, "
        "write `results: out/org__stranger` in its line there",
    ]


def test_without_tasks_in_the_manifest_everything_that_was_logged_is_compared(call) -> None:
    for ratio in RATIOS:
        write_model(Path("out"), f"org/m-r{ratio}", tasks=("triviaqa", "arc_easy", "qa"))
    comparison = compared(call, "m.yaml", "--results", "out")
    assert {c["task"]: c["category"] for c in comparison["cells"]} == {
        "triviaqa": "retrieval", "arc_easy": "reasoning", "qa": "other",
    }  # fmt: skip
    assert comparison["warnings"] == []
    Path("suite.yaml").write_text(GRID + "tasks: [synth_suite, triviaqa]\n")
    assert {c["task"] for c in compared(call, "suite.yaml", "--results", "out")["cells"]} == {"triviaqa"}
    Path("others.yaml").write_text(GRID + "tasks: [synth_suite]\n")
    comparison = compared(call, "others.yaml", "--results", "out")
    assert {c["task"] for c in comparison["cells"]} == {"triviaqa", "arc_easy", "qa"}
    assert comparison["warnings"] == [
        "none of the requested tasks was logged (synth_suite): all logged ones are compared"
    ]


def test_only_the_tasks_asked_for(call) -> None:
    groups = {"group_subtasks": {"both": ["a", "b"]}}
    for ratio in RATIOS:
        write_model(Path("out"), f"org/m-r{ratio}", tasks=("a", "b", "c"), **groups)
    tasks = lambda *words: {c["task"] for c in compared(call, "m.yaml", "--results", "out", *words)["cells"]}  # noqa: E731
    assert tasks() == {"a", "b", "c"}
    assert tasks("--tasks", "both") == {"a", "b"}
    assert tasks("--tasks", "c,b*") == {"a", "b", "c"}  # "b*" is the group as well
    code, _, err = call("m.yaml", "--results", "out", "--tasks", "nothing")
    assert (code, err) == (ExitCode.USAGE, "synth-eval: --tasks nothing: not logged; there are a, b, c\n")


def test_damaged_samples_fall_back_on_the_aggregate(call) -> None:
    places = [write_model(Path("out"), f"org/m-r{ratio}") for ratio in RATIOS]
    (samples,) = places[2].glob("samples_*")
    samples.write_text("{")
    comparison = compared(call, "m.yaml", "--results", "out")
    acc = next(cell for cell in comparison["cells"] if cell["metric"] == "acc")
    assert "1 of 4 checkpoints have no samples" in acc["verdict"]["reason"]
    assert any("its aggregate is used instead" in line for line in comparison["warnings"])


def test_generated_answers(call) -> None:
    for ratio in RATIOS:
        rows = [
            {**generation_row(i), "doc_hash": f"d{i}", "metrics": ["exact_match"], "exact_match": float(i % 3 == 0)}
            for i in range(60)
        ]
        write_samples(Path(f"out/org__m-r{ratio}"), "gsm8k", rows)
    (cell,) = compared(call, "m.yaml", "--results", "out")["cells"]
    assert (cell["metric"], cell["data"]["values"]) == ("exact_match", pytest.approx([1 / 3] * 4))


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (("org/m-r0.1", "org/m-r0.2"), "m.yaml: no results of the baseline of iteration 1 (ratio 0: org/m-r0)"),
        (("org/x-r0", "org/x-r0.1"), "none of 2 results fits a checkpoint of the family (org/m-r0, org/m-r0.1"),
        ((), "out: no such file or folder"),
    ],
)
def test_one_line_errors(call, models, said: str) -> None:
    for name in models:
        write_model(Path("out"), name)
    code, out, err = call("m.yaml", "--results", "out")
    assert (code, out) == (ExitCode.USAGE, "")
    assert len(err.splitlines()) == 1
    assert said in err


def test_an_absent_baseline_names_the_size(call) -> None:
    Path("sizes.yaml").write_text(
        "family: f\ngrid: {path: 'org/m-{size}-r{ratio}', size: [70M, 410M], ratio: [0, 0.1, 0.2]}\n"
    )
    for name in ("70M-r0", "70M-r0.1", "70M-r0.2", "410M-r0.1", "410M-r0.2"):
        write_model(Path("out"), f"org/m-{name}")
    code, _, err = call("sizes.yaml", "--results", "out")
    assert code == ExitCode.USAGE
    assert "no results of the baseline of size 410M, iteration 1 (ratio 0: org/m-410M-r0)" in err


def test_several_models_at_one_place_of_the_manifest(call) -> None:
    write_model(Path("out"), "org/a")
    write_model(Path("out"), "org/b")
    Path("one.yaml").write_text("family: f\ncheckpoints:\n  - {results: out, ratio: 0}\n")
    code, _, err = call("one.yaml")
    assert code == ExitCode.PARTIAL
    assert "one.yaml:3: " in err
    assert "of 2 models (org/a, org/b): write the place of one of them, for org/a `results: " in err
    assert "out/org__a`" in err


def test_a_baseline_that_was_left_out_is_named_with_the_reason(call) -> None:
    for dtype in ("float32", "bfloat16"):
        arguments = {"model_args": {"pretrained": "org/m-r0", "dtype": dtype}}
        write_model(Path("out") / dtype, "org/m-r0", samples=False, config=arguments)
    write_model(Path("out"), "org/m-r0.1", samples=False)
    code, _, err = call("m.yaml", "--results", "out")
    assert code == ExitCode.USAGE
    assert "no results of the baseline" in err
    assert "write its dtype and quantisation as model_args in its line of m.yaml" in err


def test_a_reason_for_which_many_tasks_are_refused_is_given_once(call) -> None:
    for ratio in RATIOS[:2]:
        write_model(Path("out"), f"org/m-r{ratio}", tasks=("arc_easy", "qa", "sciq"))
    code, out, _ = call("m.yaml", "--results", "out")
    assert code == ExitCode.OK
    said = " ".join(out.split())
    assert "refused arc_easy; qa; sciq accuracy: only 2 ratios: a curve needs at least 3" in said


def test_limit_has_no_meaning(call) -> None:
    code, _, err = call("m.yaml", "--results", "out", "--limit", "5")
    assert code == ExitCode.USAGE
    assert "--limit is for evaluating" in err


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    for ratio in RATIOS:
        write_model(tmp_path / "out", f"org/m-r{ratio}", samples=False)
    (tmp_path / "m.yaml").write_text(GRID)
    code = (
        "import sys; from synth_eval import cli\n"
        "sys.argv = ['synth-eval', 'compare', 'm.yaml', '--results', 'out', '--json']\n"
        "try: cli.main()\nexcept SystemExit as stop: assert not stop.code, stop.code\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not loaded & {"torch", "lm_eval", "transformers", "accelerate", "netcal", "sklearn"}
