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
    """Train the checkpoints of FILE that are missing, as its lab section says."""
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


@lab.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--quick", is_flag=True, help="Smaller models and a third of the tokens.")
@click.option("--up-to", metavar="TOKENS", help="Leave out the budgets above these tokens, for example 200k.")
@quiet_option
def study(folder: Path, quick: bool, up_to: str | None, quiet: bool) -> int:
    """Train families over sizes, tokens, ratios and four sources of synthetic data into FOLDER.

    What is there already is kept, so that an interrupted study goes on where it stopped. Afterwards FOLDER holds
    losses.csv and losses-by-kind.csv for `synth-eval scaling`, checkpoints.yaml with all checkpoints and largest.yaml
    with those of the largest budget for `synth-eval compare`. See docs/study.md.
    """
    from synth_eval.cli.progress import ProgressBars
    from synth_eval.lab.study import run_study, write_tables
    from synth_eval.lab.study_plan import study_plan
    from synth_eval.lab.study_recipe import FULL, QUICK
    from synth_eval.text import parse_quantity

    recipe = QUICK if quick else FULL
    if up_to is not None:
        try:
            recipe = recipe.up_to(parse_quantity(up_to))
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--up-to") from None
    plan = study_plan(folder.resolve(), recipe)
    missing = len(plan.missing)
    runs = 0
    try:
        with ProgressBars(quiet=quiet) as bars:
            bars.said(f"{missing} of {len(plan.jobs)} jobs to do")
            run_study(plan, on_progress=bars.built, on_message=bars.said)
    finally:  # an interrupted study has tables too, of the runs that are done
        runs = write_tables(folder.resolve(), plan)
    click.echo(f"{runs} runs; next: synth-eval scaling {folder / 'losses.csv'}", err=True)
    return int(ExitCode.OK)
