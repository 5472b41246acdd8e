"""A plain CSV of losses: ``family, size, tokens, ratio, source, task, loss``, one row a checkpoint and task.

Sizes and tokens take suffixes, as in checkpoints.yaml. Only tokens and loss must be there; two more columns are known:
``seed``, which separates replicates from contradictions, and ``metric``, where a row holds an accuracy or an error rate
rather than a loss. Lines that begin with # are comments. Unusable rows are left out and reported, one line a kind.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from synth_eval.errors import ResultsError
from synth_eval.text import listed, parse_quantity
from synth_eval.types import Location

COLUMNS = ("family", "size", "tokens", "ratio", "source", "task", "loss")
OPTIONAL = ("seed", "metric")
NEEDED = ("tokens", "loss")
ACCURACY = ("acc", "accuracy")
ERROR = ("error", "error rate")
SMALL, LARGE = 1e4, 1e6  # counts below and above, side by side, are in different units
MAX_LINES = 6  # that a message lists


@dataclass(frozen=True)
class LossRow:
    """One loss. ``parameters`` is None where the size is missing. ``error_rate``: 1 - accuracy, not a loss."""

    family: str
    size: str
    parameters: float | None
    tokens: float
    ratio: float
    source: str
    task: str
    loss: float
    seed: str = ""
    error_rate: bool = False
    where: Location | None = None  # its line in the table


@dataclass(frozen=True)
class LossTable:
    """The rows that can be used, and one line for each kind of row that cannot."""

    rows: tuple[LossRow, ...]
    problems: tuple[str, ...] = ()


def read_loss_table(path: Path) -> LossTable:
    """Read the CSV.

    Raises
    ------
    ResultsError : no such file, not text, no header with tokens and loss, or no row that can be used.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "losses.csv"
    >>> _ = file.write_text("tokens,loss" + chr(10) + "1B,3.2" + chr(10) + "2B,2.9")
    >>> [row.loss for row in read_loss_table(file).rows]
    [3.2, 2.9]
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else (error.strerror or "unreadable")
        raise ResultsError(f"{path}: {reason}: give a CSV file with the columns {', '.join(COLUMNS)}") from None
    numbered = [(i, line) for i, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    if not numbered:
        raise ResultsError(f"{path}: empty: give a CSV file with the columns {', '.join(COLUMNS)}")
    cells = list(csv.reader([line for _, line in numbered], skipinitialspace=True))
    header = [name.strip().lower() for name in cells[0]]
    problems = _header_problems(header, path)
    bad = _Bad(path.name)
    rows = []
    for (number, _), values in zip(numbered[1:], cells[1:]):
        if len(values) != len(header):
            bad.add(f"{len(values)} cells under {len(header)} columns", number)
            continue
        row = _row(dict(zip(header, (value.strip() for value in values))), path, number, bad)
        if row is not None:
            rows.append(row)
    usable = checked_rows(rows, bad)
    problems += bad.lines()
    if not usable:
        raise ResultsError(f"{path}: no row can be used: {problems[0] if problems else 'there is only a header'}")
    return LossTable(tuple(usable), tuple(problems))


class _Bad:
    """Rows that were left out, by reason."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: dict[str, list[int]] = {}

    def add(self, reason: str, line: int) -> None:
        self.rows.setdefault(reason, []).append(line)

    def lines(self) -> list[str]:
        return [f"{self.name}, {_places(sorted(lines))}: {reason}; left out" for reason, lines in self.rows.items()]


def _places(lines: list[int]) -> str:
    return f"{'line' if len(lines) == 1 else 'lines'} {listed(lines, MAX_LINES)}"


def _header_problems(header: list[str], path: Path) -> list[str]:
    missing = [name for name in NEEDED if name not in header]
    unknown = [name for name in header if name not in (*COLUMNS, *OPTIONAL)]
    if missing:
        near = get_close_matches(missing[0], unknown, n=1)
        hint = f" (is {near[0]!r} meant?)" if near else ""
        raise ResultsError(f"{path}: no column {missing[0]!r}{hint}: the columns are {', '.join(COLUMNS)}")
    if len(set(header)) < len(header):
        raise ResultsError(f"{path}: a column is named twice: the columns are {', '.join(COLUMNS)}")
    return [
        f"{path.name}: column {name!r} is not known and not read"
        + (f" (is {near[0]!r} meant?)" if (near := get_close_matches(name, COLUMNS, n=1)) else "")
        for name in unknown
    ]


def _row(values: dict[str, str], path: Path, number: int, bad: _Bad) -> LossRow | None:
    metric = values.get("metric", "").lower()
    if metric not in ("", "loss", *ACCURACY, *ERROR):
        bad.add(f"metric {metric!r} is none of loss, accuracy, error", number)
        return None
    size, parameters = values.get("size", ""), None
    try:
        tokens = _quantity(values["tokens"], "tokens")
        if size:
            parameters = _quantity(size, "size")
        ratio = _number(values.get("ratio", "") or "0", "ratio")
        loss = _number(values["loss"], "loss")
    except ValueError as error:
        bad.add(str(error), number)
        return None
    if not 0 <= ratio <= 1:
        bad.add(f"ratio {ratio:g} is not between 0 and 1", number)
        return None
    if metric in ACCURACY:
        loss = 1.0 - loss
    if metric in (*ACCURACY, *ERROR) and not 0 <= loss <= 1:
        bad.add("an accuracy or error rate outside 0 to 1", number)
        return None
    if not loss > 0:
        bad.add("a loss that is not above 0", number)
        return None
    return LossRow(
        values.get("family", "") or path.stem,
        size,
        parameters,
        tokens,
        ratio,
        values.get("source", "") or "self",
        values.get("task", "") or "loss",
        loss,
        values.get("seed", ""),
        metric in (*ACCURACY, *ERROR),
        Location(path.name, number),
    )


def _quantity(text: str, what: str) -> float:
    if text.lower() in ("", "nan", "na", "none", "null"):
        raise ValueError(f"no {what}")
    try:
        return parse_quantity(text)
    except ValueError:
        raise ValueError(f"{what} {text!r} is not a count such as 410M or 10B") from None


def _number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{what} {text!r} is not a number" if text else f"no {what}") from None
    if not math.isfinite(value):
        raise ValueError(f"{what} is {text}")
    return value


def checked_rows(rows: Iterable[LossRow], bad: _Bad) -> list[LossRow]:
    """Rows without exact repeats, contradictions and counts in another unit than most."""
    rows = list(rows)
    for what in ("tokens", "parameters"):
        counts = [count for row in rows if (count := getattr(row, what)) is not None]
        if counts and min(counts) < SMALL and max(counts) >= LARGE:
            for row in rows:
                if (count := getattr(row, what)) is not None and count < SMALL:
                    name = "size" if what == "parameters" else what
                    bad.add(f"{name} {count:g} beside {max(counts):.3g}: mixed units; write 10B, 410M", _line(row))
            rows = [row for row in rows if (count := getattr(row, what)) is None or count >= SMALL]
    cells: dict[tuple[object, ...], list[LossRow]] = {}
    for row in rows:
        cells.setdefault((*_place(row), row.seed), []).append(row)
    kept = []
    for same in cells.values():
        if len({row.loss for row in same}) > 1:
            for row in same:
                bad.add("different losses of one checkpoint and task; mark replicates with a column seed", _line(row))
        else:
            kept.append(same[0])
    return kept


def _line(row: LossRow) -> int:
    return row.where.line if row.where else 0


def _place(row: LossRow) -> tuple[object, ...]:
    return (
        row.family,
        row.parameters,
        row.size if row.parameters is None else "",
        row.tokens,
        row.ratio,
        row.source,
        row.task,
    )


def one_spelling(rows: Iterable[LossRow]) -> list[LossRow]:
    """Rows whose equal sizes are written alike: 1000M becomes 1B where 1B came first."""
    spelling: dict[float, str] = {}
    return [
        row if row.parameters is None else replace(row, size=spelling.setdefault(row.parameters, row.size))
        for row in rows
    ]
