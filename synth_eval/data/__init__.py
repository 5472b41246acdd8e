"""Data that is not generated: the user's own, public sets, the hub, and overlap with training text."""

from __future__ import annotations

from synth_eval.data.choices import ChoiceRow, ChoiceSample, choice_sample
from synth_eval.data.domains import Document, DomainSample, domain_sample
from synth_eval.data.overlap import (
    DocumentOverlap,
    OverlapCounter,
    OverlapShare,
    WordHasher,
    gram_length,
    overlap_share,
    words,
)
from synth_eval.data.records import OwnDataError, Tally, matching_files, shown
from synth_eval.data.texts import Block, read_texts

__all__ = [
    "Block",
    "ChoiceRow",
    "ChoiceSample",
    "Document",
    "DomainSample",
    "OwnDataError",
    "Tally",
    "choice_sample",
    "domain_sample",
    "matching_files",
    "read_texts",
    "shown",
]


# Public benchmarks: which sets there are, where they lie, and their items as tasks of the suite take them.


# How much of evaluation text occurs word for word in training text: n-grams of words, as GPT-3 counted them.

__all__ = ["DocumentOverlap", "OverlapCounter", "OverlapShare", "WordHasher", "gram_length", "overlap_share", "words"]
