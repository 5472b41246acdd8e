"""The errors of this package, and what the command line returns to the shell for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, TypeAlias


class ExitCode(IntEnum):
    """What the command line returns to the shell."""

    OK = 0
    GATE = 1  # --fail-on tripped
    USAGE = 2  # wrong usage or manifest
    PARTIAL = 3  # some checkpoints failed and the report is partial
    INTERRUPTED = 130


class SynthEvalError(Exception):
    """Something the user can correct. The message is one line: what is wrong, where, what to do."""

    exit_code: ExitCode = ExitCode.USAGE


class ManifestError(SynthEvalError):
    """A mistake in checkpoints.yaml. Names file, line and correction."""


class ResultsError(SynthEvalError):
    """A results or samples file of lm-eval cannot be read."""


class CheckpointError(SynthEvalError):
    """One checkpoint cannot be built, loaded or scored; the others go on."""

    exit_code = ExitCode.PARTIAL


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its type where it has none."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


RefusalCode: TypeAlias = Literal[
    "no baseline",  # of the layout
    "one ratio",
    "few ratios",
    "no ratio above",
    "shared seed",
    "few items",
    "constant",  # of the scores
    "all the same",
    "no noise",
    "at chance",
    "nothing to lose",
    "display only",  # of the results
    "no standard error",
    "baseline without samples",
    "few items for unpaired",
    "no task judged",  # of a category
    "few prompts",  # of generated text
    "few seeds",
    "other length",
    "other",  # in the file of an earlier version
]


@dataclass(frozen=True)
class Refusal:
    """Why something is not judged. Code decides by ``code``; ``text`` is for people and may be reworded."""

    code: RefusalCode
    text: str
