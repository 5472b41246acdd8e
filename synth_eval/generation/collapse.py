"""When several independent sides of generated text agree that it collapsed; `compare.collapse` applies it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synth_eval.generation.characteristics import Dimension, Kind

DIMENSIONS: tuple[Dimension, ...] = ("vocabulary", "sameness", "repetition", "tail")
MIN_PROMPTS = 20
AGREEING = 3
LENGTH_TOLERANCE = 0.1  # of the baseline's length: most characteristics follow length


@dataclass(frozen=True)
class Shift:
    """One characteristic of a model minus that of its baseline, in its own unit, paired by prompt.

    ``sign``: 1 clearly toward collapse, -1 clearly away from it, 0 neither.
    """

    kind: Kind
    difference: float
    low: float
    high: float
    prompts: int
    sign: int


def agreement(shifts: Sequence[Shift]) -> tuple[bool, tuple[Dimension, ...], tuple[Dimension, ...]]:
    """Whether at least three of four sides moved toward collapse and none away from it.

    A side moved if one of its characteristics clearly did, and none of them the other way. Characteristics of a side
    mostly measure the same thing, so they never count twice. Where each side moves toward collapse by chance with
    probability a / 2, three of four do so with at most 4/3 * a / 2, however they depend on each other (Markov's
    inequality): 3.3% at a = .05.

    Parameters
    ----------
    shifts : each clear at the level 1 - a / (characteristics of its side).

    Returns
    -------
    Whether it is a collapse; the sides that moved toward it; those that moved away.

    References
    ----------
    Shumailov et al., "AI models collapse when trained on recursively generated data", Nature 631, 2024. Alemohammad et
    al., "Self-Consuming Generative Models Go MAD", ICLR 2024. Guo et al., "The Curious Decline of Linguistic Diversity:
    Training Language Models on Synthetic Text", Findings of NAACL 2024. Gerstgrasser et al., "Is Model Collapse
    Inevitable? Breaking the Curse of Recursion by Accumulating Real and Synthetic Data", COLM 2024.

    Examples
    --------
    >>> from synth_eval.generation import kind_named
    >>> moved = [Shift(kind_named(name), 0.1, 0.05, 0.15, 30, 1) for name in ("mattr", "mtld", "self_bleu", "loops")]
    >>> agreement(moved)
    (True, ('vocabulary', 'sameness', 'repetition'), ())
    """
    toward, against = _moved(shifts, 1), _moved(shifts, -1)
    return len(toward) >= AGREEING and not against, toward, against


def _moved(shifts: Sequence[Shift], sign: int) -> tuple[Dimension, ...]:
    """Sides with a characteristic that clearly moved this way, and none that moved the other way."""
    way = {shift.kind.dimension for shift in shifts if shift.sign == sign}
    other = {shift.kind.dimension for shift in shifts if shift.sign == -sign}
    return tuple(dimension for dimension in DIMENSIONS if dimension in way - other)
