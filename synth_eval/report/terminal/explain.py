"""`--explain TASK`: every verdict of a task with the numbers behind it, in plain text."""

from __future__ import annotations

import dataclasses
import difflib
import textwrap
from collections.abc import Iterator

from synth_eval.cell import Cell
from synth_eval.compare.metrics import metric_named
from synth_eval.compare.places import PARTS
from synth_eval.comparison import Comparison
from synth_eval.errors import SynthEvalError
from synth_eval.report.text import change_text, value_text
from synth_eval.report.view.curves import Curve, curves_of, overall_curves_of
from synth_eval.report.view.facts import Facts, facts_of
from synth_eval.report.view.summaries import row_table
from synth_eval.text import joined, percent, visible

WIDTH = 80
NAME = 16  # columns of the name of a fact


def explain_text(comparison: Comparison, task: str, *, width: int = WIDTH) -> str:
    """Why each curve of a task got its verdict: onset, crossing, budget, lead, noise and the values themselves.

    Parameters
    ----------
    task : as the comparison names it.
    width : columns; lines are folded to it.

    Returns
    -------
    str : lines of text, the most urgent curve first. Control characters of names are made visible.

    Raises
    ------
    SynthEvalError : no such task; the nearest name is suggested.
    """
    written = dataclasses.replace(comparison, cells=comparison.characteristics)  # curves of what the models write
    curves = [*overall_curves_of(comparison), *curves_of(comparison), *curves_of(written)]
    blocks = ["\n".join(_curve(comparison, curve, width)) for curve in curves if curve.task == task]
    if not blocks:
        tasks = list(dict.fromkeys(curve.task for curve in curves))
        near = difflib.get_close_matches(task, tasks, n=1, cutoff=0.5)
        mend = f"did you mean {near[0]!r}?" if near else f"judged are {', '.join(tasks) or 'none'}"
        raise SynthEvalError(f"--explain {task}: no curve of that task was judged; {mend}")
    return "\n\n".join(blocks) + "\n"


def _curve(comparison: Comparison, curve: Curve, width: int) -> Iterator[str]:
    yield from _folded(f"{curve.title}: {curve.headline.verdict.word}", width)
    for member in curve.headline.members:
        said = member.left_out and f"left out: {member.left_out}"
        yield from _folded(f"{member.task}  {said or f'{100 * member.weight:.0f}% of the mean'}", width, "  ")
    for facts in facts_of([curve]):
        yield ""
        yield from _folded(f"{facts.metric}: {facts.verdict}", width, "  ")
        yield from _folded(facts.cell.verdict.reason, width, "  ")
        for name, text in _said(facts):
            yield from _folded(text, width, f"    {name:<{NAME}}", " " * (NAME + 4))
        yield from _values(facts.cell, comparison.baseline_ratio, width)
    for row in comparison.leads:
        if (row.level, row.task, row.place) == (curve.level, curve.task, curve.headline.place):
            table = row_table("lead", "", "", [row], without=("label", "task", *PARTS))
            if table is not None:
                lead = "; ".join(f"{head} {entry.text}" for head, entry in zip(table.columns, table.rows[0]))
                yield ""
                yield from _folded(f"lead of calibration over accuracy: {lead}", width, "  ")


def _said(facts: Facts) -> Iterator[tuple[str, str]]:
    """Each fact, and in words what it is."""
    cell, metric = facts.cell, metric_named(facts.cell.metric)
    margin = f"{percent(metric.margin)} of baseline" if metric.margin_kind == "relative" else f"{metric.margin:g}"
    known = (
        ("onset", facts.onset, "where degradation starts, with its 95% interval"),
        ("crossing", facts.crossing, f"where the fitted loss reaches the margin ({margin})"),
        ("budget", facts.budget, "the largest tested ratio up to which the loss is shown within the margin"),
        ("p", facts.p_adjusted, "of no degradation, corrected for the curves that answer the same question"),
        ("phi", facts.phi, "noise between training runs over that of items alone (1: none)"),
        ("df", facts.df, "degrees of freedom that phi rests on"),
        ("detectable", facts.min_detectable, f"the loss at {percent(cell.data.ratios[-1])} found with 80% power"),
        (
            "conditional",
            "yes" if cell.verdict.conditional else "",
            "too few runs to measure the spread between seeds: it is assumed, not measured",
        ),
        ("seed tolerance", facts.seed_tolerance, "the largest spread between seeds at which the verdict holds"),
        ("best ratio", facts.best_ratio, ""),
        ("data", facts.data, ""),
    )
    yield from ((name, joined(text, meaning, between="  ")) for name, text, meaning in known if text)


def _values(cell: Cell, baseline: float, width: int) -> Iterator[str]:
    ratios = [percent(ratio) for ratio in cell.data.ratios]
    values = [value_text(value, cell.metric) for value in cell.data.values]
    for i in range(len(ratios)):
        change = change_text(cell.data.difference[i], cell.data.difference_ci[i], cell.metric)
        said = "baseline" if i == cell.data.index(baseline) else change
        text = f"{ratios[i]:>{max(map(len, ratios))}}  {values[i]:>{max(map(len, values))}}  {said}"
        yield from _folded(text, width, " " * (NAME + 4), " " * (NAME + 4), keep=True)


def _folded(text: str, width: int, first: str = "", rest: str | None = None, *, keep: bool = False) -> list[str]:
    """Lines of at most this width; control characters made visible. ``keep`` leaves runs of spaces as they are."""
    shown = visible(text)
    if keep and len(first) + len(shown) <= width:
        return [first + shown]
    hanging = first if rest is None else rest
    return textwrap.wrap(shown, width, initial_indent=first, subsequent_indent=hanging, break_on_hyphens=False)
