"""The prompts of synth_generation, and what the task reports of one of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml

from synth_eval.generation import CATALOGUE, tokenise
from synth_eval.tasks.generation import PROMPTS, VERSION, generation_prompts, process_results

TASKS = Path(__file__).parents[2] / "tasks"


class _Loader(yaml.SafeLoader):
    """Reads `!function` as its name."""


_Loader.add_constructor("!function", lambda loader, node: loader.construct_scalar(node))


def _read(name: str) -> dict:
    return yaml.load((TASKS / name).read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader


def test_the_prompts_never_move_within_a_version() -> None:
    digest = hashlib.sha256("\n".join(p for form in PROMPTS.values() for p in form).encode()).hexdigest()[:16]
    assert (VERSION, digest) == (1, "dbba0b79f02af964")


def test_prompts_are_different_and_long_enough_to_be_copied() -> None:
    every = [prompt for form in PROMPTS.values() for prompt in form]
    assert len(set(every)) == len(every) == 48
    assert all(len(tokenise(prompt)) >= 6 for prompt in every)
    assert not any(prompt != prompt.strip() for prompt in every)


def test_the_dataset_holds_every_prompt() -> None:
    rows = generation_prompts(version=1)["test"]
    assert len(rows) == 48
    assert rows[0] == {"prompt": PROMPTS["plain"][0], "form": "plain"}


def test_what_is_reported_of_one_prompt() -> None:
    found = process_results({"prompt": "The capital of France is the"}, [["Paris .", "Paris ."]])
    assert found["distinct_1"] == 0.5
    assert found["near_duplicates"] == 1.0
    assert found["tail_mass"] == 1.0
    assert found["length"] == 2.0
    assert "mattr" not in found  # two words are shorter than its window
    assert "distinct_3" not in found


def test_a_filter_that_keeps_one_text_is_refused() -> None:
    with pytest.raises(ValueError, match="take_first_k"):
        process_results({"prompt": "x"}, ["a text"])


def test_the_tasks_list_what_is_reported_and_keep_every_repeat() -> None:
    task = _read("_generation.yaml")
    listed = {entry["metric"]: entry["higher_is_better"] for entry in task["metric_list"]}
    long = " ".join(f"word{i}" for i in range(60))
    found = process_results({"prompt": "one two three four five six"}, [[long, "short text , of seven tokens"]])
    assert set(listed) == set(found)
    kinds = {kind.name: kind for kind in CATALOGUE}
    better = {-1: True, 1: False, 0: None}
    assert listed == {name: better[kinds[name].collapse] for name in listed}
    assert task["filter_list"][0]["filter"] == [{"function": "take_first_k", "k": task["repeats"]}]


@pytest.mark.parametrize(("name", "temperature"), [("t07", 0.7), ("t10", 1.0)])
def test_a_task_for_each_temperature(name: str, temperature: float) -> None:
    task = _read(f"synth_generation_{name}.yaml")
    assert task["task"] == f"synth_generation_{name}"
    assert task["generation_kwargs"]["temperature"] == temperature
    assert task["task"] in _read("synth_generation.yaml")["task"]
