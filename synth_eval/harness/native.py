"""Run one task on one model through lm-eval, and keep the result in lm-eval's own layout."""

from __future__ import annotations

import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_eval.errors import CheckpointError
from synth_eval.harness.recorded import SEED, OnAnswers, Prompts, RecordedLM, configure, nothing
from synth_eval.results.atomic import scratch_folder, sync
from synth_eval.results.find import task_of
from synth_eval.results.run_folder import ResponseLog
from synth_eval.types import Checkpoint

if TYPE_CHECKING:
    from lm_eval.api.model import LM
    from lm_eval.api.task import Task

BOOTSTRAPS = 100  # only used where a metric has no closed-form standard error


def evaluate_task(
    model: LM,
    task: Task,
    *,
    num_fewshot: int | None = None,
    limit: float | None,
    seed: int = SEED,
    prompts: Prompts | None = None,
    log: ResponseLog | None = None,
    on_answers: OnAnswers = nothing,
) -> dict[str, Any]:
    """What `lm_eval.evaluator.evaluate` returns for one loaded task, samples included.

    Parameters
    ----------
    num_fewshot : the task's own if None, and 0 if it has none
    seed : for sampling
    prompts : asked instead of those that lm-eval would make again; they have their own ``num_fewshot`` and limit
    log : answers found in it are not computed again, new ones are added batch by batch
    on_answers : called after each batch with the share of the requests is answered; only with a log
    """
    import torch
    from lm_eval.evaluator import evaluate

    torch.manual_seed(seed)  # sampled answers are the same on every run
    if prompts is not None:
        prompts.give_to(task)
    else:
        configure(task, int(task.get_config("num_fewshot") or 0) if num_fewshot is None else num_fewshot)
    started = time.time()
    answering: Any = model
    if log is not None and model.world_size == 1:
        answering = RecordedLM(model, log, seed=seed, on_answers=on_answers)
    try:
        results: dict[str, Any] = dict(
            evaluate(
                lm=answering,
                task_dict={"tasks": {task.config.task: task}, "groups": {}},
                limit=limit,
                bootstrap_iters=BOOTSTRAPS,
                log_samples=True,
            )
            or {}
        )
    finally:
        task._instances = None  # else the task keeps every request and response of this checkpoint
        vars(task).pop("build_all_requests", None)
    results["date"] = started
    results["config"] = {"limit": limit, "bootstrap_iters": BOOTSTRAPS, "fewshot_seed": SEED, **_model_info(model)}
    return results


def write_native(
    results: dict[str, Any], checkpoint: Checkpoint, task: str, folder: Path, *, chat_template: str | None = None
) -> Path:
    """Write results_*.json and samples_<task>_*.jsonl as ``lm_eval --output_path --log_samples`` does.

    The files are made in a temporary folder and moved into place whole, the samples first; those of an earlier
    evaluation of the task then go.

    Parameters
    ----------
    chat_template : text of the template that was applied, to be logged.

    Returns
    -------
    The samples file.

    Raises
    ------
    CheckpointError : lm-eval wrote nothing (it logs such failures and continues).
    """
    from lm_eval.loggers import EvaluationTracker

    arguments = {**dict(checkpoint.model_args), "pretrained": str(checkpoint.path)}
    asked = {"model": checkpoint.model, "model_args": arguments, "gen_kwargs": dict(checkpoint.gen_kwargs) or None}
    results["config"] = {**results["config"], **asked}
    samples = results.pop("samples")
    results.update(environment_in_background().result())
    with scratch_folder(folder) as made:
        tracker = EvaluationTracker(output_path=str(made))
        tracker.general_config_tracker.log_experiment_args(
            model_source=checkpoint.model,
            model_args=arguments,
            system_instruction=checkpoint.system_instruction or None,
            chat_template=chat_template,
            fewshot_as_multiturn=bool(checkpoint.apply_chat_template) and checkpoint.fewshot_as_multiturn,
        )
        tracked = tracker.general_config_tracker  # names a folder that lies here for a moment: 255 bytes are allowed
        tracked.model_name_sanitized = _shortened(tracked.model_name_sanitized or "")
        tracker.save_results_aggregated(results=results, samples=samples)
        tracker.save_results_samples(task_name=task, samples=samples[task])
        files = sorted(made.rglob("samples_*")) + sorted(made.rglob("results_*"))
        if len(files) != 2:
            raise CheckpointError(f"{checkpoint.name}: {task}: lm-eval could not write its results below {folder}")
        for file in files:
            sync(file)
            os.replace(file, folder / file.name)
    _remove_older(folder, task, files[0].name)
    return folder / files[0].name


def _shortened(name: str, most: int = 200) -> str:
    """The end of a name that file systems would not take; any other as it is."""
    return name.encode()[-most:].decode(errors="ignore")


@lru_cache(maxsize=1)
def environment_in_background() -> Future[dict[str, Any]]:
    """lm-eval's description of the machine, gathered once a process: it waits seconds for other programs."""
    import torch.utils.collect_env  # noqa: F401  (here: two threads that import torch at once get half of it)
    from lm_eval.loggers.utils import add_env_info

    def environment() -> dict[str, Any]:
        found: dict[str, Any] = {}
        add_env_info(found)
        return found

    worker = ThreadPoolExecutor(max_workers=1)
    try:
        return worker.submit(environment)
    finally:
        worker.shutdown(wait=False)


def _remove_older(folder: Path, task: str, kept: str) -> None:
    """One evaluation of a task is in a folder: what a killed run or other settings left of it is removed."""
    prefix = f"samples_{task}_"
    for file in folder.glob("samples_*.jsonl"):
        if task_of(file) == task and file.name != kept:
            (folder / f"results_{file.stem.removeprefix(prefix)}.json").unlink(missing_ok=True)
            file.unlink(missing_ok=True)


def _model_info(model: LM) -> dict[str, Any]:
    batch_sizes = getattr(model, "batch_sizes", None) or {}
    return {
        "model_num_parameters": sum(p.numel() for p in model.model.parameters()),
        "model_dtype": str(getattr(model.model, "dtype", "")),
        "batch_size": getattr(model, "batch_size", None),
        "batch_sizes": list(batch_sizes.values()),
        "device": str(getattr(model, "device", "")),
    }
