"""The examples of docs/own-tasks.md do what the page says."""

import json
import re
from pathlib import Path

from synth_eval.data.choices import choice_sample
from synth_eval.manifest import load_family
from synth_eval.types import OwnTask

PAGE = (Path(__file__).parents[2] / "docs" / "own-tasks.md").read_text(encoding="utf-8")


def example(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.S)[1]


def test_the_manifest(tmp_path: Path) -> None:
    for name in ("data/legal/a.jsonl", "src/deep/a.py", "data/exam.jsonl", "data/trivia/a.jsonl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for ratio in ("0", "0.3", "0.6"):
        (tmp_path / f"runs/r{ratio}").mkdir(parents=True)
    (tmp_path / "checkpoints.yaml").write_text(example("yaml"))
    family = load_family(tmp_path / "checkpoints.yaml")
    assert family.tasks == ("synth_suite", "legal", "code", "clinic", "exam", "trivia")


def test_every_key_of_the_two_sections_is_in_its_table() -> None:
    from synth_eval.manifest.own_tasks import ChoiceEntry, DomainEntry

    domains, choices = PAGE.split("## Domains")[1].split("## Choice tasks")
    for model, text in ((DomainEntry, domains), (ChoiceEntry, choices.split("## Is it")[0])):
        assert [key for key in model.model_fields if f"`{key}`" not in text] == []


def test_the_record_and_the_conversion(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("strategyqa.jsonl").write_text('{"question": "Can fish climb?", "answer": false, "facts": []}\n')
    exec(example("python"), {})
    Path("data/one.jsonl").write_text(example("json"))
    task = OwnTask("t", "choice", tmp_path, (f"{tmp_path}/data/*.jsonl",), field="question")
    right = {row.question: row.choices[row.answer] for row in choice_sample(task).items}
    assert right == {"Can fish climb?": "no", json.loads(example("json"))["question"]: "Canberra"}
