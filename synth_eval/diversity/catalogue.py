"""Every characteristic of generated text in frozen tables: what it is called, and which way a collapse moves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Facet: TypeAlias = Literal["vocabulary", "sameness", "repetition", "tail", ""]


@dataclass(frozen=True)
class Kind:
    """One characteristic.

    ``collapse`` is the direction of a collapse: -1 falls, +1 rises, 0 says nothing by itself. ``facet`` is the side of
    a collapse that it is evidence for, "" if it is none of `collapse_signs`: it depends on length too much, or repeats
    another one.
    """

    name: str
    label: str
    unit: str
    collapse: Literal[-1, 0, 1]
    facet: Facet = ""


CATALOGUE: tuple[Kind, ...] = (
    Kind("distinct_1", "distinct-1", "share", -1),
    Kind("distinct_2", "distinct-2", "share", -1),
    Kind("distinct_3", "distinct-3", "share", -1),
    Kind("distinct_4", "distinct-4", "share", -1),
    Kind("expectation_adjusted_distinct", "expectation-adjusted distinct", "ratio", -1, "vocabulary"),
    Kind("self_bleu", "self-BLEU", "score", 1, "sameness"),
    Kind("token_entropy", "token entropy", "bits", -1),
    Kind("bigram_entropy", "bigram entropy", "bits", -1),
    Kind("mattr", "MATTR", "share", -1, "vocabulary"),
    Kind("mtld", "MTLD", "words", -1, "vocabulary"),
    Kind("compression_ratio", "compression ratio", "ratio", 1),
    Kind("repetition", "repeated 4-grams", "share", 1, "repetition"),
    Kind("loops", "end in a loop", "share", 1, "repetition"),
    Kind("length", "length", "tokens", 0),
    Kind("length_spread", "spread of length", "tokens", 0),
    Kind("degenerate", "degenerate", "share", 1),
    Kind("tail_mass", "rare words", "share", -1, "tail"),
    Kind("unseen_mass", "words not in the reference", "share", 0),
    Kind("prompt_copies", "copied from the prompt", "share", 1),
    Kind("near_duplicates", "near-duplicates", "share", 1, "sameness"),
    Kind("near_duplicates_elsewhere", "near-duplicates of other prompts", "share", 1),
)

# takes text that no task has: see `diversity.mauve`
AGAINST_REFERENCE: tuple[Kind, ...] = (Kind("mauve", "MAUVE", "score", -1),)


def kind_named(name: str) -> Kind:
    """The characteristic of that name.

    Raises
    ------
    KeyError : there is none.
    """
    for kind in (*CATALOGUE, *AGAINST_REFERENCE):
        if kind.name == name:
            return kind
    raise KeyError(f"there is no characteristic {name!r}; there are {', '.join(kind.name for kind in CATALOGUE)}")
