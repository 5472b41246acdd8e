"""The user's own domains over datasets of the hub: what `data pull` stores of them, and where a run reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from synth_eval.public.folder import DataError, check_hash, data_folder, find_hub_split, home_part, missing
from synth_eval.public.hub import hub_place, revision_of, write_dataset
from synth_eval.public.pull import Wanted
from synth_eval.public.sets import Part
from synth_eval.types import OwnTask


def wanted_of_own(tasks: Sequence[OwnTask], *, mirror: Path | None = None) -> list[Wanted]:
    """The split that each domain over a dataset of the hub draws from, each split once, with all of its fields.

    The whole split is stored, not the sample: seed, number and length of documents may change without another pull.
    Tasks over files want nothing.
    """
    users: dict[Part, list[OwnTask]] = {}
    for task in tasks:
        if task.hub is not None:
            users.setdefault(home_part(task.hub, task.subset, task.split), []).append(task)
    return [_wanted(part, sharing, mirror) for part, sharing in users.items()]


def lacking_parts(tasks: Sequence[OwnTask], folder: Path) -> list[Part]:
    """What a data folder lacks of the domains over datasets of the hub."""
    return [
        home_part(task.hub, task.subset, task.split)
        for task in tasks
        if task.hub is not None and find_hub_split(folder, task.hub, task.subset, task.split) is None
    ]


def stored_task(task: OwnTask) -> OwnTask:
    """The task over its file in the data folder, where SYNTH_EVAL_DATA names one and the task is over a dataset.

    Which documents are drawn depends on their text alone: the sample is the one that the hub would give.

    Raises
    ------
    DataError : the file is not there, or no longer the one that was pulled.
    """
    folder = data_folder()
    if task.hub is None or folder is None:
        return task
    path = find_hub_split(folder, task.hub, task.subset, task.split)
    if path is None:
        raise missing(folder, lacking_parts([task], folder), from_manifest=True)
    check_hash(folder, path)
    return replace(task, hub=None, subset=None, files=(str(path),))


def _wanted(part: Part, tasks: Sequence[OwnTask], mirror: Path | None) -> Wanted:
    hub, subset, split = str(tasks[0].hub), tasks[0].subset, tasks[0].split
    source = {"dataset": hub, "config": subset or "", "split": split, "revision": revision_of(hub, mirror)}

    def write(path: Path) -> int:
        from datasets import load_dataset

        records: Any = load_dataset(hub_place(hub, mirror), subset, split=split)
        for task in tasks:
            if task.field not in records.column_names:
                there = ", ".join(records.column_names[:8])
                raise DataError(f"{task.name}: the field {task.field!r} is missing (there are {there})")
        return write_dataset(records, path)

    return Wanted(part, tuple(task.name for task in tasks), source, write)
