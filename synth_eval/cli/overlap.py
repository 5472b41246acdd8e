"""synth-eval overlap: how much of the user's own domains and tasks occurs in training text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synth_eval.cli.options import manifest_argument, quiet_option
from synth_eval.errors import ExitCode, SynthEvalError
from synth_eval.text import listed
from synth_eval.types import Family, OwnTask

if TYPE_CHECKING:
    from synth_eval.data import DocumentOverlap, OverlapCounter, OverlapShare

_BEGINNING = 60  # characters of a document that is named


@dataclass(frozen=True)
class _Checked:
    """A task's documents, where each stands, and the counter that looks for them."""

    task: OwnTask
    texts: tuple[str, ...]
    places: tuple[str, ...]
    n: int
    counter: OverlapCounter


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
    from synth_eval.data import matching_files, overlap_share, shown
    from synth_eval.data.folder import use_data_folder
    from synth_eval.data.hub import stored_task
    from synth_eval.manifest import load_family

    if more and not against:
        raise click.UsageError(f"{more[0]}: training text goes behind --against")
    family = load_family(manifest, folders_needed=False)
    patterns = [str(Path(text).absolute()) for text in (*against, *map(str, more))] or list(family.training_text)
    if not patterns:
        raise click.UsageError("no training text: give --against 'train/*.jsonl', or training_text: in FILE")
    base = Path.cwd() if against else family.manifest.parent if family.manifest else Path.cwd()
    files = matching_files(patterns, base=base)
    names = [shown(file, base) for file in files]
    use_data_folder(family.data_dir)
    checked = [_prepared(stored_task(task), length) for task in _chosen(family, tasks)]
    _read_all(files, field, base, checked, quiet=quiet or as_json)
    found = [(each, each.counter.documents()) for each in checked]
    if not checked[0].counter.words_read:
        raise SynthEvalError(
            f"no text in {listed(names, 1)}: is the field {field!r} in the records? Name it with --field"
        )
    if as_json:
        tables = [_as_dict(each, documents, overlap_share(documents), names) for each, documents in found]
        read = {"files": names, "words": checked[0].counter.words_read}
        click.echo(json.dumps({"training_text": read, "tasks": tables}, indent=1, ensure_ascii=False))
    else:
        _print([(each, documents, overlap_share(documents)) for each, documents in found], names, most)
    return int(ExitCode.OK)


def _chosen(family: Family, tasks: str | None) -> list[OwnTask]:
    if not family.own_tasks:
        raise click.UsageError("FILE has neither domains nor choice_tasks: see docs/own-tasks.md")
    if tasks is None:
        return list(family.own_tasks)
    known = {task.name: task for task in family.own_tasks}
    names = [name.strip() for name in tasks.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise click.UsageError(f"--tasks {', '.join(unknown) or tasks}: FILE has {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


def _prepared(task: OwnTask, length: int | None) -> _Checked:
    from synth_eval.data import OverlapCounter, choice_sample, domain_sample, gram_length

    if task.kind == "rolling":
        documents = domain_sample(task).documents
        texts, places = tuple(d.text for d in documents), tuple(d.where for d in documents)
        n = length or 13
    else:
        items = choice_sample(task).items
        texts, places = tuple(item.question for item in items), tuple(item.where for item in items)
        n = length or gram_length(texts)
    return _Checked(task, texts, places, n, OverlapCounter(texts, n=n))


def _read_all(files: Sequence[Path], field: str, base: Path, checked: Sequence[_Checked], *, quiet: bool) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from synth_eval.data import Tally, WordHasher, read_texts

    hasher = WordHasher()
    console = Console(stderr=True, quiet=quiet)
    with Progress(console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        whole = bar.add_task("reading training text", total=sum(file.stat().st_size for file in files))
        for number, file in enumerate(files):
            # a training record without text holds nothing to be found
            for block in read_texts([file], field=field, base=base, tally=Tally(skip=True)):
                hashes = hasher(block.text)
                for each in checked:
                    each.counter.read_words(hashes, source=number, first=block.first)
            for each in checked:
                each.counter.end_of_source(number)
            bar.advance(whole, file.stat().st_size)


def _print(
    found: Sequence[tuple[_Checked, list[DocumentOverlap], OverlapShare]], names: Sequence[str], most: int
) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    some_short = any(share.too_short for _, _, share in found)
    for heading in ("task", "n", "n-grams found", "% [95%]", "documents", "% [95%]", *["too short"][: int(some_short)]):
        table.add_column(heading, justify="left" if heading == "task" else "right", no_wrap=heading != "task")
    for each, _, share in found:
        table.add_row(
            each.task.name,
            str(each.n),
            f"{share.found:,} of {share.grams:,}",
            _percent(share.share, share.share_ci),
            f"{share.touched:,} of {share.documents:,}",
            _percent(share.touched / share.documents if share.documents else None, share.touched_ci),
            *[f"{share.too_short:,}"][: int(some_short)],
        )
    console.print(table)
    for each, documents, _ in found:
        worst = _worst(documents)[:most]
        if worst:
            console.print(f"\n{each.task.name}: the documents most affected", style="bold")
        for place in worst:
            document = documents[place]
            beginning = " ".join(each.texts[place][: 2 * _BEGINNING].split())[:_BEGINNING]
            console.print(
                f"  {document.found / document.grams:6.1%} of {document.grams:,}  {each.places[place]}, "
                f"in {names[document.source]}: {beginning} ...",
                markup=False,
                soft_wrap=True,
            )
    read = found[0][0].counter.words_read
    console.print(
        f"\n{read:,} words of training text read ({listed(names, 1, what='files')}). "
        "An n-gram is n words in a row, in lower case and without punctuation; a document "
        "counts if one of its n-grams is found. Training text that was not read may hold more.",
        markup=False,
    )


def _as_dict(
    each: _Checked, documents: Sequence[DocumentOverlap], share: OverlapShare, names: Sequence[str]
) -> dict[str, Any]:
    touched = [
        {
            "where": each.places[place],
            "grams": documents[place].grams,
            "found": documents[place].found,
            "mostly_in": names[documents[place].source],
        }
        for place in _worst(documents)
    ]
    return {"task": each.task.name, "n": each.n, **asdict(share), "documents_touched": touched}


def _worst(documents: Sequence[DocumentOverlap]) -> list[int]:
    """Places of the touched documents, the largest share first."""
    touched = [place for place, document in enumerate(documents) if document.found]
    return sorted(touched, key=lambda place: (-documents[place].found / documents[place].grams, place))


def _percent(share: float | None, interval: tuple[float, float] | None) -> str:
    if share is None or interval is None:
        return "-"
    return f"{100 * share:.1f} [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"
