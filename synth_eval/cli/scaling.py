"""synth-eval scaling: how loss falls with tokens at each ratio, which ratio is best, what a mix saves."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synth_eval.cli.options import console, quiet_option
from synth_eval.errors import ExitCode
from synth_eval.text import parse_quantity


def _quantity(context: click.Context, parameter: click.Parameter, value: str | None) -> float:
    try:
        return parse_quantity(value) if value is not None else 0.0
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE...")
@click.option(
    "--resamples",
    type=click.IntRange(min=50, max=1_000_000),
    default=200,
    show_default=True,
    help="Bootstrap resamples a fit.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of starts and resamples.")
@click.option(
    "--min-tokens",
    metavar="TOKENS",
    callback=_quantity,
    help="Leave out losses at fewer training tokens, such as 2B: the first budgets of a warm-up follow no law.",
)
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
    min_tokens: float,
    plots: Path | None,
    html: Path | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Fit scaling laws over sizes, tokens and ratios. Questions that the data cannot answer are refused.

    FILE is a CSV with the columns family, size, tokens, ratio, source, task, loss, or a comparison.json whose
    checkpoints carry tokens and size (several files are taken together, as one comparison holds one budget a ratio).

    Exit codes: 0 fine, 2 wrong usage or nothing to fit, 130 interrupted.
    """
    if plots is not None:
        from synth_eval.report.figures import check_matplotlib

        check_matplotlib("--plots")  # before the work, not after it
    from synth_eval.cli.progress import ProgressBars
    from synth_eval.pipeline.scaling import scaling as run_scaling

    with ProgressBars(quiet=quiet or as_json) as bars:
        found = run_scaling(files, resamples=resamples, seed=seed, min_tokens=min_tokens, listener=bars)
    written = 0 if plots is None else found.draw(plots)
    if html is not None:
        found.write_html(html)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        from synth_eval.report.terminal.scaling import print_scaling

        print_scaling(found.view, console=console())
        if written and not quiet:
            click.echo(f"\n{written} figures in {plots}")
        if html is not None and not quiet:
            click.echo(f"\n{html}")
    return int(ExitCode.OK)
