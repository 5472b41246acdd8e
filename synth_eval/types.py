"""The frozen dataclasses and type aliases that every layer shares. Imports nothing of ours.

The words are those of the project: see "Words" in docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:  # numpy takes 0.1 s to import, and `synth-eval --help` needs none of it
    import numpy as np
    from numpy.typing import NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    IntArray: TypeAlias = NDArray[np.int64]
    BoolArray: TypeAlias = NDArray[np.bool_]
    AnyArray: TypeAlias = NDArray[Any]

TaskKind: TypeAlias = Literal["choice", "rolling", "generation"]
VerdictWord: TypeAlias = Literal["degraded", "safe", "inconclusive", "refused"]
RefusalCode: TypeAlias = Literal[
    "no baseline",
    "one ratio",
    "few ratios",
    "no ratio above",
    "shared seed",
    "few items",
    "constant",
    "all the same",
    "no noise",
    "at chance",
]

REASONING = "reasoning"
RETRIEVAL = "retrieval"
DOMAIN = "domain"
GENERATION = "generation"
UNCATEGORISED = "other"
LEAST_TEXTS = 100  # of a side of MAUVE; its authors advise some thousand, with fewer its clusters hold few each


@dataclass(frozen=True)
class Location:
    """A line of a file; as text "checkpoints.yaml:12"."""

    file: str  # its name, without folders
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Refusal:
    """Why a curve is not judged: what code decides by, and what people read."""

    code: RefusalCode
    text: str


@dataclass(frozen=True)
class ChoiceItem:
    """One multiple-choice item of a skill, before any model saw it.

    ``question`` is the context as the model reads it, up to and without the space before the answer;
    ``choices`` are the possible continuations; ``answer`` indexes the right one.
    """

    skill: str
    level: int  # 1 (easiest) to 4
    question: str
    choices: tuple[str, ...]
    answer: int
    form: str = ""  # which template or relation made it, for reports by form


@dataclass(frozen=True)
class Checkpoint:
    """One trained model of a family, and its place in the family's grid."""

    name: str  # unique within the family, fit for a file name
    ratio: float
    size: str = ""  # as the user wrote it, for example "410M"
    parameters: float | None = None  # size as a number
    iteration: int = 1
    seed: int = 0
    source: str = "self"
    tokens: float | None = None
    path: str | None = None  # folder (absolute) or hub id; None if only results are given
    revision: str | None = None
    results: tuple[Path, ...] = ()  # lm-eval output to read instead of running the model
    model: str = "hf"
    model_args: Mapping[str, Any] = field(default_factory=dict)
    batch_size: str | int = "auto"
    num_fewshot: int | None = None
    where: Location | None = None  # its line in the manifest, for messages


@dataclass(frozen=True)
class OwnTask:
    """A task over the user's own data: one of `domains` (rolling) or `choice_tasks` (choice) of the manifest.

    ``files`` and ``examples`` are absolute patterns; ``field`` holds the text, or the question.
    """

    name: str
    kind: TaskKind
    base: Path  # folder of the manifest: messages name files from there
    files: tuple[str, ...] = ()
    field: str = "text"
    amount: int = 200  # documents or items drawn, at most
    seed: int = 0
    category: str | None = None
    skip_unusable: bool = False  # leave out records that cannot be used, instead of refusing the file
    max_characters: int = 2000  # of a document
    hub: str | None = None  # instead of files: a dataset "org/name"
    subset: str | None = None
    split: str = "test"
    choices: tuple[str, ...] = ("choices",)  # one field with all choices, or one field each
    answer: str = "answer"
    index_from: int = 0  # what a numeric answer calls the first choice
    prompt: str = "{question}"
    letters: bool = False  # score A, B ... instead of the choices' texts
    examples: tuple[str, ...] = ()  # few-shot examples


@dataclass(frozen=True)
class ReferenceText:
    """Text that MAUVE sets what the models write against, and the model that reads both: `mauve` of the manifest."""

    files: tuple[str, ...]  # absolute patterns
    base: Path  # folder of the manifest: messages name files from there
    model: Path  # absolute
    field: str = "text"
    amount: int = 1000  # texts drawn, at most
    longest: int = 128  # tokens that are read of each text
    seed: int = 0
    skip_unusable: bool = False


@dataclass(frozen=True)
class GateRule:
    """One requirement of a gate: which curves it is about (an empty tuple: all of them), and what they must show."""

    categories: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()  # as the family spells them
    iterations: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()  # names or labels; "all"; empty: the headline metric for a budget, all for fail_on
    minimum_budget: float | None = None  # the safe budget that each curve must reach
    fail_on: Literal["degraded", "inconclusive"] | None = None  # inconclusive: degraded and refused curves fail too
    where: Location | None = None  # its line in the manifest, for messages


@dataclass(frozen=True)
class Gate:
    """When a comparison is to stop a pipeline: every requirement must hold."""

    fail_on: Literal["degraded", "warning"] | None = None  # any curve; warning: any warning of the comparison too
    rules: tuple[GateRule, ...] = ()
    where: Location | str = ""  # the line, or the option, that sets fail_on


@dataclass(frozen=True)
class Family:
    """A typed checkpoints.yaml."""

    name: str
    tasks: tuple[str, ...]
    checkpoints: tuple[Checkpoint, ...]
    baseline_ratio: float = 0.0
    categories: Mapping[str, str] = field(default_factory=dict)
    lab: Mapping[str, Any] | None = None
    manifest: Path | None = None  # the file it came from; relative paths in it are relative to its folder
    own_tasks: tuple[OwnTask, ...] = ()
    data_dir: Path | None = None  # where public data is (absolute), instead of on a hub
    training_text: tuple[str, ...] = ()  # absolute patterns of files to look for overlap in
    tasks_given: bool = True  # False: the manifest left `tasks` open, and they are the default
    gate: Gate = Gate()
    mauve: ReferenceText | None = None


@dataclass(frozen=True)
class Samples:
    """The items of one lm-eval samples file, as logged: not yet turned into probabilities.

    Row i of every tuple is the same item. Choice tasks fill ``choice_logliks``, ``choice_bytes`` and ``gold``;
    rolling tasks fill ``loglik`` and ``n_bytes``; generation tasks fill ``texts`` and ``repeats``, and ``targets``,
    ``exact_match`` and ``metrics`` where every item has them.
    """

    task: str
    kind: TaskKind
    doc_id: tuple[int, ...]
    doc_hash: tuple[str, ...]
    prompt_hash: tuple[str, ...]
    choice_logliks: tuple[tuple[float, ...], ...] = ()
    choice_bytes: tuple[tuple[int, ...], ...] = ()  # UTF-8 length of each continuation
    gold: tuple[int, ...] = ()
    level: tuple[int, ...] = ()  # difficulty level, where the task has one; else empty
    loglik: tuple[float, ...] = ()  # natural log
    n_bytes: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()
    repeats: tuple[tuple[str, ...], ...] = ()  # every answer that the task's filter can compare, the first is in texts
    targets: tuple[tuple[str, ...], ...] = ()  # acceptable answers
    exact_match: tuple[float, ...] = ()  # as lm-eval logged it
    sure: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # likelihood, p_true ... where a task logs them
    metrics: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # every number that lm-eval logged, or NaN
    clusters: tuple[str, ...] = ()  # one label an item, of the document's field that was requested
    skipped: int = 0  # truncated or unusable lines
    notes: tuple[str, ...] = ()  # one line each on what was skipped or odd


@dataclass(frozen=True)
class ItemTable:
    """One checkpoint on one task, one row an item; the unit that is stored, joined and compared.

    ``columns`` maps a name to an array of length n. Always there: doc_id (int), doc_hash, prompt_hash (str).
    Choice tasks: choice_logliks, choice_bytes, probs (object arrays of 1-D arrays), gold, pred (int), correct (bool),
    confidence, p_gold, entropy, nll, brier, surprise_gap (float; nats), and level where the task has levels.
    Rolling tasks: loglik, n_bytes, bits_per_byte. Generation tasks: text, and where several answers an item were
    sampled answer, votes, n_answers, confidence; correct, brier, nll where the right ones are known, else samples
    (object array of tuples of str: all of them); and the metrics
    that lm-eval logged for each item, under their own names (exact_match, f1 ...).
    """

    checkpoint: str
    task: str
    kind: TaskKind
    category: str
    columns: Mapping[str, AnyArray]

    def __len__(self) -> int:
        return len(self.columns["doc_hash"])


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
class Cell:
    """One curve: a metric of a task over ratio, at fixed size, iteration and source, with its verdict.

    ``ratios``, ``values`` and ``se`` run over the tested ratios, baseline first if it is the smallest; ``values`` are
    means over seeds in the metric's own units; ``difference`` is value minus baseline (0 at the baseline) and
    ``difference_ci`` its 95% interval. Numbers that the data cannot give are None.
    """

    task: str
    category: str
    metric: str
    higher_is_better: bool
    size: str
    iteration: int
    source: str
    seeds: int
    n_items: int
    ratios: tuple[float, ...]
    values: tuple[float, ...]
    se: tuple[float | None, ...]
    difference: tuple[float, ...]
    difference_ci: tuple[tuple[float, float] | None, ...]
    verdict: VerdictWord
    reason: str
    p_value: float | None = None
    p_adjusted: float | None = None
    first_below: float | None = None  # smallest ratio clearly below baseline; late by construction, see docs
    onset: float | None = None
    onset_ci: tuple[float, float] | None = None
    crossing: float | None = None
    crossing_ci: tuple[float, float] | None = None
    budget: float | None = None
    phi: float | None = None
    df: float | None = None
    conditional: bool = False
    best_ratio: float | None = None
    min_detectable: float | None = None
    seed_tolerance: float | None = None
    display_only: bool = False  # shown in tables, carries no verdict (for example ece)
    seed_sd: float | None = None  # SD of a checkpoint's mean between training runs, measured or declared
    item_sd: float | None = None  # SD of an item's score within a checkpoint, beyond what all checkpoints share
    paired: bool = True  # False: some checkpoints have aggregate results only; independent errors, wider
    by_seed: tuple[SeedValues, ...] = ()  # where there are several seeds
    fitted: FittedCurve | None = None  # None where the curve was not judged, or no shape fits better than a flat line
    tokens: float | None = None  # training tokens, in a family over tokens, where each budget has its own curves


@dataclass(frozen=True)
class CheckpointRecord:
    """What the report has of one checkpoint: its place in the grid, what was evaluated, what failed."""

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

    family: str
    created: str  # ISO 8601, UTC
    provenance: Mapping[str, str]
    cells: tuple[Cell, ...]
    checkpoints: tuple[CheckpointRecord, ...]
    contrasts: tuple[Mapping[str, Any], ...] = ()
    leads: tuple[Mapping[str, Any], ...] = ()
    budgets: tuple[Mapping[str, Any], ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()  # published claims against this family
    mean_losses: tuple[Mapping[str, Any], ...] = ()  # by size, iteration or source and ratio, over tasks
    characteristics: tuple[Cell, ...] = ()  # of generated text, judged apart; "better" is away from a collapse
    outputs: tuple[Mapping[str, Any], ...] = ()  # what the characteristics show together, see compare.collapse
    gate: tuple[Mapping[str, Any], ...] = ()  # a row for each requirement of the gate, see compare.gate
    warnings: tuple[str, ...] = ()
    baseline_ratio: float = 0.0
    schema: int = 1
