"""How much synthetic data is shown safe: by place in the grid and category of task."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from synth_eval.compare.places import PARTS, Place, place_names, tokens_name
from synth_eval.report.text import share
from synth_eval.report.view.model import Aside, DataTable, Entry
from synth_eval.text import percent, plural

NOTE = (
    "The largest tested ratio up to which every task of the category is shown to stay within the margin; below it, the "
    "task that limits it. 'None shown' does not mean harm: with more items or seeds, more could be shown safe."
)


def budget_table(rows: Sequence[Mapping[str, Any]], categories: Sequence[str]) -> DataTable | None:
    """Rows are sizes (with tokens, iteration and source where they vary), columns categories; None without rows.

    Parameters
    ----------
    rows : `Comparison.budgets`, in the order in which they are shown
    categories : the columns, in order
    """
    if not rows:
        return None
    name_of = place_names(_place(row) for row in rows)
    found = {(_place(row), row["category"]): row for row in rows}
    return DataTable(
        name="budgets",
        title="How much synthetic data is shown safe",
        note=NOTE,
        columns=("size" if any(row["size"] for row in rows) else "family", *categories),
        rows=tuple(
            (
                Entry(name or place[0] or "all checkpoints"),
                *(_entry(found.get((place, category))) for category in categories),
            )
            for place, name in name_of.items()
        ),
    )


def _place(row: Mapping[str, Any]) -> Place:
    return row["size"], row["iteration"], row["source"], row.get("tokens")


def _entry(row: Mapping[str, Any] | None) -> Entry:
    if row is None:
        return Entry("")
    verdict, budget = row["verdict"], row["budget"]
    if verdict == "refused":
        return Entry("not judged", tone="refused")
    found = f"{row['degraded']} of {row['judged']} degraded" if row["degraded"] else "none degraded"
    if budget is None:
        return Entry("none shown", 0.0, tone=verdict, note=found)
    if verdict == "safe":
        return Entry(f"up to {percent(budget)}", budget, tone="safe", note="all that was tested")
    return Entry(f"up to {percent(budget)}", budget, note=f"limited by {row['limited_by'][0]}; {found}")


# Leads, contrasts and reference findings: mappings that the comparison carries, as tables.

# what a row may say, in the order in which it is shown
KNOWN = (
    "label",
    "task",
    "category",
    "metric",
    "size",
    "tokens",
    "iteration",
    "source",
    "verdict",
    "estimate",
    "interval",
    "reason",
)
COUNTS = ("tokens", "first", "second")  # the latter where token budgets are compared
HEADS = {"label": "what", "interval": "95% interval", "reason": "in words"}
UNIT = "unit"  # of estimate and interval: "ratio" is written as percent
KIND = "kind"

LEADS_NOTE = (
    "Lead: onset of accuracy minus onset of calibration, in percent of synthetic data. "
    "Above 0: calibration warned first."
)
CONTRASTS_NOTE = (
    "Undetermined is the honest default: it says that this family cannot tell, not that there is no difference. "
    "Each pair stands at 5% by itself; nothing is corrected over tasks and pairs."
)
FINDINGS_NOTE = "Published claims, and whether the intervals of this family agree, disagree or cannot tell."


def finding_table(
    name: str, title: str, note: str, rows: Sequence[Mapping[str, Any]], *, unit: str = ""
) -> DataTable | None:
    """A table of such rows; None without rows. Columns that no row fills are left out.

    Parameters
    ----------
    rows : `KNOWN` keys first, others after them in their own order; estimate is a number, interval two of them.
    unit : "ratio" if estimates are ratios, where a row does not say so itself.
    """
    if not rows:
        return None
    keys = [key for key in KNOWN if any(_is_said(row.get(key)) for row in rows)]
    more = dict.fromkeys(key for row in rows for key, value in row.items() if _is_said(value))
    keys += [key for key in more if key not in (*KNOWN, UNIT, KIND)]
    return DataTable(
        name=name,
        title=title,
        note=note,
        columns=tuple(HEADS.get(key, key.replace("_", " ")) for key in keys),
        rows=tuple(tuple(_findings_entry(key, row.get(key), str(row.get(UNIT, unit))) for key in keys) for row in rows),
        tally=tally(str(row["verdict"]) for row in rows if row.get("verdict")),
    )


def tally(words: Iterable[str]) -> str:
    """'3 early, 2 late', the most frequent first."""
    return ", ".join(f"{count} {word}" for word, count in Counter(words).most_common())


def _is_said(value: Any) -> bool:
    return value is not None and value != "" and value != () and value != []


def _findings_entry(key: str, value: Any, unit: str) -> Entry:
    if not _is_said(value):
        return Entry("")
    if isinstance(value, bool):
        return Entry("yes" if value else "no")
    if isinstance(value, (int, float)):
        return Entry(_number(key, value, unit), float(value) if math.isfinite(value) else None)
    if isinstance(value, (tuple, list)):
        if len(value) == 2 and all(isinstance(end, (int, float)) for end in value):
            return Entry(f"[{_number(key, value[0], unit)}, {_number(key, value[1], unit)}]", float(value[0]))
        return Entry(", ".join(map(str, value)))
    return Entry(str(value), tone=str(value) if key == "verdict" else "")


def _number(key: str, value: float, unit: str) -> str:
    if isinstance(value, int) or not math.isfinite(value):
        return str(value)
    if key in COUNTS:
        return tokens_name(value).removesuffix(" tokens")
    if key in ("estimate", "interval", "lead"):
        return f"{'+' if value > 0 and unit == 'ratio' else ''}{share(value)}" if unit == "ratio" else f"{value:+.3g}"
    return share(value) if key.endswith(("onset", "ratio")) else f"{value:.3g}"


# Contrasts: as they are where they are few, else counted by pair, with the long tables apart.

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


# The gate: what was asked of the family, and whether it held.

GATE_NOTE = "What cannot be shown does not pass: an inconclusive curve has no more budget than is shown."
TONE = {True: "safe", False: "degraded"}


def gate_word(row: Mapping[str, Any]) -> str:
    """'passed' or 'failed'."""
    return "passed" if row.get("passed") else "failed"


def gate_title(rows: Sequence[Mapping[str, Any]]) -> str:
    """'Gate: 1 of 3 rules failed'."""
    failed = sum(not row.get("passed") for row in rows)
    rules = plural(len(rows), "rule")
    return f"Gate: {failed} of {rules} failed" if failed else f"Gate: {rules} passed"


def gate_table(rows: Sequence[Mapping[str, Any]]) -> DataTable | None:
    """One row a rule, those that failed first; None without a gate."""
    if not rows:
        return None
    return DataTable(
        name="gate",
        title=gate_title(rows),
        note=GATE_NOTE,
        columns=("gate", "asked", "found", "from"),
        rows=tuple(
            (
                Entry(gate_word(row), tone=TONE[bool(row.get("passed"))]),
                *(Entry(str(row.get(key) or "")) for key in ("rule", "reason", "where")),
            )
            for row in sorted(rows, key=lambda row: bool(row.get("passed")))
        ),
    )


def gate_aside(rows: Sequence[Mapping[str, Any]]) -> Aside:
    """The same as one line a rule; no lines without a gate."""
    ordered = sorted(rows, key=lambda row: bool(row.get("passed")))
    return Aside(
        gate_title(rows), tuple(f"{gate_word(row)}: {row.get('rule')} ({row.get('reason')})" for row in ordered)
    )
