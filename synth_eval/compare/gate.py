"""Whether a comparison meets the gate of its family: one row a requirement, with what failed and why."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from synth_eval.compare.metrics import METRICS, metric_named
from synth_eval.compare.places import PARTS, Place, place_names, place_of
from synth_eval.errors import ManifestError
from synth_eval.text import joined, percent, plural
from synth_eval.types import Cell, Comparison, Gate, GateRule, Location

ALL_METRICS = "all"
SAME_RATIO = 1e-9  # 0.3 of the manifest and 0.1 + 0.2 of a grid are one ratio
BUDGET_SAID = ("safe budget ", "no ratio above ")  # as compare.wording says it
URGENCY = {"degraded": 0, "refused": 1, "inconclusive": 2, "safe": 3}


def check_gate(gate: Gate) -> None:
    """Refuse a metric that carries no verdict, before anything is evaluated.

    Raises
    ------
    ManifestError : names the line, the metric and those that there are.
    """
    for rule in gate.rules:
        for metric in rule.metrics:
            if metric.lower() != ALL_METRICS and not _metrics_called(metric):
                labels = sorted({known.label for known in METRICS if not known.display_only}, key=str.lower)
                near = difflib.get_close_matches(metric.lower(), [*map(str.lower, labels), ALL_METRICS], n=1)
                mend = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(labels)}, or all"
                raise ManifestError(f"{rule.where}: no metric {metric!r} carries a verdict: {mend}")


def judge_gate(comparison: Comparison, gate: Gate) -> tuple[dict[str, Any], ...]:
    """One row for each requirement; the gate holds if all rows passed.

    What cannot be shown does not pass: a minimum budget fails on inconclusive and refused curves too, and a rule fails
    that no curve is there for.

    Returns
    -------
    Rows with

    - rule : what is asked, in words; where : which line, or option, asks it;
    - passed; judged : how many curves it was asked of;
    - reason : one line;
    - failed : the curves that failed, the most urgent first, each with task, size, iteration, source, tokens, metric,
      verdict, budget (None where the curve has none) and reason.
    """
    rows = []
    if gate.fail_on is not None:
        cells = [cell for cell in comparison.cells if not cell.display_only]
        rows.append(_row("no curve is degraded", gate.where, cells, GateRule(fail_on="degraded"), comparison))
    if gate.fail_on == "warning":
        rows.append(_warnings_row(gate.where, comparison.warnings))
    for rule in gate.rules:
        cells = _chosen(rule, comparison.cells)
        if cells:
            rows.append(_row(_asked(rule), rule.where, cells, rule, comparison))
        else:
            rows.append(_missing_row(rule, comparison.cells))
    return tuple(rows)


def _metrics_called(word: str) -> set[str]:
    """The metrics with a verdict whose name or label is this word."""
    said = word.strip().lower()
    return {m.name for m in METRICS if not m.display_only and said in (m.name.lower(), m.label.lower())}


def _chosen(rule: GateRule, cells: Sequence[Cell]) -> list[Cell]:
    """The cells that a rule is about. Without metrics: the headline, whose budgets the report shows, or all."""
    here: dict[tuple[str, Place], list[Cell]] = {}
    for cell in cells:
        if not cell.display_only and _is_meant(rule, cell):
            here.setdefault((cell.task, place_of(cell)), []).append(cell)
    if not rule.metrics and rule.minimum_budget is not None:
        return [group[0] for group in here.values()]
    every = not rule.metrics or ALL_METRICS in map(str.lower, rule.metrics)
    wanted = set().union(*map(_metrics_called, rule.metrics))
    return [cell for group in here.values() for cell in group if every or cell.metric in wanted]


def _is_meant(rule: GateRule, cell: Cell) -> bool:
    asked = (
        (rule.categories, cell.category),
        (rule.tasks, cell.task),
        (rule.sizes, cell.size),
        (rule.iterations, cell.iteration),
        (rule.sources, cell.source),
    )
    return all(not values or value in values for values, value in asked)


def _row(
    rule_text: str, where: Location | str | None, cells: Sequence[Cell], rule: GateRule, comparison: Comparison
) -> dict[str, Any]:
    name_of = place_names(place_of(cell) for cell in comparison.cells)
    failed = []
    for cell in sorted(cells, key=lambda cell: URGENCY[cell.verdict]):
        why = _failure(cell, rule, comparison.baseline_ratio)
        if why:
            place = dict(zip(PARTS, place_of(cell)))
            numbers = {"metric": cell.metric, "verdict": cell.verdict, "budget": cell.budget}
            failed.append((cell, {"task": cell.task, **place, **numbers, "reason": why}))
    if failed:
        cell, first = failed[0]
        title = joined(cell.task, name_of[place_of(cell)], _label(cell.metric))
        others = f"; {len(failed) - 1} more" if len(failed) > 1 else ""
        reason = f"{len(failed):,} of {plural(len(cells), 'curve')}: {title}: {first['reason']}{others}"
    else:
        reason = plural(len(cells), "curve")
        if rule.minimum_budget is not None:
            reason += f", the lowest budget is {percent(min(cell.budget or 0.0 for cell in cells))}"
    return {
        "rule": rule_text,
        "where": str(where or ""),
        "passed": not failed,
        "judged": len(cells),
        "reason": reason,
        "failed": tuple(row for _, row in failed),
    }


def _failure(cell: Cell, rule: GateRule, baseline: float) -> str:
    """Why a curve does not meet a rule; '' if it does."""
    wrong = ("degraded", "inconclusive", "refused") if rule.fail_on == "inconclusive" else ("degraded",)
    if rule.fail_on is not None and cell.verdict in wrong:
        return f"{cell.verdict}: {cell.reason}"
    if rule.minimum_budget is None:
        return ""
    if cell.verdict == "refused":
        return f"refused: {cell.reason}"
    if cell.budget is not None and cell.budget >= rule.minimum_budget - SAME_RATIO:
        return ""
    why = f"({cell.verdict}: {_without_budget(cell.reason)})"
    if max(cell.ratios) < rule.minimum_budget - SAME_RATIO:
        return f"tested up to {percent(max(cell.ratios))} only {why}"
    if cell.budget is None or cell.budget <= baseline:
        return f"nothing above {percent(baseline)} is shown safe {why}"
    return f"shown safe up to {percent(cell.budget)} only {why}"


def _without_budget(reason: str) -> str:
    """The reason of a verdict without its part on the budget, which has been said."""
    parts = reason.split("; ")
    return "; ".join(part for part in parts if not part.startswith(BUDGET_SAID)) or reason


def _asked(rule: GateRule) -> str:
    """'retrieval at 160M, accuracy: budget of at least 30%'."""
    wanted = []
    if rule.minimum_budget is not None:
        wanted.append(f"budget of at least {percent(rule.minimum_budget)}")
    if rule.fail_on is not None:
        wanted.append("no curve is degraded" if rule.fail_on == "degraded" else "every curve is safe")
    return f"{_about(rule)}: {' and '.join(wanted)}"


def _about(rule: GateRule) -> str:
    what = " and ".join((*rule.categories, *rule.tasks)) or "every task"
    sizes = f" at {' and '.join(rule.sizes)}" if rule.sizes else ""
    more = [f"iteration {' and '.join(map(str, rule.iterations))}"] if rule.iterations else []
    more += [" and ".join(rule.sources)] if rule.sources else []
    more += (
        [" and ".join("all metrics" if m.lower() == ALL_METRICS else m for m in rule.metrics)] if rule.metrics else []
    )
    return ", ".join([what + sizes, *more])


def _missing_row(rule: GateRule, cells: Sequence[Cell]) -> dict[str, Any]:
    there = "; ".join(_there(cells))
    reason = f"no curve is there to show it ({there})" if there else "no curve is there to show it"
    return {
        "rule": _asked(rule),
        "where": str(rule.where or ""),
        "passed": False,
        "judged": 0,
        "reason": reason,
        "failed": (),
    }


def _there(cells: Sequence[Cell]) -> Iterator[str]:
    judged = [cell for cell in cells if not cell.display_only]
    for noun, names in (("categories", [c.category for c in judged]), ("tasks", [c.task for c in judged])):
        if names:
            yield f"{noun}: {', '.join(dict.fromkeys(names))}"


def _warnings_row(where: Location | str, warnings: Sequence[str]) -> dict[str, Any]:
    reason = f"{plural(len(warnings), 'warning')}, the first: {warnings[0]}" if warnings else "no warning"
    passed = not warnings
    return {"rule": "no warning", "where": str(where), "passed": passed, "judged": 0, "reason": reason, "failed": ()}


def _label(metric: str) -> str:
    known = metric_named(metric)
    return known.label if known is not None else metric
