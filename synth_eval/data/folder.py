"""The data folder: where a part of a set is, and its records.

Layout: ``<set>/<split>``, or ``<set>/<config>/<split>`` for a set of several configurations, of which one with a single
split may also be at ``<set>/<config>``; with one of the endings `ENDINGS`. Files may be dropped in by hand; those that
`synth-eval data pull` wrote are in index.json with their SHA-256, which is checked before they are read.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from synth_eval.data import records
from synth_eval.data.records import OwnDataError, Tally
from synth_eval.data.sets import SETS, Part, set_at
from synth_eval.errors import SynthEvalError

ENVIRONMENT = "SYNTH_EVAL_DATA"
INDEX = "index.json"
ENDINGS = (".parquet", ".jsonl", ".jsonl.gz")

Record = dict[str, Any]


class DataError(SynthEvalError):
    """A data file is missing, changed or unreadable."""


def data_folder() -> Path | None:
    """The folder that SYNTH_EVAL_DATA names; None if it is not set.

    Raises
    ------
    DataError : it is set, and there is no such folder.
    """
    value = os.environ.get(ENVIRONMENT, "").strip()
    if not value:
        return None
    folder = Path(value).expanduser()
    if not folder.is_dir():
        raise DataError(f"{ENVIRONMENT}={value}: there is no such folder")
    return folder.resolve()


def use_data_folder(folder: Path | None) -> None:
    """Let this process and those that it starts read a folder, unless SYNTH_EVAL_DATA already names another.

    Raises
    ------
    DataError : there is no such folder.
    """
    if folder is None or os.environ.get(ENVIRONMENT, "").strip():
        return
    if not folder.is_dir():
        raise DataError(f"data_dir: {folder}: there is no such folder; correct the manifest, or set {ENVIRONMENT}")
    os.environ[ENVIRONMENT] = str(folder)


def find_part(folder: Path, part: Part) -> Path | None:
    """The file of a part, or None."""
    home = _named(folder, part.set)
    if home is None:
        return None
    splits = [part.split]
    if part.set in SETS and part.split in SETS[part.set].instead:
        splits.append(SETS[part.set].instead[part.split])
    places = [*(f"{part.config}/{split}" for split in splits), part.config] if part.config else splits
    for place in places:
        for ending in ENDINGS:
            path = home / f"{place}{ending}"
            if path.is_file():
                return path
    return None


def hub_parts(hub: str, config: str | None, split: str) -> list[Part]:
    """Where a split of a dataset of the hub may be: under the name that the suite has for it, its id, or its id
    without the owner."""
    known = set_at(hub)
    short = hub.rpartition("/")[2]
    names = [known.name] if known else []
    configs = [config or ""]
    if config and (known is None or config == known.hub_config):
        configs.append("")  # dropped in by hand: a single configuration needs no folder of its own
    return [Part(name, c, split) for name in dict.fromkeys((*names, hub, short)) for c in configs]


def find_hub_split(folder: Path, hub: str, config: str | None, split: str) -> Path | None:
    """The file of a split of a dataset of the hub, in whichever of its places it is; None if in none."""
    return next((path for part in hub_parts(hub, config, split) if (path := find_part(folder, part))), None)


def home_part(hub: str, config: str | None, split: str) -> Part:
    """Where `synth-eval data pull` stores a split of a dataset of the hub."""
    known = set_at(hub)
    if known is None:
        return Part(hub, config or "", split)
    return Part(known.name, "" if config in (None, known.hub_config) else str(config), split)


def read_part(folder: Path, part: Part) -> list[Record]:
    """The records of a part, checked against index.json where it names the file.

    Raises
    ------
    DataError : missing, not the file that was pulled, or unreadable.
    """
    path = find_part(folder, part)
    if path is None:
        raise missing(folder, [part])
    check_hash(folder, path)
    return read_records(path)


def missing(
    folder: Path, parts: Sequence[Part], *, tasks: Sequence[str] = (), from_manifest: bool = False
) -> DataError:
    """The error that names what a data folder lacks, and the command that stores it.

    Parameters
    ----------
    from_manifest : whether the manifest alone decides what is needed: the command then takes that, not ``tasks``.
    """
    lacking = ", ".join(map(str, dict.fromkeys(parts)))
    wanted = " --manifest checkpoints.yaml" if from_manifest else f" --tasks {','.join(tasks)}" if tasks else ""
    return DataError(
        f"not in the data folder {folder}: {lacking}; on a connected machine "
        f"`synth-eval data pull --to DIR{wanted}` stores it"
    )


def read_records(path: Path) -> list[Record]:
    """The records of a Parquet file, or of a JSONL file, plain or gzip.

    Raises
    ------
    DataError : unreadable, a line that is no JSON object (named), or no records.
    """
    try:
        found = [dict(record) for _, record in records.read_records(path, str(path), Tally())]
    except OwnDataError as error:
        raise DataError(str(error)) from error
    if not found:
        raise DataError(f"{path}: no records")
    return found


def check_hash(folder: Path, path: Path) -> None:
    """Compare a file with the SHA-256 that index.json has of it, if it has one.

    Raises
    ------
    DataError : they differ, or index.json cannot be read.
    """
    name = path.relative_to(folder).as_posix()
    entry = read_index(folder).get(name)
    if entry is None:
        return
    status = path.stat()
    found = _sha256_of(path, status.st_mtime_ns, status.st_size)
    if found != entry.get("sha256"):
        raise DataError(
            f"{path}: SHA-256 {found[:12]}... is not the {str(entry.get('sha256'))[:12]}... of {folder / INDEX}: "
            "the file was changed; pull it again with --force, or remove its entry if the change was meant"
        )


def read_index(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """index.json's entries by file name; empty if there is none.

    Raises
    ------
    DataError : it is no JSON object with "files".
    """
    path = folder / INDEX
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        files = json.loads(text)["files"]
        return {str(name): dict(entry) for name, entry in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: not an index of `synth-eval data pull`: {error}") from error


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _sha256_of(path: Path, changed: int, size: int) -> str:
    return sha256_of(path)


def _named(folder: Path, name: str) -> Path | None:
    """A folder below ``folder``, whatever the case of its name; an exact match first."""
    exact = folder / name
    if exact.is_dir():
        return exact
    parent = exact.parent
    if not parent.is_dir():
        return None
    alike = [entry for entry in sorted(parent.iterdir()) if entry.name.casefold() == exact.name.casefold()]
    return next((entry for entry in alike if entry.is_dir()), None)
