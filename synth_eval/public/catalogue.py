"""What common tasks of lm-eval are: their category, what they ask of a model, and how its confidence is had.

lm-eval says none of it. catalogue.csv holds one line a task or pattern; the first that matches counts.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files

from synth_eval.types import UNCATEGORISED

CONFIDENCES = {
    "choices": "the probabilities of the choices",
    "votes": "the share of sampled answers that agree, once the task is given repeats and a filter that keeps them",
    "none": "none: several answers are right, or the task scores the likelihood of a text",
}


@dataclass(frozen=True)
class KnownTask:
    """One line of the catalogue. ``output`` is choice, generation, rolling or loglikelihood."""

    pattern: str
    category: str
    output: str
    confidence: str  # a key of CONFIDENCES


def known_task(name: str) -> KnownTask | None:
    """The first line of the catalogue that a task's name matches."""
    return next((known for known in catalogue() if fnmatchcase(name, known.pattern)), None)


def category_of(name: str) -> str:
    """A task's category by the catalogue; "other" if it is not in it."""
    known = known_task(name)
    return known.category if known else UNCATEGORISED


@lru_cache(maxsize=1)
def catalogue() -> tuple[KnownTask, ...]:
    """All lines, in order."""
    text = files("synth_eval.public").joinpath("catalogue.csv").read_text(encoding="utf-8")
    return tuple(KnownTask(*row) for row in list(csv.reader(text.splitlines()))[1:])
