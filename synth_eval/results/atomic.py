"""Files and folders that are either whole or not there, whenever the process dies.

A file is written under a temporary name in the same folder, flushed to disk, then renamed over its target. Temporary
names carry host and process id, so that leftovers of dead processes can be distinguished from work in progress.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import math
import os
import re
import shutil
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

_HOST = re.sub(r"[^A-Za-z0-9]+", "", socket.gethostname()) or "host"
_TEMPORARY = re.compile(r"\..+\.(?P<host>[A-Za-z0-9]+)-(?P<pid>\d+)-[0-9a-f]{8}\.tmp")
_ABANDONED_AFTER = 7 * 24 * 3600  # seconds; for processes of other hosts, of which nothing can be asked


def write_atomically(path: Path, data: bytes | str) -> None:
    """Write a whole file, text as UTF-8, making its folder if need be. A reader sees the old file or the new one."""
    with atomic_file(path) as temporary:
        temporary.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically; see `to_json`."""
    write_atomically(path, to_json(value))


def to_json(value: Any) -> str:
    """JSON text that any reader takes: NaN and infinities become null; equal values give equal text.

    Takes dataclasses, mappings, sequences, sets (sorted), enums, paths, numpy scalars and arrays. Keys stay in the
    order of the mapping or the dataclass.

    Raises
    ------
    TypeError : something else.
    """
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """The value in JSON's own types; see `to_json`."""
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=lambda item: (str(type(item)), item))
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # numpy, without importing it
        return plain(value.tolist())
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary path to write to; it replaces ``path`` when the block ends well and vanishes when it does not."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    clean_leftovers(path.parent)
    temporary = _temporary(path)
    try:
        yield temporary
        sync(temporary)
        os.replace(temporary, path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A temporary folder to fill; it becomes ``path`` when the block ends well and vanishes when it does not.

    An older folder at ``path`` is replaced. Between the two there are two renames: a reader
    can find no folder there, never a half-filled one.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    clean_leftovers(path.parent)
    temporary, old = _temporary(path), _temporary(path)
    temporary.mkdir()
    try:
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                sync(file)
        with contextlib.suppress(FileNotFoundError):
            os.rename(path, old)
        os.rename(temporary, path)
        sync(path.parent)
    finally:
        if old.exists() and not path.exists():  # the second rename failed: put the old one back
            os.rename(old, path)
        for folder in (temporary, old):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A hidden folder inside ``parent`` to make files in; it vanishes with the block, or at the next use if killed."""
    parent.mkdir(parents=True, exist_ok=True)
    clean_leftovers(parent)
    temporary = _temporary(parent / "scratch")
    temporary.mkdir()
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def clean_leftovers(folder: Path) -> int:
    """Remove what dead processes left half-written in a folder; returns how many files and folders."""
    removed = 0
    with os.scandir(folder) as entries:
        leftovers = [entry for entry in entries if entry.name.endswith(".tmp") and _abandoned(entry)]
    for entry in leftovers:
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            Path(entry.path).unlink(missing_ok=True)
        removed += 1
    return removed


def _temporary(path: Path) -> Path:
    return path.parent / f".{path.name[:100]}.{_HOST}-{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp"


def _abandoned(entry: os.DirEntry[str]) -> bool:
    match = _TEMPORARY.fullmatch(entry.name)
    if match is None:
        return False
    if match["host"] == _HOST:
        return not process_is_alive(int(match["pid"]))
    try:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED_AFTER
    except FileNotFoundError:  # its owner just finished
        return False


def process_is_alive(pid: int) -> bool:
    """Whether a process of this host exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True  # somebody else's
    return True


def sync(path: Path) -> None:
    """Flush a file or folder to disk, where the system can."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # folders on some systems
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EROFS):
            raise
    finally:
        os.close(descriptor)
