"""synth-eval calibrate: the calibration of any lm-eval run that logged its samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from synth_eval.cli.options import console, quiet_option, task_names
from synth_eval.errors import ExitCode

if TYPE_CHECKING:
    from synth_eval.compare.calibration import Method, Scheme
    from synth_eval.compare.calibration_items import Normalisation

METHODS = ("temperature", "platt", "isotonic", "histogram")  # as calibration.METHODS, which would cost --help 0.1 s


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS...")
@click.option("--tasks", help="Only these tasks or groups, separated by commas; mmlu_* works too.")
@click.option(
    "--bins",
    type=click.IntRange(min=1, max=10_000),
    default=15,
    show_default=True,
    help="Bins of the calibration error.",
)
@click.option(
    "--scheme",
    type=click.Choice(["width", "mass"]),
    default="width",
    show_default=True,
    help="Bins of equal width, or of equal numbers of items.",
)
@click.option(
    "--normalisation",
    type=click.Choice(["raw", "tokens", "bytes"]),
    default="raw",
    show_default=True,
    help="What likelihoods of choices are divided by before the softmax. Samples files have no token counts.",
)
@click.option(
    "--clusters",
    metavar="FIELD",
    help="Field of the logged documents, such as a passage's id: items that share its value are resampled together.",
)
@click.option("--recalibrate", type=click.Choice(METHODS), help="Also report the error left after recalibration.")
@click.option(
    "--resamples",
    type=click.IntRange(min=0, max=1_000_000),
    default=500,
    show_default=True,
    help="For intervals and null bands.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write calibration.json, .csv and .parquet into this folder.",
)
@click.option("--plots", is_flag=True, help="Also draw reliability diagrams (PNG, SVG) into --output.")
@click.option("--json", "as_json", is_flag=True, help="Print calibration.json instead of the report.")
@quiet_option
def calibrate(
    results: tuple[Path, ...],
    tasks: str | None,
    bins: int,
    scheme: str,
    normalisation: str,
    clusters: str | None,
    recalibrate: str | None,
    resamples: int,
    output: Path | None,
    plots: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Is a model over- or underconfident on the tasks that lm-eval ran?

    RESULTS are output folders of lm-eval, results_*.json or samples_*.jsonl(.gz) files, of one model or several. The
    items of a group, or of a category, are pooled. Generated answers are assessed by the share of votes for them, where
    a task samples several, and by what a task logs as likelihood or p_true.

    Exit codes: 0 fine, 2 wrong usage or no samples that can be read, 3 some files could not be read, 130 interrupted.
    """
    if normalisation == "tokens":
        raise click.UsageError(
            "--normalisation tokens: samples files do not log token counts; only raw and bytes are possible"
        )
    if plots and output is None:
        raise click.UsageError("--plots needs a folder to draw into: add --output DIR")
    wanted = task_names(tasks, "'mmlu_*'")
    from synth_eval.cli.progress import ProgressBars
    from synth_eval.compare.calibration import CalibrationSettings
    from synth_eval.pipeline.calibrate import calibrate as run_calibrate

    if plots:
        from synth_eval.report.figures import check_matplotlib

        check_matplotlib("--plots")  # before the work, not after it
    settings = CalibrationSettings(
        bins=bins,
        scheme=cast("Scheme", scheme),
        normalisation=cast("Normalisation", normalisation),
        resamples=resamples,
        recalibrate=cast("Method | None", recalibrate),
        clusters=clusters,
        smooth=plots,
    )
    with ProgressBars(quiet=quiet or as_json) as bars:
        found = run_calibrate(results, tasks=wanted, settings=settings, listener=bars)
        written = [] if output is None else found.save(output, plots=plots, listener=bars)
    if as_json:
        from synth_eval.results import to_json

        click.echo(to_json(found.report), nl=False)
    else:
        from synth_eval.report.terminal.calibration import print_calibration

        print_calibration(found.report, console=console())
        if written and not quiet:
            click.echo(f"\nwritten to {output}: {', '.join(written)}")
    return int(ExitCode.PARTIAL if found.failed else ExitCode.OK)
