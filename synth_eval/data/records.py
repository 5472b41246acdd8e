"""Records of JSONL and Parquet files, one by one, each with the place that a message names."""

from __future__ import annotations

import gzip
import json
import os.path
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import IO, Any

from synth_eval.errors import SynthEvalError

FORMATS = ".jsonl, .jsonl.gz, .parquet"
_JSONL = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")


class OwnDataError(SynthEvalError):
    """A file or record of the user's own data cannot be used. Names file, line and what is wrong."""


@dataclass
class Tally:
    """What becomes of records that cannot be used: an error, or with ``skip`` they are counted and left out."""

    skip: bool = False
    left_out: int = 0

    def refuse(self, where: str, reason: str) -> None:
        if not self.skip:
            raise OwnDataError(f"{where}: {reason}")
        self.left_out += 1


def is_table(path: Path) -> bool:
    """Whether a file holds records, by its name."""
    return path.name.lower().endswith((*_JSONL, ".parquet"))


def read_records(
    path: Path, name: str, tally: Tally, *, columns: Sequence[str] | None = None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(place, record) of each record; a place is ``name:line``, in a Parquet file ``name, row number``.

    Parameters
    ----------
    columns : the only ones to be read, of a Parquet file (JSONL lines are read whole); all if None

    Raises
    ------
    OwnDataError : the file cannot be read, is of another format, or a line is no record (unless the tally skips).
    """
    if not is_table(path):
        raise OwnDataError(f"{name}: this format is not read: give {FORMATS}, one record a line or row")
    try:
        yield from _parquet(path, name, columns) if path.suffix.lower() == ".parquet" else _jsonl(path, name, tally)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise OwnDataError(f"{name}: the gzip file is damaged or cut short: copy it again") from None
    except OSError as error:
        raise OwnDataError(f"{name}: cannot be read: {error.strerror or error}") from None


def value_of(record: Mapping[str, Any], field: str) -> Any:
    """The field's value.

    Raises
    ------
    KeyError : it is missing; the message lists the fields that are there.
    """
    if field in record:
        return record[field]
    there = ", ".join(map(str, list(record)[:8])) or "none"
    raise KeyError(f"the field {field!r} is missing (there are {there}): name the right one in the manifest")


def open_maybe_gzip(path: Path) -> IO[bytes]:
    """Bytes of a file, decompressed if its name ends in .gz."""
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def _jsonl(path: Path, name: str, tally: Tally) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with open_maybe_gzip(path) as file:
        for number, line in enumerate(file, start=1):
            where = f"{name}:{number}"
            if not line.strip():
                continue
            try:
                record = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError:
                tally.refuse(where, "not UTF-8: save the file as UTF-8")
            except ValueError as error:
                tally.refuse(where, f"not JSON ({str(error).splitlines()[0]}): write one record a line")
            except RecursionError:
                tally.refuse(where, "not JSON that can be read: nested too deeply")
            else:
                if isinstance(record, dict):
                    yield where, record
                else:
                    tally.refuse(where, f"the line is a {type(record).__name__}, not a record: write {{...}}")


def _parquet(path: Path, name: str, columns: Sequence[str] | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    import pyarrow.lib
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as table:
            there = table.schema_arrow.names
            missing = [column for column in columns or () if column not in there]
            if missing:
                raise OwnDataError(f"{name}: the column {missing[0]!r} is missing (there are {', '.join(there[:8])})")
            number = 0
            for batch in table.iter_batches(batch_size=1024, columns=None if columns is None else list(columns)):
                for record in batch.to_pylist():
                    number += 1
                    yield f"{name}, row {number}", record
    except pyarrow.lib.ArrowException as error:
        raise OwnDataError(f"{name}: no Parquet file: {str(error).splitlines()[0]}") from None


# Which files a pattern of the manifest means, and what they are called in messages.


def matching_files(patterns: Sequence[str], *, base: Path) -> tuple[Path, ...]:
    """The files that fit absolute patterns (``*``, ``?``, ``[...]``, ``**``), each once, in name order.

    Raises
    ------
    OwnDataError : a pattern that fits no file.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern)
        files = [path] if path.is_file() else sorted(Path(name) for name in glob(pattern, recursive=True))
        files = [file for file in files if file.is_file()]
        if not files:
            raise OwnDataError(f"{shown(path, base)}: no such file: check the path")
        found |= dict.fromkeys(files)
    return tuple(sorted(found))


def shown(path: Path, base: Path) -> str:
    """A path as the user would write it in the manifest: relative to its folder where that is shorter."""
    relative = os.path.relpath(path, base)
    return relative if len(relative) < len(str(path)) else str(path)
