"""synth-eval lab: build a miniature family without evaluating it."""

from __future__ import annotations

from pathlib import Path

import click

from synth_eval.cli.options import manifest_argument, quiet_option
from synth_eval.errors import ExitCode, ManifestError


@click.group()
def lab() -> None:
    """Train miniature families of checkpoints, to try synth-eval on."""


@lab.command()
@manifest_argument
@quiet_option
def build(manifest: Path, quiet: bool) -> int:
    """Train the checkpoints of FILE that are missing, by its lab section."""
    from synth_eval.cli.progress import ProgressBars
    from synth_eval.manifest import load_family
    from synth_eval.pipeline.evaluate import build_missing

    family = load_family(manifest)
    if family.lab is None:
        raise ManifestError(f"{manifest}: has no lab section; add `lab: {{recipe: miniature}}` to build checkpoints")
    with ProgressBars(quiet=quiet) as bars:
        jobs = build_missing(family, bars)
    click.echo(f"{jobs} jobs done" if jobs else "nothing to build: every checkpoint is there", err=True)
    return int(ExitCode.OK)
