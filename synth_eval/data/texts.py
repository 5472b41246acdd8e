"""Text of files of any kind, in blocks of bounded length: memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from synth_eval.data.records import (
    FORMATS,
    OwnDataError,
    Tally,
    is_table,
    open_maybe_gzip,
    read_records,
    shown,
    value_of,
)
from synth_eval.errors import first_line
from synth_eval.types import OwnTask

TEXT_FILES = (".txt", ".md", ".rst", ".tex", ".py")
BLOCK = 1 << 20  # characters of a text file that are held at a time


@dataclass(frozen=True)
class Block:
    """Some text; ``first`` unless it continues where the block before it ended.

    ``where`` is the record's place; for text files it is the file, and the text begins in its ``line``.
    """

    where: str
    text: str
    first: bool = True
    line: int | None = None

    def place(self, start: int) -> str:
        """Where a character of the text is."""
        if self.line is not None:
            return f"{self.where}:{self.line + self.text.count(chr(10), 0, start)}"
        return f"{self.where} from character {start + 1:,}" if start else self.where


def read_texts(files: Sequence[Path], *, field: str, base: Path, tally: Tally) -> Iterator[Block]:
    """The text of each record's ``field``, or of text files, which are one document each.

    Raises
    ------
    OwnDataError : a file that cannot be read, or (unless the tally skips) a record without text, named with its line.
    """
    for path in files:
        name = shown(path, base)
        if is_table(path):
            yield from _of_records(path, name, field, tally)
        elif path.name.lower().removesuffix(".gz").endswith(TEXT_FILES):
            yield from _of_text_file(path, name, tally)
        else:
            kinds = f"{FORMATS} or text ({', '.join(TEXT_FILES)})"
            raise OwnDataError(f"{name}: this format is not read: give {kinds}")


def unusable_text(text: object) -> str | None:
    """Why something is no text to score; None if it is."""
    if not isinstance(text, str):
        return f"is {'missing' if text is None else f'a {type(text).__name__}'}, not text"
    if not text.strip():
        return "is empty"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    return None


def _of_records(path: Path, name: str, field: str, tally: Tally) -> Iterator[Block]:
    for where, record in read_records(path, name, tally, columns=[field]):
        try:
            text = value_of(record, field)
        except KeyError as error:
            tally.refuse(where, error.args[0])
            continue
        reason = unusable_text(text)
        if reason is None:
            yield Block(where, text)
        else:
            tally.refuse(where, f"the document ({field}) {reason}: remove it, or set skip_unusable: true")


def _of_text_file(path: Path, name: str, tally: Tally) -> Iterator[Block]:
    found = False
    try:
        with open_maybe_gzip(path) as file:
            line, number = 1, 0
            while lines := file.readlines(BLOCK):
                text = b"".join(lines).decode("utf-8-sig" if number == 0 else "utf-8")
                if text.strip():
                    yield Block(name, text, first=not found, line=line)
                    found = True
                line += len(lines)
                number += 1
    except UnicodeDecodeError:
        tally.refuse(name, "not UTF-8: save the file as UTF-8")
        return
    except (OSError, EOFError) as error:
        raise OwnDataError(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not found:
        tally.refuse(name, "the document is empty: remove it, or set skip_unusable: true")


# Text of a dataset of the hub, read through `datasets`, which keeps it on disk for the next time.


def read_hub(task: OwnTask, tally: Tally) -> Iterator[Block]:
    """The text of each record of ``task.hub``, its subset and split.

    Raises
    ------
    OwnDataError : the dataset cannot be loaded, or has no such field.
    """
    from datasets import load_dataset

    name = f"{task.hub}:{task.split}"
    try:
        records = load_dataset(str(task.hub), task.subset, split=task.split)
    except Exception as error:  # whatever hub, network and dataset raise
        raise OwnDataError(f"{task.name}: the dataset {name} cannot be loaded: {first_line(error)}") from None
    if task.field not in records.column_names:
        there = ", ".join(records.column_names[:8])
        raise OwnDataError(f"{task.name}: {name}: the field {task.field!r} is missing (there are {there})")
    for number, text in enumerate(records[task.field], start=1):
        where = f"{name}, row {number}"
        unusable = unusable_text(text)
        if unusable is None:
            yield Block(where, text)
        else:
            tally.refuse(where, f"the document ({task.field}) {unusable}: set skip_unusable: true to leave it out")
