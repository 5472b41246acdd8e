"""The rows of a samples file, one at a time: plain or gzip, JSON lines or (first 0.4 releases) one JSON array."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from synth_eval.types import ResultsError

_GZIP = b"\x1f\x8b"


class SampleLines:
    """Iterates over the rows; ``total``, ``bad`` and ``note`` are complete once the iteration has ended."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.total = 0  # lines that are not blank
        self.bad = 0  # of these, not a JSON object
        self._first_bad = 0
        self._last_is_bad = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        try:
            with self._opened() as file:
                if _starts_array(file):
                    yield from self._array(file)
                else:
                    yield from self._lines(file)
        except FileNotFoundError:
            raise ResultsError(f"{self.path}: no such file: check the path") from None
        except (EOFError, zlib.error):  # a gzip stream that was cut: what came before is good
            self.total += 1
            self._mark_bad()
        except OSError as error:  # gzip.BadGzipFile is one
            reason = error.strerror or str(error)
            raise ResultsError(f"{self.path}: cannot be read ({reason}): copy it again") from None

    @property
    def note(self) -> str:
        """One line on the lines that could not be read; "" if all could."""
        if not self.bad:
            return ""
        where = "the last one, truncated" if self._last_is_bad and self.bad == 1 else f"first line {self._first_bad}"
        return f"{self.bad} of {self.total} lines could not be read ({where})"

    def _opened(self) -> IO[bytes]:
        with self.path.open("rb") as file:
            zipped = file.read(2) == _GZIP
        return cast(IO[bytes], gzip.open(self.path, "rb")) if zipped else self.path.open("rb")

    def _lines(self, file: IO[bytes]) -> Iterator[dict[str, Any]]:
        for line in file:
            if not line.strip():
                continue
            self.total += 1
            row = _parsed(line)
            self._last_is_bad = False
            if isinstance(row, dict):
                yield row
            else:
                self._mark_bad()

    def _array(self, file: IO[bytes]) -> Iterator[dict[str, Any]]:
        rows = _parsed(file.read())
        if not isinstance(rows, list):
            raise ResultsError(f"{self.path}: a JSON array that is truncated or damaged: copy it again")
        for row in rows:
            self.total += 1
            if isinstance(row, dict):
                yield row
            else:
                self._mark_bad()

    def _mark_bad(self) -> None:
        self.bad += 1
        self._first_bad = self._first_bad or self.total
        self._last_is_bad = True


def _starts_array(file: IO[bytes]) -> bool:
    start = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    file.seek(0)
    return start.startswith(b"[")


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)  # takes NaN and Infinity, which lm-eval writes
    except (ValueError, RecursionError):
        return None
