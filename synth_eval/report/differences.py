"""Two comparisons side by side: which verdicts changed, and which budgets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth_eval.compare.places import full_place_name
from synth_eval.comparison import Comparison, Place
from synth_eval.report.view.curves import URGENCY, Curve, curves_of
from synth_eval.report.view.facts import Facts, facts_of

SCHEMA = 1
SAME_BUDGET = 1e-9

Key = tuple[str, Place, str]  # task, place, metric


@dataclass(frozen=True)
class Change:
    """A curve before and after; None where it is only in the other comparison."""

    title: str
    metric: str
    before: Facts | None
    after: Facts | None

    @property
    def worse(self) -> bool:
        """Whether the verdict is more urgent now, or the same with a lower budget."""
        if self.before is None or self.after is None:
            return False
        old, new = _urgency(self.before), _urgency(self.after)
        return new < old or (new == old and _budget(self.after) < _budget(self.before) - SAME_BUDGET)


@dataclass(frozen=True)
class Differences:
    """``changed`` are those with another verdict, ``moved`` those with the same verdict and another budget; what is
    worse now comes first. ``shared`` counts the curves in both; ``settings`` what the two were made with, where it
    differs: (name, before, after)."""

    changed: tuple[Change, ...]
    moved: tuple[Change, ...]
    only_before: tuple[Change, ...]
    only_after: tuple[Change, ...]
    shared: int
    settings: tuple[tuple[str, str, str], ...] = ()

    @property
    def any_change(self) -> bool:
        """Whether anything differs but settings."""
        return bool(self.changed or self.moved or self.only_before or self.only_after)

    @property
    def any_worse(self) -> bool:
        """Whether a curve is worse now, or is no longer there to show that it is not."""
        return bool(self.only_before) or any(change.worse for change in (*self.changed, *self.moved))


def differences(before: Comparison, after: Comparison) -> Differences:
    """Curves and metrics whose verdict or budget differs, and those that only one of the comparisons has.

    Curves are the same if task, place in the grid (size, iteration, source, tokens) and metric are.
    """
    old, new = _verdicts(before), _verdicts(after)
    both = [_change(old[key], new[key]) for key in new if key in old]
    changed = [change for change in both if _word(change.before) != _word(change.after)]
    moved = [
        change
        for change in both
        if _word(change.before) == _word(change.after)
        and abs(_budget(change.before) - _budget(change.after)) > SAME_BUDGET
    ]
    return Differences(
        changed=_ordered(changed),
        moved=_ordered(moved),
        only_before=tuple(_change(old[key], None) for key in old if key not in new),
        only_after=tuple(_change(None, new[key]) for key in new if key not in old),
        shared=len(both),
        settings=_settings(before, after),
    )


def difference_lines(found: Differences, *, names: tuple[str, str]) -> Iterator[str]:
    """Lines of plain text: a count, then one line each.

    Parameters
    ----------
    names : what the two comparisons are called, such as their folders.
    """
    noun = "verdict" if found.shared == 1 else "verdicts"
    yield f"{len(found.changed)} of {found.shared} {noun} changed from {names[0]} to {names[1]}."
    yield from _changes(found.changed)
    if found.moved:
        yield f"Another budget with the same verdict: {len(found.moved)}."
        yield from _changes(found.moved)
    for name, only in zip(names, (found.only_before, found.only_after)):
        if only:
            yield f"Only in {name}:"
            yield from (f"  {change.title}: {change.metric} {_said(change.before or change.after)}" for change in only)
    if found.settings and found.any_change:
        yield "Made with other settings, which may be why:"
        yield from (f"  {name}: {old or 'none'} -> {new or 'none'}" for name, old, new in found.settings)


def differences_to_dict(found: Differences, *, names: tuple[str, str]) -> dict[str, Any]:
    """The same as plain lists, dicts and numbers; docs/gate.md describes it."""
    return {
        "schema": SCHEMA,
        "before": names[0],
        "after": names[1],
        "shared": found.shared,
        "changed": [_row_of(change) for change in found.changed],
        "moved": [_row_of(change) for change in found.moved],
        "only_before": [_row_of(change) for change in found.only_before],
        "only_after": [_row_of(change) for change in found.only_after],
        "settings": [{"name": name, "before": old, "after": new} for name, old, new in found.settings],
    }


def _row_of(change: Change) -> dict[str, Any]:
    one = change.after or change.before
    assert one is not None, "a change is of a curve of one comparison at least"
    return {
        "task": one.cell.task,
        **vars(one.cell.place),
        "metric": one.cell.metric,
        "worse": change.worse,
        "before": _numbers(change.before),
        "after": _numbers(change.after),
    }


def _numbers(each: Facts | None) -> dict[str, Any] | None:
    if each is None:
        return None
    verdict = each.cell.verdict
    return {"verdict": verdict.word, "onset": verdict.onset, "budget": verdict.budget, "reason": verdict.reason}


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        mark = "worse " if change.worse else "      "
        yield f"  {mark}{change.title}: {change.metric} {_said(change.before)} -> {_said(change.after)}"


def _verdicts(comparison: Comparison) -> Mapping[Key, Facts]:
    return {
        (facts.cell.task, facts.cell.place, facts.cell.metric): facts
        for facts in facts_of([_titled(curve) for curve in curves_of(comparison)])
    }


def _titled(curve: Curve) -> Curve:
    """The curve named by its whole place: what varies may not be the same in both comparisons."""
    cell = curve.headline
    return Curve(curve.task, full_place_name(cell.place), cell, curve.cells)


def _change(before: Facts | None, after: Facts | None) -> Change:
    one = after or before
    assert one is not None, "a change is of a curve of one comparison at least"
    return Change(one.title, one.metric, before, after)


def _ordered(changes: Sequence[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: (not change.worse, _urgency(change.after))))


def _settings(before: Comparison, after: Comparison) -> tuple[tuple[str, str, str], ...]:
    names = dict.fromkeys((*before.provenance, *after.provenance))
    pairs = ((name, str(before.provenance.get(name, "")), str(after.provenance.get(name, ""))) for name in names)
    return tuple((name, old, new) for name, old, new in pairs if old != new)


def _said(each: Facts | None) -> str:
    if each is None:
        return ""
    more = [f"onset {each.onset}"] if each.onset and each.verdict == "degraded" else []
    more += [f"budget {each.budget}"] if each.budget else []
    return f"{each.verdict} ({', '.join(more)})" if more else each.verdict


def _word(each: Facts | None) -> str:
    return each.cell.verdict.word if each is not None else ""


def _budget(each: Facts | None) -> float:
    """Nothing shown safe counts as a budget of 0."""
    return each.cell.verdict.budget or 0.0 if each is not None else 0.0


def _urgency(each: Facts | None) -> int:
    return URGENCY[each.cell.verdict.word] if each is not None else len(URGENCY)
