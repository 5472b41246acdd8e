"""What the study is made of: every number in one place. See docs/study.md."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass

from synth_eval.lab.recipe import Recipe
from synth_eval.lab.world import NATURAL_MIX
from synth_eval.skills import recall, tracking

NATURAL, SELF = "natural", "self"


@dataclass(frozen=True)
class Shape:
    """Hidden size, layers and heads of one size; its name is the number of parameters, as manifests write it."""

    name: str
    hidden: int
    layers: int
    heads: int


@dataclass(frozen=True)
class StudyRecipe:
    """Grid, data and schedule of the study. Tokens count the end-of-text tokens; the optimiser is the family's."""

    shapes: tuple[Shape, ...] = (
        Shape("91k", 32, 2, 2),
        Shape("281k", 64, 3, 2),
        Shape("644k", 96, 4, 3),
    )
    budgets: tuple[int, ...] = (40_000, 70_000, 124_000, 219_000, 387_000, 680_000, 1_200_000)
    ratios: tuple[float, ...] = (0.3, 1.0, 0.5, 0.15)  # beside natural text alone; the first ones are trained first
    sources: tuple[str, ...] = ("rephrased", "textbook", "self", "concept")
    seed: int = 0
    vocabulary: int = 1024
    context: int = 256
    batch_tokens: int = 512
    learning_rate: float = 0.006  # the base's, at every size
    warm_up: int = 4096  # tokens
    decay: float = 0.2  # share of each budget over which the learning rate falls to zero
    held_out: int = 100  # documents of each kind that the loss is measured on
    # The writing models: the family's shape, first taught to copy, then their pairs.
    writer: Shape = Shape("281k", 64, 3, 2)
    copy_tokens: int = 500_000
    pair_tokens: int = 1_200_000
    temperature: float = 0.7

    def key(self) -> str:
        """Short hash of all that shapes the models."""
        values = dataclasses.asdict(self) | {
            "mix": dict(NATURAL_MIX),
            "skills": {skill.NAME: skill.VERSION for skill in (recall, tracking)},
        }
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]

    def up_to(self, tokens: float) -> StudyRecipe:
        """Without the budgets above ``tokens``; the models of the others stay as they are.

        Raises
        ------
        ValueError : none is left.
        """
        budgets = tuple(budget for budget in self.budgets if budget <= tokens)
        if not budgets:
            raise ValueError(f"the smallest budget is {self.budgets[0]:,} tokens")
        return dataclasses.replace(self, budgets=budgets)

    def model(self, shape: Shape) -> Recipe:
        """The family's recipe in this shape."""
        return Recipe(
            hidden=shape.hidden,
            layers=shape.layers,
            heads=shape.heads,
            vocabulary=self.vocabulary,
            context=self.context,
            batch_tokens=self.batch_tokens,
        )


FULL = StudyRecipe()
QUICK = StudyRecipe(
    shapes=(Shape("64k", 24, 2, 2), Shape("121k", 40, 2, 2), Shape("281k", 64, 3, 2)),
    budgets=(12_000, 28_000, 66_000, 154_000, 360_000),
    copy_tokens=500_000,
    pair_tokens=800_000,
)
