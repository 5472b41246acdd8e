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
    results_folder,
    tasks_option,
    with_tasks,
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
    from synth_eval.manifest import load_family
    from synth_eval.pipeline import build_missing, evaluate
    from synth_eval.results import RunFolder

    family = with_tasks(load_family(manifest), tasks)
    folder = RunFolder(results_folder(family, output))
    with folder.lock(), ProgressBars(quiet=quiet) as bars:
        build_missing(family, bars)
        outcome = evaluate(family, folder, limit=limit, bars=bars, full_hash=hashing == "full", workers=workers)
    if outcome is None:
        click.echo("nothing to evaluate: all checkpoints bring their results", err=True)
        return int(ExitCode.OK)
    click.echo(f"{outcome.evaluated} evaluations now, {len(outcome.failures)} checkpoints failed; {folder.root}")
    return int(ExitCode.PARTIAL if outcome.failures else ExitCode.OK)
