"""synth-eval init: a first manifest from what is there."""

from __future__ import annotations

from pathlib import Path

import click

from synth_eval.cli.options import console
from synth_eval.errors import ExitCode
from synth_eval.text import plural, visible


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FOLDER...")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    default="checkpoints.yaml",
    show_default=True,
    help="The manifest to write.",
)
@click.option("--family", default="", metavar="NAME", help="Its name.  [default: that of the first FOLDER]")
@click.option("--force", is_flag=True, help="Replace a manifest that is there.")
def init(folders: tuple[Path, ...], output: Path, family: str, force: bool) -> int:
    """Write a checkpoints.yaml for the checkpoints, or the outputs of lm-eval, below each FOLDER.

    Ratio, size, seed, iteration and source are guessed from the names of folders (410m/r10-seed1), a size from the
    weights too. What cannot be guessed is said, and marked in the file. Nothing is evaluated.
    """
    from rich.table import Table
    from rich.text import Text

    from synth_eval.pipeline.init import init as draft_of

    draft = draft_of(folders, output=output, family=family, force=force)
    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = ("ratio", "size", "seed", "iteration", "source", "tokens")
    entries = [each.entry for each in draft.checkpoints]
    shown = [column for column in columns if column == "ratio" or any(column in entry for entry in entries)]
    table.add_column("checkpoint", overflow="fold")
    for column in shown:
        table.add_column(column, justify="right", no_wrap=True)
    for entry in entries:
        where = visible(str(entry.get("path") or entry["results"]))
        table.add_row(Text(where), *(Text(visible(str(entry.get(column, "")))) for column in shown))
    console().print(table)
    click.echo(f"\n{plural(len(entries), 'checkpoint')}, written to {visible(str(draft.path))}")
    for line in draft.open_questions:
        click.echo(f"to do: {visible(line)}")
    after = "then" if draft.open_questions else "next"
    click.echo(f"{after}: synth-eval compare {visible(str(draft.path))}")
    return int(ExitCode.OK)
