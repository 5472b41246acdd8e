"""Store parts of data sets in a data folder, each with its SHA-256 in index.json; what is there is left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from synth_eval.data.folder import INDEX, DataError, find_part, read_index, sha256_of
from synth_eval.data.sets import Part
from synth_eval.errors import first_line
from synth_eval.results.atomic import atomic_file, write_json

Outcome = Literal["stored", "there already", "there, by hand", "failed"]


@dataclass(frozen=True)
class Wanted:
    """A part to store. ``write`` writes its file and returns the number of records; ``ending`` is its kind."""

    part: Part
    tasks: tuple[str, ...]
    source: Mapping[str, str]  # dataset, config, split, revision; or url
    write: Callable[[Path], int]
    ending: str = ".parquet"


@dataclass(frozen=True)
class Pulled:
    """What became of one part."""

    part: Part
    outcome: Outcome
    path: Path | None = None
    rows: int = 0
    size: int = 0  # bytes
    reason: str = field(default="")


def pull(
    folder: Path, wanted: Sequence[Wanted], *, force: bool = False, on_part: Callable[[Part], None] = lambda part: None
) -> list[Pulled]:
    """Store what is wanted and not there; one that fails does not keep the others.

    A file is written whole or not at all, and index.json after each: an interrupted pull continues where it stopped. A
    stored file that no longer has its SHA-256 is fetched again. A file without an entry was dropped in by hand and is
    kept, unless ``force`` is given, which fetches everything again.

    Raises
    ------
    DataError : the folder cannot be written to, or its index.json cannot be read.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be made: {error.strerror}") from error
    folder = folder.resolve()
    pulled = []
    for each in wanted:
        on_part(each.part)
        there = None if force else _there(folder, each)
        pulled.append(there or _stored(folder, each))
    return pulled


def _there(folder: Path, wanted: Wanted) -> Pulled | None:
    path = find_part(folder, wanted.part)
    if path is None:
        return None
    entry = read_index(folder).get(path.relative_to(folder).as_posix())
    if entry is None:
        return Pulled(wanted.part, "there, by hand", path, size=path.stat().st_size)
    if sha256_of(path) != entry.get("sha256"):
        return None
    return Pulled(wanted.part, "there already", path, int(entry.get("rows", 0)), path.stat().st_size)


def _stored(folder: Path, wanted: Wanted) -> Pulled:
    path = folder / f"{wanted.part}{wanted.ending}"
    try:
        with atomic_file(path) as temporary:
            rows = wanted.write(temporary)
            if not rows:
                raise DataError("it has no records")
            digest = sha256_of(temporary)
    except Exception as error:  # whatever the hub's client raises; the others go on
        return Pulled(wanted.part, "failed", reason=first_line(error))
    entry: dict[str, Any] = {
        "sha256": digest,
        "rows": rows,
        "source": {name: value for name, value in wanted.source.items() if value},
        "tasks": list(wanted.tasks),
    }
    files = {**read_index(folder), path.relative_to(folder).as_posix(): entry}
    write_json(folder / INDEX, {"schema": 1, "files": dict(sorted(files.items()))})
    return Pulled(wanted.part, "stored", path, rows, path.stat().st_size)
