"""The main job, end to end on real checkpoints: build, evaluate, compare, report, run again, break one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from end_to_end_run import MANIFEST, run

pytestmark = pytest.mark.slow

LIMIT = ("--limit", "12")


@pytest.fixture(scope="module")
def compared(tiny_family: Path) -> Path:
    done = run("compare", "checkpoints.yaml", *LIMIT, cwd=tiny_family)
    assert done.returncode == 0, done.stderr
    (tiny_family / "first-report.txt").write_text(done.stdout)
    return tiny_family


def test_everything_that_the_design_promises_is_written(compared: Path) -> None:
    results = compared / "results" / "tiny"
    comparison = json.loads((results / "comparison.json").read_text())
    assert comparison["schema"] == 2
    assert comparison["family"] == "tiny"
    assert {c["task"] for c in comparison["cells"]} == {
        "synth_arithmetic", "synth_deduction", "synth_tracking", "synth_lookup", "synth_recall",
        "synth_domain_python_code", "synth_domain_python_docs", "synth_domain_licences",
    }  # fmt: skip
    fingerprints = {c["fingerprint"] for c in comparison["checkpoints"]}
    assert len(fingerprints) == 3
    for fingerprint in fingerprints:
        native = results / "lm_eval" / fingerprint
        assert len(list(native.glob("results_*.json"))) == 8
        assert len(list(native.glob("samples_*.jsonl"))) == 8
        assert len(list((results / "items" / fingerprint).glob("*.parquet"))) == 8
    table = pd.read_csv(results / "comparison.csv")
    assert set(table["ratio"]) == {0.0, 0.5, 1.0}
    assert len(pd.read_parquet(results / "comparison.parquet")) == len(table)


def test_the_numbers_are_lm_evals(compared: Path) -> None:
    # The aggregate that lm-eval wrote and the value in comparison.json come by different code.
    results = compared / "results" / "tiny"
    comparison = json.loads((results / "comparison.json").read_text())
    by_ratio = {c["ratio"]: c["fingerprint"] for c in comparison["checkpoints"]}
    checked = 0
    for cell in comparison["cells"]:
        if cell["metric"] not in ("acc", "brier", "nll", "surprise_gap", "ece", "bits_per_byte"):
            continue
        for ratio, value in zip(cell["data"]["ratios"], cell["data"]["values"]):
            for file in (results / "lm_eval" / by_ratio[ratio]).glob("results_*.json"):
                logged = json.loads(file.read_text())["results"]
                if cell["task"] in logged:
                    assert value == pytest.approx(logged[cell["task"]][f"{cell['metric']},none"], rel=1e-6, abs=1e-9)
                    checked += 1
    assert checked == 3 * (5 * 5 + 3)


def test_running_again_evaluates_nothing_and_says_the_same(compared: Path, run_here) -> None:
    results = compared / "results" / "tiny"
    before = {p: p.stat().st_mtime_ns for p in results.rglob("*.parquet") if p.name != "comparison.parquet"}
    again = run_here("compare", "checkpoints.yaml", *LIMIT, cwd=compared)
    assert again.returncode == 0, again.stderr
    assert "nothing to evaluate" in again.stdout
    assert {p: p.stat().st_mtime_ns for p in before} == before
    first = (compared / "first-report.txt").read_text().splitlines()
    assert again.stdout.splitlines()[:20] == first[:20]


def test_another_limit_is_another_evaluation(compared: Path, tmp_path: Path, run_here) -> None:
    done = run_here(
        "compare", "checkpoints.yaml", "--limit", "16", "--tasks", "synth_recall", "-o", str(tmp_path), cwd=compared
    )
    assert done.returncode == 0, done.stderr
    cells = json.loads((tmp_path / "comparison.json").read_text())["cells"]
    assert {c["data"]["n_items"] for c in cells} == {16}


def test_a_broken_checkpoint_fails_alone(compared: Path, tmp_path: Path, run_here) -> None:
    folder = tmp_path / "family"
    shutil.copytree(compared, folder)
    weights = folder / "runs" / "r0.5" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    done = run_here("compare", "checkpoints.yaml", *LIMIT, cwd=folder)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr + done.stdout
    assert "model.safetensors" in done.stderr
    comparison = json.loads((folder / "results" / "tiny" / "comparison.json").read_text())
    failed = {c["ratio"]: c["failed"] for c in comparison["checkpoints"]}
    assert failed[0.5]
    assert not failed[0.0]
    assert not failed[1.0]
    assert all(c["data"]["ratios"] == [0.0, 1.0] for c in comparison["cells"])


def test_a_changed_checkpoint_is_evaluated_again(compared: Path, tmp_path: Path, run_here) -> None:
    folder = tmp_path / "family"
    shutil.copytree(compared, folder)
    shutil.copy(folder / "runs/r1.0/model.safetensors", folder / "runs/r0.5/model.safetensors")
    done = run_here("compare", "checkpoints.yaml", *LIMIT, cwd=folder)
    assert done.returncode == 0, done.stderr
    # Its content is now that of r1.0, tokenizer and config included: known already, so nothing is scored twice.
    assert "nothing to evaluate" in done.stdout
    cells = json.loads((folder / "results" / "tiny" / "comparison.json").read_text())["cells"]
    assert all(c["data"]["values"][1] == c["data"]["values"][2] for c in cells)


def test_results_of_lm_eval_stand_in_for_checkpoints(compared: Path, tmp_path: Path, run_here) -> None:
    comparison = json.loads((compared / "results/tiny/comparison.json").read_text())
    lines = ["family: read", "tasks: [synth_suite]", "checkpoints:"]
    for record in comparison["checkpoints"]:
        native = compared / "results/tiny/lm_eval" / record["fingerprint"]
        lines.append(f"  - {{results: '{native}', size: 20k, ratio: {record['ratio']}}}")
    (tmp_path / "read.yaml").write_text("\n".join(lines) + "\n")
    done = run_here("compare", "read.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    read = json.loads((tmp_path / "results/read/comparison.json").read_text())
    values = {(c["task"], c["metric"]): c["data"]["values"] for c in comparison["cells"]}
    assert {(c["task"], c["metric"]): c["data"]["values"] for c in read["cells"]} == values
    assert {c["category"] for c in read["cells"]} == {"reasoning", "retrieval", "domain"}


def test_what_was_built_says_what_it_was_made_from(tiny_family: Path) -> None:
    note = json.loads((tiny_family / "runs/r0.5/lab.json").read_text())
    total = note["external_tokens"] + note["synthetic_tokens"]
    assert note["synthetic_tokens"] / total == pytest.approx(0.5, abs=0.03)
    assert total == pytest.approx(3000, rel=0.05)
    whole = json.loads((tiny_family / "runs/r1.0/lab.json").read_text())
    assert whole["external_tokens"] == 0


def test_what_is_there_is_not_built_again(tiny_family: Path, run_here) -> None:
    assert (
        run_here("lab", "build", "checkpoints.yaml", cwd=tiny_family)
        .stderr.strip()
        .endswith("every checkpoint is there")
    )


def test_another_recipe_is_not_taken_for_the_same_family(tiny_family: Path, tmp_path: Path, run_here) -> None:
    folder = tmp_path / "family"
    shutil.copytree(tiny_family / "runs", folder / "runs")
    (folder / "checkpoints.yaml").write_text(MANIFEST.replace("tokens: 3000", "tokens: 4000"))
    done = run_here("lab", "build", "checkpoints.yaml", cwd=folder)
    assert done.returncode == 3
    assert "another recipe" in done.stderr
