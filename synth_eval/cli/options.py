"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from synth_eval.types import Family

F = TypeVar("F", bound=Callable[..., Any])

manifest_argument = click.argument("manifest", type=click.Path(path_type=Path), metavar="FILE")
quiet_option = click.option("--quiet", "-q", is_flag=True, help="No progress bars.")
output_option = click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help="Results folder.  [default: results/<family> beside FILE]",
)
tasks_option = click.option("--tasks", help="Tasks or groups, separated by commas, instead of those in FILE.")
results_option = click.option(
    "--results",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Results that lm-eval wrote: read, matched to FILE, and no model is run. May be repeated.",
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Checkpoints evaluated at the same time, each in a process (and on a GPU) of its own. Without a GPU as many "
    "as cores and memory allow if not given, with one 1.",
)
track_option = click.option(
    "--track",
    "trackers",
    multiple=True,
    metavar="TRACKER=PLACE",
    help="Log numbers and figures to tensorboard=DIR, wandb=PROJECT or mlflow=EXPERIMENT. May be repeated.",
)
hash_option = click.option(
    "--hash",
    "hashing",
    type=click.Choice(["sampled", "full"]),
    default="sampled",
    help="Tell checkpoints apart by sampled blocks of large weights files, or by all bytes.  [default: sampled]",
)
limit_option = click.option(
    "--limit", type=click.FloatRange(min=0, min_open=True), help="Only the first N items of each task (for a try-out)."
)


def with_tasks(family: Family, tasks: str | None) -> Family:
    """The family with the tasks of ``--tasks``, if given."""
    if tasks is None:
        return family
    names = tuple(dict.fromkeys(name.strip() for name in tasks.split(",") if name.strip()))
    if not names:
        raise click.UsageError("--tasks is empty; name a task, for example --tasks synth_suite")
    return replace(family, tasks=names, tasks_given=True)


def results_folder(family: Family, output: Path | None) -> Path:
    """Where results go: ``--output``, or results/<family> beside the manifest."""
    if output is not None:
        return output
    start = family.manifest.parent if family.manifest else Path.cwd()
    return start / "results" / family.name
