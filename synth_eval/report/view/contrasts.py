"""Contrasts: as they are where they are few, else counted by pair, with the long tables apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from synth_eval.compare.grid import PARTS
from synth_eval.report.view.findings import CONTRASTS_NOTE, finding_table
from synth_eval.report.view.model import DataTable, Entry

Rows = Sequence[Mapping[str, Any]]
FEW = 12  # rows that a reader takes in
AT_ONE_RATIO = "loss"
DIFFERENT = "different"
IN_LABEL = ("kind", "task", "first", "second", "measure", "ratio")  # keys that the label says already
COUNTED_NOTE = (
    "How many curves show which difference; worse is an earlier onset or a larger mean loss. The single contrasts are "
    "below. "
)


def contrast_table(rows: Rows) -> DataTable | None:
    """Every contrast where they are few; else one row a pair and measure, with counts. None without contrasts."""
    if len(rows) <= FEW:
        return finding_table("contrasts", "Contrasts", CONTRASTS_NOTE, rows)
    groups: dict[tuple[str, str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row.get("measure") != AT_ONE_RATIO:
            said = (str(row.get(key, "")) for key in ("kind", "first", "second", "measure"))
            groups.setdefault(tuple(said), []).append(row)  # type: ignore[arg-type]
    return DataTable(
        name="contrasts",
        title="Contrasts",
        note=COUNTED_NOTE + CONTRASTS_NOTE,
        columns=(
            "by",
            "first",
            "second",
            "measure",
            "curves",
            "first worse",
            "second worse",
            "undetermined",
            "refused",
        ),
        rows=tuple((*map(Entry, names), *_counts(group)) for names, group in groups.items()),
    )


def contrast_details(rows: Rows) -> tuple[DataTable, ...]:
    """The single contrasts where there are many: those that differ, all onsets and mean losses, losses by ratio."""
    if len(rows) <= FEW:
        return ()
    overall = [row for row in rows if row.get("measure") != AT_ONE_RATIO]
    by_ratio = [row for row in rows if row.get("measure") == AT_ONE_RATIO]
    differ = [row for row in overall if row.get("verdict") == DIFFERENT]
    parts = (
        (
            "contrasts-different",
            "Onsets and mean losses that differ, the largest difference first",
            worst_first(differ),
        ),
        ("contrasts-overall", "All onsets and mean losses", overall),
        ("contrasts-by-ratio", "Losses at each ratio", by_ratio),
    )
    tables = (finding_table(name, title, "", [_bare(row, of) for row in of]) for name, title, of in parts)
    # a count of one word says nothing beside the number of rows
    return tuple(t if "," in t.tally else replace(t, tally="") for t in tables if t is not None)


def worst_first(rows: Rows) -> list[Mapping[str, Any]]:
    """Contrasts over all ratios before those at one, the largest difference first."""
    return sorted(rows, key=lambda row: (row.get("measure") == AT_ONE_RATIO, -abs(row.get("estimate") or 0.0)))


def _counts(group: Rows) -> tuple[Entry, ...]:
    words = Counter(str(row.get("verdict")) for row in group)
    differ = [row for row in group if row.get("verdict") == DIFFERENT]
    first = sum(_first_is_worse(row) for row in differ)
    numbers = (len(group), first, len(differ) - first, words["undetermined"], words["refused"])
    return tuple(Entry(str(number), float(number)) for number in numbers)


def _first_is_worse(row: Mapping[str, Any]) -> bool:
    """An estimate is first minus second: an onset that is lower, or a loss that is larger."""
    estimate = row.get("estimate") or 0.0
    return bool(estimate < 0 if row.get("measure") == "onset" else estimate > 0)


def _bare(row: Mapping[str, Any], among: Rows) -> dict[str, Any]:
    """A row without what its label says and what is the same in all."""
    same = [part for part in PARTS if len({str(each.get(part)) for each in among}) == 1]
    return {key: value for key, value in row.items() if key not in (*IN_LABEL, *same)}
