"""A task's requests, made once and used for every checkpoint of a family."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance
    from lm_eval.api.task import Task

    from synth_eval.harness.tasks import LoadedTask

SEED = 1234  # lm-eval's default, for few-shot draws and sampling


@dataclass(frozen=True)
class Prompts:
    """What is asked of every model: lm-eval's requests, in its order. ``key`` changes when any text of them does."""

    num_fewshot: int
    key: str
    instances: tuple[Instance, ...]

    @property
    def items(self) -> int:
        """How many items are asked; one may take several requests."""
        return len({instance.doc_id for instance in self.instances})

    def give_to(self, task: Task) -> None:
        """Let the task ask these when lm-eval next evaluates it, instead of making them again."""
        configure(task, self.num_fewshot)
        fresh = [replace(instance, resps=[], filtered_resps={}) for instance in self.instances]
        unset: Any = task
        unset.build_all_requests = lambda **options: setattr(task, "_instances", fresh)


class PromptBook:
    """The prompts of each task, few-shot count and limit that was asked for."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, int, float | None], Prompts] = {}

    def prompts(self, loaded: LoadedTask, *, num_fewshot: int | None, limit: float | None) -> Prompts:
        """Prompts of a task, from memory if they were made before; ``num_fewshot`` None means the task's own."""
        shots = loaded.num_fewshot if num_fewshot is None else num_fewshot
        key = (loaded.name, shots, limit)
        if key not in self._made:
            self._made[key] = make_prompts(loaded.task, num_fewshot=shots, limit=limit)
        return self._made[key]


def make_prompts(task: Task, *, num_fewshot: int, limit: float | None) -> Prompts:
    """The requests of a task's first ``limit`` items (a share of them below 1; all if None)."""
    from lm_eval.evaluator_utils import get_sample_size

    configure(task, num_fewshot)
    task.build_all_requests(limit=get_sample_size(task, limit), rank=0, world_size=1)
    instances: tuple[Any, ...] = tuple(task._instances or ())
    task._instances = None
    digest = hashlib.sha256()
    for instance in instances:
        digest.update(json.dumps([instance.request_type, instance.args, instance.repeats], default=str).encode())
    return Prompts(num_fewshot, digest.hexdigest()[:16], instances)


def configure(task: Task, num_fewshot: int) -> None:
    """Few-shot count and draw; the draw starts over, so that a task's prompts do not depend on what ran before."""
    task.set_config(key="num_fewshot", value=num_fewshot)
    task.set_fewshot_seed(seed=SEED)
