"""synth-eval confidence: how sure is one checkpoint of the answers it generates, and is it right to be?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_eval.cli.options import console, limit_option, quiet_option
from synth_eval.errors import ExitCode

if TYPE_CHECKING:
    from synth_eval.pipeline.confidence import MethodConfidence


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

    The likelihood and P(True) come from a second pass, about the answer that the model generated greedily.
    """
    from synth_eval.cli.progress import ProgressBars
    from synth_eval.pipeline.confidence import confidence as ask_confidence

    with ProgressBars(quiet=quiet) as bars:
        rows = ask_confidence(
            model, task=task, limit=limit, num_fewshot=num_fewshot, seed=seed, output=output, listener=bars
        )
    if as_json:
        methods = [asdict(row) for row in rows]
        click.echo(json.dumps({"model": str(model), "task": task, "seed": seed, "methods": methods}, indent=2))
    else:
        _print(rows, task)
    return int(ExitCode.OK)


def _print(rows: Sequence[MethodConfidence], task: str) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("method", "answer"):
        table.add_column(heading, no_wrap=True)
    for heading in ("accuracy", "confidence", "ECE", "null", "AUROC"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        highest = None if row.ece_null_band is None else row.ece_null_band[1]
        numbers = (row.accuracy, row.mean_confidence, row.ece, highest, row.auroc)
        table.add_row(row.confidence, row.answer, *("-" if value is None else f"{value:.3f}" for value in numbers))
    out = console()
    out.print(f"{task}, {rows[0].n} items", markup=False)
    out.print(table)
    out.print("null: the ECE that 95% of calibrated models with these confidences stay below", markup=False)
    for row in rows:
        if row.unanswered:
            out.print(f"{row.confidence}: {row.unanswered} items without an answer: wrong, confidence 0")
    if any(row.auroc is None for row in rows):
        out.print("AUROC -: all answers are right, or all wrong: nothing to separate", markup=False)
