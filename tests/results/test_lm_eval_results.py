import json

import pytest

from synth_eval.errors import ResultsError
from synth_eval.results.aggregates import MetricValue, newest_results, read_results


def put(folder, content, name="results_2026-01-01T00-00-00.000001.json"):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


FULL = {
    "results": {
        "group": {"acc,none": 0.5, "acc_stderr,none": 0.01, "alias": "group"},
        "qa": {
            "name": "qa", "alias": " - qa", "sample_len": 40,
            "acc,none": 0.25, "acc_stderr,none": 0.05, "brier,none": 0.9, "brier_stderr,none": "N/A",
            "exact_match,strict": 0.1, "exact_match_stderr,strict": 0.02,
            "exact_match,flexible": 0.2, "exact_match_stderr,flexible": float("nan"),
            "ppl,none": float("inf"), "f1,none": "N/A",
        },
    },
    "group_subtasks": {"group": ["qa"], "qa": []},
    "configs": {"qa": {"task": "qa", "metadata": {"version": 2.0, "category": "reasoning"}}},
    "versions": {"qa": 2.0},
    "n-shot": {"qa": 5},
    "higher_is_better": {"qa": {"acc": True, "brier": False}, "group": {"acc": None}},
    "n-samples": {"qa": {"original": 500, "effective": 40}},
    "config": {"model": "hf", "model_args": {"pretrained": "org/m", "revision": "r1"}, "limit": 40},
    "model_name": "org/m",
    "lm_eval_version": "0.4.13",
    "date": 0.0,
}  # fmt: skip


def test_a_full_file(tmp_path):
    run = read_results(put(tmp_path, FULL))
    assert (run.model, run.lm_eval_version, run.date) == ("org/m@r1", "0.4.13", "1970-01-01T00:00:00+00:00")
    assert run.settings["limit"] == 40
    qa, group = run.tasks["qa"], run.tasks["group"]
    assert (qa.version, qa.n_shot, qa.n_samples, qa.category, qa.is_group) == ("2.0", 5, 40, "reasoning", False)
    assert (group.is_group, group.subtasks, group.n_samples, group.category) == (True, ("qa",), None, "")
    assert qa.metrics == (
        MetricValue("acc", "none", 0.25, 0.05, True),
        MetricValue("brier", "none", 0.9, None, False),
        MetricValue("exact_match", "strict", 0.1, 0.02, None),
        MetricValue("exact_match", "flexible", 0.2, None, None),
        MetricValue("ppl", "none", None, None, None),
        MetricValue("f1", "none", None, None, None),
    )
    assert qa.metric("exact_match").value == 0.1
    assert qa.metric("exact_match", "flexible").value == 0.2
    assert qa.metric("exact_match", "other") is None
    assert qa.metric("bleu") is None


def test_the_older_layout(tmp_path):
    content = {"results": {"qa": {"acc": 0.25, "acc_stderr": 0.05, "acc_norm": 1}}, "versions": {"qa": 0}}
    run = read_results(put(tmp_path, content))
    assert run.tasks["qa"].metrics == (MetricValue("acc", "none", 0.25, 0.05), MetricValue("acc_norm", "none", 1.0))
    assert (run.model, run.date, run.tasks["qa"].version, run.tasks["qa"].n_shot) == ("", "", "0", None)


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "truncated or not JSON"), ('{"results": {"a": ', "truncated or not JSON"), ("[1]", "no `results` mapping"),
     ({"results": [1]}, "no `results` mapping"), ({"a": 1}, "no `results` mapping")],
)  # fmt: skip
def test_unreadable(tmp_path, content, message):
    path = put(tmp_path, content)
    with pytest.raises(ResultsError, match=message) as caught:
        read_results(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_missing(tmp_path):
    with pytest.raises(ResultsError, match="no such file"):
        read_results(tmp_path / "none.json")


def test_odd_members_do_no_harm(tmp_path):
    content = {"results": {"a": None, "b": {"acc,none": True, "x": [1]}}, "configs": [], "n-samples": {"a": 3}}
    run = read_results(put(tmp_path, content | {"date": "yesterday", "config": None, "versions": None}))
    assert run.tasks["a"].metrics == run.tasks["b"].metrics == ()
    assert run.date == "yesterday"


def test_each_task_from_its_newest_run(tmp_path):
    def run(date, **tasks):
        results = {task: {"acc,none": value} for task, value in tasks.items()}
        return read_results(
            put(tmp_path, {"results": results, "date": date}, f"results_{len(list(tmp_path.iterdir()))}")
        )

    old, new, also_new = run(100, a=0.1, b=0.2), run(200, a=0.3), run(200, a=0.4)
    for order in ([old, new, also_new], [new, old, also_new], [new, also_new, old]):
        merged = newest_results(order)
        assert {task: result.metric("acc").value for task, result in merged.items()} == {"a": 0.3, "b": 0.2}
        assert merged["a"].source == new.path


def test_what_a_configuration_says_of_the_task(tmp_path):
    configs = {
        "qa": {"output_type": "multiple_choice", "doc_to_choice": ["A", "B", "C"]},
        "named": {"output_type": "multiple_choice", "doc_to_choice": "choices"},
    }
    run = read_results(put(tmp_path, {"results": {"qa": {}, "named": {}, "old": {}}, "configs": configs}))
    assert [(t.output_type, t.choices) for t in run.tasks.values()] == [
        ("multiple_choice", 3), ("multiple_choice", None), ("", None),
    ]  # fmt: skip
