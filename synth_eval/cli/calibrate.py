"""synth-eval calibrate: the calibration of any lm-eval run that logged its samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from synth_eval.cli.options import quiet_option
from synth_eval.errors import ExitCode, ResultsError

if TYPE_CHECKING:
    from rich.progress import Progress

    from synth_eval.compare.calibration import (
        CalibrationReport,
        CalibrationSettings,
        Method,
        ModelCalibration,
        Scheme,
    )
    from synth_eval.compare.calibration_items import Normalisation

METHODS = ("temperature", "platt", "isotonic", "histogram")  # as calibration.METHODS, which would cost --help 0.1 s


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS...")
@click.option("--tasks", help="Only these tasks or groups, separated by commas; mmlu_* works too.")
@click.option(
    "--bins", type=click.IntRange(min=1), default=15, show_default=True, help="Bins of the calibration error."
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
    help="What likelihoods of choices are divided by before the softmax. Samples do not tell tokens.",
)
@click.option(
    "--clusters",
    metavar="FIELD",
    help="Field of the logged documents, such as a passage's id: items that share its value are resampled together.",
)
@click.option("--recalibrate", type=click.Choice(METHODS), help="Also report the error left after recalibration.")
@click.option(
    "--resamples", type=click.IntRange(min=0), default=500, show_default=True, help="For intervals and null bands."
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

    Exit codes: 0 fine, 2 wrong usage or nothing to calibrate, 3 some files could not be read, 130 interrupted.
    """
    if normalisation == "tokens":
        raise click.UsageError(
            "--normalisation tokens: samples files do not log token counts; only raw and bytes are possible"
        )
    if plots and output is None:
        raise click.UsageError("--plots needs a folder to draw into: add --output DIR")
    wanted = () if tasks is None else tuple(name.strip() for name in tasks.split(",") if name.strip())
    if tasks is not None and not wanted:
        raise click.UsageError("--tasks is empty; name a task, for example --tasks 'mmlu_*'")
    from synth_eval.compare.calibration import CalibrationSettings

    if plots:
        from synth_eval.report.figures.calibration import check_plots_possible

        check_plots_possible()  # before the work, not after it
    settings = CalibrationSettings(
        bins=bins,
        scheme=cast("Scheme", scheme),
        normalisation=cast("Normalisation", normalisation),
        resamples=resamples,
        recalibrate=cast("Method | None", recalibrate),
        clusters=clusters,
        smooth=plots,
    )
    report = _calibrated(results, wanted, settings, quiet=quiet or as_json)
    written = _save(report, output, plots=plots, quiet=quiet or as_json) if output is not None else []
    if as_json:
        from synth_eval.results import to_json

        click.echo(to_json(report), nl=False)
    else:
        from rich.console import Console

        from synth_eval.report.terminal.calibration import print_calibration

        console = Console(highlight=False)
        print_calibration(report, console=console)
        if written and not quiet:
            console.print(f"\nwritten to {output}: {', '.join(written)}", markup=False, soft_wrap=True)
    failed = any(each.failed for model in report.models for each in model.left_out)
    return int(ExitCode.PARTIAL if failed else ExitCode.OK)


def _calibrated(
    paths: tuple[Path, ...], wanted: tuple[str, ...], settings: CalibrationSettings, *, quiet: bool
) -> CalibrationReport:
    from synth_eval.cli.logged import logged_files, read_model
    from synth_eval.compare.calibration import SCHEMA, CalibrationReport, calibrate_model, planned_rows

    models: list[ModelCalibration] = []
    found = logged_files(paths, wanted=wanted)
    with _bars(quiet=quiet) as progress:
        reading = progress.add_task("read", total=sum(len(files.output.samples) for files in found))
        assessing = progress.add_task("assess", total=None)
        for files in found:
            logged = read_model(
                files,
                normalisation=settings.normalisation,
                clusters=settings.clusters,
                on_file=lambda task, n: progress.advance(reading),
            )
            progress.update(assessing, description=f"assess {logged.model}", total=planned_rows(logged), completed=0)
            models.append(calibrate_model(logged, settings, on_row=lambda name, n: progress.advance(assessing)))
    if not any(model.rows or model.rolling for model in models):
        reasons = [f"{each.task}: {each.reason}" for model in models for each in model.left_out]
        raise ResultsError(f"nothing to calibrate: {'; '.join(reasons)}")
    if settings.clusters is not None and not any(row.clustered for model in models for row in model.rows):
        raise ResultsError(f"--clusters {settings.clusters}: no logged document has that field")
    return CalibrationReport(SCHEMA, settings, tuple(models))


def _bars(*, quiet: bool) -> Progress:
    """Bars on standard error that go when they are done; none where nobody looks."""
    from rich.progress import Progress

    from synth_eval.cli.progress import ProgressBars

    console = ProgressBars(quiet=quiet).console
    return Progress(console=console, disable=quiet or not console.is_terminal, transient=True)


def _save(report: CalibrationReport, folder: Path, *, plots: bool, quiet: bool) -> list[str]:
    """Write everything, each file whole; returns what, in words."""
    from synth_eval.compare.calibration_words import calibration_frame
    from synth_eval.results import atomic_file, write_json

    write_json(folder / "calibration.json", report)
    table = calibration_frame(report)
    with atomic_file(folder / "calibration.csv") as path:
        table.to_csv(path, index=False)
    with atomic_file(folder / "calibration.parquet") as path:
        table.to_parquet(path, index=False)
    written = ["calibration.json", "calibration.csv", "calibration.parquet"]
    if plots:
        from synth_eval.report.figures.calibration import plot_calibration

        with _bars(quiet=quiet) as progress:
            drawing = progress.add_task("draw", total=sum(len(model.rows) for model in report.models))
            files = plot_calibration(report, folder / "plots", on_plot=lambda name: progress.advance(drawing))
        written.append(f"{len(files)} plots")
    return written
