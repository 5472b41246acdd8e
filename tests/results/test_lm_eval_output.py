import json

import pytest

from synth_eval.errors import ResultsError
from synth_eval.results.find import find_results, task_of

OLD, NEW = "2026-01-01T00-00-00.000001", "2026-01-02T00-00-00.000001"


def put(folder, name, content=""):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def run(folder, date, tasks, *, name="org/m", stem="results", **config):
    """Results and samples of one lm-eval run."""
    content = {"results": {task: {} for task in tasks}, "model_name": name, "config": {"model_args": config}}
    results = put(folder, f"{stem}_{date}.json", content)
    return results, {task: put(folder, f"samples_{task}_{date}.jsonl", "{}") for task in tasks}


def test_a_tree_of_models(tmp_path):
    results_a, samples_a = run(tmp_path / "out/org__a", OLD, ["t_1", "u"], name="org/a")
    results_b, _ = run(tmp_path / "out/deep/org__b", OLD, ["t_1"], name="org/b")
    put(tmp_path / "out", "truth.json", {"results": "unrelated"})
    b, a = find_results(tmp_path)
    assert (a.name, a.folder, a.results, a.samples, a.notes) == (
        "org/a", tmp_path / "out/org__a", (results_a,), samples_a, (),
    )  # fmt: skip
    assert (b.name, b.results) == ("org/b", (results_b,))


def test_the_newest_samples_of_each_task_count(tmp_path):
    old_results, old = run(tmp_path, OLD, ["t", "u"])
    new_results, new = run(tmp_path, NEW, ["t"])
    (output,) = find_results(tmp_path)
    assert output.results == (new_results, old_results)
    assert output.samples == {"t": new["t"], "u": old["u"]}
    assert output.notes == (("1 file", "samples of older runs left out"),)


def test_two_models_in_one_folder_are_kept_apart(tmp_path):
    # lm_eval --output_path out/x.json, run for two models
    results_a, samples_a = run(tmp_path, OLD, ["t"], name="org/a", stem="x")
    results_b, samples_b = run(tmp_path, NEW, ["t"], name="org/b", stem="x")
    a, b = find_results(tmp_path)
    assert (a.name, a.results, a.samples, a.notes) == ("org/a", (results_a,), samples_a, ())
    assert (b.name, b.results, b.samples) == ("org/b", (results_b,), samples_b)


def test_two_revisions_in_one_folder_are_kept_apart(tmp_path):
    _, first = run(tmp_path, OLD, ["t"], pretrained="org/m", revision="step1000")
    _, second = run(tmp_path, NEW, ["t"], pretrained="org/m", revision="step2000")
    outputs = {output.name: output.samples for output in find_results(tmp_path)}
    assert outputs == {"org/m@step1000": first, "org/m@step2000": second}


def test_model_arguments_as_text(tmp_path):
    content = {"results": {"t": {}}, "config": {"model_args": "pretrained=org/m,revision=r1,dtype=float32"}}
    put(tmp_path, f"results_{OLD}.json", content)
    (output,) = find_results(tmp_path)
    assert output.name == "org/m@r1"


def test_samples_of_a_run_that_never_ended(tmp_path):
    samples = put(tmp_path / "org__m", f"samples_t_{OLD}.jsonl", "{}")
    (output,) = find_results(tmp_path)
    assert (output.name, output.results, output.samples) == ("org__m", (), {"t": samples})
    run(tmp_path / "org__m", NEW, ["u"])
    (output,) = find_results(tmp_path)
    assert set(output.samples) == {"t", "u"}


def test_an_unreadable_results_file_is_noted(tmp_path):
    run(tmp_path, OLD, ["t"])
    put(tmp_path, f"results_{NEW}.json", '{"results": {')
    (output,) = find_results(tmp_path)
    assert output.notes == ((f"results_{NEW}.json", "left out, not a results file of lm-eval, or truncated"),)


def test_gzip_and_the_first_releases(tmp_path):
    put(tmp_path / "gz", f"samples_a_b_{OLD}.jsonl.gz")
    (output,) = find_results(tmp_path / "gz")
    assert list(output.samples) == ["a_b"]
    put(tmp_path / "old", "results.json", {"results": {"qa": {}, "hard_qa": {}}})
    qa = put(tmp_path / "old", "pretrained__org__m_qa.jsonl")
    hard = put(tmp_path / "old", "pretrained__org__m_hard_qa.jsonl")
    (output,) = find_results(tmp_path / "old")
    assert (output.name, output.samples) == ("old", {"qa": qa, "hard_qa": hard})


def test_single_files(tmp_path):
    results, samples = run(tmp_path, OLD, ["t"])
    run(tmp_path, NEW, ["t"])
    (output,) = find_results(results)
    assert (output.results, output.samples, output.name) == ((results,), samples, "org/m")
    (output,) = find_results(samples["t"])
    assert (output.results, output.samples) == ((), samples)
    assert task_of(samples["t"]) == "t"
    assert task_of(tmp_path / "my own.jsonl.gz") == "my own"


def test_nothing_there(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ResultsError, match=r"empty: no results_\*\.json or samples_\*\.jsonl"):
        find_results(tmp_path / "empty")
    with pytest.raises(ResultsError, match="no such file or folder"):
        find_results(tmp_path / "missing")
    with pytest.raises(ResultsError, match="not an lm-eval results file"):
        find_results(put(tmp_path, "config.json", {"a": 1}))


def test_files_of_any_name_from_before_04(tmp_path):
    older = {"results": {"qa": {"acc": 0.5}}, "versions": {"qa": 0}}
    named = put(
        tmp_path, "a.json", {**older, "config": {"model": "hf-causal", "model_args": "pretrained=org/a,dtype=x"}}
    )
    silent = put(tmp_path, "b.json", older)
    put(tmp_path, "other.json", {"vocabulary": [], "results": {"qa": {}}})
    put(tmp_path, "broken.json", '{"results": {')
    a, b = find_results(tmp_path)
    assert (a.name, a.results, a.samples) == ("org/a", (named,), {})
    assert (b.name, b.results) == ("b", (silent,))
    assert find_results(silent)[0].name == "b"
