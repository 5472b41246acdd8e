"""lm-eval's tasks, loaded once and used for every checkpoint of a family."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from synth_eval.data.choices import ChoiceRow, choice_sample
from synth_eval.data.domains import domain_sample
from synth_eval.data.folder import DataError
from synth_eval.data.hub import stored_task
from synth_eval.data.sets import WITH_TASKS_OF_LM_EVAL, category_of
from synth_eval.errors import SynthEvalError, first_line
from synth_eval.harness.public_data import check_public_data, reading_the_data_folder
from synth_eval.types import UNCATEGORISED, OwnTask

if TYPE_CHECKING:
    from pathlib import Path

    from datasets import Dataset
    from lm_eval.api.task import Task
    from lm_eval.tasks import TaskManager


# The user's own data as lm-eval tasks, configured like the suite's; nothing is written to disk.


def own_task_config(task: OwnTask, *, suite: Path) -> dict[str, Any]:
    """A configuration that lm-eval's TaskManager loads.

    It takes over the suite's ``_domain.yaml`` or ``_choice.yaml``: the same requests, scores and aggregations. Its
    metadata have what was drawn, with the SHA-256 of the text.

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


_OURS = "synth_"


@dataclass(frozen=True)
class LoadedTask:
    """One leaf task. ``key`` changes when its configuration, its items or lm-eval change."""

    name: str
    category: str
    key: str
    task: Task
    num_fewshot: int = 0  # the task's own, for checkpoints that state none
    generation: Mapping[str, Any] | None = None  # the task's own settings, if it generates
    zero_shot: bool = False  # its configuration says 0, which no checkpoint overrides: lm_eval keeps it too
    version: str = ""
    drawn: str = ""  # of the user's own data


def suite_folder() -> Path:
    """Where the suite's YAML is: in a checkout beside the package, otherwise where the wheel put it."""
    import lm_eval

    import synth_eval

    beside = Path(synth_eval.__file__).parent.parent / "tasks"
    if (beside / "synth_suite.yaml").is_file():
        return beside
    return Path(str(lm_eval.__file__)).parent / "tasks" / "synth_suite"


def suite_names() -> set[str]:
    """Names of the suite's tasks and groups, read from the file names: no lm-eval needed beyond its location."""
    return {path.stem for path in suite_folder().rglob("synth_*.yaml")}


@lru_cache(maxsize=2)
def task_manager(*, with_defaults: bool) -> TaskManager:
    """lm-eval's index of the suite and, if asked, of its own 14,000 tasks, which takes seconds instead of 0.04 s."""
    from lm_eval.tasks import TaskManager

    folder = suite_folder()
    installed = "lm_eval" in folder.parts and folder.name == "synth_suite"
    return TaskManager(
        include_path=None if installed and with_defaults else str(folder), include_defaults=with_defaults
    )


def load_tasks(names: Sequence[str], *, categories: Mapping[str, str], own: Sequence[OwnTask] = ()) -> list[LoadedTask]:
    """Every leaf task below the names (tasks, groups, tags or YAML files), in order, each once.

    Parameters
    ----------
    own : tasks over the user's own data; where one has the name of a task of lm-eval, it is meant.

    Raises
    ------
    SynthEvalError : an unknown name, or a task whose data cannot be loaded.
    """
    ours = suite_names()
    folder = suite_folder()
    mine = {task.name: task for task in own}
    others = [name for name in names if name not in mine]
    check_public_data(others, own=[mine[name] for name in names if name in mine])
    # names that begin with synth_ are the suite's: a mistyped one need not wait for the index of lm-eval's own
    with_defaults = any(name not in ours and not name.startswith(_OURS) for name in others)
    manager = task_manager(with_defaults=with_defaults or any(name in WITH_TASKS_OF_LM_EVAL for name in others))
    unknown = [name for name in others if not name.endswith((".yaml", ".yml")) and name not in manager.all_tasks]
    if unknown:
        raise SynthEvalError(_unknown(unknown[0], [*mine, *manager.all_tasks]))
    found: dict[str, Task] = {}
    lacking: list[str] = []
    for name in names:  # one by one: lm-eval refuses a task that is in two of the names
        try:
            spec = own_task_config(mine[name], suite=folder) if name in mine else name
            with reading_the_data_folder():
                loaded = manager.load([spec])["tasks"]
            found |= {leaf: task for leaf, task in loaded.items() if leaf not in found}
        except DataError as error:  # all that is missing is named at once
            lacking.append(str(error))
        except SynthEvalError:
            raise
        except Exception as error:
            raise SynthEvalError(f"task {name}: cannot be loaded: {first_line(error)}") from error
    if lacking:
        raise DataError("; ".join(lacking))
    return [_loaded(name, task, categories) for name, task in found.items()]


def _loaded(name: str, task: Any, categories: Mapping[str, str]) -> LoadedTask:
    metadata = task.config.metadata or {}
    return LoadedTask(
        name,
        # the manifest's category, else the task's own, else that of the catalogue of common tasks
        category=categories[name] if name in categories else str(metadata.get("category") or category_of(name)),
        key=_key(task),
        task=task,
        num_fewshot=int(task.get_config("num_fewshot") or 0),
        generation=dict(task.config.generation_kwargs) if task.OUTPUT_TYPE == "generate_until" else None,
        zero_shot=task.get_config("num_fewshot") == 0,
        version=str(metadata.get("version", "")),
        drawn=drawn_in_words(metadata),
    )


def _unknown(name: str, known: Sequence[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`lm_eval ls tasks` lists them"
    return f"tasks: there is no task or group {name!r}; {hint}"


def _key(task: Any) -> str:
    """Hash of what determines a task's prompts and scores, apart from the model and the settings of the run."""
    config = {k: v for k, v in task.dump_config().items() if k != "metadata"}
    metadata = {k: v for k, v in (task.config.metadata or {}).items() if k != "config_source"}
    docs = list(task.eval_docs)
    text = json.dumps([config, metadata, docs, version("lm-eval")], sort_keys=True, default=_name_of)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _name_of(value: Any) -> str:
    """A function by its name: its address differs from run to run."""
    return getattr(value, "__qualname__", None) or str(type(value))
