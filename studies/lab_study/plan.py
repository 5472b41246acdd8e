"""What the study is made of: every number in one place, and which jobs make it. See docs/study.md."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from studies.lab_study.world import NATURAL_MIX
from synth_eval.lab.processes import Job
from synth_eval.lab.recipe import Recipe
from synth_eval.skills import recall, tracking

NATURAL, SELF = "natural", "self"
SPARE = 1.02  # synthetic tokens written over those that the largest budget reads: documents do not end on a budget


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


@dataclass(frozen=True)
class StudyJob(Job):
    """Makes the tokenizer, a model that copies, a writing model, its text, or a training run over all budgets."""

    recipe: StudyRecipe
    shape: Shape = FULL.writer


@dataclass(frozen=True)
class StudyPlan:
    """All jobs of a study in the order in which they are done.

    The smallest size comes first: a study that is cut short can still be fitted, size by size.
    """

    recipe: StudyRecipe
    jobs: tuple[StudyJob, ...]

    @property
    def missing(self) -> tuple[StudyJob, ...]:
        return tuple(job for job in self.jobs if not job.is_done())

    @property
    def runs(self) -> tuple[StudyJob, ...]:
        """The training runs, each of one size, source and ratio over all budgets."""
        return tuple(job for job in self.jobs if job.kind == "run")


def study_plan(root: Path, recipe: StudyRecipe) -> StudyPlan:
    """What makes the study in a folder. Trains nothing."""
    jobs: dict[Path, StudyJob] = {}
    run_tokens = round((1 - recipe.decay) * recipe.budgets[-1] + recipe.decay * sum(recipe.budgets))
    text_tokens = round(SPARE * recipe.budgets[-1] * max(recipe.ratios))

    def add(
        kind: str,
        folder: Path,
        label: str,
        tokens: int,
        shape: Shape,
        *,
        needs: tuple[Path, ...],
        start: Path | None = None,
        source: str = NATURAL,
        ratio: float = 0.0,
        text: Path | None = None,
    ) -> Path:
        """``start``: the first of needs, if not given."""
        jobs.setdefault(
            folder,
            StudyJob(
                kind,
                folder,
                recipe,
                label,
                tokens,
                needs,
                seed=recipe.seed,
                ratio=ratio,
                source=source,
                start=start or (needs[0] if needs else None),
                text=text,
                shape=shape,
            ),
        )
        return folder

    def run(shape: Shape, source: str, ratio: float, text: Path | None) -> Path:
        folder = root / "runs" / shape.name / source / f"r{ratio:g}"
        label = f"{shape.name}, {source}" + ("" if source == NATURAL else f", ratio {ratio:g}")
        needs = (tokenizer, text) if text else (tokenizer,)
        return add("run", folder, label, run_tokens, shape, needs=needs, source=source, ratio=ratio, text=text)

    def written(source: str) -> Path:
        writers, shape = root / "writers", recipe.writer
        copier = add("copier", writers / "copier", "learning to copy", recipe.copy_tokens, shape, needs=(tokenizer,))
        label = f"{source}: learning to write"
        writer = add("writer", writers / source, label, recipe.pair_tokens, shape, needs=(copier,), source=source)
        folder, label = root / "text" / source, f"{source}: writing"
        return add("text", folder, label, text_tokens, shape, needs=(writer,), source=source)

    def sampled(shape: Shape) -> Path:
        own = natural[shape]
        folder, label = root / "text" / f"{SELF}-{shape.name}", f"{SELF}: writing ({shape.name})"
        start = own / f"d{recipe.budgets[-1]}"
        return add("text", folder, label, text_tokens, shape, needs=(own,), start=start, source=SELF)

    tokenizer = add("tokenizer", root / "tokenizer", "tokenizer", 0, recipe.writer, needs=())
    natural = {shape: run(shape, NATURAL, 0.0, None) for shape in recipe.shapes}
    for shape in recipe.shapes:
        for source in recipe.sources:
            for ratio in recipe.ratios:
                run(shape, source, ratio, sampled(shape) if source == SELF else written(source))
    return StudyPlan(recipe, tuple(jobs.values()))
