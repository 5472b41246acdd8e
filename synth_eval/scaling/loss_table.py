"""A table of losses: ``family, size, tokens, ratio, source, task, loss``, one row a checkpoint and task.

Sizes and tokens take suffixes, as in checkpoints.yaml. Only tokens and loss must be there; two more columns are known:
``seed``, which separates replicates from contradictions, and ``metric``, where a row holds an accuracy or an error rate
rather than a loss. Tables of scores call the loss ``value`` (docs/tables.md), and are read too. Unusable rows are left
out and reported, one line a kind.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from synth_eval.errors import ResultsError
from synth_eval.text import count_text, listed, parse_quantity, spoken_quantity, written_quantity
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


def losses_of(columns: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]], *, name: str) -> LossTable:
    """The losses of a table, from the text of its cells.

    Parameters
    ----------
    columns : as the header has them; ``value`` is the loss where no other column is.
    rows : (line, cells), as the file has them.
    name : of the file, for messages; without its ending it is the family of rows that name none.

    Raises
    ------
    ResultsError : no column of tokens or loss, or no row that can be used.

    Examples
    --------
    >>> table = losses_of(("tokens", "loss"), [(2, ("1B", "3.2")), (3, ("2B", ""))], name="losses.csv")
    >>> [row.loss for row in table.rows], table.problems
    ([3.2], ('losses.csv, line 3: no loss; left out',))
    """
    header = [column.strip().lower() for column in columns]
    if "loss" not in header:
        header = ["loss" if column == "value" else column for column in header]
    problems = _header_problems(header, name)
    bad = _Bad(name)
    found = []
    for number, values in rows:
        if len(values) != len(header):
            bad.add(f"{len(values)} cells under {len(header)} columns", number)
            continue
        row = _row(dict(zip(header, values)), name, number, bad)
        if row is not None:
            found.append(row)
    usable = checked_rows(found, bad)
    problems += bad.lines()
    if not usable:
        raise ResultsError(f"{name}: no row can be used: {problems[0] if problems else 'there is only a header'}")
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


def _header_problems(header: list[str], name: str) -> list[str]:
    missing = [column for column in NEEDED if column not in header]
    unknown = [column for column in header if column not in (*COLUMNS, *OPTIONAL)]
    if missing:
        near = get_close_matches(missing[0], unknown, n=1)
        hint = f" (is {near[0]!r} meant?)" if near else ""
        raise ResultsError(f"{name}: no column {missing[0]!r}{hint}: the columns are {', '.join(COLUMNS)}")
    return [
        f"{name}: column {column!r} is not known and not read"
        + (f" (is {near[0]!r} meant?)" if (near := get_close_matches(column, COLUMNS, n=1)) else "")
        for column in unknown
    ]


def _row(values: dict[str, str], name: str, number: int, bad: _Bad) -> LossRow | None:
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
        values.get("family", "") or name.rpartition(".")[0] or name,
        size,
        parameters,
        tokens,
        ratio,
        values.get("source", "") or "self",
        values.get("task", "") or "loss",
        loss,
        values.get("seed", ""),
        metric in (*ACCURACY, *ERROR),
        Location(name, number),
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


NEXT, ENDS = 1.05, 1.10  # factors between neighbours, and between the ends, of sizes that are one
SCATTER = 0.03  # of a number of parameters that was read off a plot
_BARE = re.compile(r"[\d_.]+(e[+-]?\d+)?", re.IGNORECASE)


def one_size(rows: Iterable[LossRow]) -> tuple[list[LossRow], list[str]]:
    """Rows of one size under one name and number of parameters, and a note on sizes that were not the same before.

    Equal sizes are written alike (1000M, 1B). Sizes of a family within 5% of their neighbours, and within 10% in all,
    are one: they were read off a plot, or counted with and without embeddings. They get their geometric mean. A longer
    chain of neighbours is a grid of its own. A size keeps the name that the user gave it, the shortest of several; a
    bare number is named as people say it (2979000000 is 3B).

    Examples
    --------
    >>> rows = [LossRow("f", size, float(size), 1e9, 0.0, "self", "web", 3.0) for size in ("1.02e9", "1.03e9")]
    >>> [row.size for row in one_size(rows)[0]], one_size(rows)[1]
    (['1B', '1B'], ['sizes 1.02B, 1.03B differ by less than 5%: taken as one size, 1B'])
    """
    rows = list(rows)
    spelled: dict[str, dict[float, list[str]]] = {}  # family -> number of parameters -> as written
    for row in rows:
        if row.parameters is not None:
            spelled.setdefault(row.family, {}).setdefault(row.parameters, []).append(row.size)
    named: dict[tuple[str, float], tuple[str, float]] = {}
    notes = []
    for family, names in spelled.items():
        for chain in _chains(sorted(names)):
            together = chain[-1] <= ENDS * chain[0]
            for members in [chain] if together else [[count] for count in chain]:
                name, mean = _name(members, [name for count in members for name in names[count]], alone=together)
                named |= {(family, count): (name, mean) for count in members}
                if len(members) > 1:
                    of = f"{family}: " if len(spelled) > 1 else ""
                    sizes = listed(map(count_text, members))
                    notes.append(f"{of}sizes {sizes} differ by less than 5%: taken as one size, {name}")
    known = ((row, named[row.family, row.parameters] if row.parameters is not None else None) for row in rows)
    return [row if its is None else replace(row, size=its[0], parameters=its[1]) for row, its in known], notes


def _chains(sizes: Iterable[float]) -> list[list[float]]:
    """Ascending sizes, cut where the next is further than `NEXT`."""
    chains: list[list[float]] = []
    for size in sizes:
        if chains and size <= NEXT * chains[-1][-1]:
            chains[-1].append(size)
        else:
            chains.append([size])
    return chains


def _name(members: list[float], spellings: list[str], *, alone: bool) -> tuple[str, float]:
    """The name and number of parameters of one size; ``alone``: no other size is so near that digits matter."""
    worded = [name for name in spellings if not _BARE.fullmatch(name)]
    if len(members) > 1:
        mean = math.exp(math.fsum(map(math.log, members)) / len(members))
        return min([*worded, spoken_quantity(mean, SCATTER)], key=len), mean
    return worded[0] if worded else spoken_quantity(members[0]) if alone else written_quantity(members[0]), members[0]
