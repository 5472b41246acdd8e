"""The skills: evaluation items and training documents from a seed, in plain English.

A skill is a module with ``NAME``, ``CATEGORY``, ``VERSION``, ``SHALLOW`` (accuracy of the best shallow heuristic that
we found), ``test_items(seed)``, ``train_items(seed)`` and ``document(draw, easy)``
(easy: level 1 only, for the beginning of a training). Items never move within a version.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from synth_eval.skills import arithmetic, deduction, lookup, recall, tracking
from synth_eval.skills.items import Draw
from synth_eval.types import ChoiceItem


class Skill(Protocol):
    """What a skill module offers."""

    NAME: str
    CATEGORY: str
    VERSION: int
    SHALLOW: float

    def test_items(self, seed: int = 0) -> list[ChoiceItem]: ...
    def train_items(self, seed: int = 0) -> list[ChoiceItem]: ...
    def document(self, draw: Draw, *, easy: bool = False) -> str: ...


SKILLS: Mapping[str, Skill] = MappingProxyType(
    {module.NAME: module for module in (arithmetic, deduction, tracking, lookup, recall)}
)
"""Every skill by the name of its task."""
