"""Build the checkpoints of a miniature family that are missing, one process a core."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from synth_eval.errors import ManifestError
from synth_eval.lab.processes import NOTE, Job, OnMessage, OnProgress, run_jobs
from synth_eval.lab.recipe import Recipe, recipe_from
from synth_eval.types import Checkpoint, Family

SELF = "self"
DILUTION = "dilution"  # control: external text only, (1 - ratio) of the tokens


@dataclass(frozen=True)
class FamilyJob(Job):
    """Makes the tokenizer, a base, text sampled from a model, or a checkpoint."""

    recipe: Recipe


def missing_jobs(family: Family) -> tuple[FamilyJob, ...]:
    """What is to be done so that every checkpoint of the family exists. Trains nothing.

    Raises
    ------
    ManifestError : the lab cannot make such a checkpoint.
    CheckpointError : a folder was built by another recipe.
    """
    assert family.lab is not None
    recipe = recipe_from(family.lab, where=family.manifest.name if family.manifest else "manifest")
    wanted = [checkpoint for checkpoint in family.checkpoints if checkpoint.path and not checkpoint.results]
    root = _base_folder(recipe, family, wanted)
    done: dict[Path, bool] = {}
    jobs: dict[Path, FamilyJob] = {}

    def add(job: FamilyJob) -> Path:
        if job.folder not in done:
            done[job.folder] = job.is_done()
        if not done[job.folder]:
            jobs.setdefault(job.folder, job)
        return job.folder

    by_place = {_place(checkpoint): checkpoint for checkpoint in wanted}
    for checkpoint in sorted(wanted, key=lambda c: (c.iteration, c.seed, c.ratio)):
        _check(checkpoint)
        folder = Path(str(checkpoint.path))
        if (folder / "config.json").is_file() and not (folder / NOTE).is_file():
            continue  # the user's own model at this path: never touched
        if _training(checkpoint, recipe, folder, None, None).is_done():
            continue
        seed, iteration = checkpoint.seed, checkpoint.iteration
        tokenizer = add(FamilyJob("tokenizer", root / "tokenizer", recipe, "tokenizer"))
        base = add(
            FamilyJob(
                "base",
                root / f"seed{seed}",
                recipe,
                f"base, seed {seed}",
                recipe.tokens_to_base,
                needs=(tokenizer,),
                seed=seed,
                start=tokenizer,
            )
        )
        synthetic = None
        if checkpoint.ratio > 0 and checkpoint.source == SELF:
            first = iteration == 1  # written by the base, for all ratios
            writer = base if first else _previous(checkpoint, by_place)
            name = f"text-seed{seed}" if first else f"text-r{checkpoint.ratio:g}-it{iteration}-seed{seed}"
            synthetic = add(
                FamilyJob(
                    "sample",
                    root / name,
                    recipe,
                    f"sampling, seed {seed}" + ("" if first else f", iteration {iteration}"),
                    round(recipe.tokens * (max(c.ratio for c in wanted) if first else checkpoint.ratio)),
                    needs=(writer,),
                    seed=seed,
                    ratio=0.0 if first else checkpoint.ratio,
                    iteration=iteration,
                    start=writer,
                )
            )
        add(_training(checkpoint, recipe, folder, base, synthetic))
    return tuple(jobs.values())


def build(
    jobs: Sequence[FamilyJob], *, on_progress: OnProgress, on_message: OnMessage, processes: int | None = None
) -> None:
    """Do the jobs, as many at a time as there are cores.

    Raises
    ------
    CheckpointError : a job failed. What was built before is kept, and the next call continues from there.
    """
    from synth_eval.lab.jobs import perform  # imports torch

    run_jobs(jobs, perform, on_progress=on_progress, on_message=on_message, processes=processes)


def _training(
    checkpoint: Checkpoint, recipe: Recipe, folder: Path, base: Path | None, synthetic: Path | None
) -> FamilyJob:
    diluted = checkpoint.source == DILUTION
    return FamilyJob(
        "checkpoint",
        folder,
        recipe,
        checkpoint.name,
        round(recipe.tokens * (1 - checkpoint.ratio if diluted else 1)),
        needs=tuple(needed for needed in (base, synthetic) if needed is not None),
        seed=checkpoint.seed,
        ratio=checkpoint.ratio,
        iteration=checkpoint.iteration,
        source=checkpoint.source,
        start=base,
        text=synthetic,
    )


def _place(checkpoint: Checkpoint) -> tuple[str, str, float, int, int]:
    return checkpoint.size, checkpoint.source, checkpoint.ratio, checkpoint.iteration, checkpoint.seed


def _previous(checkpoint: Checkpoint, by_place: Mapping[tuple[str, str, float, int, int], Checkpoint]) -> Path:
    """The checkpoint of the iteration before, which writes this one's synthetic text."""
    size, source, ratio, iteration, seed = _place(checkpoint)
    found = by_place.get((size, source, ratio, iteration - 1, seed))
    if found is None or found.path is None:
        raise ManifestError(
            f"{checkpoint.where}: iteration {iteration} at ratio {ratio:g} learns from what iteration {iteration - 1} "
            f"writes; add iteration {iteration - 1} at the same ratio and seed"
        )
    return Path(found.path)


def _check(checkpoint: Checkpoint) -> None:
    if checkpoint.source not in (SELF, DILUTION):
        raise ManifestError(
            f"{checkpoint.where}: the lab makes sources 'self' and 'dilution', not {checkpoint.source!r}"
        )
    if checkpoint.source == DILUTION and checkpoint.ratio >= 1:
        raise ManifestError(f"{checkpoint.where}: a dilution control at ratio 1 would train on nothing; leave it out")


def _base_folder(recipe: Recipe, family: Family, wanted: list[Checkpoint]) -> Path:
    if recipe.base:
        start = family.manifest.parent if family.manifest else Path.cwd()
        return (start / recipe.base).resolve()
    common = os.path.commonpath([str(Path(str(c.path)).parent) for c in wanted])
    return Path(common) / "base"
