"""synth-eval compare: build and evaluate what is missing, compare, report."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from synth_eval.cli.options import (
    EvaluationOptions,
    evaluation_options,
    explain_task,
    print_comparison,
    quiet_option,
    results_option,
    table_options,
    track_option,
)
from synth_eval.errors import ExitCode
from synth_eval.text import visible
from synth_eval.types import Gate


@click.command()
@evaluation_options
@results_option
@table_options
@click.option(
    "--gate",
    "gate_file",
    type=click.Path(path_type=Path),
    metavar="YAML",
    help="The gate of this file (its section gate:), instead of that of FILE.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["degraded", "warning", "never"]),
    help="Exit with code 1 if a curve is degraded, or if there is also a warning; instead of the gate of FILE.",
)
@click.option(
    "--least-tasks",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Compare reasoning with retrieval only if each has so many tasks.",
)
@click.option("--explain", metavar="TASK", help="Explain every verdict of one task instead of the report.")
@click.option("--json", "as_json", is_flag=True, help="Print comparison.json instead of the report.")
@click.option("--summary", is_flag=True, help="Print one line of JSON instead of the report (docs/gate.md).")
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="XML",
    help="Write JUnit XML too: each curve and each rule of the gate a test.",
)
@track_option
@quiet_option
def compare(
    asked: EvaluationOptions,
    *,
    results: tuple[Path, ...],
    table: dict[str, Any] | None,
    gate_file: Path | None,
    fail_on: str | None,
    least_tasks: int,
    explain: str | None,
    as_json: bool,
    summary: bool,
    junit: Path | None,
    trackers: tuple[str, ...],
    quiet: bool,
) -> int:
    """Compare a family of checkpoints: which ratio degrades what.

    FILE describes the family (see checkpoints.yaml). Checkpoints that are missing are built, if FILE has a lab
    section; what has not been evaluated is evaluated; then the report. Run again, it continues where it stopped.

    With --results nothing is built or evaluated: what lm-eval wrote is given to the checkpoints by their path or name,
    item by item where samples were logged, else by aggregate results with independent standard errors.

    FILE may be a table of scores, .csv or .parquet, one row a checkpoint, task and metric (docs/tables.md).

    Exit codes: 0 fine, 1 the gate of FILE or --fail-on tripped, 2 wrong usage or manifest, 3 some checkpoints failed,
    130 interrupted.
    """
    if results and asked.limit is not None:
        raise click.UsageError("--limit is for evaluating; with --results nothing is evaluated")
    if sum((as_json, summary, explain is not None)) > 1:
        raise click.UsageError("--json, --summary and --explain each print something else: choose one")
    if gate_file is not None and fail_on is not None:
        raise click.UsageError("--gate and --fail-on are both gates: choose one")
    from synth_eval.cli.progress import ProgressBars

    with ProgressBars(quiet=quiet or as_json) as bars:
        bars.doing(f"reading {asked.manifest}")  # before the imports below: something is seen at once
        from synth_eval.pipeline.compare import compare as run_compare
        from synth_eval.pipeline.score_table import TableOptions
        from synth_eval.pipeline.track import log_to_trackers, tracker_targets

        targets = tracker_targets(trackers)
        found = run_compare(
            asked.manifest,
            results=results,
            tasks=asked.tasks,
            output=asked.output,
            limit=asked.limit,
            full_hash=asked.full_hash,
            workers=asked.workers,
            min_tasks=least_tasks,
            gate=gate_file if fail_on is None else _gate_of(fail_on),
            save=True,
            table=None if table is None else TableOptions(**table),
            listener=bars,
        )
        if junit is not None:
            found.save_junit(junit)
    if as_json:
        click.echo((found.folder / "comparison.json").read_text(encoding="utf-8"), nl=False)
    elif summary:
        click.echo(found.summary())
    elif explain is not None:
        explain_task(found.comparison, explain)
    else:
        print_comparison(found)
        if not quiet:
            done = f"{found.evaluated} evaluations now" if found.evaluated else "nothing to evaluate"
            click.echo(f"\n{done}; results in {found.folder}, for a browser: {found.folder / 'report.html'}")
    for rule in found.comparison.gate:  # on standard error: the last lines of a pipeline's log show why it stopped
        if not rule.passed:
            click.echo(visible(f"gate failed: {rule.rule} ({rule.where}): {rule.reason}"), err=True)
    tracked = log_to_trackers(found, targets, say=partial(click.echo, err=True))
    return int(found.exit_code if tracked or found.exit_code else ExitCode.USAGE)


def _gate_of(fail_on: str) -> Gate:
    """The gate of --fail-on, which replaces the manifest's."""
    if fail_on == "never":
        return Gate()
    return Gate(fail_on="warning" if fail_on == "warning" else "degraded", where=f"--fail-on {fail_on}")
