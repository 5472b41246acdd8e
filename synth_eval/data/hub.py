"""Parts of public sets as they are published: on the hub, or in OpenTriviaQA's repository."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from synth_eval.data.folder import (
    ENVIRONMENT,
    DataError,
    Record,
    check_hash,
    data_folder,
    find_hub_split,
    home_part,
    missing,
)
from synth_eval.data.pull import Wanted
from synth_eval.data.sets import DOMAINS, SETS, TASK_PARTS, Part
from synth_eval.errors import first_line
from synth_eval.types import OwnTask

TRIVIA_URL = "https://raw.githubusercontent.com/uberspot/OpenTriviaQA/master/categories_json"
DOMAIN_RECORDS = 400  # stored of each domain, twice as many as are asked
_LONGEST_RECORD = 20_000  # characters of a stored document


def records_from_hub(part: Part) -> list[Record]:
    """The records of a part, for a run that has no data folder.

    Raises
    ------
    DataError : it is not available now; the message has how to store it beforehand.
    """
    try:
        return _records(part, mirror=None)
    except Exception as error:  # the hub's client raises whatever its layers raise
        offline = " (HF_HUB_OFFLINE is set)" if os.environ.get("HF_HUB_OFFLINE") == "1" else ""
        raise DataError(
            f"{part}: cannot be had from {source_of(part)}{offline}: {first_line(error)}; on a connected machine "
            f"`synth-eval data pull --to DIR` stores it, then set {ENVIRONMENT}=DIR"
        ) from error


def wanted_parts(tasks: Iterable[str], *, mirror: Path | None = None) -> list[Wanted]:
    """What the suite's public tasks need, each part once.

    Parameters
    ----------
    mirror : a folder with a copy of each dataset under its id, which stands for the hub; and the files of OpenTriviaQA
        under opentriviaqa/.
    """
    users: dict[Part, list[str]] = {}
    for task in tasks:
        for part in TASK_PARTS[task]:
            users.setdefault(part, []).append(task)
    return [_wanted(part, tuple(dict.fromkeys(tasks)), mirror) for part, tasks in users.items()]


def source_of(part: Part) -> str:
    """Where a part is published: a dataset id or an address."""
    return f"{TRIVIA_URL}/{part.config}.json" if part.set == "opentriviaqa" else SETS[part.set].hub


def hub_place(hub: str, mirror: Path | None) -> str:
    """What datasets.load_dataset takes for a dataset id."""
    return hub if mirror is None else str(mirror / hub)


def revision_of(hub: str, mirror: Path | None) -> str:
    """The commit that the hub has now, for the record; "" if it does not give one."""
    if mirror is not None:
        return ""
    try:
        from huggingface_hub import HfApi

        return str(HfApi().dataset_info(hub, timeout=10).sha or "")
    except Exception:  # a note in the index, no reason to fail
        return ""


def quieten_datasets() -> None:
    """No bars of the datasets library: it draws one for each split, and `pull` names each part itself."""
    import datasets

    datasets.disable_progress_bars()


def write_dataset(dataset: Any, path: Path) -> int:
    """Write a dataset as Parquet, features included; the number of rows."""
    dataset.to_parquet(str(path))
    return len(dataset)


def _wanted(part: Part, tasks: tuple[str, ...], mirror: Path | None) -> Wanted:
    if part.set in ("opentriviaqa", "domains"):

        def write_lines(path: Path) -> int:
            records = _records(part, mirror)
            path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
            return len(records)

        return Wanted(
            part, tasks, {"url" if part.set == "opentriviaqa" else "dataset": source_of(part)}, write_lines, ".jsonl"
        )
    hub, config, split = SETS[part.set].at_hub(part)
    source = {"dataset": hub, "config": config or "", "split": split, "revision": revision_of(hub, mirror)}
    return Wanted(part, tasks, source, lambda path: write_dataset(_dataset(part, mirror), path))


def _records(part: Part, mirror: Path | None) -> list[Record]:
    if part.set == "opentriviaqa":
        return _trivia_records(part.config, mirror)
    if part.set == "domains":
        return _domain_records(mirror)[part.config]
    records: list[Record] = _dataset(part, mirror).to_list()
    return records


def _dataset(part: Part, mirror: Path | None) -> Any:
    from datasets import load_dataset

    hub, config, split = SETS[part.set].at_hub(part)
    return load_dataset(hub_place(hub, mirror), config, split=split)


def _trivia_records(category: str, mirror: Path | None) -> list[Record]:
    """Of {"question", "answer": text, "choices"} records those whose answer is one of the choices."""
    address = f"{TRIVIA_URL}/{category}.json"
    if mirror is not None:
        address = (mirror / "opentriviaqa" / f"{category}.json").resolve().as_uri()
    with urllib.request.urlopen(address, timeout=60) as response:
        published = json.loads(response.read().decode("utf-8"))
    return [
        {**record, "answer": record["choices"].index(record["answer"]), "category": category}
        for record in published
        if record.get("question") and record.get("answer") in record.get("choices", ())
    ]


@lru_cache(maxsize=1)
def _domain_records(mirror: Path | None) -> dict[str, list[Record]]:
    """The first documents of each component, from one pass over the test split that ends when all are full."""
    from datasets import load_dataset

    component = {name: domain for domain, name in DOMAINS.items()}
    found: dict[str, list[Record]] = {domain: [] for domain in DOMAINS}
    stream = load_dataset(hub_place(SETS["domains"].hub, mirror), split="test", streaming=True)
    for record in stream:
        domain = component.get(record["meta"]["pile_set_name"])
        if domain is not None and len(found[domain]) < DOMAIN_RECORDS:
            found[domain].append({"text": record["text"][:_LONGEST_RECORD]})
            if all(len(records) >= DOMAIN_RECORDS for records in found.values()):
                break
    return found


# The user's own domains over datasets of the hub: what `data pull` stores of them, and where a run reads it.


def wanted_of_own(tasks: Sequence[OwnTask], *, mirror: Path | None = None) -> list[Wanted]:
    """The split that each domain over a dataset of the hub draws from, each split once, with all of its fields.

    The whole split is stored, not the sample: seed, number and length of documents may change without another pull.
    Tasks over files need nothing.
    """
    users: dict[Part, list[OwnTask]] = {}
    for task in tasks:
        if task.hub is not None:
            users.setdefault(home_part(task.hub, task.subset, task.split), []).append(task)
    return [_own_hub_wanted(part, sharing, mirror) for part, sharing in users.items()]


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


def _own_hub_wanted(part: Part, tasks: Sequence[OwnTask], mirror: Path | None) -> Wanted:
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
