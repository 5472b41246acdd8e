"""synth-eval diff: which verdicts changed between two comparisons."""

from __future__ import annotations

import json
from pathlib import Path

import click

from synth_eval.errors import ExitCode
from synth_eval.text import visible


@click.command()
@click.argument("before", type=click.Path(path_type=Path), metavar="DIR1")
@click.argument("after", type=click.Path(path_type=Path), metavar="DIR2")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines (docs/gate.md).")
@click.option(
    "--fail-on",
    type=click.Choice(["change", "worse"]),
    help="Exit with code 1 if anything changed, or if a curve is worse or gone.",
)
def diff(before: Path, after: Path, as_json: bool, fail_on: str | None) -> int:
    """Which verdicts and budgets changed from one results folder to another.

    Curves are the same if task, size, iteration, source, tokens and metric are. Each DIR is a folder with
    comparison.json, or that file.

    Worse is a more urgent verdict (safe, refused, inconclusive, degraded), or the same with a lower budget. Exit codes:
    0 fine, 1 --fail-on tripped, 2 no comparison there.
    """
    from synth_eval.pipeline.reports import load_results
    from synth_eval.report.differences import difference_lines, differences, differences_to_dict

    found = differences(load_results(before).comparison, load_results(after).comparison)
    names = (str(before), str(after))
    if as_json:
        click.echo(json.dumps(differences_to_dict(found, names=names), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        for line in difference_lines(found, names=names):
            click.echo(visible(line))
    tripped = (fail_on == "change" and found.any_change) or (fail_on == "worse" and found.any_worse)
    return int(ExitCode.GATE if tripped else ExitCode.OK)
