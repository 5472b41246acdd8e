"""Run one task on one model through lm-eval, and keep the result in lm-eval's own layout."""

from __future__ import annotations

import os
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_eval.types import Checkpoint, CheckpointError

if TYPE_CHECKING:
    from lm_eval.api.model import LM
    from lm_eval.api.task import Task

SEED = 1234  # lm-eval's default, for few-shot draws and sampling
BOOTSTRAPS = 100  # only used where a metric has no closed-form standard error


def evaluate_task(
    model: LM, task: Task, *, num_fewshot: int | None, limit: float | None, seed: int = SEED
) -> dict[str, Any]:
    """What `lm_eval.evaluator.evaluate` returns for one loaded task, samples included; ``seed`` is for sampling."""
    import torch
    from lm_eval.evaluator import evaluate

    torch.manual_seed(seed)  # sampled answers are the same on every run
    if num_fewshot is not None:
        task.set_config(key="num_fewshot", value=num_fewshot)
    elif task.get_config("num_fewshot") is None:
        task.set_config(key="num_fewshot", value=0)
    task.set_fewshot_seed(seed=SEED)
    started = time.time()
    results: dict[str, Any] = dict(
        evaluate(
            lm=model,
            task_dict={"tasks": {task.config.task: task}, "groups": {}},
            limit=limit,
            bootstrap_iters=BOOTSTRAPS,
            log_samples=True,
        )
        or {}
    )
    results["date"] = started
    results["config"] = {"limit": limit, "bootstrap_iters": BOOTSTRAPS, "fewshot_seed": SEED, **_model_info(model)}
    task._instances = None  # else the task keeps every request and response of this checkpoint
    return results


def write_native(results: dict[str, Any], checkpoint: Checkpoint, task: str, folder: Path) -> Path:
    """Write results_*.json and samples_<task>_*.jsonl as ``lm_eval --output_path --log_samples`` does.

    The files are made in a temporary folder and moved into place whole, the samples first.

    Returns
    -------
    The samples file.

    Raises
    ------
    CheckpointError : lm-eval wrote nothing (it logs such failures and goes on).
    """
    from lm_eval.loggers import EvaluationTracker

    folder.mkdir(parents=True, exist_ok=True)
    arguments = {**dict(checkpoint.model_args), "pretrained": str(checkpoint.path)}
    results["config"] = {**results["config"], "model": checkpoint.model, "model_args": arguments}
    samples = results.pop("samples")
    _add_environment(results)
    with tempfile.TemporaryDirectory(prefix=".native-", dir=folder) as made:
        tracker = EvaluationTracker(output_path=made)
        tracker.general_config_tracker.log_experiment_args(
            model_source=checkpoint.model,
            model_args=arguments,
            system_instruction=None,
            chat_template=None,
            fewshot_as_multiturn=False,
        )
        tracker.save_results_aggregated(results=results, samples=samples)
        tracker.save_results_samples(task_name=task, samples=samples[task])
        files = sorted(Path(made).rglob("samples_*")) + sorted(Path(made).rglob("results_*"))
        if len(files) != 2:
            raise CheckpointError(f"{checkpoint.name}: {task}: lm-eval could not write its results below {folder}")
        for file in files:
            os.replace(file, folder / file.name)
        return folder / files[0].name


def _model_info(model: LM) -> dict[str, Any]:
    batch_sizes = getattr(model, "batch_sizes", None) or {}
    return {
        "model_num_parameters": sum(p.numel() for p in model.model.parameters()),
        "model_dtype": str(getattr(model.model, "dtype", "")),
        "batch_size": getattr(model, "batch_size", None),
        "batch_sizes": list(batch_sizes.values()),
        "device": str(getattr(model, "device", "")),
    }


def _add_environment(results: dict[str, Any]) -> None:
    results.update(_environment())


@lru_cache(maxsize=1)
def _environment() -> dict[str, Any]:
    """lm-eval's description of the machine, gathered once a process: it takes seconds."""
    from lm_eval.loggers.utils import add_env_info

    found: dict[str, Any] = {}
    add_env_info(found)
    return found
