"""synth-eval scaling: how loss falls with tokens at each ratio, which ratio is best, what a mix saves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_eval.cli.options import quiet_option
from synth_eval.errors import ExitCode, ResultsError

if TYPE_CHECKING:
    from synth_eval.scaling.loss_table import LossTable
    from synth_eval.scaling.report import ScalingReport


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE...")
@click.option(
    "--resamples", type=click.IntRange(min=50), default=200, show_default=True, help="Bootstrap resamples a fit."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of starts and resamples.")
@click.option(
    "--plots",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also draw the figures (PNG, SVG) into this folder.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write a page with the figures and tables; it needs no network.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the report.")
@quiet_option
def scaling(
    files: tuple[Path, ...],
    resamples: int,
    seed: int,
    plots: Path | None,
    html: Path | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Fit scaling laws over sizes, tokens and ratios, and refuse what the data cannot say.

    FILE is a CSV with the columns family, size, tokens, ratio, source, task, loss, or a comparison.json whose
    checkpoints carry tokens and size (several files are taken together, as one comparison holds one budget a ratio).

    Exit codes: 0 fine, 2 wrong usage or nothing to fit, 130 interrupted.
    """
    if plots is not None:
        from synth_eval.report.figures.calibration import check_plots_possible

        check_plots_possible()  # before the work, not after it
    tables = [_read(file) for file in files]
    rows = [row for table in tables for row in table.rows]
    problems = [problem for table in tables for problem in table.problems]
    if not rows:
        raise ResultsError(problems[0] if problems else f"{files[0]}: no losses and no accuracies to fit")
    from rich.console import Console
    from rich.progress import Progress

    from synth_eval.scaling.report import scaling_report

    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=quiet or as_json or not errors.is_terminal) as progress:
        bar = progress.add_task("fitting", total=len({(row.family, row.task) for row in rows}))
        report = scaling_report(
            rows, notes=problems, resamples=resamples, seed=seed, on_task=lambda task: progress.advance(bar)
        )
    written = _plots(report, plots) if plots is not None else 0
    if html is not None:
        _write_html(report, html, files)
    if as_json:
        from synth_eval.scaling.report import scaling_to_dict

        click.echo(json.dumps(scaling_to_dict(report), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        from synth_eval.report.terminal.scaling import print_scaling

        console = Console(highlight=False)
        print_scaling(report, console=console)
        if written and not quiet:
            console.print(f"\n{written} figures in {plots}", markup=False, soft_wrap=True)
        if html is not None and not quiet:
            console.print(f"\n{html}", markup=False, soft_wrap=True)
    return int(ExitCode.OK)


def _read(file: Path) -> LossTable:
    if file.suffix.lower() != ".json":
        from synth_eval.scaling.loss_table import read_loss_table

        return read_loss_table(file)
    from synth_eval.compare import comparison_from_json
    from synth_eval.compare.scaling import comparison_losses

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ResultsError(f"{file}: it cannot be read: give a CSV of losses or a comparison.json") from None
    try:
        comparison = comparison_from_json(text)
    except ResultsError as error:
        raise ResultsError(f"{file}: {error}") from None
    return comparison_losses(comparison, name=file.name)


def _plots(report: ScalingReport, folder: Path) -> int:
    from synth_eval.report.figures.scaling import plot_scaling

    return len(plot_scaling(report, folder))


def _write_html(report: ScalingReport, path: Path, files: tuple[Path, ...]) -> None:
    from synth_eval.report.html.scaling import scaling_page
    from synth_eval.results.atomic import write_atomically

    families = ", ".join(dict.fromkeys(task.family for task in report.tasks))
    try:
        write_atomically(path, scaling_page(report, title=f"Scaling laws of {families or files[0].name}"))
    except OSError as error:
        raise ResultsError(f"{path}: cannot be written ({error.strerror or error}); give another file") from None
