"""`gate:` of checkpoints.yaml: what a pipeline requires of the family. docs/gate.md explains every key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, model_validator

from synth_eval.manifest.source import STRICT, Count, Iteration, KeyPath, Ratio, Source, Text, as_list
from synth_eval.text import parse_quantity
from synth_eval.types import Checkpoint, Gate, GateRule


def _mapping(value: Any) -> Any:
    if not isinstance(value, dict):
        # an empty gate that passed would look like one that holds
        raise ValueError("it must be a mapping: write gate: {fail_on: degraded}, or rules: below it")
    return value


class RuleEntry(BaseModel):
    """One line of `rules`: the last two keys are what curves must show, the others select curves."""

    model_config = STRICT

    curve: Literal["task", "category", "suite"] = "task"
    category: Annotated[list[Text], BeforeValidator(as_list)] = []
    task: Annotated[list[Text], BeforeValidator(as_list)] = []
    size: Annotated[list[Count], BeforeValidator(as_list)] = []
    iteration: Annotated[list[Iteration], BeforeValidator(as_list)] = []
    source: Annotated[list[Text], BeforeValidator(as_list)] = []
    metric: Annotated[list[Text], BeforeValidator(as_list)] = []
    minimum_budget: Ratio | None = None
    fail_on: Literal["degraded", "inconclusive"] | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> RuleEntry:
        if self.minimum_budget is None and self.fail_on is None:
            raise ValueError("the rule asks nothing: add minimum_budget: 0.2, or fail_on: degraded")
        if self.task and self.curve != "task":
            raise ValueError(
                f"curve: {self.curve} is a mean over tasks, and task selects single ones: drop one of the two"
            )
        if self.category and self.curve == "suite":
            raise ValueError("curve: suite is over all categories: drop category, or write curve: category")
        return self


class GateSection(BaseModel):
    """The whole section."""

    model_config = STRICT

    fail_on: Literal["degraded", "warning"] | None = None
    rules: Annotated[list[RuleEntry], BeforeValidator(as_list)] = []

    @model_validator(mode="after")
    def _asks_something(self) -> GateSection:
        if self.fail_on is None and not self.rules:
            raise ValueError("the gate asks nothing: add fail_on: degraded, or rules")
        return self


GateEntry = Annotated[GateSection | None, BeforeValidator(_mapping)]


class GateFile(BaseModel):
    """A file whose gate is wanted; what else it has is not read."""

    gate: GateEntry = None


def gate_of(
    section: GateSection | None, checkpoints: Sequence[Checkpoint], source: Source, *, baseline_ratio: float
) -> Gate:
    """The gate with what only the family knows checked: sizes, iterations, sources and ratios that it has.

    Categories, tasks and metrics are known once the tasks are: a rule that finds no curve fails then, with that reason.

    Raises
    ------
    ManifestError : a rule names a place that no checkpoint has, or a budget that the family cannot show.
    """
    if section is None:
        return Gate()
    rules = (_rule(entry, i, checkpoints, source, baseline_ratio) for i, entry in enumerate(section.rules))
    where = source.location(("gate", "fail_on")) if section.fail_on else ""
    return Gate(fail_on=section.fail_on, rules=tuple(rules), where=where)


def _rule(
    entry: RuleEntry, index: int, checkpoints: Sequence[Checkpoint], source: Source, baseline_ratio: float
) -> GateRule:
    # a rule that is not in a list of rules is the only one
    where: KeyPath = ("gate", "rules", index) if ("gate", "rules", index) in source.lines else ("gate", "rules")
    sizes = tuple(_spelled(size, checkpoints, source, where) for size in entry.size)
    for key, wanted, there in (
        ("iteration", entry.iteration, [c.iteration for c in checkpoints]),
        ("source", entry.source, [c.source for c in checkpoints]),
    ):
        strange = [value for value in wanted if value not in there]
        if strange:
            raise source.error((*where, key), _nowhere(key, strange[0], there))
    if entry.minimum_budget is not None:
        largest = max(c.ratio for c in checkpoints)
        if not baseline_ratio < entry.minimum_budget <= largest:
            raise source.error(
                (*where, "minimum_budget"),
                f"minimum_budget {entry.minimum_budget:g} cannot be shown: write a ratio above the baseline "
                f"({baseline_ratio:g}) and up to the largest of the family ({largest:g})",
            )
    return GateRule(
        categories=tuple(entry.category),
        tasks=tuple(entry.task),
        sizes=sizes,
        iterations=tuple(entry.iteration),
        sources=tuple(entry.source),
        metrics=tuple(entry.metric),
        curve=entry.curve,
        minimum_budget=entry.minimum_budget,
        fail_on=entry.fail_on,
        where=source.location(where),
    )


def _spelled(size: Any, checkpoints: Sequence[Checkpoint], source: Source, where: KeyPath) -> str:
    """The family's own spelling of a size: 160m is 160M."""
    wanted = parse_quantity(size)
    found = next((c.size for c in checkpoints if c.parameters == wanted), None)
    if found is None:
        raise source.error((*where, "size"), _nowhere("size", size, [c.size for c in checkpoints if c.size]))
    return found


def _nowhere(key: str, value: object, there: Sequence[object]) -> str:
    known = ", ".join(str(each) for each in dict.fromkeys(there)) or "none"
    return f"no checkpoint has {key} {value}: there is {known}"
