"""A table in a file, as text: CSV or Parquet. The one reader of tables of scores (`compare`) and of losses (`scaling`).

CSV: a header, then one row a line; cells are separated by commas, semicolons or tabs, whichever the header has most of;
blank lines and lines that begin with # are left out. UTF-8, with or without a byte order mark.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from synth_eval.errors import ResultsError
from synth_eval.text import parse_quantity
from synth_eval.types import Location

PARQUET = (".parquet", ".pq")
TABLES = (".csv", ".tsv", *PARQUET)
"""Endings of the files that are read as tables."""
_DELIMITERS = (",", ";", "\t")
_NO_VALUE = ("", "nan", "na", "n/a", "none", "null")


@dataclass(frozen=True)
class TextTable:
    """The cells of a table, as text.

    ``rows`` are (number, cells): of a CSV the line in the file, of Parquet the row, from 1. Rows of a CSV may have more
    or fewer cells than there are columns.
    """

    name: str  # of the file, without folders
    columns: tuple[str, ...]  # as written
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    numbered: Literal["line", "row"] = "line"

    def where(self, number: int) -> Location:
        """A row, for messages."""
        return Location(self.name, number)


def read_table(path: Path, *, columns: str) -> TextTable:
    """Read a CSV or, by its ending, a Parquet file.

    Parameters
    ----------
    columns : what a file should have, for messages.

    Raises
    ------
    ResultsError : no such file, not a table, no header, or two columns of one name.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "scores.csv"
    >>> _ = file.write_text("ratio;value" + chr(10) + "# a note" + chr(10) + "0;0.5")
    >>> read_table(file, columns="ratio, value").rows
    ((3, ('0', '0.5')),)
    """
    table = _parquet(path) if path.suffix.lower() in PARQUET else _csv(path, columns)
    names = [name.casefold() for name in table.columns]
    twice = next((name for name in table.columns if names.count(name.casefold()) > 1), None)
    if twice is not None:
        raise ResultsError(f"{path}: column {twice!r} is named twice: the columns are {columns}")
    return table


def has_value(text: str) -> bool:
    """Whether a cell holds anything: not empty, and none of NaN, NA, None, null."""
    return text.lower() not in _NO_VALUE


# What a cell says: each function reads the text of one, and raises ValueError with what is wrong with it.


def number_of(text: str) -> float:
    """A finite number."""
    try:
        value = float(text)
    except ValueError:
        hint = ": write a point, not a comma" if text.count(",") == 1 and "." not in text else ""
        raise ValueError(f"{text!r} is not a number{hint}") from None
    if not math.isfinite(value):
        raise ValueError(f"is {text}, which is no finite number")
    return value


def count_of(text: str) -> float:
    """A count such as 410M or 10B."""
    return parse_quantity(text)


def ratio_of(text: str) -> float:
    """A share of synthetic data, 0 to 1; "30%" and 30 are refused, with what to write instead."""
    percent = text.endswith("%")
    ratio = number_of(text.removesuffix("%").strip())
    if 0 <= ratio <= 1 and not percent:
        return ratio
    mend = f": write {ratio / 100:g}" if percent or 1 < ratio <= 100 else ""
    raise ValueError(f"{text} is not between 0 and 1{mend}")


def iteration_of(text: str) -> int:
    """A whole number from 1."""
    return _whole(text, "a whole number from 1")


def items_of(text: str) -> int:
    """A number of items."""
    return _whole(text, "a number of items")


def not_negative(text: str) -> float:
    """A number from 0."""
    value = number_of(text)
    if value < 0:
        raise ValueError(f"{text} is below 0")
    return value


def digits_of(text: str) -> int:
    """Decimals of a number as it is written; below 0 for 12e3.

    >>> digits_of("0.250"), digits_of("51"), digits_of("1.5e-3"), digits_of("12e3")
    (3, 0, 4, -3)
    """
    mantissa, _, exponent = text.lower().partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def _whole(text: str, what: str) -> int:
    value = number_of(text)  # Parquet writes 500.0 where a column has gaps
    if value < 1 or value != int(value):
        raise ValueError(f"{text!r} is not {what}")
    return int(value)


def _csv(path: Path, columns: str) -> TextTable:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else (error.strerror or "unreadable")
        raise ResultsError(f"{path}: {reason}: give a CSV file with the columns {columns}") from None
    lines = ((i, line) for i, line in enumerate(text.split("\n"), 1))
    numbered = [(i, line.rstrip("\r")) for i, line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not numbered:
        raise ResultsError(f"{path}: empty: give a CSV file with the columns {columns}")
    delimiter = max(_DELIMITERS, key=numbered[0][1].count)
    rows = []
    for number, line in numbered:  # one at a time: a quote that is not closed must not swallow the lines after it
        try:
            cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True))
        except csv.Error as error:
            raise ResultsError(f"{path}, line {number}: not CSV ({error}): write one row a line") from None
        rows.append((number, tuple(cell.strip() for cell in cells)))
    return TextTable(path.name, rows[0][1], tuple(rows[1:]))


def _parquet(path: Path) -> TextTable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        columns = [[_text(value) for value in column.to_pylist()] for column in table.columns]
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else "not a Parquet file that can be read"
        raise ResultsError(f"{path}: {reason}: check the path") from None
    return TextTable(path.name, tuple(table.column_names), tuple(enumerate(zip(*columns), 1)), "row")


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value).strip()
