"""synth-eval compare: build and evaluate what is missing, compare, report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from synth_eval.cli.options import (
    hash_option,
    limit_option,
    manifest_argument,
    output_option,
    quiet_option,
    results_folder,
    results_option,
    tasks_option,
    track_option,
    with_tasks,
    workers_option,
)
from synth_eval.errors import ExitCode, SynthEvalError
from synth_eval.text import visible
from synth_eval.types import Comparison, Gate


@click.command()
@manifest_argument
@tasks_option
@limit_option
@output_option
@hash_option
@workers_option
@results_option
@click.option(
    "--fail-on",
    type=click.Choice(["degraded", "warning", "never"]),
    help="Exit with code 1 if a curve is degraded, or if there is also a warning; instead of the gate of FILE.",
)
@click.option(
    "--least-tasks",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Compare reasoning with retrieval only if each has so many tasks.",
)
@click.option("--explain", metavar="TASK", help="Explain every verdict of one task instead of the report.")
@click.option("--json", "as_json", is_flag=True, help="Print comparison.json instead of the report.")
@click.option("--summary", is_flag=True, help="Print one line of JSON instead of the report (docs/gate.md).")
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="XML",
    help="Write JUnit XML too: each curve and each rule of the gate a test.",
)
@track_option
@quiet_option
def compare(
    manifest: Path,
    tasks: str | None,
    limit: float | None,
    output: Path | None,
    hashing: str,
    workers: int | None,
    results: tuple[Path, ...],
    fail_on: str | None,
    least_tasks: int,
    explain: str | None,
    as_json: bool,
    summary: bool,
    junit: Path | None,
    trackers: tuple[str, ...],
    quiet: bool,
) -> int:
    """Compare a family of checkpoints: which ratio degrades what.

    FILE describes the family (see checkpoints.yaml). Checkpoints that are missing are built, if FILE has a lab
    section; what has not been evaluated is evaluated; then the report. Run again, it goes on where it stopped.

    With --results nothing is built or evaluated: what lm-eval wrote is given to the checkpoints by their path or name,
    item by item where samples were logged, else by aggregate results with independent standard errors.

    Exit codes: 0 fine, 1 the gate of FILE or --fail-on tripped, 2 wrong usage or manifest, 3 some checkpoints failed,
    130 interrupted.
    """
    from rich.console import Console

    from synth_eval.cli.progress import ProgressBars
    from synth_eval.compare.gate import check_gate, judge_gate
    from synth_eval.manifest import load_family
    from synth_eval.pipeline import (
        build_missing,
        evaluate,
        evaluated_tables,
        log_to_trackers,
        save_comparison,
        save_junit,
        save_reports,
        tracker_targets,
    )
    from synth_eval.results import RunFolder

    if results and limit is not None:
        raise click.UsageError("--limit is for evaluating; with --results nothing is evaluated")
    if sum((as_json, summary, explain is not None)) > 1:
        raise click.UsageError("--json, --summary and --explain each print something else: choose one")
    family = with_tasks(load_family(manifest, folders_needed=not results), tasks)
    check_gate(family.gate)
    targets = tracker_targets(trackers)
    folder = RunFolder(results_folder(family, output))
    with folder.lock(), ProgressBars(quiet=quiet or as_json) as bars:
        outcome = None
        if not results:
            build_missing(family, bars)
            outcome = evaluate(family, folder, limit=limit, bars=bars, full_hash=hashing == "full", workers=workers)
        from synth_eval.cli.logged_family import check_baselines, read_family

        logged = read_family(
            family, results, tasks=outcome.tasks if outcome else None, insist=tasks is not None, bars=bars
        )
        tables, failures = logged.tables, logged.failures
        if outcome is not None:
            failures |= outcome.failures
            tables |= evaluated_tables(folder, outcome)
        else:
            check_baselines(family, logged)
        if not tables and not logged.results:
            reason = f" ({next(iter(failures.values()))})" if failures else ""
            raise _NothingThereError(f"{manifest}: no checkpoint could be evaluated{reason}")
        from synth_eval.compare import compare_family

        about_mauve: dict[str, str] = {}
        no_mauve: list[str] = []
        if family.mauve is not None:
            from synth_eval.cli.mauve import add_mauve

            about_mauve, no_mauve = add_mauve(tables, family.mauve, folder.features, bars)
        bars.doing("comparing")
        comparison = compare_family(
            family,
            tables,
            results=logged.results,
            failures=failures,
            least_tasks=least_tasks,
            fingerprints=outcome.fingerprints if outcome else {},
            provenance=_provenance(limit) | (outcome.provenance if outcome else {}) | about_mauve,
        )
        said = (*logged.warnings, *(outcome.warnings if outcome else ()), *no_mauve)
        comparison = replace(comparison, warnings=(*comparison.warnings, *said))
        gate = family.gate if fail_on is None else _gate_of(fail_on)
        comparison = replace(comparison, gate=judge_gate(comparison, gate))
        save_comparison(comparison, folder)
        written = save_reports(comparison, family, tables, folder)
        if junit is not None:
            save_junit(comparison, junit)
    code = _exit_code(comparison, failures)
    if as_json:
        click.echo(folder.comparison_json.read_text(encoding="utf-8"), nl=False)
    elif summary:
        from synth_eval.report.summary import summary_line

        click.echo(summary_line(comparison, exit_code=code, results=str(folder.root)))
    elif explain is not None:
        from synth_eval.report import explain_text

        click.echo(explain_text(comparison, explain, width=Console().width), nl=False)
    else:
        from synth_eval.report.terminal import print_report

        console = Console(highlight=False)
        print_report(comparison, console=console)
        if not quiet:
            done = f"{outcome.evaluated} evaluations now" if outcome and outcome.evaluated else "nothing to evaluate"
            console.print(f"\n{done}; results in {folder.root}, for a browser: {written}", markup=False, soft_wrap=True)
    _say_what_failed(comparison)
    tracked = log_to_trackers(comparison, targets)
    return int(code if tracked or code else ExitCode.USAGE)


class _NothingThereError(SynthEvalError):
    exit_code = ExitCode.PARTIAL


def _gate_of(fail_on: str) -> Gate:
    """The gate of --fail-on, which takes the place of the manifest's."""
    if fail_on == "never":
        return Gate()
    return Gate(fail_on="warning" if fail_on == "warning" else "degraded", where=f"--fail-on {fail_on}")


def _exit_code(comparison: Comparison, failures: dict[str, str]) -> ExitCode:
    if not all(row["passed"] for row in comparison.gate):
        return ExitCode.GATE
    return ExitCode.PARTIAL if failures else ExitCode.OK


def _say_what_failed(comparison: Comparison) -> None:
    """The rules that failed, on standard error: the last lines of a pipeline's log say why it stopped."""
    for row in comparison.gate:
        if not row["passed"]:
            line = f"gate failed: {row['rule']} ({row['where']}): {row['reason']}"
            click.echo(visible(line), err=True)


def _provenance(limit: float | None) -> dict[str, str]:
    import platform

    from synth_eval import __version__
    from synth_eval.results import package_versions

    found = {"synth_eval": __version__, **package_versions(), "python": platform.python_version()}
    if limit is not None:
        found["limit"] = f"{limit:g}"
    return found
