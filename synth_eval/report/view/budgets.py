"""How much synthetic data is shown safe: by place in the grid and category of task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synth_eval.compare.grid import Place, place_names
from synth_eval.report.numbers import percent
from synth_eval.report.view.model import DataTable, Entry

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
