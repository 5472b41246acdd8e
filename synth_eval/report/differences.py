"""Two comparisons side by side: which verdicts changed, and which budgets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from synth_eval.cell import Level, Place
from synth_eval.compare.places import full_place_name
from synth_eval.comparison import Comparison
from synth_eval.report.view.curves import URGENCY, curves_of, overall_curves_of
from synth_eval.report.view.facts import Facts, facts_of

SCHEMA = 1
SAME_BUDGET = 1e-9

Key = tuple[Level, str, Place, str]  # level, task, place, metric


@dataclass(frozen=True)
class Change:
    """A curve before and after; None where it is only in the other comparison."""

    before: Facts | None
    after: Facts | None

    @property
    def facts(self) -> Facts:
        """After, or of the only comparison that has the curve."""
        one = self.after or self.before
        assert one is not None, "a change is of a curve of one comparison at least"
        return one

    @property
    def title(self) -> str:
        return self.facts.title

    @property
    def gained(self) -> float:
        """Budget after less budget before; nothing shown safe counts as a budget of 0."""
        before, after = ((each and each.cell.verdict.budget) or 0.0 for each in (self.before, self.after))
        return after - before

    @property
    def worse(self) -> bool:
        """Whether the verdict is more urgent now, or the same with a lower budget."""
        if self.before is None or self.after is None:
            return False
        more_urgent = URGENCY[self.after.verdict] - URGENCY[self.before.verdict]
        return more_urgent < 0 or (more_urgent == 0 and self.gained < -SAME_BUDGET)


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

    Curves are the same if task (or category, or suite), place in the grid (size, iteration, source, tokens) and metric
    are.
    """
    old, new = _verdicts(before), _verdicts(after)
    both = [(old[key].verdict == new[key].verdict, Change(old[key], new[key])) for key in new if key in old]
    one, other = ({**each.provenance, "correction": each.correction} for each in (before, after))
    made_with = [(name, str(one.get(name, "")), str(other.get(name, ""))) for name in dict.fromkeys((*one, *other))]
    return Differences(
        changed=_ordered(change for same, change in both if not same),
        moved=_ordered(change for same, change in both if same and abs(change.gained) > SAME_BUDGET),
        only_before=tuple(Change(old[key], None) for key in old if key not in new),
        only_after=tuple(Change(None, new[key]) for key in new if key not in old),
        shared=len(both),
        settings=tuple((name, old, new) for name, old, new in made_with if old != new),
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
            yield from (f"  {change.title}: {change.facts.metric} {_said(change.facts)}" for change in only)
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
        **{
            name: [_row_of(change) for change in getattr(found, name)]
            for name in ("changed", "moved", "only_before", "only_after")
        },
        "settings": [{"name": name, "before": old, "after": new} for name, old, new in found.settings],
    }


def _row_of(change: Change) -> dict[str, Any]:
    cell = change.facts.cell
    return {
        "task": cell.task,
        "level": cell.level,
        **vars(cell.place),
        "metric": cell.metric,
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
        yield f"  {mark}{change.title}: {change.facts.metric} {_said(change.before)} -> {_said(change.after)}"


def _verdicts(comparison: Comparison) -> Mapping[Key, Facts]:
    """Curves named by their whole place: what varies may not be the same in both comparisons."""
    found = [*overall_curves_of(comparison, only_tested=True), *curves_of(comparison)]
    curves = [replace(curve, place=full_place_name(curve.headline.place)) for curve in found]
    return {(each.cell.level, each.cell.task, each.cell.place, each.cell.metric): each for each in facts_of(curves)}


def _ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: (not change.worse, URGENCY[change.facts.verdict])))


def _said(each: Facts | None) -> str:
    if each is None:
        return ""
    more = [f"onset {each.onset}"] if each.onset and each.verdict == "degraded" else []
    more += [f"budget {each.budget}"] if each.budget else []
    return f"{each.verdict} ({', '.join(more)})" if more else each.verdict
