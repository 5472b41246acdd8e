"""Which jobs make the study, the smallest size first: a study that is cut short can still be fitted, size by size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synth_eval.lab.study_jobs import StudyJob, is_done
from synth_eval.lab.study_recipe import NATURAL, SELF, Shape, StudyRecipe

SPARE = 1.02  # synthetic tokens written over those that the largest budget reads: documents do not end on a budget


@dataclass(frozen=True)
class StudyPlan:
    """All jobs of a study in the order in which they are done, and for each the folders that must be there first."""

    recipe: StudyRecipe
    jobs: tuple[StudyJob, ...]
    needs: dict[Path, tuple[Path, ...]]

    @property
    def missing(self) -> tuple[StudyJob, ...]:
        return tuple(job for job in self.jobs if not is_done(job))

    @property
    def runs(self) -> tuple[StudyJob, ...]:
        """The training runs, each of one size, source and ratio over all budgets."""
        return tuple(job for job in self.jobs if job.kind == "run")


def study_plan(root: Path, recipe: StudyRecipe) -> StudyPlan:
    """What makes the study in a folder. Trains nothing."""
    jobs: list[StudyJob] = []
    needs: dict[Path, tuple[Path, ...]] = {}
    tokenizer, copier = root / "tokenizer", root / "writers" / "copier"
    run_tokens = round((1 - recipe.decay) * recipe.budgets[-1] + recipe.decay * sum(recipe.budgets))
    text_tokens = round(SPARE * recipe.budgets[-1] * max(recipe.ratios))

    def add(job: StudyJob, *after: Path) -> Path:
        if job.folder not in needs:
            jobs.append(job)
            needs[job.folder] = after
        return job.folder

    def run(shape: Shape, source: str, ratio: float, text: Path | None) -> Path:
        place = root / "runs" / shape.name / (source or NATURAL) / f"r{ratio:g}"
        label = f"{shape.name}, {source}, ratio {ratio:g}" if source else f"{shape.name}, {NATURAL}"
        job = StudyJob("run", place, recipe, label, run_tokens, shape, source, ratio, tokenizer, text)
        return add(job, tokenizer, *([text] if text else []))

    def written(source: str) -> Path:
        shape = recipe.writer
        label = "learning to copy"
        add(StudyJob("copier", copier, recipe, label, recipe.copy_tokens, shape, start=tokenizer), tokenizer)
        writer = root / "writers" / source
        label = f"{source}: learning to write"
        add(StudyJob("writer", writer, recipe, label, recipe.pair_tokens, shape, source, start=copier), copier)
        place, label = root / "text" / source, f"{source}: writing"
        return add(StudyJob("text", place, recipe, label, text_tokens, shape, source, start=writer), writer)

    def sampled(shape: Shape) -> Path:
        own = natural[shape]
        place, label = root / "text" / f"{SELF}-{shape.name}", f"{SELF}: writing ({shape.name})"
        begin = own / f"d{recipe.budgets[-1]}"
        return add(StudyJob("text", place, recipe, label, text_tokens, shape, SELF, start=begin), own)

    add(StudyJob("tokenizer", tokenizer, recipe, "tokenizer", 0, recipe.writer))
    natural = {shape: run(shape, "", 0.0, None) for shape in recipe.shapes}
    for shape in recipe.shapes:
        for source in recipe.sources:
            for ratio in recipe.ratios:
                run(shape, source, ratio, sampled(shape) if source == SELF else written(source))
    return StudyPlan(recipe, tuple(jobs), needs)
