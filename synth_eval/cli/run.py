"""synth-eval run: evaluate a family's checkpoints and stop before comparing."""

from __future__ import annotations

from pathlib import Path

import click

from synth_eval.cli.options import (
    hash_option,
    limit_option,
    manifest_argument,
    output_option,
    quiet_option,
    task_names,
    tasks_option,
    workers_option,
)
from synth_eval.errors import ExitCode


@click.command()
@manifest_argument
@tasks_option
@limit_option
@output_option
@hash_option
@workers_option
@quiet_option
def run(
    manifest: Path,
    tasks: str | None,
    limit: float | None,
    output: Path | None,
    hashing: str,
    workers: int | None,
    quiet: bool,
) -> int:
    """Evaluate the checkpoints of FILE that have not been evaluated (build them first if FILE has a lab section).

    Exit code 3 if a checkpoint failed; the others are evaluated all the same.
    """
    from synth_eval.cli.progress import ProgressBars
    from synth_eval.pipeline.evaluate import evaluate

    with ProgressBars(quiet=quiet) as bars:
        found = evaluate(
            manifest,
            tasks=task_names(tasks),
            output=output,
            limit=limit,
            full_hash=hashing == "full",
            workers=workers,
            listener=bars,
        )
    if not found.runnable:
        click.echo("nothing to evaluate: all checkpoints have results already", err=True)
        return int(ExitCode.OK)
    click.echo(f"{found.evaluated} evaluations now, {len(found.failures)} checkpoints failed; {found.folder}")
    return int(ExitCode.PARTIAL if found.failures else ExitCode.OK)
