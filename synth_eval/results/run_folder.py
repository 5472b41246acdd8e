"""Where a run keeps what: the layout of a results folder, what is already done, and who is at work in it.

::

    <output>/lm_eval/<fingerprint>/...          lm-eval's own results and samples
    <output>/items/<fingerprint>/<task>.parquet item tables
    <output>/progress/<fingerprint>/<task>-<key>.log  answers of evaluations that are not finished
    <output>/features/<key>.npy                 what a model makes of texts, for MAUVE
    <output>/comparison.json, .csv, .parquet    the comparison
    <output>/.lock, .lock-holder                held while a run works here, and by which process
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

from synth_eval.errors import ResultsError, SynthEvalError
from synth_eval.results.item_tables import items_key, read_items, write_items
from synth_eval.types import ItemTable


@dataclass(frozen=True)
class RunFolder:
    """A results folder. Nothing is made on disk until something is written or locked."""

    root: Path

    @property
    def comparison_json(self) -> Path:
        return self.root / "comparison.json"

    @property
    def comparison_csv(self) -> Path:
        return self.root / "comparison.csv"

    @property
    def comparison_parquet(self) -> Path:
        return self.root / "comparison.parquet"

    def native(self, fingerprint: str) -> Path:
        """Folder of lm-eval's own files for a checkpoint."""
        return self.root / "lm_eval" / fingerprint

    @property
    def features(self) -> Path:
        """Folder of `harness.read_texts`."""
        return self.root / "features"

    def items(self, fingerprint: str, task: str) -> Path:
        """Item table of a checkpoint and task. Characters of a task name that do not fit a file name are %-escaped."""
        name = quote(task, safe=" +,=@()")
        # a leading dot would hide the file
        name = f"%2E{name[1:]}" if name.startswith(".") else name
        return self.root / "items" / fingerprint / f"{name}.parquet"

    def progress(self, fingerprint: str, task: str, key: str) -> Path:
        """Log of the answers of an evaluation that is not finished; see `store.response_log`."""
        return self.root / "progress" / fingerprint / f"{self.items(fingerprint, task).stem}-{key}.log"

    def task_done(self, fingerprint: str, task: str, key: str) -> bool:
        """Whether a whole item table is there that was made under the same key.

        The key stands for everything but the checkpoint's content: settings, task version, prompts. With another
        key the task is to be evaluated again, and `save_items` replaces the table.
        """
        return items_key(self.items(fingerprint, task)) == key

    def evaluated(self) -> int:
        """How many checkpoints have an item table of some task."""
        folder = self.root / "items"
        return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0

    def tasks(self, fingerprint: str) -> tuple[str, ...]:
        """Names of the tasks that have an item table, sorted."""
        folder = self.root / "items" / fingerprint
        return tuple(sorted(unquote(file.stem) for file in folder.glob("*.parquet") if file.name[0] != "."))

    def save_items(self, fingerprint: str, table: ItemTable, *, key: str) -> None:
        """Write the table of a checkpoint and task, whole or not at all."""
        write_items(self.items(fingerprint, table.task), table, key=key)

    def load_items(self, fingerprint: str, task: str, *, checkpoint: str | None = None) -> ItemTable:
        """Read a table; ``checkpoint`` renames it, because one content may occur in a family under several names.

        Raises
        ------
        ResultsError : no such table, or a damaged one.
        """
        table = read_items(self.items(fingerprint, task))
        return table if checkpoint is None else dataclasses.replace(table, checkpoint=checkpoint)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for this process; the lock ends with the process, however it ends.

        Raises
        ------
        SynthEvalError : another run holds it (its process id is named), or the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        try:
            self.root.mkdir(parents=True, exist_ok=True)
            (self.root / ".lock").touch()
        except OSError as error:
            raise ResultsError(f"{self.root}: cannot be written: {error.strerror or error}") from None
        lock = FileLock(self.root / ".lock", blocking=False, fallback_to_soft=False)
        holder = self.root / ".lock-holder"  # beside the lock: on Windows a locked file cannot be read
        try:
            lock.acquire()
        except Timeout:
            held_by = ""
            with contextlib.suppress(OSError):
                held_by = holder.read_text(encoding="utf-8", errors="replace").strip()
            raise SynthEvalError(
                f"{self.root}: in use by {held_by or 'another process'}: wait for it to end, or give another folder "
                "with --output"
            ) from None
        except (OSError, NotImplementedError):  # a file system without locks: work unlocked rather than not at all
            yield
            return
        try:
            started = datetime.now(timezone.utc).isoformat(timespec="seconds")
            about = f"process {os.getpid()} on {socket.gethostname()} since {started}\n"
            holder.write_text(about, encoding="utf-8")
            yield
        finally:
            lock.release()


# Answers of a model as they come, so that a killed run continues where it stopped.
#
# One file a checkpoint, task and key; one line a batch: a checksum of the rest of the line, then JSON. A line is
# written
# by one system call after the batch is done. What a dying process or machine leaves of a line fails its checksum and
# is
# cut off; every other line stands for itself.
#
# lm-eval's own cache of responses (sqlitedict) was looked at and not used: its keys name neither the model nor the
# occurrence of a repeated request, it hands rows to a thread that a kill takes along, its values are pickles, and the
# requests that are left make other batches, whose rounding differs.

LoggedAnswer: TypeAlias = tuple[float, bool] | float | str  # of a loglikelihood, a rolling and a generation request

FLUSH_SECONDS = 1.0  # a killed process loses nothing that was written; a machine that loses power, at most this
_CHECKSUM = 16  # hex digits


class ResponseLog:
    """The answers of one checkpoint on one task. Use as a context manager.

    Attributes
    ----------
    answers : request key -> answer, those of earlier runs and those appended since. Floats come back bit by bit.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.answers: dict[str, LoggedAnswer] = {}
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        self._flushed = time.monotonic()
        lines, _, torn = path.read_bytes().rpartition(b"\n")
        if torn:
            os.ftruncate(self._file, path.stat().st_size - len(torn))
        for line in lines.split(b"\n"):
            self.answers |= _read(line)

    def __enter__(self) -> ResponseLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def append(self, answers: Mapping[str, LoggedAnswer]) -> None:
        """Keep the answers of one batch: all of them or, if the process dies now, none."""
        body = json.dumps(dict(answers), separators=(",", ":")).encode()
        line = _checksum(body) + b" " + body + b"\n"
        if os.write(self._file, line) != len(line):
            raise OSError(f"{self.path}: the disk is full")
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            os.fsync(self._file)
            self._flushed = time.monotonic()
        self.answers |= answers

    def forget(self) -> None:
        """Drop all answers: they are to be made again."""
        os.ftruncate(self._file, 0)
        self.answers.clear()

    def discard(self) -> None:
        """Remove the file, and its folder if it was the last, once what it was for is stored elsewhere."""
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty
            self.path.parent.rmdir()


def _read(line: bytes) -> dict[str, LoggedAnswer]:
    """The answers of a line; none if it is not whole."""
    checksum, _, body = line.partition(b" ")
    if not body or checksum != _checksum(body):
        return {}
    stored: dict[str, Any] = json.loads(body)
    return {key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()}


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:_CHECKSUM].encode()
