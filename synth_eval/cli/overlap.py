"""synth-eval overlap: how much of the user's own domains and tasks occurs in training text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_eval.cli.options import console, manifest_argument, quiet_option, task_names
from synth_eval.errors import ExitCode
from synth_eval.text import listed

if TYPE_CHECKING:
    from synth_eval.pipeline.overlap import Overlap

_BEGINNING = 60  # characters of a document that is named


@click.command()
@manifest_argument
@click.argument("more", nargs=-1, type=click.Path(path_type=Path), metavar="")
@click.option(
    "--against",
    multiple=True,
    metavar="FILES",
    help="Training text: a file or pattern. May be repeated.  [default: training_text of FILE]",
)
@click.option("--field", default="text", show_default=True, help="Field of the training records that holds the text.")
@click.option("--tasks", help="Which of the domains and choice tasks of FILE, separated by commas.  [default: all]")
@click.option(
    "-n",
    "length",
    type=click.IntRange(min=1),
    help="Words of an n-gram.  [default: 13; for questions their 5th percentile length, at least 8]",
)
@click.option("--most", type=click.IntRange(min=0), default=5, show_default=True, help="Name so many documents a task.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables, with every document found.")
@quiet_option
def overlap(
    manifest: Path,
    more: tuple[Path, ...],
    against: tuple[str, ...],
    field: str,
    tasks: str | None,
    length: int | None,
    most: int,
    as_json: bool,
    quiet: bool,
) -> int:
    """Which share of the domains' n-grams of words occurs in training text.

    FILE is a checkpoints.yaml with domains or choice_tasks. Checked is what is evaluated: the sampled documents of a
    domain, the questions of a choice task. Training text is JSONL, Parquet or plain text, of any length: memory holds
    the n-grams of the domains only.

    \b
      synth-eval overlap checkpoints.yaml --against 'train/*.jsonl'
    """
    from synth_eval.cli.progress import ProgressBars
    from synth_eval.pipeline.overlap import overlap as find_overlap

    if more and not against:
        raise click.UsageError(f"{more[0]}: training text goes behind --against")
    with ProgressBars(quiet=quiet or as_json) as bars:
        found = find_overlap(
            manifest,
            against=(*against, *map(str, more)),
            field=field,
            tasks=task_names(tasks, "notes"),
            length=length,
            listener=bars,
        )
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1, ensure_ascii=False))
    else:
        _print(found, most)
    return int(ExitCode.OK)


def _print(found: Overlap, most: int) -> None:
    from rich.table import Table

    out = console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    some_short = any(each.share.too_short for each in found.tasks)
    for heading in ("task", "n", "n-grams found", "% [95%]", "documents", "% [95%]", *["too short"][: int(some_short)]):
        table.add_column(heading, justify="left" if heading == "task" else "right", no_wrap=heading != "task")
    for each in found.tasks:
        share = each.share
        table.add_row(
            each.task,
            str(each.n),
            f"{share.found:,} of {share.grams:,}",
            _percent(share.share, share.share_ci),
            f"{share.touched:,} of {share.documents:,}",
            _percent(share.touched / share.documents if share.documents else None, share.touched_ci),
            *[f"{share.too_short:,}"][: int(some_short)],
        )
    out.print(table)
    for each in found.tasks:
        worst = each.worst[:most]
        if worst:
            out.print(f"\n{each.task}: the documents most affected", style="bold")
        for place in worst:
            document = each.documents[place]
            beginning = " ".join(each.texts[place][: 2 * _BEGINNING].split())[:_BEGINNING]
            out.print(
                f"  {document.found / document.grams:6.1%} of {document.grams:,}  {each.places[place]}, "
                f"in {found.files[document.source]}: {beginning} ...",
                markup=False,
                soft_wrap=True,
            )
    out.print(
        f"\n{found.words:,} words of training text read ({listed(found.files, 1, what='files')}). "
        "An n-gram is n words in a row, in lower case and without punctuation; a document "
        "counts if one of its n-grams is found. Training text that was not read may hold more.",
        markup=False,
    )


def _percent(share: float | None, interval: tuple[float, float] | None) -> str:
    if share is None or interval is None:
        return "-"
    return f"{100 * share:.1f} [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"
