"""synth-eval plan: how many items and seeds would settle what a comparison left open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synth_eval.errors import ExitCode, ResultsError
from synth_eval.text import plural

if TYPE_CHECKING:
    from synth_eval.compare.plan import CurvePlan


@click.command()
@click.argument("results", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--loss",
    help="Loss to be found, as a share of the baseline: 3% or 0.03.  [default: the margin of each metric]",
)
@click.option("--seeds", default="1,2,3,5", show_default=True, help="Numbers of training seeds to consider.")
@click.option("--task", help="Only this task, category or suite, settled or not.")
@click.option("--all", "settled", is_flag=True, help="Curves too that are degraded, improved or safe already.")
@click.option("--alone", is_flag=True, help="As if each curve were the only one: no correction for many.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(
    results: Path, loss: str | None, seeds: str, task: str | None, settled: bool, alone: bool, as_json: bool
) -> int:
    """Compute how many items and seeds would settle the open curves, from the noise that a comparison measured.

    DIR is a folder that synth-eval compare wrote, or its comparison.json. The loss is that at the largest ratio, on a
    straight line from the lowest, found with 80% power.
    """
    from synth_eval.compare.plan import plan_of
    from synth_eval.pipeline.reports import load_results

    comparison = load_results(results).comparison
    plans, left_out = plan_of(
        comparison, seeds=_numbers(seeds), loss=_share(loss), task=task, together=not alone, settled=settled
    )
    if task is not None and not plans and not left_out:
        known = ", ".join(dict.fromkeys(cell.task for cell in (*comparison.overall, *comparison.cells)))
        raise click.UsageError(f"--task {task}: not in this comparison; it has {known}")
    if not plans and not left_out:
        click.echo("[]" if as_json else "every curve is settled; --all plans them all the same")
        return int(ExitCode.OK)
    if not plans:
        raise ResultsError(
            f"{results}: no curve can be planned ({left_out[0] if left_out else 'it has none'}); "
            "run synth-eval compare again if it is of an older version"
        )
    if as_json:
        click.echo(json.dumps([_plain(p) for p in plans], indent=1))
        return int(ExitCode.OK)
    _print(plans, left_out, alone=alone)
    return int(ExitCode.OK)


def _print(plans: Sequence[CurvePlan], left_out: Sequence[str], *, alone: bool) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from synth_eval.compare.plan import advice
    from synth_eval.report.text import amount_text

    console = Console(highlight=False)
    places = {plan.place for plan in plans}
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("curve", overflow="fold")
    for name in ("loss", "found now"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("to find the loss", overflow="fold")
    table.add_column("to show it safe", overflow="fold")
    for p in plans:
        name = p.task if p.level != "category" else f"{p.task} (category)"
        title = f"{name}, {p.place}" if len(places) > 1 else name
        table.add_row(
            Text(title),
            amount_text(p.loss, p.metric),
            amount_text(p.detectable_now, p.metric),
            advice(p),
            _safe(p),
        )
    console.print(table)
    correction = "for this curve alone" if alone else "after correction over the curves of the same question"
    console.print(
        f"loss: at the largest ratio, found with 80% power {correction}; found now: the smallest with the items and "
        "seeds there are; to show it safe: for a curve that does not fall, up to the largest ratio; not with N seeds: "
        "noise between training runs alone hides it, whatever the number of items. Of a category or the suite, items "
        "are those of all its tasks.",
        style="dim",
    )
    if any(p.declared for p in plans):
        console.print(
            "Where noise between training runs could not be measured (one seed, few ratios), its declared size was "
            "taken; a second seed would measure it.",
            style="dim",
        )
    for line in left_out:
        console.print(Text(f"left out: {line}"))


def _safe(p: CurvePlan) -> str:
    reached = [need for need in p.needs if isfinite(need.to_show_safe)]
    if not reached:
        return f"not with {p.needs[-1].seeds} seeds"
    first = reached[0]
    return f"{first.to_show_safe:,.0f} items, {plural(first.seeds, 'seed')}"


def _plain(p: CurvePlan) -> dict[str, Any]:
    import dataclasses

    from synth_eval.compare.plan import advice

    found = dataclasses.asdict(p)
    for need in found["needs"]:
        for key in ("to_detect", "to_show_safe"):
            need[key] = need[key] if isfinite(need[key]) else None
    return {**found, "advice": advice(p)}


def _numbers(text: str) -> tuple[int, ...]:
    try:
        found = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        found = ()
    if not found or found[0] < 1:
        raise click.UsageError(f"--seeds {text}: give whole numbers from 1 on, separated by commas, for example 1,3,5")
    return found


def _share(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        share = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise click.UsageError(f"--loss {text}: give a share between 0 and 1, for example 3% or 0.03")
    return share
