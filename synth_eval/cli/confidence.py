"""synth-eval confidence: how sure is one checkpoint of the answers it generates, and is it right to be?"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_eval.cli.options import limit_option, quiet_option
from synth_eval.errors import ExitCode, SynthEvalError
from synth_eval.types import Checkpoint

if TYPE_CHECKING:
    from synth_eval.tasks.follow_up import AnswerConfidence

Row = dict[str, str | int | float | list[float] | None]


@click.command()
@click.argument("model", type=click.Path(path_type=Path, file_okay=False), metavar="MODEL_DIR")
@click.option("--task", default="synth_arithmetic_generate", show_default=True, help="A generation task with repeats.")
@limit_option
@click.option("--num-fewshot", type=click.IntRange(min=0), help="Solved examples before each question.")
@click.option("--seed", type=click.IntRange(min=0), default=1234, show_default=True, help="Of the sampled answers.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write a samples file there, for synth-eval calibrate.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the table.")
@quiet_option
def confidence(
    model: Path,
    task: str,
    limit: float | None,
    num_fewshot: int | None,
    seed: int,
    output: Path | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Compare three confidences of generated answers: by vote, by likelihood, by P(True).

    The likelihood and P(True) are asked for in a second pass, about the answer that the model generated greedily.
    """
    if not model.is_dir():
        raise SynthEvalError(f"{model}: no such folder: give the folder of a checkpoint")
    from synth_eval.data.folder import data_folder
    from synth_eval.data.sets import ships_with_its_items
    from synth_eval.harness.environment import prepare, quieten

    prepare(offline=ships_with_its_items(task) or data_folder() is not None)
    from synth_eval.cli.progress import ProgressBars
    from synth_eval.harness.follow_up import STEPS, follow_up, write_follow_up
    from synth_eval.harness.model import load_model
    from synth_eval.harness.tasks import load_tasks

    with ProgressBars(quiet=quiet) as bars:
        quieten()
        loaded = load_tasks([task], categories={})
        if len(loaded) != 1:
            names = ", ".join(each.name for each in loaded)
            raise SynthEvalError(f"--task {task} is a group; name one of its tasks: {names}")
        checkpoint = Checkpoint(model.name, 0.0, path=str(model.resolve()))
        bars.planned(len(STEPS) + 1)
        bars.started(checkpoint.name, "loading")
        language_model = load_model(checkpoint)

        def next_step(step: str) -> None:
            bars.finished(checkpoint.name, step, 0)
            bars.started(checkpoint.name, step)

        found = follow_up(
            language_model, loaded[0].task, num_fewshot=num_fewshot, limit=limit, seed=seed, on_step=next_step
        )
        answers = found.methods
        bars.finished(checkpoint.name, STEPS[-1], len(answers[0]))
        if output is not None:
            bars.said(f"written: {write_follow_up(found, loaded[0].name, output)} (synth-eval calibrate reads it)")
    rows = [summary(each) for each in answers]
    if as_json:
        click.echo(json.dumps({"model": str(model), "task": task, "seed": seed, "methods": rows}, indent=2))
    else:
        _draw(rows, task, len(answers[0]))
    return int(ExitCode.OK)


def summary(answers: AnswerConfidence) -> Row:
    """One row of the table: accuracy, mean confidence, ECE with its null band, AUROC (None where undefined)."""
    from synth_eval.calibration import assess

    found = assess(answers.confidence, answers.correct, metrics=("accuracy", "ece", "auroc"), seed=0)
    auroc, band = found["auroc"].value, found["ece"].null_band
    return {
        "confidence": answers.method,
        "answer": answers.answer,
        "n": len(answers),
        "unanswered": answers.unanswered,
        "accuracy": found["accuracy"].value,
        "mean_confidence": float(answers.confidence.mean()),
        "ece": found["ece"].value,
        "ece_null_band": None if band is None else list(band),
        "auroc": None if math.isnan(auroc) else auroc,
    }


def _draw(rows: list[Row], task: str, n: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("method", "answer"):
        table.add_column(heading, no_wrap=True)
    for heading in ("accuracy", "confidence", "ECE", "null", "AUROC"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        band = row["ece_null_band"]
        numbers = (row["accuracy"], row["mean_confidence"], row["ece"], band[1] if isinstance(band, list) else None)
        table.add_row(str(row["confidence"]), str(row["answer"]), *map(_number, (*numbers, row["auroc"])))
    console = Console(highlight=False)
    console.print(f"{task}, {n} items", markup=False)
    console.print(table)
    console.print("null: the ECE that 95% of calibrated models with these confidences stay below", markup=False)
    for row in rows:
        if row["unanswered"]:
            console.print(f"{row['confidence']}: {row['unanswered']} items without an answer: wrong, confidence 0")
    if any(row["auroc"] is None for row in rows):
        console.print("AUROC -: all answers are right, or all wrong: nothing to tell apart", markup=False)


def _number(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "-"
