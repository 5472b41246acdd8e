"""Records of Every Eval Ever: read as the results files that they were made from, and what they lack is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synth_eval.compare import compare_family
from synth_eval.errors import ResultsError
from synth_eval.pipeline.logged import read_family
from synth_eval.results import estimate, find_results, read_results
from synth_eval.types import Checkpoint, Family


def entry(name: str, metric: dict[str, Any], score: float, **about: Any) -> dict[str, Any]:
    source = about.pop("source", {"dataset_name": name, "source_type": "other"})
    return {
        "evaluation_name": name,
        "source_data": source,
        "metric_config": {"lower_is_better": False, **metric},
        "score_details": {"score": score, "uncertainty": about},
    }


def record(*entries: dict[str, Any], model: str = "org/m", **details: str) -> dict[str, Any]:
    """The keys that the schema (0.3.0) requires, and the time."""
    return {
        "schema_version": "0.3.0",
        "evaluation_id": f"x/{model}/1",
        "evaluation_timestamp": "1767101260",
        "retrieved_timestamp": "1795805774.571808",
        "source_metadata": {"source_type": "evaluation_run", "evaluator_relationship": "first_party"},
        "eval_library": {"name": "inspect_ai", "version": "0.3"},
        "model_info": {"name": model, "id": model, "additional_details": details},
        "evaluation_results": list(entries),
    }


def write(folder: Path, data: dict[str, Any], name: str = "b94847c5.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(data, indent=2), encoding="utf-8")
    return folder / name


ACCURACY = {"metric_id": "accuracy", "metric_unit": "proportion"}


def test_a_record_is_found_by_its_content_and_read(tmp_path: Path) -> None:
    made = record(
        entry("qa", ACCURACY, 0.61, standard_error={"value": 0.011}, num_samples=1966),
        revision="step1000",
    )
    file = write(tmp_path / "data" / "x" / "org" / "m", made)
    (output,) = find_results(tmp_path)
    assert (output.name, output.results) == ("org/m@step1000", (file,))
    results = read_results(file)
    assert results.date == "2025-12-30T13:27:40+00:00"
    found = estimate(results.tasks["qa"], "acc")
    assert (found.value, found.se, found.n_items) == (0.61, 0.011, 1966)


def test_an_id_that_was_cut_does_not_make_two_models_one(tmp_path: Path) -> None:
    """Seen in records that the converter made of inspect_ai 0.3.285: id "hf/org" of the model hf/hf/org/m-r0."""
    for name in ("m-r0", "m-r1"):
        made = record(entry("qa", ACCURACY, 0.6, num_samples=60))
        made["model_info"] |= {"id": "hf/org", "name": f"hf/hf/org/{name}"}
        write(tmp_path, made, f"{name}.json")
    assert [output.name for output in find_results(tmp_path)] == ["hf/hf/org/m-r0", "hf/hf/org/m-r1"]
    titled = record(entry("qa", ACCURACY, 0.6, num_samples=60), model="meta-llama/Llama-3.1-8B")
    titled["model_info"]["name"] = "Llama 3.1 8B of the leaderboard"
    assert read_results(write(tmp_path, titled)).model == "meta-llama/Llama-3.1-8B"


@pytest.mark.parametrize(
    ("about", "error"),
    [
        ({"standard_deviation": 0.5, "num_samples": 2500}, 0.01),
        # the half-width of a 95% interval is 1.96 standard errors
        ({"confidence_interval": {"lower": 0.4, "upper": 0.6, "confidence_level": 0.95}, "num_samples": 9}, 0.1 / 1.96),
        ({"num_samples": 101}, (0.5 * 0.5 / 100) ** 0.5),
    ],
)
def test_errors(tmp_path: Path, about: dict[str, Any], error: float) -> None:
    file = write(tmp_path, record(entry("qa", ACCURACY, 0.5, **about)))
    assert estimate(read_results(file).tasks["qa"], "acc").se == pytest.approx(error, rel=1e-3)


def test_percentages_are_shares(tmp_path: Path) -> None:
    metric = {"metric_id": "accuracy", "metric_unit": "percent"}
    file = write(tmp_path, record(entry("qa", metric, 61.0, standard_error={"value": 1.1}, num_samples=1966)))
    found = estimate(read_results(file).tasks["qa"], "acc")
    assert (found.value, found.se) == pytest.approx((0.61, 0.011))
    file = write(tmp_path, record(entry("qa", {"metric_id": "accuracy"}, 61.0, num_samples=1966)))
    with pytest.raises(ResultsError, match="acc is 61, which is no share"):
        estimate(read_results(file).tasks["qa"], "acc")


def test_filters_of_lm_eval(tmp_path: Path) -> None:
    names = ("strict-match", "flexible-extract")
    entries = [
        entry(f"gsm8k/{name}", {"evaluation_description": f"exact_match (filter: {name})"}, score, num_samples=50)
        for name, score in zip(names, (0.1, 0.2))
    ]
    task = read_results(write(tmp_path, record(*entries))).tasks["gsm8k"]
    assert [(metric.metric, metric.filter, metric.value) for metric in task.metrics] == [
        ("exact_match", "strict-match", 0.1),
        ("exact_match", "flexible-extract", 0.2),
    ]


def test_one_trial_over_all_items_has_no_error_of_its_own(tmp_path: Path) -> None:
    """HELM's converter writes a deviation of 0 over 1 trial; 0 would be taken for no error at all."""
    source = {"dataset_name": "mmlu", "source_type": "hf_dataset", "samples_number": 45}
    scored = entry(
        "exact_match test on mmlu", {"evaluation_description": "exact_match"}, 0.4,
        source=source, standard_deviation=0.0, num_samples=1,
    )  # fmt: skip
    task = read_results(write(tmp_path, record(scored))).tasks["exact_match test on mmlu"]
    assert task.metrics[0].stderr is None
    found = estimate(task, "exact_match")
    assert (found.n_items, found.se) == (45, pytest.approx((0.4 * 0.6 / 44) ** 0.5))


@pytest.mark.parametrize(
    "broken",
    [
        {"evaluation_results": ["x", {}, {"evaluation_name": 3}, entry("qa", ACCURACY, float("nan"))]},
        {"evaluation_results": [entry("qa", ACCURACY, "much")]},  # type: ignore[arg-type]
        {"evaluation_results": [], "evaluation_timestamp": "soon"},
    ],
)
def test_what_cannot_be_read_is_left_out(tmp_path: Path, broken: dict[str, Any]) -> None:
    assert not read_results(write(tmp_path, {**record(), **broken})).tasks


def test_a_family_of_records_is_judged_as_the_results_that_they_were_made_from(tmp_path: Path) -> None:
    ratios = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    family = Family("f", ("qa",), tuple(Checkpoint(f"r{r}", r, path=f"org/m-r{r}") for r in ratios))
    for ratio in ratios:
        value, error = round(0.6 - 0.3 * max(0.0, ratio - 0.1), 4), 0.011
        scored = entry("qa", ACCURACY, value, standard_error={"value": error}, num_samples=2000)
        write(tmp_path / "records" / f"m-r{ratio}", record(scored, model=f"org/m-r{ratio}"), "5b0c.json")
        logged = {
            "results": {"qa": {"acc,none": value, "acc_stderr,none": error}},
            "n-samples": {"qa": {"original": 2000, "effective": 2000}},
            "model_name": f"org/m-r{ratio}",
        }
        write(tmp_path / "logged" / f"org__m-r{ratio}", logged, "results_2026-01-02T03-04-05.678901.json")
    both = [
        compare_family(family, {}, results=read_family(family, [tmp_path / name]).results, created="2026")
        for name in ("records", "logged")
    ]
    assert both[0].cells == both[1].cells
    assert both[0].cells[0].verdict.word == "degraded"
