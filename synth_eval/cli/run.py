"""synth-eval run: evaluate a family's checkpoints and stop before comparing."""

from __future__ import annotations

import click

from synth_eval.cli.options import EvaluationOptions, evaluation_options, quiet_option
from synth_eval.errors import ExitCode
from synth_eval.text import visible


@click.command()
@evaluation_options
@quiet_option
def run(asked: EvaluationOptions, *, quiet: bool) -> int:
    """Evaluate the checkpoints of FILE that have not been evaluated (build them first if FILE has a lab section).

    Exit code 3 if a checkpoint failed; the others are evaluated all the same.
    """
    from synth_eval.cli.progress import ProgressBars
    from synth_eval.pipeline.evaluate import evaluate

    with ProgressBars(quiet=quiet) as bars:
        found = evaluate(
            asked.manifest,
            tasks=asked.tasks,
            output=asked.output,
            limit=asked.limit,
            full_hash=asked.full_hash,
            workers=asked.workers,
            listener=bars,
        )
    if not found.runnable:
        click.echo("nothing to evaluate: all checkpoints have results already", err=True)
        return int(ExitCode.OK)
    for line in found.warnings if not quiet else ():
        click.echo(visible(line), err=True)
    click.echo(f"{found.evaluated} evaluations now, {len(found.failures)} checkpoints failed; {found.folder}")
    return int(ExitCode.PARTIAL if found.failures else ExitCode.OK)
