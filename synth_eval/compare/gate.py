"""Whether a comparison meets the gate of its family: one row a requirement, with what failed and why."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from synth_eval.cell import Cell, Place
from synth_eval.compare.metrics import MEAN_SCORE, METRICS, metric_named
from synth_eval.compare.places import place_names
from synth_eval.comparison import Comparison, GateFailure, GateResult
from synth_eval.errors import ManifestError
from synth_eval.text import joined, percent, plural
from synth_eval.types import Gate, GateRule

ALL_METRICS = "all"
SAME_RATIO = 1e-9  # 0.3 of the manifest and 0.1 + 0.2 of a grid are one ratio
URGENCY = {"degraded": 0, "refused": 1, "inconclusive": 2, "safe": 3, "improved": 4}


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


def judge_gate(comparison: Comparison, gate: Gate) -> tuple[GateResult, ...]:
    """One result for each requirement; the gate holds if all passed.

    What cannot be shown does not pass: a minimum budget fails on inconclusive and refused curves too, and a rule fails
    that no curve is there for.
    """
    results = []
    if gate.fail_on is not None:
        means = [cell for cell in comparison.overall if cell.is_mean]
        cells = [cell for cell in (*means, *comparison.cells) if not cell.display_only]
        results.append(
            _result("no curve is degraded", str(gate.where), cells, GateRule(fail_on="degraded"), comparison)
        )
    if gate.fail_on == "warning":
        first = f", the first: {comparison.warnings[0]}" if comparison.warnings else ""
        found = f"{plural(len(comparison.warnings), 'warning')}{first}" if first else "no warning"
        results.append(GateResult("no warning", str(gate.where), not comparison.warnings, 0, found))
    for rule in gate.rules:
        there_are = [cell for cell in (*comparison.overall, *comparison.cells) if cell.level == rule.curve]
        cells = _chosen(rule, there_are)
        if cells:
            results.append(_result(_asked(rule), str(rule.where or ""), cells, rule, comparison))
        else:
            there = "; ".join(_there(there_are))
            reason = f"no curve is there to show it ({there})" if there else "no curve is there to show it"
            results.append(GateResult(_asked(rule), str(rule.where or ""), False, 0, reason))
    return tuple(results)


def _metrics_called(word: str) -> set[str]:
    """The metrics with a verdict whose name or label is this word."""
    said = word.strip().lower()
    return {m.name for m in (*METRICS, MEAN_SCORE) if not m.display_only and said in (m.name.lower(), m.label.lower())}


def _chosen(rule: GateRule, cells: Sequence[Cell]) -> list[Cell]:
    """The cells that a rule is about. Without metrics: the headline, whose budgets the report shows, or all."""
    here: dict[tuple[str, Place], list[Cell]] = {}
    for cell in cells:
        if not cell.display_only and _is_meant(rule, cell):
            here.setdefault((cell.task, cell.place), []).append(cell)
    if not rule.metrics and rule.minimum_budget is not None:
        return [group[0] for group in here.values()]
    every = not rule.metrics or ALL_METRICS in map(str.lower, rule.metrics)
    wanted = set().union(*map(_metrics_called, rule.metrics))
    return [cell for group in here.values() for cell in group if every or cell.metric in wanted]


def _is_meant(rule: GateRule, cell: Cell) -> bool:
    asked = (
        (rule.categories, cell.category),
        (rule.tasks, cell.task),
        (rule.sizes, cell.place.size),
        (rule.iterations, cell.place.iteration),
        (rule.sources, cell.place.source),
    )
    return all(not values or value in values for values, value in asked)


def _result(rule_text: str, where: str, cells: Sequence[Cell], rule: GateRule, comparison: Comparison) -> GateResult:
    name_of = place_names(cell.place for cell in comparison.cells)
    failed = []
    for cell in sorted(cells, key=lambda cell: URGENCY[cell.verdict.word]):
        why = _failure(cell, rule, comparison.baseline_ratio)
        if why:
            verdict = cell.verdict
            failed.append(
                GateFailure(cell.task, cell.place, cell.metric, verdict.word, verdict.budget, why, cell.level)
            )
    if failed:
        first = failed[0]
        title = joined(first.task, name_of[first.place], metric_named(first.metric).label)
        others = f"; {len(failed) - 1} more" if len(failed) > 1 else ""
        reason = f"{len(failed):,} of {plural(len(cells), 'curve')}: {title}: {first.reason}{others}"
    else:
        reason = plural(len(cells), "curve")
        if rule.minimum_budget is not None:
            reason += f", the lowest budget is {percent(min(cell.verdict.budget or 0.0 for cell in cells))}"
    return GateResult(rule_text, where, not failed, len(cells), reason, tuple(failed))


def _failure(cell: Cell, rule: GateRule, baseline: float) -> str:
    """Why a curve does not meet a rule; '' if it does."""
    wrong = ("degraded", "inconclusive", "refused") if rule.fail_on == "inconclusive" else ("degraded",)
    if rule.fail_on is not None and cell.verdict.word in wrong:
        return f"{cell.verdict.word}: {cell.verdict.reason}"
    if rule.minimum_budget is None:
        return ""
    if cell.verdict.word == "refused":
        return f"refused: {cell.verdict.reason}"
    if cell.verdict.budget is not None and cell.verdict.budget >= rule.minimum_budget - SAME_RATIO:
        return ""
    why = f"({cell.verdict.word}: {cell.verdict.because or cell.verdict.reason})"
    if max(cell.data.ratios) < rule.minimum_budget - SAME_RATIO:
        return f"tested up to {percent(max(cell.data.ratios))} only {why}"
    if cell.verdict.budget is None or cell.verdict.budget <= baseline:
        return f"nothing above {percent(baseline)} is shown safe {why}"
    return f"shown safe up to {percent(cell.verdict.budget)} only {why}"


def _asked(rule: GateRule) -> str:
    """'retrieval at 160M, accuracy: budget of at least 30%'."""
    wanted = []
    if rule.minimum_budget is not None:
        wanted.append(f"budget of at least {percent(rule.minimum_budget)}")
    if rule.fail_on is not None:
        wanted.append("no curve is degraded" if rule.fail_on == "degraded" else "every curve is safe")
    return f"{_about(rule)}: {' and '.join(wanted)}"


def _about(rule: GateRule) -> str:
    what = " and ".join((*rule.categories, *rule.tasks)) or f"every {rule.curve}"
    if rule.curve != "task":
        what = "the mean of the suite" if rule.curve == "suite" else f"the mean of {what}"
    sizes = f" at {' and '.join(rule.sizes)}" if rule.sizes else ""
    more = [f"iteration {' and '.join(map(str, rule.iterations))}"] if rule.iterations else []
    more += [" and ".join(rule.sources)] if rule.sources else []
    more += (
        [" and ".join("all metrics" if m.lower() == ALL_METRICS else m for m in rule.metrics)] if rule.metrics else []
    )
    return ", ".join([what + sizes, *more])


def _there(cells: Sequence[Cell]) -> Iterator[str]:
    judged = [cell for cell in cells if not cell.display_only]
    means = [c.task for c in judged if c.level != "task"]
    tasks = [c for c in judged if c.level == "task"]
    for noun, names in (
        ("means", means), ("categories", [c.category for c in tasks]), ("tasks", [c.task for c in tasks])
    ):  # fmt: skip
        if names:
            yield f"{noun}: {', '.join(dict.fromkeys(names))}"
