"""lm-eval's tasks, loaded once and used for every checkpoint of a family."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_eval.harness.own_tasks import drawn_in_words, own_task_config
from synth_eval.harness.task_data import check_public_data, reading_the_data_folder
from synth_eval.public.catalogue import category_of
from synth_eval.public.folder import DataError
from synth_eval.public.sets import WITH_TASKS_OF_LM_EVAL
from synth_eval.types import OwnTask, SynthEvalError

if TYPE_CHECKING:
    from lm_eval.api.task import Task
    from lm_eval.tasks import TaskManager

_OURS = "synth_"


@dataclass(frozen=True)
class LoadedTask:
    """One leaf task. ``key`` changes when its configuration, its items or lm-eval change."""

    name: str
    category: str
    key: str
    task: Task
    num_fewshot: int = 0  # the task's own, for checkpoints that state none
    version: str = ""
    drawn: str = ""  # of the user's own data


def suite_folder() -> Path:
    """Where the suite's YAML lies: in a checkout beside the package, otherwise where the wheel put it."""
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
    for name in names:  # one by one: lm-eval refuses a task that stands in two of the names
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
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise SynthEvalError(f"task {name}: cannot be loaded: {reason}") from error
    if lacking:
        raise DataError("; ".join(lacking))
    return [_loaded(name, task, categories) for name, task in found.items()]


def _loaded(name: str, task: Any, categories: Mapping[str, str]) -> LoadedTask:
    shots = int(task.get_config("num_fewshot") or 0)
    metadata = task.config.metadata or {}
    version_of = str(metadata.get("version", ""))
    drawn = drawn_in_words(metadata)
    return LoadedTask(name, _category(name, task, categories), _key(task), task, shots, version_of, drawn)


def _unknown(name: str, known: Sequence[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`lm_eval ls tasks` lists them"
    return f"tasks: there is no task or group {name!r}; {hint}"


def _category(name: str, task: Any, categories: Mapping[str, str]) -> str:
    """The manifest's, else the task's own, else that of the catalogue of common tasks."""
    if name in categories:
        return categories[name]
    metadata = task.config.metadata or {}
    return str(metadata.get("category") or category_of(name))


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
