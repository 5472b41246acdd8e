"""lm-eval's own tasks read the data folder instead of the hub, where SYNTH_EVAL_DATA names one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_eval.data.folder import (
    DataError,
    check_hash,
    data_folder,
    find_hub_split,
    find_part,
    hub_parts,
    missing,
    read_records,
)
from synth_eval.data.hub import lacking_parts
from synth_eval.data.sets import TASK_PARTS, public_tasks
from synth_eval.types import OwnTask

if TYPE_CHECKING:
    from datasets import Dataset


_LOCAL_BUILDERS = ("json", "csv", "parquet", "text", "arrow")  # datasets' own, over files that the task names


def check_public_data(names: Sequence[str], *, own: Sequence[OwnTask] = ()) -> None:
    """Name all that the suite's public tasks and the user's domains lack in the data folder, before any is loaded.

    Raises
    ------
    DataError : something is missing.
    """
    folder = data_folder()
    if folder is None:
        return
    tasks = [task for name in names for task in public_tasks(name)]
    lacking = {task: [part for part in TASK_PARTS[task] if find_part(folder, part) is None] for task in tasks}
    lacking = {task: parts for task, parts in lacking.items() if parts}
    of_own = lacking_parts(own, folder)
    if lacking or of_own:
        parts = [part for parts in lacking.values() for part in parts]
        raise missing(folder, [*parts, *of_own], tasks=list(lacking), from_manifest=bool(of_own))


@contextmanager
def reading_the_data_folder() -> Iterator[None]:
    """Tasks that are made inside the block load their data from the data folder, if there is one."""
    folder = data_folder()
    if folder is None:
        yield
        return
    with loading_with(lambda task, options: stored_splits(folder, task)):
        yield


@contextmanager
def loading_with(load: Callable[[Any, dict[str, Any]], Any]) -> Iterator[None]:
    """Tasks that are made inside the block get as dataset what ``load`` makes of the task and its dataset options.

    lm-eval has no hook for it: its method that loads a task's dataset is replaced meanwhile. Tasks that have a
    function (custom_dataset) or name local files keep to them.
    """
    from lm_eval.api.task import ConfigurableTask

    original = ConfigurableTask.download

    def download(task: Any, dataset_kwargs: dict[str, Any] | None = None, **options: Any) -> None:
        path = str(task.config.dataset_path or "")
        local = path in _LOCAL_BUILDERS or Path(path).expanduser().exists()
        if callable(task.config.custom_dataset) or local:
            original(task, dataset_kwargs, **options)
        else:
            task.dataset = load(task, dataset_kwargs or {})

    ConfigurableTask.download = download
    try:
        yield
    finally:
        ConfigurableTask.download = original


def stored_splits(folder: Path, task: Any) -> dict[str, Dataset]:
    """The splits of a task's dataset that are in the data folder.

    Few-shot examples that are not there are none: a run with few-shot examples then fails with that reason.

    Raises
    ------
    DataError : the split that is evaluated is not there.
    """
    hub, config = str(task.DATASET_PATH or task.config.dataset_path), task.DATASET_NAME or task.config.dataset_name
    evaluated, others = splits_of(task)
    found: dict[str, Dataset] = {}
    for split in (*evaluated, *others):
        path = find_hub_split(folder, hub, config, split)
        if path is not None:
            check_hash(folder, path)
            found[split] = read_dataset(path)
    wanted = evaluated[:1]
    if wanted and wanted[0] not in found:
        raise missing(folder, [hub_parts(hub, config, wanted[0])[0]], tasks=[str(task.config.task)])
    if not found:
        raise missing(folder, [hub_parts(hub, config, "*")[0]], tasks=[str(task.config.task)])
    for split in others:
        found.setdefault(split, next(iter(found.values())).select([]))
    return found


def splits_of(task: Any) -> tuple[list[str], list[str]]:
    """The split that is evaluated (none where a task's class decides), and the other splits that it may ask for."""
    config = task.config
    evaluated = [split for split in (config.test_split, config.validation_split) if split][:1]
    shots = task.fewshot_cfg.split if getattr(task, "fewshot_cfg", None) is not None else None
    others = [shots, config.fewshot_split, config.training_split, config.validation_split]
    if not evaluated:
        others += ["validation", "test", "train"]
    return evaluated, [split for split in dict.fromkeys(others) if split and split not in evaluated]


def read_dataset(path: Path) -> Dataset:
    """A stored file as a dataset, features as they were published where a pulled Parquet file carries them.

    Raises
    ------
    DataError : it cannot be read.
    """
    from datasets import Dataset

    if path.suffix != ".parquet":
        return Dataset.from_list(read_records(path))
    import pyarrow
    import pyarrow.parquet

    try:
        return Dataset(pyarrow.parquet.read_table(path))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
