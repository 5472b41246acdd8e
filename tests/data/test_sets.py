"""The tables of sets, parts and groups say the same as tasks/public/*.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import synth_eval
from synth_eval.data.sets import (
    DOMAINS,
    GROUP_TASKS,
    SETS,
    TASK_PARTS,
    WITH_TASKS_OF_LM_EVAL,
    Part,
    public_tasks,
    ships_with_its_items,
)
from synth_eval.tasks import public as datasets

TASKS = Path(synth_eval.__file__).parents[1] / "tasks"


class Loader(yaml.SafeLoader):
    """Reads `!function x` as the text x."""


Loader.add_constructor("!function", lambda loader, node: loader.construct_scalar(node))


def read(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text(), Loader=Loader)  # noqa: S506 - our own files, and a safe loader


FILES = {path.stem: read(path) for path in (TASKS / "public").glob("synth_*.yaml")}
LEAVES = {name: config for name, config in FILES.items() if "task" in config and "group" not in config}
GROUPS = {name: config for name, config in FILES.items() if "group" in config}


def test_every_task_has_its_parts() -> None:
    assert set(LEAVES) == set(TASK_PARTS)
    assert {part.set for parts in TASK_PARTS.values() for part in parts} == set(SETS)


@pytest.mark.parametrize("name", sorted(LEAVES))
def test_a_task_is_named_as_its_file_and_its_dataset_exists(name: str) -> None:
    config = LEAVES[name]
    assert config["task"] == name
    assert config["metadata"]["category"] in ("reasoning", "retrieval", "domain")
    module, _, function = config["custom_dataset"].rpartition(".")
    assert module == datasets.__name__
    assert callable(getattr(datasets, function))


def test_groups_list_what_the_table_says() -> None:
    assert set(GROUPS) == set(GROUP_TASKS)
    for name, config in GROUPS.items():
        members = [each if isinstance(each, str) else each["task"] for each in config["task"]]
        ours = tuple(leaf for member in members for leaf in public_tasks(member))
        assert ours == GROUP_TASKS[name]
        others = tuple(member for member in members if not public_tasks(member))
        assert others == WITH_TASKS_OF_LM_EVAL.get(name, ())


def test_only_the_embedded_suite_ships_with_its_items() -> None:
    embedded = [path.stem for path in TASKS.glob("synth_*.yaml")]
    assert "synth_suite" in embedded
    assert all(ships_with_its_items(name) for name in embedded)
    assert not any(ships_with_its_items(name) for name in FILES)
    assert not ships_with_its_items("arc_challenge")


def test_the_hub_calls_some_splits_otherwise() -> None:
    assert SETS["gsm8k"].at_hub(Part("gsm8k", "", "test")) == ("openai/gsm8k", "main", "test")
    assert SETS["strategyqa"].at_hub(Part("strategyqa", "", "validation")) == ("ChilleD/StrategyQA", None, "test")
    assert str(Part("bbh", "tracking", "test")) == "bbh/tracking/test"


def test_domains_are_distinct() -> None:
    assert len(set(DOMAINS.values())) == len(DOMAINS) == 9


def test_an_unknown_dataset_function_is_refused() -> None:
    with pytest.raises(AttributeError, match="bbh_unknown"):
        datasets.bbh_unknown  # noqa: B018
