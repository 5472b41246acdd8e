"""lm-eval's own tasks on the data folder; nothing is asked of a hub, and what is missing is named at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from public_data import squad_records, write_data_folder, write_lines

from synth_eval.data.folder import DataError
from synth_eval.harness.tasks import load_tasks

pytestmark = pytest.mark.slow  # lm-eval indexes its 14,000 tasks

ARC = [
    {"id": f"q{i}", "question": f"{i}?", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "AB"[i % 2]}
    for i in range(5)
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYNTH_EVAL_DATA", str(tmp_path))
    monkeypatch.setattr("datasets.load_dataset", lambda *a, **k: pytest.fail("the hub was asked"))
    return write_data_folder(tmp_path)


def test_the_public_suite_loads_from_dropped_in_files(folder: Path) -> None:
    tasks = load_tasks(["synth_suite_public"], categories={})
    assert [task.name for task in tasks] == [
        "synth_gsm8k",
        "synth_strategyqa",
        "synth_bbh_logical_deduction_three_objects",
        "synth_bbh_logical_deduction_five_objects",
        "synth_bbh_tracking_shuffled_objects_three_objects",
        "synth_bbh_tracking_shuffled_objects_five_objects",
        "synth_opentriviaqa",
        "synth_nq_open",
    ]
    assert [task.category for task in tasks] == ["reasoning"] * 6 + ["retrieval"] * 2
    assert [len(task.task.eval_docs) for task in tasks] == [30, 10, 9, 9, 9, 9, 48, 10]


def test_everything_that_is_missing_is_named_at_once(folder: Path) -> None:
    (folder / "gsm8k/train.jsonl").unlink()
    (folder / "nq_open/validation.jsonl").unlink()
    with pytest.raises(DataError) as error:
        load_tasks(["synth_suite_public", "synth_squad"], categories={})
    assert "gsm8k/train, nq_open/validation, squad/validation" in str(error.value)
    assert "synth-eval data pull --to DIR --tasks synth_gsm8k,synth_nq_open,synth_squad" in str(error.value)


def test_a_bad_record_is_named_with_its_set(folder: Path) -> None:
    write_lines(folder / "strategyqa/validation.jsonl", [{"question": "Is it?", "answer": "maybe"}])
    with pytest.raises(DataError, match="strategyqa/validation: record 1: answer 'maybe'"):
        load_tasks(["synth_strategyqa"], categories={})


def test_tasks_of_lm_eval_read_the_folder(folder: Path) -> None:
    write_lines(folder / "ai2_arc/ARC-Challenge/test.jsonl", ARC)
    write_lines(folder / "allenai/ai2_arc/ARC-Easy/test.jsonl", ARC[:3])
    tasks = {task.name: task for task in load_tasks(["arc_challenge", "arc_easy", "nq_open", "gsm8k"], categories={})}
    assert {name: len(task.task.eval_docs) for name, task in tasks.items()} == {
        "arc_challenge": 5,
        "arc_easy": 3,
        "nq_open": 10,
        "gsm8k": 30,
    }
    # Categories come from the catalogue of common tasks.
    assert [task.category for task in tasks.values()] == ["reasoning", "reasoning", "retrieval", "reasoning"]
    # The folder has no train split of arc: no few-shot examples, and a run that asks for some is told.
    with pytest.raises((AssertionError, ValueError)):
        tasks["arc_challenge"].task.sampler.sample(1, eval_doc=ARC[0])


def test_missing_tasks_of_lm_eval_are_all_named(folder: Path) -> None:
    with pytest.raises(DataError) as error:
        load_tasks(["arc_challenge", "commonsense_qa"], categories={})
    assert "allenai/ai2_arc/ARC-Challenge/test" in str(error.value)
    assert "tau/commonsense_qa/validation" in str(error.value)
    assert "--tasks commonsense_qa" in str(error.value)


def test_a_changed_file_changes_the_key(folder: Path) -> None:
    (before,) = load_tasks(["synth_strategyqa"], categories={})
    rows = [{"question": f"Is {i} odd?", "answer": i % 2 == 1} for i in range(10)]
    write_lines(folder / "strategyqa/validation.jsonl", rows)
    (after,) = load_tasks(["synth_strategyqa"], categories={})
    assert before.key != after.key


def test_further_public_tasks_keep_lm_evals_prompts_and_have_our_metrics(folder: Path) -> None:
    write_lines(folder / "squad/validation.jsonl", squad_records(2))
    write_lines(folder / "ai2_arc/ARC-Challenge/test.jsonl", ARC)
    five = [{**row, "choices": {"text": list("vwxyz"), "label": list("ABCDE")}} for row in ARC]
    write_lines(folder / "commonsense_qa/validation.jsonl", five)
    trivia = [{"question": "who", "answer": {"aliases": ["Ada"]}}] * 3
    write_lines(folder / "trivia_qa/rc.nocontext/validation.jsonl", trivia)
    tasks = {task.name: task for task in load_tasks(["synth_public_more"], categories={})}
    assert {name: task.category for name, task in tasks.items()} == {
        "synth_squad": "retrieval",
        "synth_gsm8k_generate": "reasoning",
        "arc_challenge": "reasoning",
        "commonsense_qa": "reasoning",
        "triviaqa": "retrieval",
    }
    arc = tasks["arc_challenge"].task
    assert arc.doc_to_text(ARC[1]) == "Question: 1?\nAnswer:"
    # Two choices with equal likelihood: p = 1/2 each, Brier 1/4 + 1/4; the right one is the second.
    scores = arc.process_results(ARC[1], [(-1.0, False), (-1.0, False)])
    assert (scores["acc"], scores["brier"]) == (0.0, pytest.approx(0.5))
    assert scores["surprise_gap"] == pytest.approx(0.0)
