"""synth-eval report: draw a finished comparison again, without models."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from synth_eval.cli.options import explain_task, print_comparison, track_option
from synth_eval.errors import ExitCode


@click.command()
@click.argument("results", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--explain", metavar="TASK", help="Explain every verdict of one task, and write nothing.")
@click.option("--figures", is_flag=True, help="PNG and SVG figures too, in DIR/figures (needs matplotlib).")
@click.option("--latex", is_flag=True, help="LaTeX tables too, in DIR/report.tex.")
@click.option("--junit", is_flag=True, help="JUnit XML too, in DIR/junit.xml: each curve a test.")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, file_okay=False), help="Folder for the files.  [default: DIR]"
)
@track_option
@click.option("--quiet", "-q", is_flag=True, help="Print only the names of the files.")
def report(
    results: Path,
    explain: str | None,
    figures: bool,
    latex: bool,
    junit: bool,
    output: Path | None,
    trackers: tuple[str, ...],
    quiet: bool,
) -> int:
    """Draw the comparison in a results folder again.

    Prints the report and writes report.html and report.md. DIR is a folder with comparison.json, or that file.
    """
    from synth_eval.pipeline.reports import load_results
    from synth_eval.pipeline.track import log_to_trackers, tracker_targets

    targets = tracker_targets(trackers)
    found = load_results(results)
    if explain is not None:
        explain_task(found.comparison, explain)
        return int(ExitCode.OK)
    if not quiet:
        print_comparison(found)
        click.echo()
    for path in found.write_reports(output or found.folder, figures=figures, latex=latex, junit=junit):
        click.echo(path)
    tracked = log_to_trackers(found, targets, say=partial(click.echo, err=True))
    return int(ExitCode.OK if tracked else ExitCode.USAGE)
