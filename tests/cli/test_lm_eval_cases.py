"""Output of lm-eval as it was found in public repositories, with the right reading of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from logged_choices import DATE, choice_row, choice_rows, generation_row, write_samples

import synth_eval
from synth_eval.comparison import Comparison
from synth_eval.errors import ResultsError
from synth_eval.results import find_results, read_results, read_samples


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
    said = "several results without a date, the file in brackets is used"
    assert [line for line in found.warnings if "without a date" in line] == [
        f"self-r0-it1-s0 (qa (a.json)), self-r0.5-it1-s0 (qa (a.json)): {said}"
    ]


def test_results_of_any_name_have_their_samples_beside_them(tmp_path):
    # lm-eval 0.4.0 to 0.4.2 with --output_path x.json --log_samples, twice in one folder
    for model in ("a", "b"):
        put(tmp_path / f"{model}.json", older_layout(f"org/{model}", {"qa": (0.5, 1000)}))
        put(tmp_path / f"pretrained__org__{model}_qa.jsonl", [])
    found = {
        output.name: {task: path.name for task, path in output.samples.items()} for output in find_results(tmp_path)
    }
    assert found == {f"org/{m}": {"qa": f"pretrained__org__{m}_qa.jsonl"} for m in ("a", "b")}


def of_today(model: str, results: Mapping[str, tuple[float, int]], **more: Any) -> dict[str, Any]:
    """A results file of lm-eval 0.4.13."""
    return {
        "results": {
            task: {"alias": task, "acc,none": p, "acc_stderr,none": (p * (1 - p) / (n - 1)) ** 0.5}
            for task, (p, n) in results.items()
        },
        "group_subtasks": {task: [] for task in results},
        "configs": {task: {"task": task, "output_type": "multiple_choice"} for task in results},
        "versions": dict.fromkeys(results, 1),
        "n-shot": dict.fromkeys(results, 0),
        "n-samples": {task: {"original": n, "effective": n} for task, (_, n) in results.items()},
        "config": {"model": "hf", "model_args": {"pretrained": model}, "limit": None, "gen_kwargs": {}},
        "model_name": model,
        "system_instruction": None,
        "system_instruction_sha": None,
        "fewshot_as_multiturn": True,
        "chat_template": None,
        "chat_template_sha": None,
        **more,
    }


NAMED = "results_2026-11-27T10-00-00.000000.json"


@pytest.mark.parametrize("shots", [5, [5, 5]], ids=["a number", "a list in the order of the tasks"])
def test_shots_of_the_older_layout(tmp_path, shots):
    # one model, asked with 0 shots and with 5
    put(tmp_path / "r00.json", older_layout("org/m", {"lambada_openai": (0.6161, 5153), "arc_easy": (0.6065, 2376)}))
    other = {"lambada_openai": (0.5779, 5153), "arc_easy": (0.6427, 2376)}
    for name in ("r50", "r100"):
        put(tmp_path / f"{name}.json", older_layout("org/m", other, shots))
    ratios = {"r00": 0, "r50": 0.5, "r100": 1}
    family = manifest(tmp_path, *(f"results: {name}.json, ratio: {ratio}" for name, ratio in ratios.items()))
    found = synth_eval.compare(family).comparison
    assert verdicts(found) == {"lambada_openai": "refused", "arc_easy": "refused"}
    (line,) = [warning for warning in found.warnings if "asked otherwise" in warning]
    assert "(shots 5, not 0)" in line
    assert line.startswith("lambada_openai, arc_easy: ")


def test_shots_of_each_task(tmp_path):
    content = older_layout("org/m", {"a": (0.5, 100), "b": (0.5, 100)}, [0, 5])
    found = read_results(put(tmp_path / "r.json", content))
    assert {task: result.n_shot for task, result in found.tasks.items()} == {"a": 0, "b": 5}


def test_chat_templates_of_aggregate_results(tmp_path):
    chat = {
        "chat_template": "{% for m in messages %}...", "chat_template_sha": "abc", "system_instruction": "You are X",
        "system_instruction_sha": "def",
    }  # fmt: skip
    scores = {0: 0.6, 0.1: 0.59, 0.2: 0.6, 0.3: 0.45, 0.5: 0.44}
    for ratio, score in scores.items():
        more = chat if ratio >= 0.3 else {}
        put(tmp_path / "out" / f"m{ratio}" / NAMED, of_today(f"org/m{ratio}", {"arc_easy": (score, 2376)}, **more))
    family = manifest(tmp_path, *(f"path: org/m{ratio}, name: m{ratio}, ratio: {ratio}" for ratio in scores))
    found = synth_eval.compare(family, results=tmp_path / "out").comparison
    assert verdicts(found) == {"arc_easy": "inconclusive"}
    assert values(found, "arc_easy") == {0.0: 0.6, 0.1: 0.59, 0.2: 0.6}
    assert (
        "arc_easy: m0.3, m0.5 left out: asked otherwise than m0 (chat template abc, not none; system instruction def, "
        "not none)" in found.warnings
    )


def test_how_a_model_was_asked(tmp_path):
    config = {
        "output_type": "generate_until",
        "generation_kwargs": {"temperature": 0.7},
        "filter_list": [{"name": "x"}],
    }
    content = of_today("org/m", {"gsm8k": (0.5, 100)}, configs={"gsm8k": config}, chat_template="{{m}}")
    content["n-shot"] = {"gsm8k": 5}
    asked = read_results(put(tmp_path / NAMED, content)).tasks["gsm8k"].asked
    assert asked == {
        "chat template": hashlib.sha256(b"{{m}}").hexdigest()[:8],
        "system instruction": "none",
        "examples as turns": "yes",
        "limit": "none",
        "filters": '[{"name": "x"}]',
        "generation setting temperature": "0.7",
    }


def mc2_rows(n: int, *, seed: int) -> list[dict[str, Any]]:
    """truthfulqa_mc2: the target is always 0, and acc is the probability of all right choices together."""
    rng = np.random.default_rng(seed)
    rows = []
    for i, row in enumerate(choice_rows(n, seed=3)):
        logliks = np.array([float(pair[0]) for pair in row["filtered_resps"]])
        probability = np.exp(logliks - logliks.max())
        several = 1 + int(rng.integers(3))
        mass = float(probability[:several].sum() / probability.sum())
        rows.append({**row, "doc_id": i, "target": "0", "acc": mass})
    return rows


def without_confidence(folder: Path) -> str:
    """Why the one task of a folder is not calibrated, which is no error."""
    found = synth_eval.calibrate(folder)
    (model,) = found.report.models
    ((reason, failed),) = [(each.reason, each.failed) for each in model.left_out]
    assert (model.rows, failed, found.failed) == ((), False, False)
    return reason


def test_several_right_answers(tmp_path):
    # truthfulqa_mc2: choice 0 was taken for the only right one
    rows = {name: mc2_rows(60, seed=seed) for seed, name in enumerate(("a", "b"))}
    for name, its_rows in rows.items():
        write_samples(tmp_path / name, "truthfulqa_mc2", its_rows)
    family = manifest(tmp_path, "results: a, ratio: 0, name: a", "results: b, ratio: 0.5, name: b")
    found = synth_eval.compare(family).comparison
    means = [round(float(np.mean([row["acc"] for row in its_rows])), 4) for its_rows in rows.values()]
    assert values(found, "truthfulqa_mc2") == dict(zip((0.0, 0.5), means))
    assert [cell.metric for cell in found.cells] == ["acc"]  # nothing that takes a single right answer
    assert any("the logged acc is not whether the likeliest choice" in line for line in found.warnings), found.warnings
    assert "no calibration: the logged acc" in without_confidence(tmp_path / "a")


def test_an_acc_that_disagrees_with_the_choices(tmp_path):
    rows = choice_rows(60, seed=1)
    rows[7]["acc"] = 1 - rows[7]["acc"]
    samples = read_samples(write_samples(tmp_path, "qa", rows))
    assert samples.accuracy == tuple(row["acc"] for row in rows)
    assert samples.choice_logliks == samples.gold == ()
    assert read_samples(write_samples(tmp_path, "qa", choice_rows(60, seed=1))).accuracy == ()


def lambada_rows(n: int, greedy: float) -> list[dict[str, Any]]:
    rows = []
    for i in range(n):
        hit = i < greedy * n
        pair = ["-0.3" if hit else "-2.5", str(hit)]
        arguments = {"gen_args_0": {"arg_0": f"text {i}", "arg_1": " word"}}
        row = {"doc_id": i, "doc": {"text": f"text {i} word"}, "target": " word", "arguments": arguments}
        answered = {"resps": [[pair]], "filtered_resps": [pair], "filter": "none", "metrics": ["perplexity", "acc"]}
        hashes = {"doc_hash": f"h{i}", "prompt_hash": f"p{i}"}
        rows.append({**row, **answered, **hashes, "perplexity": float(pair[0]), "acc": int(hit)})
    return rows


@pytest.mark.parametrize("baseline_sampled", [True, False])
def test_accuracy_of_loglikelihood_tasks(tmp_path, baseline_sampled):
    # lambada: acc was lost where there are samples, and the mix of samples and aggregates was refused
    scores = {"r00": 0.7, "r50": 0.4, "r100": 0.2}
    for name, score in scores.items():
        content = of_today(f"org/{name}", {"lambada_openai": (score, 120)})
        content["configs"]["lambada_openai"]["output_type"] = "loglikelihood"
        content["results"]["lambada_openai"] |= {"perplexity,none": 5.0, "perplexity_stderr,none": 0.2}
        put(tmp_path / name / f"results_{DATE}.json", content)
        if name != "r00" or baseline_sampled:
            write_samples(tmp_path / name, "lambada_openai", lambada_rows(120, score))
    ratios = dict(zip(scores, (0, 0.5, 1)))
    family = manifest(tmp_path, *(f"results: {name}, ratio: {ratio}" for name, ratio in ratios.items()))
    found = synth_eval.compare(family).comparison
    assert values(found, "lambada_openai") == {0.0: 0.7, 0.5: 0.4, 1.0: 0.2}
    assert verdicts(found) == {"lambada_openai": "degraded"}
    by_metric = {cell.metric: cell.data.paired for cell in found.cells}
    assert by_metric == ({"acc": True, "bits_per_byte": True} if baseline_sampled else {"acc": False})
    if not baseline_sampled:
        assert any("bits per byte left out: the baseline has no samples" in line for line in found.warnings)


def test_one_checkpoint_with_other_prompts_is_left_out_and_named(tmp_path):
    ratios = {"r00": 0, "r30": 0.3, "r60": 0.6, "r100": 1}
    for seed, name in enumerate(ratios):
        logliks = np.random.default_rng(seed).normal(-20, 2, size=(200, 4)).round(6)
        rows = [choice_row(i, row.tolist(), i % 4) for i, row in enumerate(logliks)]
        if name == "r100":  # asked with a chat template
            rows = [{**row, "prompt_hash": f"chat {row['prompt_hash']}"} for row in rows]
        write_samples(tmp_path / name, "sciq", rows)
        score = float(np.mean([row["acc"] for row in rows]))
        chat = {"chat_template_sha": "abc"} if name == "r100" else {}
        put(tmp_path / name / f"results_{DATE}.json", of_today(f"org/{name}", {"sciq": (score, 200)}, **chat))
    lines = [f"results: {name}, name: {name}, ratio: {ratio}" for name, ratio in ratios.items()]
    found = synth_eval.compare(manifest(tmp_path, *lines)).comparison
    assert list(values(found, "sciq")) == [0.0, 0.3, 0.6]
    (cell,) = [cell for cell in found.cells if cell.metric == "acc"]
    assert (cell.data.n_items, cell.data.paired) == (200, True)
    assert (
        "sciq: r100 left out: 200 of 200 items were asked with other prompts than those of r00 "
        "(chat template abc, not none)" in found.warnings
    )


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 42807696\n"


def test_files_that_git_lfs_has_not_fetched(tmp_path):
    tasks = [f"bbh_{i}" for i in range(13)]
    folder = tmp_path / "org__m"
    put(folder / f"results_{DATE}.json", of_today("org/m", dict.fromkeys(tasks, (0.5, 100))))
    for task in tasks:
        (folder / f"samples_{task}_{DATE}.jsonl").write_text(POINTER)
    with pytest.raises(ResultsError) as refused:
        synth_eval.calibrate(folder)
    assert str(refused.value).count("git lfs pull") == 1
    assert "13 files left out: Git LFS has not fetched their content" in str(refused.value)
    put(tmp_path / "b" / f"results_{DATE}.json", of_today("org/b", dict.fromkeys(tasks, (0.5, 100))))
    family = manifest(tmp_path, "results: org__m, ratio: 0", "results: b, ratio: 0.5")
    found = synth_eval.compare(family).comparison  # the aggregates are there
    assert set(verdicts(found)) == set(tasks)
    assert sum("git lfs pull" in warning for warning in found.warnings) == 1
    (folder / f"results_{DATE}.json").write_text(POINTER)
    with pytest.raises(ResultsError, match="14 files left out: Git LFS"):
        synth_eval.calibrate(folder)
    with pytest.raises(ResultsError, match="git lfs pull"):
        synth_eval.calibrate(folder / f"results_{DATE}.json")


def test_a_reason_of_many_tasks_is_given_once(tmp_path):
    for i in range(5):
        write_samples(tmp_path, f"task_{i}", ["no JSON"])
    with pytest.raises(ResultsError) as refused:
        synth_eval.calibrate(tmp_path)
    assert str(refused.value) == (
        "nothing to calibrate: task_0, task_1, task_2 and 2 more tasks: none of its 1 lines is a JSON object: is it a "
        "samples file of lm-eval?"
    )


def test_items_must_have_the_accuracy_of_the_results_file_beside_them(tmp_path):
    means = {}
    for ratio in (0, 0.5, 1):
        rows = choice_rows(200, seed=int(10 * ratio))
        if ratio == 0.5:  # the items say something else than the run that they are of
            likeliest = [int(np.argmax([float(pair[0]) for pair in row["filtered_resps"]])) for row in rows]
            rows = [{**row, "acc": 1.0, "target": str(best)} for row, best in zip(rows, likeliest)]
        means[ratio] = 0.61 if ratio == 0.5 else round(float(np.mean([row["acc"] for row in rows])), 4)
        write_samples(tmp_path / f"m{ratio}", "qa", rows)
        put(tmp_path / f"m{ratio}" / f"results_{DATE}.json", of_today(f"org/m{ratio}", {"qa": (means[ratio], 200)}))
    family = manifest(tmp_path, *(f"results: m{ratio}, name: m{ratio}, ratio: {ratio}" for ratio in means))
    found = synth_eval.compare(family).comparison
    assert values(found, "qa") == means
    line = "qa: the mean acc of its samples is not the acc of its results file, which is used instead (m0.5)"
    assert line in found.warnings
    assert "no calibration: the mean acc of its samples" in without_confidence(tmp_path / "m0.5")
    assert synth_eval.calibrate(tmp_path / "m0").report.models[0].rows[0].n == 200


def test_another_first_filter(tmp_path):
    # gsm8k logs strict-match and flexible-extract; the order depends on the version of lm-eval
    both = {"a": ("strict", "loose"), "b": ("loose", "strict"), "c": ("strict", "loose"), "d": ("loose",)}
    for name, filters in both.items():
        rows = []
        for filtered in filters:
            for i in range(60):
                right = float(i % 2 if filtered == "strict" else i % 3 > 0)
                rows.append({**generation_row(i), "filter": filtered, "metrics": ["exact_match"], "exact_match": right})
        write_samples(tmp_path / name, "gsm8k", [{**row, "doc_hash": f"{row['doc_id']}"} for row in rows])
    ratios = dict(zip(both, (0, 0.3, 0.6, 1)))
    family = manifest(tmp_path, *(f"results: {name}, name: {name}, ratio: {ratio}" for name, ratio in ratios.items()))
    found = synth_eval.compare(family).comparison
    assert values(found, "gsm8k", "exact_match") == {0.0: 0.5, 0.3: 0.5, 0.6: 0.5}
    assert "gsm8k: left out, scored by filter 'loose' and not by the baseline's, 'strict' (d)" in found.warnings


def by_filter(scores: Mapping[str, float], n: int = 60) -> dict[str, Any]:
    """A results file of gsm8k with a score by filter, in this order."""
    content = of_today("org/m", {"gsm8k": (0.5, n)})
    content["configs"]["gsm8k"]["output_type"] = "generate_until"
    values: dict[str, Any] = {"alias": "gsm8k"}
    for name, score in scores.items():
        error = (score * (1 - score) / (n - 1)) ** 0.5
        values |= {f"exact_match,{name}": score, f"exact_match_stderr,{name}": error}
    return {**content, "results": {"gsm8k": values}}


@pytest.mark.parametrize("baseline_sampled", [True, False])
def test_the_baselines_filter_counts_for_aggregates_too(tmp_path, baseline_sampled):
    # a and b have the same strict score; b lists the loose one first, c has that one alone
    orders = {"a": {"strict": 0.5, "loose": 0.7}, "b": {"loose": 0.7, "strict": 0.5}, "c": {"loose": 0.7}}
    for name, scores in orders.items():
        put(tmp_path / name / f"results_{DATE}.json", by_filter(scores))
    sampled = "a" if baseline_sampled else "b"
    rows = []
    for filtered, share in orders[sampled].items():
        for i in range(60):
            row = {**generation_row(i), "filter": filtered, "metrics": ["exact_match"], "doc_hash": str(i)}
            rows.append({**row, "exact_match": float(i < round(60 * share))})
    write_samples(tmp_path / sampled, "gsm8k", rows)
    family = manifest(tmp_path, *(f"results: {name}, name: {name}, ratio: {i / 2}" for i, name in enumerate("abc")))
    found = synth_eval.compare(family).comparison
    assert values(found, "gsm8k", "exact_match") == {0.0: 0.5, 0.5: 0.5}
    assert "gsm8k: left out, scored by filter 'loose' and not by the baseline's, 'strict' (c)" in found.warnings
    said = "filter 'strict' compared; numbers of 'loose' left out"
    assert f"gsm8k: {said} ({'b' if baseline_sampled else 'a'})" in found.warnings


def test_the_seed_of_the_examples_counts_where_examples_are_drawn(tmp_path):
    def asked(seed: int, shots: int, sampler: str) -> dict[str, Any]:
        content = of_today("org/m", {"qa": (0.5, 100)})
        content["n-shot"] = {"qa": shots}
        content["configs"]["qa"]["fewshot_config"] = {"sampler": sampler}
        content["config"]["fewshot_seed"] = seed
        return content

    for shots, sampler, differs in ((5, "default", True), (0, "default", False), (5, "first_n", False)):
        for name, seed in (("a", 1234), ("b", 7)):
            put(tmp_path / name / f"results_{DATE}.json", asked(seed, shots, sampler))
        found = synth_eval.compare(manifest(tmp_path, "results: a, ratio: 0", "results: b, ratio: 0.5")).comparison
        named = [line for line in found.warnings if "asked otherwise" in line and "(few-shot seed 7, not 1234)" in line]
        assert (len(named), len(values(found, "qa"))) == ((1, 1) if differs else (0, 2)), (shots, sampler)


def test_results_from_before_the_key_results(tmp_path):
    # lm-eval before 0.1 wrote the tasks alone, in a file of any name
    for name, score in (("a", 0.5), ("b", 0.4)):
        older = older_layout(f"org/{name}", {"arc_easy": (score, 2376)})
        put(tmp_path / "out" / f"{name}.json", older["results"])
    put(tmp_path / "out" / "config.json", {"id2label": {"0": "no"}, "hidden_size": 8})
    put(tmp_path / "out" / "shape.json", {"layer": {"width": 3}})
    assert [output.name for output in find_results(tmp_path / "out")] == ["a", "b"]
    family = manifest(tmp_path, "results: out/a.json, ratio: 0", "results: out/b.json, ratio: 0.5")
    assert values(synth_eval.compare(family).comparison, "arc_easy") == {0.0: 0.5, 0.5: 0.4}


def test_results_of_the_alphas_of_0_4(tmp_path):
    # the task's name was that of its dataset, the version "Yaml", and a task without a number of shots had null
    for name, score in (("a", 0.5), ("b", 0.4)):
        content = of_today(f"org/{name}", {"corypaik/prost_None": (score, 2376)})
        config = {"model": "hf", "model_args": f"pretrained=org/{name}", "num_fewshot": 0, "limit": None}
        kept = {"results": content["results"], "config": config, "git_hash": "1710b42"}
        kept |= {"configs": {"corypaik/prost_None": {"num_fewshot": None}}, "versions": {"corypaik/prost_None": "Yaml"}}
        put(tmp_path / f"{name}.json", kept)
    family = manifest(tmp_path, "path: org/a, ratio: 0", "path: org/b, ratio: 0.5")
    found = synth_eval.compare(family, results=tmp_path).comparison
    assert values(found, "corypaik/prost_None") == {0.0: 0.5, 0.5: 0.4}


def test_items_that_0_3_wrote_are_named(tmp_path):
    for name, score in (("a", 0.5), ("b", 0.4)):
        put(tmp_path / name / "all.json", older_layout(f"org/{name}", {"arc_easy": (score, 2376)}))
        put(tmp_path / name / "arc_easy_write_out_info.json", [{"doc_id": 0, "logit_0": -1.5, "truth": 0}])
    family = manifest(tmp_path, "results: a, ratio: 0", "results: b, ratio: 0.5")
    found = synth_eval.compare(family).comparison
    assert values(found, "arc_easy") == {0.0: 0.5, 0.5: 0.4}
    assert sum("lm-eval 0.3 wrote with --write_out are not read" in line for line in found.warnings) == 1
    with pytest.raises(ResultsError, match="are not read: run lm_eval"):
        find_results(tmp_path / "a" / "arc_easy_write_out_info.json")


def test_categories_do_not_depend_on_samples(tmp_path):
    for name, score in (("a", 0.5), ("b", 0.4)):
        put(tmp_path / name / f"results_{DATE}.json", of_today(f"org/{name}", {"sciq": (score, 60)}))
    family = manifest(tmp_path, "results: a, ratio: 0", "results: b, ratio: 0.5")
    categories = [cell.category for cell in synth_eval.compare(family).comparison.cells]
    for name in ("a", "b"):
        (tmp_path / name / f"results_{DATE}.json").unlink()
        write_samples(tmp_path / name, "sciq", choice_rows(60, seed=3))
    assert {cell.category for cell in synth_eval.compare(family).comparison.cells} == set(categories) == {"retrieval"}


def test_truthfulqa_of_the_older_layout(tmp_path):
    # mc1 and mc2 with errors, and no number of items: mc1 is a share of right answers and gives it
    for name, mc1, mc2 in (("a", 0.25, 0.4), ("b", 0.2, 0.35), ("c", 0.2, 0.3)):
        error = (mc1 * (1 - mc1) / 816) ** 0.5
        content = older_layout(f"org/{name}", {})
        content["results"]["truthfulqa_mc"] = {"mc1": mc1, "mc1_stderr": error, "mc2": mc2, "mc2_stderr": 0.0142}
        put(tmp_path / f"{name}.json", content)
    family = manifest(tmp_path, *(f"results: {name}.json, ratio: {i / 2}" for i, name in enumerate("abc")))
    found = synth_eval.compare(family).comparison
    assert values(found, "truthfulqa_mc", "mc2") == {0.0: 0.4, 0.5: 0.35, 1.0: 0.3}
    assert verdicts(found, "mc2") == {"truthfulqa_mc": "degraded"}
    assert {cell.data.n_items for cell in found.cells} == {817}
