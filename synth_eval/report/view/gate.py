"""The gate: what was asked of the family, and whether it held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synth_eval.report.view.model import Aside, DataTable, Entry

NOTE = "What cannot be shown does not pass: an inconclusive curve has no more budget than is shown."
TONE = {True: "safe", False: "degraded"}


def gate_word(row: Mapping[str, Any]) -> str:
    """'passed' or 'failed'."""
    return "passed" if row.get("passed") else "failed"


def gate_title(rows: Sequence[Mapping[str, Any]]) -> str:
    """'Gate: 1 of 3 rules failed'."""
    failed = sum(not row.get("passed") for row in rows)
    rules = f"{len(rows)} rule{'' if len(rows) == 1 else 's'}"
    return f"Gate: {failed} of {rules} failed" if failed else f"Gate: {rules} passed"


def gate_table(rows: Sequence[Mapping[str, Any]]) -> DataTable | None:
    """One row a rule, those that failed first; None without a gate."""
    if not rows:
        return None
    return DataTable(
        name="gate",
        title=gate_title(rows),
        note=NOTE,
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
