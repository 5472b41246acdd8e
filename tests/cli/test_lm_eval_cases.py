"""Output of lm-eval as it was found in public repositories, with the right reading of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import synth_eval
from synth_eval.comparison import Comparison
from synth_eval.results import find_results


def older_layout(model: str, results: Mapping[str, tuple[float, int]], shots: int | list[int] = 0) -> dict[str, Any]:
    """A results file of lm-eval 0.3: task -> (acc, number of items)."""
    return {
        "results": {t: {"acc": p, "acc_stderr": (p * (1 - p) / (n - 1)) ** 0.5} for t, (p, n) in results.items()},
        "versions": dict.fromkeys(results, 0),
        "config": {"model": "hf-causal", "model_args": f"pretrained={model}", "num_fewshot": shots, "limit": None},
    }


def put(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def manifest(folder: Path, *lines: str) -> Path:
    path = folder / "checkpoints.yaml"
    path.write_text("\n".join(["family: f", "checkpoints:", *(f"  - {{{line}}}" for line in lines), ""]))
    return path


def verdicts(comparison: Comparison, metric: str = "acc") -> dict[str, str]:
    return {cell.task: cell.verdict.word for cell in comparison.cells if cell.metric == metric}


def values(comparison: Comparison, task: str, metric: str = "acc") -> dict[float, float | None]:
    (data,) = [cell.data for cell in comparison.cells if (cell.task, cell.metric) == (task, metric)]
    return dict(zip(data.ratios, (None if value is None else round(value, 4) for value in data.values)))


SCORES = {"arc_easy": (0.6, 0.5, 0.4), "hellaswag": (0.5, 0.45, 0.4), "winogrande": (0.7, 0.69, 0.7)}
ITEMS = {"arc_easy": 2376, "hellaswag": 10042, "winogrande": 1267}


def test_several_undated_results_files_of_one_model_all_count(tmp_path):
    names = ("r00", "r50", "r100")
    for column, name in enumerate(names):
        for task, scores in SCORES.items():
            content = older_layout(f"org/{name}", {task: (scores[column], ITEMS[task])})
            put(tmp_path / "results" / name / f"{name}_{task}_0-shot.json", content)
    ratios = [f"ratio: {ratio}" for ratio in (0, 0.5, 1)]
    family = manifest(tmp_path, *(f"path: org/{name}, {ratio}" for name, ratio in zip(names, ratios)))
    found = synth_eval.compare(family, results=tmp_path / "results").comparison
    assert verdicts(found) == {"arc_easy": "degraded", "hellaswag": "degraded", "winogrande": "inconclusive"}
    by_lines = manifest(tmp_path, *(f"results: results/{name}, {ratio}" for name, ratio in zip(names, ratios)))
    assert synth_eval.compare(by_lines).comparison.cells == found.cells


def test_two_files_of_one_folder_given_by_name(tmp_path):
    for name in ("r00", "r50"):
        for task in ("arc_easy", "hellaswag"):
            put(tmp_path / name / f"{task}.json", older_layout(f"org/{name}", {task: (0.5, 1000)}))
    family = manifest(tmp_path, "path: org/r00, ratio: 0", "path: org/r50, ratio: 0.5")
    found = synth_eval.compare(family, results=sorted(tmp_path.glob("*/*.json"))).comparison
    assert set(verdicts(found)) == {"arc_easy", "hellaswag"}


def test_several_undated_results_of_a_task_name_the_one_that_counts(tmp_path):
    for name, score in (("r00", 0.5), ("r50", 0.6)):
        put(tmp_path / name / "a.json", older_layout(f"org/{name}", {"qa": (score, 1000)}))
        put(tmp_path / name / "b.json", older_layout(f"org/{name}", {"qa": (0.9, 1000)}))
    family = manifest(tmp_path, "results: r00, ratio: 0", "results: r50, ratio: 0.5")
    found = synth_eval.compare(family).comparison
    assert values(found, "qa") == {0.0: 0.5, 0.5: 0.6}
    assert any("without a date of qa (a.json)" in warning for warning in found.warnings)


def test_results_of_any_name_have_their_samples_beside_them(tmp_path):
    # lm-eval 0.4.0 to 0.4.2 with --output_path x.json --log_samples, twice in one folder
    for model in ("a", "b"):
        put(tmp_path / f"{model}.json", older_layout(f"org/{model}", {"qa": (0.5, 1000)}))
        put(tmp_path / f"pretrained__org__{model}_qa.jsonl", [])
    found = {
        output.name: {task: path.name for task, path in output.samples.items()} for output in find_results(tmp_path)
    }
    assert found == {f"org/{m}": {"qa": f"pretrained__org__{m}_qa.jsonl"} for m in ("a", "b")}
