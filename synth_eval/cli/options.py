"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from synth_eval.comparison import Comparison
    from synth_eval.pipeline.reports import ComparisonResult

manifest_argument = click.argument("manifest", type=click.Path(path_type=Path), metavar="FILE")
quiet_option = click.option("--quiet", "-q", is_flag=True, help="No progress bars.")
results_option = click.option(
    "--results",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Results that lm-eval wrote: read, matched to FILE, and no model is run. May be repeated.",
)
track_option = click.option(
    "--track",
    "trackers",
    multiple=True,
    metavar="TRACKER=PLACE",
    help="Log numbers and figures to tensorboard=DIR, wandb=PROJECT or mlflow=EXPERIMENT. May be repeated.",
)
limit_option = click.option(
    "--limit", type=click.FloatRange(min=0, min_open=True), help="Only the first N items of each task (for a try-out)."
)


def task_names(tasks: str | None, example: str = "synth_suite") -> tuple[str, ...]:
    """The names of ``--tasks``; none if it was not given."""
    names = () if tasks is None else tuple(dict.fromkeys(name.strip() for name in tasks.split(",") if name.strip()))
    if tasks is not None and not names:
        raise click.UsageError(f"--tasks is empty; name a task, for example --tasks {example}")
    return names


@dataclass(frozen=True)
class EvaluationOptions:
    """What to evaluate, and where the results go: the options that `compare` and `run` share."""

    manifest: Path
    tasks: tuple[str, ...]
    limit: float | None
    output: Path | None
    full_hash: bool
    workers: int | None


def evaluation_options(command: Callable[..., int]) -> Callable[..., int]:
    """FILE and the options of an evaluation; the command gets them together, as its first argument."""

    @wraps(command)
    def asking(
        *,
        manifest: Path,
        tasks: str | None,
        limit: float | None,
        output: Path | None,
        hashing: str,
        workers: int | None,
        **others: Any,
    ) -> int:
        return command(
            EvaluationOptions(manifest, task_names(tasks), limit, output, hashing == "full", workers), **others
        )

    options = (
        manifest_argument,
        click.option("--tasks", help="Tasks or groups, separated by commas, instead of those in FILE."),
        limit_option,
        click.option(
            "--output",
            "-o",
            type=click.Path(path_type=Path, file_okay=False),
            help="Results folder.  [default: results/<family> beside FILE]",
        ),
        click.option(
            "--hash",
            "hashing",
            type=click.Choice(["sampled", "full"]),
            default="sampled",
            help="Identify checkpoints by sampled blocks of large weights files, or by all bytes.  [default: sampled]",
        ),
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            metavar="N",
            help="Checkpoints evaluated at the same time, each in a process (and on a GPU) of its own. Without a GPU "
            "as many as cores and memory allow if not given, with one 1.",
        ),
    )
    for option in reversed(options):
        asking = option(asking)
    return asking


def table_options(command: Callable[..., int]) -> Callable[..., int]:
    """What a table of scores does not say itself; the command gets it as ``table``, None if nothing was said."""

    @wraps(command)
    def asking(
        *args: Any, family: str, metrics: tuple[str, ...], percent: bool, baseline: float | None, **others: Any
    ) -> int:
        table = {"family": family, "metrics": metrics, "percent": percent, "baseline_ratio": baseline}
        return command(*args, table={name: value for name, value in table.items() if value} or None, **others)

    options = (
        click.option("--family", default="", metavar="NAME", help="Table of scores: which of its families."),
        click.option(
            "--metric",
            "metrics",
            multiple=True,
            metavar="NAME[:WAY]",
            help="Table of scores: what the values are, where no column says it; for a metric that is not known, which "
            "way is better (my_score:higher). May be repeated.",
        ),
        click.option("--percent", is_flag=True, help="Table of scores: accuracies are percentages."),
        click.option(
            "--baseline",
            type=click.FloatRange(0, 1),
            metavar="RATIO",
            help="Table of scores: the ratio that others are compared with.  [default: 0]",
        ),
    )
    for option in reversed(options):
        asking = option(asking)
    return asking


def console() -> Console:
    """Standard output, for tables and whole reports."""
    from rich.console import Console

    return Console(highlight=False)


def print_comparison(found: ComparisonResult) -> None:
    """The report in the terminal."""
    from synth_eval.report.terminal import print_report

    print_report(found.comparison, console=console(), view=found.view)


def explain_task(comparison: Comparison, task: str) -> None:
    """What --explain prints."""
    from synth_eval.report.terminal.explain import explain_text

    click.echo(explain_text(comparison, task, width=console().width), nl=False)
