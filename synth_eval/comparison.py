"""What a comparison says, typed: curves with their verdicts, and what is set against each other. Imports nothing heavy.

comparison.json is these dataclasses, written and read by pydantic (`compare.serialise`); docs/reports.md describes it.
A number that is not finite is written as null. Ratios are shares of synthetic data, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from synth_eval.cell import Cell, Interval, Level, Place, VerdictWord
from synth_eval.errors import RefusalCode
from synth_eval.types import Correction

LeadWord: TypeAlias = Literal[
    "early", "late", "undetermined", "accuracy not reached", "score not reached", "none", "refused"
]
ContrastWord: TypeAlias = Literal["different", "undetermined", "refused"]
ContrastKind: TypeAlias = Literal["size", "iteration", "source", "tokens", "category", "tail"]
Measure: TypeAlias = Literal["onset", "mean loss", "loss"]
FindingWord: TypeAlias = Literal["agrees", "disagrees", "cannot tell", "not tested"]
CollapseWord: TypeAlias = Literal["collapse", "some sides", "none", "refused"]
Stage: TypeAlias = Literal[
    "early collapse", "tail lost", "narrower", "tail and scores", "late collapse", "scores alone", "none", ""
]
PlacePart: TypeAlias = Literal["size", "iteration", "source", "tokens"]
PlaceValue: TypeAlias = "str | int | float | None"

SCHEMA: Literal[2] = 2


@dataclass(frozen=True)
class ShownSafe:
    """How much synthetic data is shown safe by one measure; ``verdict`` and ``budget`` as in `Budget`."""

    verdict: VerdictWord
    budget: float | None


@dataclass(frozen=True)
class Budget:
    """How much synthetic data is shown safe at one place for the tasks of a category, by their headline metrics.

    ``verdict`` is safe (every judged task at every tested ratio), degraded (some task is), inconclusive, or refused;
    ``budget`` the least budget of the judged tasks, None if none lies above the baseline; ``limited_by`` the tasks with
    that budget, the most urgent first, empty if all are safe; ``n_items`` and ``seeds`` are of the first of them.
    Beside that of every task: ``mean``, that of the category's own curve (the mean over its tasks), and
    ``calibration``, that of every task by its surprise gap; None where there is none.
    """

    place: Place
    category: str
    verdict: VerdictWord
    budget: float | None
    limited_by: tuple[str, ...]
    tasks: int
    judged: int
    degraded: int
    reason: str
    n_items: int | None = None
    seeds: int | None = None
    mean: ShownSafe | None = None
    calibration: ShownSafe | None = None


@dataclass(frozen=True)
class Lead:
    """What moved first: calibration or the score, or a characteristic of generated text or the score.

    ``estimate`` is the onset of the score minus the other onset, in ratios: above 0, the score moved later. A lead of
    generated text names its ``texts`` (a task) and ``metric`` (the characteristic); its ``task`` is the score's, ""
    where none is degraded.
    """

    label: str
    task: str
    place: Place
    verdict: LeadWord
    reason: str
    estimate: float | None = None
    interval: Interval | None = None
    accuracy_onset: float | None = None
    calibration_onset: float | None = None
    texts: str = ""
    metric: str = ""
    level: Level = "task"


@dataclass(frozen=True)
class Contrast:
    """Two curves, or groups of them, set against each other: ``estimate`` is first minus second.

    ``place`` is that of the first; the second differs from it in the part named by ``kind``. Onsets are ratios; losses
    are shares of the baseline's value, over the common ratios or at one ``ratio``. Of kind tail, the halves of a task's
    levels: ``stage`` is early (the tail is lost and more than the head, which is not shown to lose), late (both are
    lost) or "". A contrast of generated text names the characteristic as its ``metric``.
    """

    kind: ContrastKind
    label: str
    place: Place
    first: PlaceValue
    second: PlaceValue
    measure: Measure
    verdict: ContrastWord
    reason: str
    estimate: float | None = None
    interval: Interval | None = None
    ratio: float | None = None
    task: str = ""  # "" of reasoning against retrieval
    level: Level = "task"
    metric: str = ""
    stage: Literal["early", "late", ""] = ""
    tail_loss: float | None = None
    head_loss: float | None = None


@dataclass(frozen=True)
class Finding:
    """A published claim against this family."""

    label: str  # the claim
    verdict: FindingWord
    reason: str
    published: str  # where


@dataclass(frozen=True)
class MeanLoss:
    """Mean relative loss over curves at one ratio, for one value of a part of the place that varies."""

    axis: PlacePart
    value: PlaceValue
    ratio: float
    estimate: float  # share of the baseline's value, above 0 where worse
    interval: Interval
    curves: int  # that the mean is over


@dataclass(frozen=True)
class Collapse:
    """Whether what the models write narrowed at one ratio, and what stage of a collapse that is (`compare.collapse`).

    ``toward`` and ``against`` are the dimensions that moved, ``tail`` says whether rare words are lost, ``worse`` which
    tasks are; ``cut_to`` is the number of tokens that texts were cut to, None where they are whole.
    """

    label: str
    task: str
    place: Place
    ratio: float
    verdict: CollapseWord
    stage: Stage
    reason: str
    refusal: RefusalCode | None = None
    toward: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    tail: bool = False
    worse: tuple[str, ...] = ()
    cut_to: int | None = None


@dataclass(frozen=True)
class GateFailure:
    """A curve that fails a rule of the gate; ``budget`` is None where it has none."""

    task: str
    place: Place
    metric: str
    verdict: VerdictWord
    budget: float | None
    reason: str
    level: Level = "task"


@dataclass(frozen=True)
class GateResult:
    """One requirement of the gate, in words, and whether it holds for the ``judged`` curves that it is about."""

    rule: str
    where: str  # the line, or the option, that asks it
    passed: bool
    judged: int
    reason: str
    failed: tuple[GateFailure, ...] = ()  # the most urgent first


@dataclass(frozen=True)
class CheckpointRecord:
    """One checkpoint in a report: its place in the grid, what was evaluated, what failed."""

    name: str
    size: str
    ratio: float
    iteration: int
    seed: int
    source: str
    tokens: float | None
    fingerprint: str
    tasks: tuple[str, ...]
    failed: str = ""  # the reason, if it could not be built, loaded or scored


@dataclass(frozen=True)
class Comparison:
    """Everything a report draws. Written as comparison.json."""

    __pydantic_config__ = {"extra": "forbid", "title": "comparison.json of synth-eval"}  # noqa: RUF012

    schema: Literal[2] = field(default=SCHEMA, kw_only=True)
    family: str
    created: str  # ISO 8601, UTC
    provenance: Mapping[str, str]
    cells: tuple[Cell, ...]
    checkpoints: tuple[CheckpointRecord, ...]
    contrasts: tuple[Contrast, ...] = ()
    leads: tuple[Lead, ...] = ()
    budgets: tuple[Budget, ...] = ()
    findings: tuple[Finding, ...] = ()
    mean_losses: tuple[MeanLoss, ...] = ()
    characteristics: tuple[Cell, ...] = ()  # of generated text, judged apart; "better" is away from a collapse
    collapses: tuple[Collapse, ...] = ()  # what the characteristics say together
    text_leads: tuple[Lead, ...] = ()  # of characteristics over scores
    text_contrasts: tuple[Contrast, ...] = ()  # of characteristics, between iterations
    gate: tuple[GateResult, ...] = ()
    warnings: tuple[str, ...] = ()
    baseline_ratio: float = 0.0
    overall: tuple[Cell, ...] = ()  # curves of the suite, then of categories: means over tasks
    correction: Correction = "report"  # over which curves p-values are corrected; earlier versions did over all
