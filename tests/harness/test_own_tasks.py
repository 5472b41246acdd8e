"""The user's own data as lm-eval tasks: configured like the suite's, with a key that follows the content."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from synth_eval.harness.environment import prepare

prepare(offline=True)

from synth_eval.data.records import OwnDataError
from synth_eval.errors import SynthEvalError
from synth_eval.harness.tasks import LoadedTask, load_tasks, task_manager
from synth_eval.types import OwnTask

pytestmark = pytest.mark.slow

QUESTIONS = [{"question": f"{i} + 1?", "choices": [str(i), str(i + 1)], "answer": "B"} for i in range(6)]


@pytest.fixture
def domain(tmp_path: Path) -> OwnTask:
    (tmp_path / "notes.jsonl").write_text('{"text": "one note"}\n{"text": "another note"}\n{"text": ""}\n')
    files = (f"{tmp_path}/notes.jsonl",)
    return OwnTask("notes", "rolling", tmp_path, files, category="domain", skip_unusable=True)


@pytest.fixture
def exam(tmp_path: Path) -> OwnTask:
    for name, records in (("exam", QUESTIONS), ("dev", QUESTIONS[:2])):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return OwnTask(
        "exam", "choice", tmp_path, (f"{tmp_path}/exam.jsonl",), field="question", amount=5, prompt="Q: {question}\nA:"
    )


def loaded(task: OwnTask, categories: dict[str, str] | None = None) -> LoadedTask:
    (found,) = load_tasks([task.name], categories=categories or {}, own=[task])
    return found


def metrics(task: LoadedTask) -> list[tuple[str, str, bool]]:
    return [(m["metric"], str(m["aggregation"]), m["higher_is_better"]) for m in task.task.config.metric_list]


def test_they_are_scored_like_the_suites(domain: OwnTask, exam: OwnTask) -> None:
    mine = load_tasks(["notes", "synth_domain_licences", "exam", "synth_recall"], categories={}, own=[domain, exam])
    assert [task.name for task in mine] == ["notes", "synth_domain_licences", "exam", "synth_recall"]
    notes, licences, questions, recall = mine
    assert metrics(notes) == metrics(licences)
    assert metrics(questions) == metrics(recall)
    assert questions.task.config.process_results is recall.task.config.process_results
    assert (notes.category, questions.category) == ("domain", "other")
    assert notes.drawn == (
        "2 documents drawn of 2 with seed 0, 2 texts of at most 2,000 characters; 1 records left out as unusable; "
        "sha256 " + notes.task.config.metadata["text_sha256"]
    )
    assert questions.drawn.startswith("5 items drawn of 6 with seed 0; sha256 ")
    assert recall.drawn == licences.drawn == ""


def test_what_the_model_is_asked(domain: OwnTask, exam: OwnTask) -> None:
    task = loaded(exam).task
    task.build_all_requests(limit=1, rank=0, world_size=1)
    doc = task.eval_docs[0]
    number = doc["question"].split()[1]
    assert [i.args for i in task.instances] == [
        (f"Q: {number} + 1?\nA:", f" {number}"),
        (f"Q: {number} + 1?\nA:", f" {int(number) + 1}"),
    ]
    assert doc["answer"] == 1
    rolling = loaded(domain).task
    rolling.build_all_requests(rank=0, world_size=1)
    assert {i.args for i in rolling.instances} == {("one note",), ("another note",)}
    assert {i.request_type for i in rolling.instances} == {"loglikelihood_rolling"}


def test_few_shot_examples_are_the_first_of_their_file(exam: OwnTask, tmp_path: Path) -> None:
    task = loaded(replace(exam, examples=(f"{tmp_path}/dev.jsonl",))).task
    task.set_config(key="num_fewshot", value=2)
    task.build_all_requests(limit=1, rank=0, world_size=1)
    assert task.instances[0].args[0].startswith("Q: 0 + 1?\nA: 1\n\nQ: 1 + 1?\nA: 2\n\nQ: ")


def test_the_key_follows_content_and_settings_and_nothing_else(exam: OwnTask, domain: OwnTask, tmp_path: Path) -> None:
    whole = replace(exam, amount=6)
    key, notes_key = loaded(whole).key, loaded(domain).key
    (tmp_path / "exam.jsonl").rename(tmp_path / "moved.jsonl")
    moved = replace(whole, files=(f"{tmp_path}/moved.jsonl",))
    assert loaded(moved).key == key
    assert loaded(replace(moved, prompt="{question}")).key != key
    assert loaded(replace(moved, amount=5)).key != key
    (tmp_path / "moved.jsonl").write_text((tmp_path / "moved.jsonl").read_text().replace("3 + 1", "3 plus 1"))
    assert loaded(moved).key != key
    with (tmp_path / "notes.jsonl").open("a") as file:
        file.write('{"text": "a third"}\n')
    assert loaded(domain).key != notes_key


def test_the_manifests_categories_and_a_name_that_lm_eval_has_too(exam: OwnTask) -> None:
    assert loaded(exam, {"exam": "memory"}).category == "memory"
    taken = replace(exam, name="synth_recall")
    assert loaded(taken).task.eval_docs[0]["question"].startswith("Q: ")


def test_errors_come_through_as_they_are(
    exam: OwnTask, domain: OwnTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OwnDataError, match=r"^notes\.jsonl:3: the document \(text\) is empty"):
        loaded(replace(domain, skip_unusable=False))
    with pytest.raises(OwnDataError, match=r"^exam\.jsonl:1: the field 'key' is missing"):
        loaded(replace(exam, answer="key"))
    suite = task_manager(with_defaults=False)
    monkeypatch.setattr("synth_eval.harness.tasks.task_manager", lambda with_defaults: suite)  # saves lm-eval's index
    with pytest.raises(SynthEvalError, match="'exma'; did you mean 'exam'"):
        load_tasks(["exma"], categories={}, own=[exam])
