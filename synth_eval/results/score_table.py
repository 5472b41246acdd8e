"""A table of scores: one row a checkpoint, task and metric (or one a checkpoint, with a column a task).

docs/tables.md describes the columns. What is wrong is an error that names file and row; only rows without a value are
left out, with a note. Metrics are names here: whether they are known, and in what unit, `compare` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from synth_eval.errors import ResultsError
from synth_eval.results.table_file import (
    TextTable,
    count_of,
    digits_of,
    has_value,
    items_of,
    iteration_of,
    not_negative,
    number_of,
    ratio_of,
)
from synth_eval.text import listed, plural

T = TypeVar("T")

PLACE = ("family", "size", "tokens", "ratio", "iteration", "source", "seed", "data_seed")
SCORE = ("task", "metric", "value", "stderr", "n", "category", "chance")
COLUMNS = (*PLACE, *SCORE)
LOSS = "loss"  # a column of this name holds values of the metric of this name, as in tables of losses
MAX_ROWS = 6  # that a note lists


@dataclass(frozen=True)
class Score:
    """One value. ``digits`` are the decimals it is written with; ``number`` is its row, see `TextTable.rows`."""

    size: str
    parameters: float | None
    tokens: float | None
    ratio: float
    iteration: int
    source: str
    seed: int
    task: str
    metric: str
    value: float
    digits: int
    number: int
    stderr: float | None = None
    n: int | None = None
    category: str = ""
    chance: float | None = None

    @property
    def place(self) -> tuple[object, ...]:
        """What identifies the checkpoint."""
        return self.parameters, self.tokens, self.ratio, self.iteration, self.source, self.seed


@dataclass(frozen=True)
class ScoreTable:
    """The scores of one family, in the order of the file; ``notes`` are what was left out or renumbered."""

    file: TextTable
    family: str
    scores: tuple[Score, ...]
    notes: tuple[str, ...] = ()

    def at(self, numbers: Sequence[int]) -> str:
        """Rows, in words: 'scores.csv, lines 3, 9'."""
        several = "" if len(numbers) == 1 else "s"
        return f"{self.file.name}, {self.file.numbered}{several} {listed(numbers, MAX_ROWS)}"


def scores_of(table: TextTable, *, family: str = "", metric: str = "") -> ScoreTable:
    """The scores of one family of a table.

    Parameters
    ----------
    family : which of those in the column ``family``; needed where there are several.
    metric : what the values are, where no column says it. Then, without a column of values, every column that is not
        known is a task.

    Raises
    ------
    ResultsError : a column is missing, a cell cannot be read, two rows are the same score, or nothing is left.

    Examples
    --------
    >>> cells = (("0", "sums", "0.50"), ("0.3", "sums", "0.46"))
    >>> table = TextTable("scores.csv", ("ratio", "task", "value"), tuple(enumerate(cells, 2)))
    >>> [(score.ratio, score.value) for score in scores_of(table, metric="acc").scores]
    [(0.0, 0.5), (0.3, 0.46)]
    """
    layout = _layout(table, metric)
    reader = _Rows(ScoreTable(table, "", ()), layout)
    name, rows = _of_family(reader, family)
    scores, empty = reader.scores(rows)
    notes = list(layout.notes)
    if empty:
        notes.append(f"{reader.table.at(empty)}: no value, left out")
    if not scores:
        reason = "there is only a header" if not table.rows else "no row has a value"
        raise ResultsError(f"{table.name}: no scores: {reason}")
    if layout.replicates and not reader.whole_seeds:
        how = " and ".join(layout.replicates)
        notes.append(f"{table.name}: {plural(len(reader.seeds), 'replicate')} by {how}, numbered in the file's order")
    _check_repeats(reader.table, scores)
    _check_tokens(reader.table, scores)
    return ScoreTable(table, name, tuple(scores), tuple(notes))


# Which columns there are.


@dataclass(frozen=True)
class _Layout:
    """``column`` maps what is known to its position; ``tasks`` are the columns of a table with a column a task."""

    column: Mapping[str, int]
    value: str  # the column of values; "" of a table with a column a task
    tasks: Mapping[str, int]
    metric: str  # of all rows that name none
    replicates: tuple[str, ...]  # the columns that distinguish them
    notes: tuple[str, ...]


def _layout(table: TextTable, metric: str) -> _Layout:
    names = [name.strip().lower() for name in table.columns]
    known = {name: i for i, name in enumerate(names) if name in COLUMNS}
    others = {name.strip(): i for i, name in enumerate(table.columns) if i not in known.values()}
    value = "value" if "value" in known else ""
    if not value and LOSS in names:
        value = LOSS
        others.pop(next(name for name in others if name.lower() == LOSS))
        known[LOSS] = names.index(LOSS)
    tasks = dict(others) if metric and not value and "task" not in known else {}
    there = f"there are {listed(table.columns, 20)}"
    needed = ("ratio",) if tasks else ("ratio", "value", "task")
    for name in needed:
        if name in known or (name == "value" and value):
            continue
        near = get_close_matches(name, others, n=1)
        mend = f" (is {near[0]!r} meant? rename it)" if near else ""
        if name == "value" and not near:
            mend = "; give the column of values this name"
            mend += "" if "task" in known else ", or, if each column is a task, name their metric: --metric acc"
        raise ResultsError(f"{table.name}: no column {name!r}: {there}{mend}")
    if not tasks and "metric" not in known and not metric and value != LOSS:
        raise ResultsError(
            f"{table.name}: no column 'metric': {there}; say what the values are, for example --metric acc"
        )
    notes = [] if tasks else [_unknown(table.name, name) for name in others]
    replicates = tuple(name for name in ("data_seed", "seed") if name in known)
    return _Layout(known, value, tasks, LOSS if value == LOSS else metric, replicates, tuple(notes))


def _unknown(file: str, name: str) -> str:
    near = get_close_matches(name.lower(), COLUMNS, n=1)
    hint = f" (is {near[0]!r} meant?)" if near else ""
    return f"{file}: column {name!r} is not known and not read{hint}"


def _of_family(reader: _Rows, wanted: str) -> tuple[str, list[tuple[int, tuple[str, ...]]]]:
    """The family's name and its rows; of a table that names none, the file's name without its ending."""
    file = reader.table.file
    stem = file.name.rpartition(".")[0] or file.name
    rows = [(number, reader.whole(number, cells)) for number, cells in file.rows]
    at = reader.layout.column.get("family")
    if at is None:
        return wanted or stem, rows
    names = list(dict.fromkeys(cells[at] for _, cells in rows))
    if wanted and wanted not in names:
        raise ResultsError(f"{file.name}: no family {wanted!r}: there are {listed(names, MAX_ROWS)}")
    if not wanted and len(names) > 1:
        raise ResultsError(f"{file.name}: {len(names)} families ({listed(names, MAX_ROWS)}): choose one with --family")
    name = wanted or next(iter(names), stem)
    return name or stem, [(number, cells) for number, cells in rows if cells[at] == name]


# What the cells say.


class _Rows:
    """Reads rows; what a cell says is remembered by its text, since most repeat."""

    def __init__(self, table: ScoreTable, layout: _Layout) -> None:
        self.table, self.layout = table, layout
        self.seeds: dict[str, int] = {}
        self.whole_seeds = True
        self._said: dict[tuple[str, str], object] = {}
        self._spelling: dict[float, str] = {}

    def whole(self, number: int, cells: tuple[str, ...]) -> tuple[str, ...]:
        columns = self.table.file.columns
        if len(cells) != len(columns):
            raise ResultsError(f"{self.table.at([number])}: {len(cells)} cells under {len(columns)} columns")
        return cells

    def scores(self, rows: Sequence[tuple[int, tuple[str, ...]]]) -> tuple[list[Score], list[int]]:
        """The scores, and the rows that lack a value."""
        labels = dict.fromkeys(self._label(cells) for _, cells in rows)
        self.whole_seeds = all(label.isdecimal() for label in labels)
        self.seeds = {label: int(label) if self.whole_seeds else i for i, label in enumerate(labels, 1)}
        found: list[Score] = []
        empty: list[int] = []
        for number, cells in rows:
            columns = self.layout.tasks or {self._text(number, cells, "task"): self.layout.column[self.layout.value]}
            values = {task: cells[i] for task, i in columns.items() if has_value(cells[i])}
            if len(values) < len(columns):
                empty.append(number)
            if values:
                found += self._row(number, cells, values)
        return found, empty

    def _row(self, number: int, cells: tuple[str, ...], values: Mapping[str, str]) -> Iterator[Score]:
        parameters = self._cell(number, cells, "size", count_of)
        place = (
            "" if parameters is None else self._spelling.setdefault(parameters, cells[self.layout.column["size"]]),
            parameters,
            self._cell(number, cells, "tokens", count_of),
            self._cell(number, cells, "ratio", ratio_of, needed=True) or 0.0,
            self._cell(number, cells, "iteration", iteration_of) or 1,
            self._text(number, cells, "source", "self"),
            self.seeds[self._label(cells)],
        )
        metric = self._text(number, cells, "metric", self.layout.metric)
        more = (
            self._cell(number, cells, "stderr", not_negative),
            self._cell(number, cells, "n", items_of),
            self._text(number, cells, "category", "") if "category" in self.layout.column else "",
            self._cell(number, cells, "chance", number_of),
        )
        for task, text in values.items():
            try:
                value = number_of(text)
            except ValueError as error:
                raise ResultsError(f"{self.table.at([number])}: the value of {task} {error}") from None
            yield Score(*place, task, metric, value, digits_of(text), number, *more)

    def _label(self, cells: tuple[str, ...]) -> str:
        """What distinguishes replicates; the seed is 0 where there is none."""
        given = [cells[self.layout.column[name]] for name in self.layout.replicates]
        return "/".join(text if has_value(text) else "0" for text in given) or "0"

    def _cell(
        self, number: int, cells: tuple[str, ...], column: str, read: Callable[[str], T], *, needed: bool = False
    ) -> T | None:
        """What a cell says; None where it is empty or there is no such column."""
        at = self.layout.column.get(column)
        text = "" if at is None else cells[at]
        if not has_value(text):
            if needed:
                raise ResultsError(f"{self.table.at([number])}: no {column}")
            return None
        try:
            return self._said[column, text]  # type: ignore[return-value]
        except KeyError:
            pass
        try:
            said = read(text)
        except ValueError as error:
            raise ResultsError(f"{self.table.at([number])}: {column} {error}") from None
        self._said[column, text] = said
        return said

    def _text(self, number: int, cells: tuple[str, ...], column: str, default: str | None = None) -> str:
        """The text of a cell, or the default where it is empty; an error where there is no default."""
        at = self.layout.column.get(column)
        text = "" if at is None else cells[at]
        if has_value(text):
            return text
        if default is None or (column == "metric" and not default):
            raise ResultsError(f"{self.table.at([number])}: no {column}")
        return default


# What only the whole table shows.


def _check_repeats(table: ScoreTable, scores: Iterable[Score]) -> None:
    first: dict[tuple[object, ...], int] = {}
    for score in scores:
        same = first.setdefault((*score.place, score.task, score.metric), score.number)
        if same != score.number:
            size = f"size {score.size}, " if score.size else ""
            raise ResultsError(
                f"{table.at([same, score.number])}: the same score twice ({score.task}, {score.metric}, {size}ratio "
                f"{score.ratio:g}, iteration {score.iteration}, source {score.source}): number replicates in a column "
                "seed, or remove one"
            )


def _check_tokens(table: ScoreTable, scores: Sequence[Score]) -> None:
    """In a family over tokens every checkpoint needs its tokens."""
    budgets: dict[tuple[object, ...], set[float | None]] = {}
    for score in scores:
        budgets.setdefault((score.place[0], *score.place[2:]), set()).add(score.tokens)
    without = [score.number for score in scores if score.tokens is None]
    if without and any(len(each) > 1 for each in budgets.values()):
        raise ResultsError(f"{table.at(without[:1])}: no tokens, in a table with several token budgets")
