"""How much synthetic data is shown safe: by place in the grid and category of task."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from synth_eval.compare.places import PARTS, place_names, tokens_name
from synth_eval.comparison import Budget, Contrast, Finding, GateResult, Lead, ShownSafe
from synth_eval.report.text import share
from synth_eval.report.view.model import Aside, DataTable, Entry, Item, table_of
from synth_eval.text import percent, plural

NOTE = (
    "The largest tested ratio that is shown to stay within the margin: by the mean over the tasks of the category, by "
    "every task (below it, the task that limits it), and by the calibration (surprise gap) of every task. 'None shown' "
    "does not mean harm: with more items or seeds, more could be shown safe."
)
BY = ("mean", "every task", "calibration")


def budget_table(budgets: Sequence[Budget], categories: Sequence[str]) -> DataTable | None:
    """Rows are sizes (with tokens, iteration and source where they vary) by measure, columns categories; None without
    rows.

    Parameters
    ----------
    budgets : `Comparison.budgets`, in the order in which they are shown
    categories : the columns, in order
    """
    if not budgets:
        return None
    found = {(budget.place, budget.category): budget for budget in budgets}
    columns = ("size" if any(budget.place.size for budget in budgets) else "family", "by", *categories)
    rows = []
    for place, name in place_names(budget.place for budget in budgets).items():
        here = [found.get((place, each)) for each in categories]
        entries = (
            [_shown(None if each is None else each.mean) for each in here],
            [_budget(each) for each in here],
            [_shown(None if each is None else each.calibration) for each in here],
        )
        title = Entry(name or place.size or "all checkpoints")
        rows += [(title, Entry(by), *row) for by, row in zip(BY, entries) if any(entry.text for entry in row)]
    return table_of("budgets", "How much synthetic data is shown safe", columns, rows, NOTE)


def _budget(row: Budget | None) -> Entry:
    if row is None:
        return Entry("")
    shown = _shown(ShownSafe(row.verdict, row.budget))
    if row.verdict in ("refused", "safe"):
        return shown
    found = f"{row.degraded} of {row.judged} degraded" if row.degraded else "none degraded"
    return replace(shown, note=found if row.budget is None else f"limited by {row.limited_by[0]}; {found}")


def _shown(row: ShownSafe | None) -> Entry:
    if row is None:
        return Entry("")
    if row.verdict == "refused":
        return Entry("not judged", tone="refused")
    if row.budget is None:
        return Entry("none shown", 0.0, tone=row.verdict)
    safe = row.verdict == "safe"
    return Entry(
        f"up to {percent(row.budget)}", row.budget, "safe" if safe else "", "all that was tested" if safe else ""
    )


# Leads, contrasts and findings, as tables.

# what a row may have, in the order in which it is shown
KNOWN = (
    "label", "level", "task", "category", "metric", "size", "tokens", "iteration", "source", "verdict", "estimate",
    "interval", "reason",
)  # fmt: skip
COUNTS = ("tokens", "first", "second")  # the latter where token budgets are compared
EMPTY = (None, "", ())
HEADS = {"label": "what", "interval": "95% interval", "reason": "in words"}
Row: TypeAlias = "Lead | Contrast | Finding"

LEADS_NOTE = (
    "Lead: onset of accuracy minus onset of calibration, in percent of synthetic data. "
    "Above 0: calibration warned first."
)
CONTRASTS_NOTE = (
    "Undetermined is the default: this family cannot decide, which does not mean that there is no difference. "
    "Each pair is tested at 5% by itself; nothing is corrected over tasks and pairs."
)
FINDINGS_NOTE = "Published claims, and whether the intervals of this family agree, disagree or cannot decide."


def row_table(
    name: str, title: str, note: str, rows: Sequence[Row], *, without: Collection[str] = ()
) -> DataTable | None:
    """A table of leads, contrasts or findings; None without rows. Columns that no row fills are left out.

    Parameters
    ----------
    rows : `KNOWN` fields first, others after them in their own order.
    without : fields that are not shown.
    """
    if not rows:
        return None
    members = [fields_of(row) for row in rows]
    filled = dict.fromkeys(key for row in members for key, value in row.items() if value not in EMPTY)
    keys = [key for key in (*KNOWN, *(key for key in filled if key not in KNOWN)) if key in filled]
    keys = [key for key in keys if key not in (*without, "kind")]
    rows_of = [[_entry(key, row.get(key)) for key in keys] for row in members]
    heads = (HEADS.get(key, key.replace("_", " ")) for key in keys)
    return table_of(name, title, heads, rows_of, note, tally(row.verdict for row in rows))


def fields_of(row: Row) -> dict[str, object]:
    """The fields of a row, its place in parts; without the part that a contrast is over."""
    found = dict(vars(row))
    if found.get("level") == "task":
        del found["level"]  # said of categories and the suite only
    place = found.pop("place", None)
    if place is not None:
        found |= {part: value for part, value in vars(place).items() if part != found.get("kind")}
    return found


def tally(words: Iterable[str]) -> str:
    """'3 early, 2 late', the most frequent first."""
    return ", ".join(f"{count} {word}" for word, count in Counter(words).most_common())


def _entry(key: str, value: object) -> Entry:
    if value in EMPTY:
        return Entry("")
    if isinstance(value, (int, float)):
        return Entry(_number(key, value), float(value) if math.isfinite(value) else None)
    if isinstance(value, tuple):
        return Entry(f"[{_number(key, value[0])}, {_number(key, value[1])}]", float(value[0]))
    return Entry(str(value), tone=str(value) if key == "verdict" else "")


def _number(key: str, value: float) -> str:
    if isinstance(value, int) or not math.isfinite(value):
        return str(value)
    if key in COUNTS:
        return tokens_name(value).removesuffix(" tokens")
    if key in ("estimate", "interval"):
        return f"{'+' if value > 0 else ''}{share(value)}"
    return share(value) if key.endswith(("onset", "ratio")) else f"{value:.3g}"


# Contrasts: as they are where they are few, else counted by pair, with the long tables apart.

Contrasts: TypeAlias = Sequence[Contrast]
FEW = 12  # rows that a reader takes in
AT_ONE_RATIO = "loss"
DIFFERENT = "different"
IN_LABEL = ("kind", "task", "first", "second", "measure", "ratio")  # keys that the label has already
COUNTED_NOTE = (
    "How many curves show which difference; worse is an earlier onset or a larger mean loss. The single contrasts are "
    "below. "
)


def contrast_table(rows: Contrasts) -> DataTable | None:
    """Every contrast where they are few; else one row a pair and measure, with counts. None without contrasts."""
    if len(rows) <= FEW:
        return row_table("contrasts", "Contrasts", CONTRASTS_NOTE, rows)
    groups: dict[tuple[str, ...], list[Contrast]] = {}
    for row in rows:
        if row.measure != AT_ONE_RATIO:
            groups.setdefault((row.kind, str(row.first), str(row.second), row.measure), []).append(row)
    columns = (
        "by", "first", "second", "measure", "curves", "first worse", "second worse", "undetermined", "refused",
    )  # fmt: skip
    lines = [(*map(Entry, names), *_counts(group)) for names, group in groups.items()]
    return table_of("contrasts", "Contrasts", columns, lines, COUNTED_NOTE + CONTRASTS_NOTE)


def contrast_details(rows: Contrasts) -> tuple[DataTable, ...]:
    """The single contrasts where there are many: those that differ, all onsets and mean losses, losses by ratio."""
    if len(rows) <= FEW:
        return ()
    overall = [row for row in rows if row.measure != AT_ONE_RATIO]
    by_ratio = [row for row in rows if row.measure == AT_ONE_RATIO]
    differ = worst_first([row for row in overall if row.verdict == DIFFERENT])
    parts = {
        ("contrasts-different", "Onsets and mean losses that differ, the largest difference first"): differ,
        ("contrasts-overall", "All onsets and mean losses"): overall,
        ("contrasts-by-ratio", "Losses at each ratio"): by_ratio,
    }
    tables = []
    for (name, title), of in parts.items():
        # the label holds these fields, and the parts of the place that are the same in all
        same = (part for part in PARTS if len({str(fields_of(row).get(part)) for row in of}) == 1)
        table = row_table(name, title, "", of, without=(*IN_LABEL, *same))
        if table is not None:  # a count of one word adds nothing to the number of rows
            tables.append(table if "," in table.tally else replace(table, tally=""))
    return tuple(tables)


def worst_first(rows: Contrasts) -> list[Contrast]:
    """Contrasts over all ratios before those at one, the largest difference first."""
    return sorted(rows, key=lambda row: (row.measure == AT_ONE_RATIO, -abs(row.estimate or 0.0)))


def _counts(group: Contrasts) -> tuple[Entry, ...]:
    words = Counter(row.verdict for row in group)
    # an estimate is first minus second: an onset that is lower, or a loss that is larger, is worse
    differ = [row for row in group if row.verdict == DIFFERENT]
    worse = [(row.estimate or 0.0) * (-1 if row.measure == "onset" else 1) > 0 for row in differ]
    numbers = (len(group), sum(worse), len(worse) - sum(worse), words["undetermined"], words["refused"])
    return tuple(Entry(str(number), number) for number in numbers)


# The gate: what was asked of the family, and whether it held.

GATE_NOTE = "What cannot be shown does not pass: an inconclusive curve has no more budget than is shown."
WORD = {True: "passed", False: "failed"}
TONE = {True: "safe", False: "degraded"}


def gate_title(results: Sequence[GateResult]) -> str:
    """'Gate: 1 of 3 rules failed'."""
    failed = sum(not result.passed for result in results)
    rules = plural(len(results), "rule")
    return f"Gate: {failed} of {rules} failed" if failed else f"Gate: {rules} passed"


def gate_table(results: Sequence[GateResult]) -> DataTable | None:
    """One row a rule, those that failed first; None without a gate."""
    rows: list[tuple[Item, ...]] = [
        (Entry(WORD[result.passed], tone=TONE[result.passed]), result.rule, result.reason, result.where)
        for result in sorted(results, key=lambda result: result.passed)
    ]
    columns = ("gate", "asked", "found", "from")
    return table_of("gate", gate_title(results), columns, rows, GATE_NOTE) if results else None


def gate_aside(results: Sequence[GateResult]) -> Aside:
    """The same as one line a rule; no lines without a gate."""
    ordered = sorted(results, key=lambda result: result.passed)
    return Aside(gate_title(results), tuple(f"{WORD[each.passed]}: {each.rule} ({each.reason})" for each in ordered))
