"""How sure is one checkpoint of the answers it generates, and is it right to be?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synth_eval.calibration import assess
from synth_eval.errors import SynthEvalError
from synth_eval.pipeline.listener import SILENT, Listener
from synth_eval.types import Checkpoint

if TYPE_CHECKING:
    from synth_eval.harness.follow_up import AnswerConfidence


@dataclass(frozen=True)
class MethodConfidence:
    """One way to ask for a confidence. ``auroc`` is None where all answers are right, or all wrong."""

    confidence: str
    answer: str
    n: int
    unanswered: int
    accuracy: float
    mean_confidence: float
    ece: float
    ece_null_band: tuple[float, float] | None
    auroc: float | None


def confidence(
    model: Path,
    *,
    task: str = "synth_arithmetic_generate",
    limit: float | None = None,
    num_fewshot: int | None = None,
    seed: int = 1234,
    output: Path | None = None,
    listener: Listener = SILENT,
) -> tuple[MethodConfidence, ...]:
    """Compare three confidences of generated answers: by vote, by likelihood, by P(True).

    Parameters
    ----------
    model : folder of a checkpoint
    output : write a samples file there

    Raises
    ------
    SynthEvalError : no such folder, or a group of tasks.
    """
    if not model.is_dir():
        raise SynthEvalError(f"{model}: no such folder: give the folder of a checkpoint")
    from synth_eval.data.folder import data_folder
    from synth_eval.data.sets import ships_with_its_items
    from synth_eval.harness.environment import prepare, quieten

    prepare(offline=ships_with_its_items(task) or data_folder() is not None)
    from synth_eval.harness.follow_up import STEPS, follow_up, write_follow_up
    from synth_eval.harness.model import load_model
    from synth_eval.harness.tasks import load_tasks

    quieten()
    loaded = load_tasks([task], categories={})
    if len(loaded) != 1:
        names = ", ".join(each.name for each in loaded)
        raise SynthEvalError(f"--task {task} is a group; name one of its tasks: {names}")
    checkpoint = Checkpoint(model.name, 0.0, path=str(model.resolve()))
    listener.planned(len(STEPS) + 1)
    listener.started(checkpoint.name, "loading")
    language_model = load_model(checkpoint)

    def next_step(step: str) -> None:
        listener.finished(checkpoint.name, step, 0)
        listener.started(checkpoint.name, step)

    found = follow_up(
        language_model, loaded[0].task, num_fewshot=num_fewshot, limit=limit, seed=seed, on_step=next_step
    )
    listener.finished(checkpoint.name, STEPS[-1], len(found.methods[0]))
    if output is not None:
        listener.said(f"written: {write_follow_up(found, loaded[0].name, output)} (synth-eval calibrate reads it)")
    return tuple(map(_summary, found.methods))


def _summary(answers: AnswerConfidence) -> MethodConfidence:
    found = assess(answers.confidence, answers.correct, metrics=("accuracy", "ece", "auroc"), seed=0)
    auroc = found["auroc"].value
    return MethodConfidence(
        confidence=answers.method,
        answer=answers.answer,
        n=len(answers),
        unanswered=answers.unanswered,
        accuracy=found["accuracy"].value,
        mean_confidence=float(answers.confidence.mean()),
        ece=found["ece"].value,
        ece_null_band=found["ece"].null_band,
        auroc=None if math.isnan(auroc) else auroc,
    )
