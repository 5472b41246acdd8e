"""The user's own data as lm-eval tasks, configured like the suite's; nothing is written to disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import yaml

from synth_eval.own_data import ChoiceRow, choice_sample, domain_sample
from synth_eval.public.own_hub import stored_task
from synth_eval.types import UNCATEGORISED, OwnTask

if TYPE_CHECKING:
    from pathlib import Path

    from datasets import Dataset


def own_task_config(task: OwnTask, *, suite: Path) -> dict[str, Any]:
    """A configuration that lm-eval's TaskManager loads.

    It takes over the suite's ``_domain.yaml`` or ``_choice.yaml``: the same requests, scores and aggregations. Its
    metadata say what was drawn, with the SHA-256 of the text.

    Raises
    ------
    OwnDataError : the data cannot be used.
    DataError : the data folder lacks a domain's dataset.
    """
    shared = _read_yaml(suite / ("_domain.yaml" if task.kind == "rolling" else "_choice.yaml"))
    splits, drawn = _domain(task) if task.kind == "rolling" else _choices(task)
    if "train" not in splits:
        shared = {key: value for key, value in shared.items() if not key.startswith("fewshot_")}
    metadata = {"version": 1, "category": task.category or UNCATEGORISED, "seed": task.seed, **drawn}
    return {**shared, "task": task.name, "custom_dataset": _dataset(splits), "metadata": metadata}


def drawn_in_words(metadata: Mapping[str, Any]) -> str:
    """What `own_task_config` noted in a task's metadata, for people; empty for other tasks."""
    if not {"of", "left_out", "text_sha256"} <= metadata.keys():
        return ""
    drawn = f"{metadata['items']:,} items" if "items" in metadata else f"{metadata['documents']:,} documents"
    words = f"{drawn} drawn of {metadata['of']:,} with seed {metadata['seed']}"
    if "texts" in metadata:
        words += f", {metadata['texts']:,} texts of at most {metadata['max_characters']:,} characters"
    if metadata["left_out"]:
        words += f"; {metadata['left_out']:,} records left out as unusable"
    return f"{words}; sha256 {metadata['text_sha256']}"


def _domain(task: OwnTask) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    sample = domain_sample(stored_task(task))
    drawn = {
        "texts": len(sample.documents),
        "documents": sample.sources,
        "of": sample.of,
        "left_out": sample.left_out,
        "max_characters": task.max_characters,
        "text_sha256": sample.sha256,
    }
    return {"test": [{"text": document.text} for document in sample.documents]}, drawn


def _choices(task: OwnTask) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    sample = choice_sample(task)
    drawn = {
        "items": len(sample.items),
        "of": sample.of,
        "left_out": sample.left_out,
        "text_sha256": sample.sha256,
    }
    splits = {"test": _records(sample.items)}
    if sample.examples:
        splits["train"] = _records(sample.examples)
    return splits, drawn


def _records(rows: Sequence[ChoiceRow]) -> list[dict[str, Any]]:
    return [{"question": row.prompt, "choices": list(row.choices), "answer": row.answer} for row in rows]


def _dataset(splits: dict[str, list[dict[str, Any]]]) -> Callable[..., dict[str, Dataset]]:
    def build(**metadata: Any) -> dict[str, Dataset]:
        from datasets import Dataset

        return {name: Dataset.from_list(rows) for name, rows in splits.items()}

    return build


class _TaskLoader(yaml.SafeLoader):
    """Reads lm-eval's ``!function package.module.name``."""


def _function(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    module, _, name = str(node.value).rpartition(".")
    return getattr(import_module(module), name)


_TaskLoader.add_constructor("!function", _function)


def _read_yaml(path: Path) -> dict[str, Any]:
    loader = _TaskLoader(path.read_text(encoding="utf-8"))
    try:
        return dict(loader.get_single_data())
    finally:
        loader.dispose()
