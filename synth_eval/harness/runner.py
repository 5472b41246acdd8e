"""Evaluate every checkpoint of a family in one process; what is done already is not done again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from synth_eval.calibration.items import score_samples
from synth_eval.harness.model import load_model, one_line, release
from synth_eval.harness.native import evaluate_task, write_native
from synth_eval.harness.tasks import LoadedTask, load_tasks
from synth_eval.store import RunFolder, checkpoint_fingerprint, read_samples, run_settings, settings_fingerprint
from synth_eval.types import Checkpoint, CheckpointError, Family, SynthEvalError

if TYPE_CHECKING:
    from lm_eval.api.model import LM


class Watcher(Protocol):
    """Told what happens, to draw a progress bar."""

    def planned(self, pieces: int) -> None:
        """So many (checkpoint, task) pieces are to be evaluated."""

    def started(self, checkpoint: str, task: str) -> None: ...
    def finished(self, checkpoint: str, task: str, items: int) -> None: ...
    def said(self, message: str) -> None:
        """A line worth keeping: a checkpoint or task that failed, a warning of lm-eval."""


@dataclass
class Evaluation:
    """What is there after a run. ``failures`` maps a checkpoint's name to the reason in one line."""

    tasks: tuple[str, ...]
    fingerprints: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    evaluated: int = 0  # pieces that were run now, not read
    warnings: list[str] = field(default_factory=list)


def evaluate_family(family: Family, folder: RunFolder, *, limit: float | None, watch: Watcher) -> Evaluation:
    """Score what is missing of (checkpoint, task) and keep it in the folder, piece by piece.

    A checkpoint that cannot be loaded, or a task that fails on one, is named in ``failures``; the rest goes on.

    Raises
    ------
    SynthEvalError : a task name is unknown or its data cannot be loaded.
    """
    tasks = load_tasks(family.tasks, categories=family.categories)
    outcome = Evaluation(tuple(task.name for task in tasks))
    todo: list[tuple[Checkpoint, list[tuple[LoadedTask, str]]]] = []
    for checkpoint in family.checkpoints:
        if checkpoint.results or checkpoint.path is None:
            continue
        try:
            fingerprint = checkpoint_fingerprint(checkpoint.path, revision=checkpoint.revision)
        except SynthEvalError as error:
            outcome.failures[checkpoint.name] = str(error)
            watch.said(str(error))
            continue
        outcome.fingerprints[checkpoint.name] = fingerprint
        settings = settings_fingerprint(run_settings(checkpoint, limit=limit))
        keys = {task.name: f"{settings}-{task.key}" for task in tasks}
        missing = [(t, keys[t.name]) for t in tasks if not folder.task_done(fingerprint, t.name, keys[t.name])]
        if missing:
            todo.append((checkpoint, missing))
    watch.planned(sum(len(missing) for _, missing in todo))
    for checkpoint, missing in todo:
        _evaluate_checkpoint(checkpoint, missing, folder, limit, watch, outcome)
    return outcome


def _evaluate_checkpoint(
    checkpoint: Checkpoint,
    missing: Sequence[tuple[LoadedTask, str]],
    folder: RunFolder,
    limit: float | None,
    watch: Watcher,
    outcome: Evaluation,
) -> None:
    fingerprint = outcome.fingerprints[checkpoint.name]
    watch.started(checkpoint.name, "loading")
    try:
        model = load_model(checkpoint)
    except CheckpointError as error:
        outcome.failures[checkpoint.name] = str(error)
        watch.said(str(error))
        for task, _ in missing:
            watch.finished(checkpoint.name, task.name, 0)
        return
    failed: dict[str, str] = {}
    try:
        for task, key in missing:
            watch.started(checkpoint.name, task.name)
            items = 0
            # The same weights may stand at two places of a family; the second place finds the work done.
            if not folder.task_done(fingerprint, task.name, key):
                try:
                    items = _evaluate_piece(model, checkpoint, task, key, folder, fingerprint, limit)
                    outcome.evaluated += 1
                except Exception as error:
                    failed[task.name] = one_line(error)
                    watch.said(f"{checkpoint.name}: {task.name}: {failed[task.name]}")
            watch.finished(checkpoint.name, task.name, items)
    finally:
        release(model)
    if failed:
        outcome.failures[checkpoint.name] = _failed_tasks(failed)


def _evaluate_piece(
    model: LM,
    checkpoint: Checkpoint,
    task: LoadedTask,
    key: str,
    folder: RunFolder,
    fingerprint: str,
    limit: float | None,
) -> int:
    results = evaluate_task(model, task.task, num_fewshot=checkpoint.num_fewshot, limit=limit)
    samples_file = write_native(results, checkpoint, task.name, folder.native(fingerprint))
    samples = read_samples(samples_file)
    table = score_samples(samples, checkpoint=checkpoint.name, category=task.category)
    folder.save_items(fingerprint, table, key=key)
    return len(table)


def _failed_tasks(failed: Mapping[str, str]) -> str:
    return "; ".join(f"{task}: {reason}" for task, reason in failed.items())
