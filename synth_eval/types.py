"""The frozen dataclasses and type aliases that every layer shares. Imports nothing of ours.

The words are those of the project: see "Words" in docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:  # numpy takes 0.1 s to import, and `synth-eval --help` needs none of it
    import numpy as np
    from numpy.typing import NDArray

    FloatArray: TypeAlias = NDArray[np.float64]
    IntArray: TypeAlias = NDArray[np.int64]
    BoolArray: TypeAlias = NDArray[np.bool_]
    AnyArray: TypeAlias = NDArray[Any]

TaskKind: TypeAlias = Literal["choice", "rolling", "generation"]
Correction: TypeAlias = Literal["question", "family", "report", "fdr"]  # over which curves p-values are corrected

REASONING = "reasoning"
RETRIEVAL = "retrieval"
DOMAIN = "domain"
GENERATION = "generation"
UNCATEGORISED = "other"
BYTE_FREQUENCY_BITS = "byte_frequency_bits"  # column of rolling tasks: bits per byte of a model of byte frequencies
MAX_INTEGER = 2**63 - 1  # of what columns of tables hold
MIN_TEXTS = 100  # of a side of MAUVE; its authors advise some thousand, with fewer its clusters hold few each


@dataclass(frozen=True)
class Location:
    """A line of a file; as text "checkpoints.yaml:12"."""

    file: str  # its name, without folders
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


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


ADAPTERS = ("peft", "lora_local_path", "delta")
"""Arguments of lm-eval's models whose value is a folder or hub id that is put on top of the base model."""


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
    apply_chat_template: bool | str = False  # True: the tokenizer's own; text: its template of that name
    system_instruction: str = ""
    fewshot_as_multiturn: bool = True  # examples as turns of their own; only where a template is applied
    gen_kwargs: Mapping[str, Any] = field(default_factory=dict)  # put over a task's own settings of generation
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
    curve: Literal["task", "category", "suite"] = "task"  # of single tasks, or of their means
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
    task_weights: Mapping[str, float] = field(default_factory=dict)  # in curves of several tasks; 1 where not named
    correction: Correction = "question"  # see `compare.questions`
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

    Row i of every tuple is the same item. Choice tasks fill ``choice_logliks``, ``choice_bytes`` and ``gold``, or
    ``accuracy`` alone; rolling tasks fill ``loglik`` and ``n_bytes``, and ``metrics`` with acc where it is logged and
    byte_frequency_bits where the texts are;
    generation tasks fill ``texts`` and ``repeats``, and ``targets``,
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
    accuracy: tuple[float, ...] = ()  # acc as logged, where the choices do not give it; these three are empty then
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
    filter: str = "none"  # which of the task's filters
    skipped: int = 0  # truncated or unusable lines
    notes: tuple[str, ...] = ()  # one line each on what was skipped or odd


@dataclass(frozen=True)
class ItemTable:
    """One checkpoint on one task, one row an item; the unit that is stored, joined and compared.

    ``columns`` maps a name to an array of length n. Always there: doc_id (int), doc_hash, prompt_hash (str).
    Choice tasks: choice_logliks, choice_bytes, probs (object arrays of 1-D arrays), gold, pred (int), correct (bool),
    confidence, p_gold, entropy, nll, brier, surprise_gap (float; nats), and level where the task has levels; correct
    alone (float) where the choices do not give the logged accuracy. Rolling tasks: loglik, n_bytes, bits_per_byte,
    byte_frequency_bits where the text is logged, and acc where it is logged. Generation tasks: text, and where
    several answers an item were sampled answer, votes, n_answers, confidence; correct, brier, nll where the right ones
    are known, else samples (object array of tuples of str: all of them); and the metrics that lm-eval logged for each
    item, under their own names (exact_match, f1 ...).
    """

    checkpoint: str
    task: str
    kind: TaskKind
    category: str
    columns: Mapping[str, AnyArray]

    def __len__(self) -> int:
        return len(self.columns["doc_hash"])


class ProgressListener(Protocol):
    """What an evaluation reports while it works."""

    def planned(self, pieces: int, *, items: int = 0, checkpoints: Mapping[str, int] = ...) -> None:
        """So many (checkpoint, task) pieces are to be evaluated, with so many items in all; by checkpoint, how many."""

    def started(self, checkpoint: str, task: str, items: int = 0) -> None:
        """A task of so many items, or what comes before the first."""

    def answered(self, checkpoint: str, task: str, share: float) -> None:
        """That share of the task's requests is answered."""

    def finished(self, checkpoint: str, task: str, items: int, *, of: int = 0) -> None:
        """So many items were evaluated of those planned: none where it failed or was found done."""

    def said(self, message: str) -> None:
        """A line worth keeping: a checkpoint or task that failed, a warning of lm-eval."""
