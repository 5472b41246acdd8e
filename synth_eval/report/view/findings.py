"""Leads, contrasts and reference findings: mappings that the comparison carries, as tables."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from synth_eval.compare.grid import tokens_name
from synth_eval.report.numbers import share
from synth_eval.report.view.model import DataTable, Entry

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
        rows=tuple(tuple(_entry(key, row.get(key), str(row.get(UNIT, unit))) for key in keys) for row in rows),
        tally=tally(str(row["verdict"]) for row in rows if row.get("verdict")),
    )


def tally(words: Iterable[str]) -> str:
    """'3 early, 2 late', the most frequent first."""
    return ", ".join(f"{count} {word}" for word, count in Counter(words).most_common())


def _is_said(value: Any) -> bool:
    return value is not None and value != "" and value != () and value != []


def _entry(key: str, value: Any, unit: str) -> Entry:
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
