"""synth-eval report: draw a finished comparison again, without models."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_eval.cli.options import track_option
from synth_eval.errors import ExitCode, ResultsError
from synth_eval.types import Comparison

if TYPE_CHECKING:
    from synth_eval.report.view.model import Reliability

RELIABILITY = "reliability.json"  # beside comparison.json: diagrams by task and ratio


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
    from rich.console import Console

    from synth_eval.pipeline import log_to_trackers, tracker_targets

    targets = tracker_targets(trackers)
    comparison = read_comparison(results)
    console = Console(highlight=False)
    if explain is not None:
        from synth_eval.report import explain_text

        click.echo(explain_text(comparison, explain, width=console.width), nl=False)
        return int(ExitCode.OK)
    if not quiet:
        from synth_eval.report import print_report

        print_report(comparison, console=console)
        console.print()
    folder = output or (results if results.is_dir() else results.parent)
    diagrams = read_reliability(results if results.is_dir() else results.parent)
    for path in write_reports(comparison, folder, reliability=diagrams, figures=figures, latex=latex, junit=junit):
        console.print(str(path), markup=False, soft_wrap=True)
    return int(ExitCode.OK if log_to_trackers(comparison, targets) else ExitCode.USAGE)


def read_comparison(results: Path) -> Comparison:
    """The comparison of a results folder, or of the file itself."""
    from synth_eval.compare import comparison_from_json

    file = results / "comparison.json" if results.is_dir() else results
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ResultsError(
            f"{file}: cannot be read ({error.strerror or error}); give a folder that synth-eval compare wrote"
        ) from None
    except UnicodeDecodeError:
        raise ResultsError(f"{file}: not a text file; give a folder that synth-eval compare wrote") from None
    try:
        return comparison_from_json(text)
    except ResultsError as error:
        raise ResultsError(f"{file}: {error}") from None


def read_reliability(folder: Path) -> dict[str, tuple[Reliability, ...]]:
    """The reliability diagrams of a results folder by title; none if it has none or they cannot be read."""
    from synth_eval.report.view.model import Reliability

    def numbers(values: list[float | None]) -> tuple[float, ...]:
        return tuple(math.nan if value is None else float(value) for value in values)

    try:
        data = json.loads((folder / RELIABILITY).read_text(encoding="utf-8"))
        return {
            str(title): tuple(
                Reliability(
                    label=str(diagram["label"]),
                    confidence=numbers(diagram["confidence"]),
                    accuracy=numbers(diagram["accuracy"]),
                    null_low=numbers(diagram["null_low"]),
                    null_high=numbers(diagram["null_high"]),
                    count=numbers(diagram["count"]),
                    note=str(diagram["note"]),
                )
                for diagram in diagrams
            )
            for title, diagrams in data.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}  # a report without them says as much as it can


def write_reports(
    comparison: Comparison,
    folder: Path,
    *,
    reliability: Mapping[str, Sequence[Reliability]] | None = None,
    figures: bool = False,
    latex: bool = False,
    junit: bool = False,
) -> tuple[Path, ...]:
    """Write report.html and report.md, and what else is asked for; returns the files, figures as their folder."""
    from synth_eval.compare.scaling import family_scaling
    from synth_eval.report.html import html_report
    from synth_eval.report.junit import junit_xml
    from synth_eval.report.latex import latex_tables
    from synth_eval.report.markdown import markdown_report
    from synth_eval.report.view import report_view
    from synth_eval.results import write_atomically

    view = report_view(comparison)
    laws = family_scaling(comparison)
    diagrams = read_reliability(folder) if reliability is None else reliability
    texts: dict[str, Callable[[], str]] = {
        "report.html": lambda: html_report(comparison, reliability=diagrams, scaling=laws),
        "report.md": lambda: markdown_report(view),
    }
    if latex:
        texts["report.tex"] = lambda: latex_tables(view)
    if junit:
        texts["junit.xml"] = lambda: junit_xml(comparison)
    written = []
    for name, made in texts.items():
        write_atomically(folder / name, made())
        written.append(folder / name)
    if figures:
        from synth_eval.report.figures import write_figures

        write_figures(view, folder / "figures")
        if laws is not None:
            from synth_eval.report.figures.scaling import plot_scaling

            plot_scaling(laws, folder / "figures")
        written.append(folder / "figures")
    return tuple(written)
