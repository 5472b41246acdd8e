"""What tasks of lm-eval itself need: their datasets, fetched once and stored split by split."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synth_eval.data.folder import DataError, home_part
from synth_eval.data.hub import hub_place, revision_of, write_dataset
from synth_eval.data.pull import Wanted
from synth_eval.data.sets import Part
from synth_eval.errors import first_line
from synth_eval.harness.public_data import loading_with, splits_of
from synth_eval.harness.tasks import task_manager


def wanted_of_lm_eval(names: Sequence[str], *, mirror: Path | None = None) -> list[Wanted]:
    """The split that each task is evaluated on, and the one that its few-shot examples come from.

    The tasks are made as lm-eval makes them, which loads their datasets; of a task whose class decides what it reads,
    all splits are wanted. Tasks over files of the user's own need nothing.

    Raises
    ------
    DataError : no such task, or its dataset cannot be had.
    """
    loaded: list[tuple[Any, str, str | None, dict[str, Any]]] = []

    def load(task: Any, options: dict[str, Any]) -> Any:
        from datasets import load_dataset

        hub, config = str(task.DATASET_PATH), task.DATASET_NAME
        settings = {k: v for k, v in options.items() if k != "trust_remote_code"}
        splits = load_dataset(hub_place(hub, mirror), config, **settings)
        loaded.append((task, hub, config, splits))
        return splits

    for logger in ("lm_eval", "lm-eval"):  # warns of each task of a checkout that it hides the installed one
        logging.getLogger(logger).setLevel(logging.ERROR)
    manager = task_manager(with_defaults=True)
    with loading_with(load):
        for name in names:
            try:
                manager.load([name])
            except Exception as error:  # the hub's client raises whatever its layers raise
                raise DataError(f"{name}: its data cannot be had: {first_line(error)}") from error
    parts: dict[Part, Wanted] = {}
    for task, hub, config, splits in loaded:
        evaluated, others = splits_of(task)
        wanted = [*evaluated, *others[:1]] if evaluated else list(splits)
        for split in wanted:
            if split in splits:
                part = home_part(hub, config, split)
                tasks = (*(parts[part].tasks if part in parts else ()), str(task.config.task))
                parts[part] = _wanted(part, tasks, splits[split], hub, config, split, mirror)
    return list(parts.values())


def _wanted(
    part: Part, tasks: tuple[str, ...], dataset: Any, hub: str, config: str | None, split: str, mirror: Path | None
) -> Wanted:
    source = {"dataset": hub, "config": config or "", "split": split, "revision": revision_of(hub, mirror)}
    return Wanted(part, tuple(dict.fromkeys(tasks)), source, lambda path: write_dataset(dataset, path))
