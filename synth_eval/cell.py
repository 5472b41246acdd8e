"""One curve with its verdict, typed: a place, the data over ratios, a verdict. Imports nothing heavy.

Part of the contract of comparison.json (`synth_eval.comparison`). Ratios are shares of synthetic data, 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from synth_eval.errors import RefusalCode

Level: TypeAlias = Literal["task", "category", "suite"]
Question: TypeAlias = Literal[
    "headline", "calibration", "proper scores", "other scores", "category", "category calibration",
    "signs of collapse", "characteristics", "",
]  # fmt: skip
VerdictWord: TypeAlias = Literal["improved", "degraded", "safe", "inconclusive", "refused"]
Probably: TypeAlias = Literal["worse", "better", ""]
Interval: TypeAlias = tuple[float, float]

RATIO_DECIMALS = 9  # ratios that agree to this many decimals are the same ratio


class _NullIsNaN:
    """pydantic reads null as NaN."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(
            lambda value: math.nan if value is None else value, handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"type": "null"}]}


Number = Annotated[float, _NullIsNaN()]  # NaN where the data give none


@dataclass(frozen=True)
class Place:
    """Where a curve is in the grid of a family; ``tokens`` only in a family over tokens, else None."""

    size: str
    iteration: int
    source: str
    tokens: float | None = None


@dataclass(frozen=True)
class SeedValues:
    """What the checkpoints of one training seed scored, over the ratios of their cell; None where there is none."""

    seed: int
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class FittedCurve:
    """The best-fitting shape of those that the curve test tries, in the metric's own units.

    A hinge is flat up to ``parameter`` (a ratio) and straight from there; a power grows with the ratio, counted from
    the lowest tested one, to the ``parameter``. It runs from ``start`` at the lowest to ``end`` at the highest ratio.
    """

    shape: Literal["hinge", "power"]
    parameter: float
    start: float
    end: float


@dataclass(frozen=True)
class CurveSummary:
    """The data of one curve, in the metric's own units; tuples run over the tested ratios, ascending.

    ``values`` are means over seeds, ``difference`` is value minus baseline with the seeds paired (0 at the baseline)
    and ``difference_ci`` its 95% interval.
    """

    ratios: tuple[float, ...]
    values: tuple[Number, ...]
    se: tuple[float | None, ...]
    difference: tuple[Number, ...]
    difference_ci: tuple[Interval | None, ...]
    seeds: int
    n_items: int
    paired: bool = True  # False: some checkpoints have aggregate results only; independent errors, wider intervals
    by_seed: tuple[SeedValues, ...] = ()  # where there are several seeds

    def index(self, ratio: float) -> int | None:
        """The position of a ratio; None if it was not tested."""
        rounded = round(ratio, RATIO_DECIMALS)
        return self.ratios.index(rounded) if rounded in self.ratios else None

    def interval_at(self, ratio: float) -> Interval | None:
        """The interval of the difference at a ratio; None if it was not tested or the data give none."""
        i = self.index(ratio)
        return None if i is None else self.difference_ci[i]


@dataclass(frozen=True)
class Verdict:
    """The verdict on one curve ("The curve test" in docs/methods.md), in the metric's own units."""

    word: VerdictWord
    reason: str  # one sentence
    because: str = ""  # the same without its part on the budget
    refusal: RefusalCode | None = None  # of a refused curve
    p_value: float | None = None
    p_adjusted: float | None = None
    p_improved: float | None = None  # the same two for getting better
    p_improved_adjusted: float | None = None
    probably: Probably = ""  # of a curve that is neither: p < .05 when tested alone, not after correction
    helps_to: float | None = None  # largest ratio clearly better than the baseline; of improved and degraded curves
    first_below: float | None = None  # smallest ratio clearly below baseline; late by construction, see docs
    onset: float | None = None
    onset_ci: Interval | None = None
    crossing: float | None = None
    crossing_ci: Interval | None = None
    budget: float | None = None
    phi: float | None = None
    df: float | None = None
    other_df: float | None = None  # those of df that come from other curves
    conditional: bool = False
    best_ratio: float | None = None
    best_ratio_ci: Interval | None = None
    min_detectable: float | None = None
    seed_tolerance: float | None = None
    seed_sd: float | None = None  # SD of a checkpoint's mean between training runs, measured or declared
    seed_sd_by_ratio: tuple[float | None, ...] = ()  # the same at each ratio, from replicates; empty without any
    item_sd: float | None = None  # SD of an item's score within a checkpoint, beyond what all checkpoints share
    fitted: FittedCurve | None = None  # None: not judged, or no shape fits better than a flat line


@dataclass(frozen=True)
class Member:
    """A task of the curve of a category or of the suite; ``weight`` is its share of the mean, 0 if it is left out."""

    task: str
    weight: float
    left_out: str = ""  # why


def entering(members: Iterable[Member]) -> tuple[str, ...]:
    """The tasks that a mean is over."""
    return tuple(member.task for member in members if member.weight)


@dataclass(frozen=True)
class Cell:
    """One curve: a metric of a task over ratio at one place of the grid, with its verdict.

    Of a curve of several tasks (``level`` category or suite), ``task`` is the name of the category or "suite", and
    ``members`` are its tasks. ``question`` is what the verdict was corrected together with, "" if it carries none or in
    the file of an earlier version (docs/manifest.md, "Weights and correction").
    """

    task: str
    category: str
    metric: str
    higher_is_better: bool
    place: Place
    data: CurveSummary
    verdict: Verdict
    display_only: bool = False  # shown in tables and never judged (for example ece)
    level: Level = "task"
    question: Question = ""
    members: tuple[Member, ...] = ()

    @property
    def is_mean(self) -> bool:
        """Whether it is of several tasks. A category of one task has that task's curve, corrected as the task's."""
        return self.level != "task" and self.question != "headline"
