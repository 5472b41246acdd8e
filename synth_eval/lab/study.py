"""Build the study, families over sizes, tokens, ratios and sources, and write its tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from synth_eval.lab.held_out import ALL
from synth_eval.lab.jobs import NOTE
from synth_eval.lab.processes import OnMessage, OnProgress, run_jobs
from synth_eval.lab.study_jobs import StudyJob, is_done, perform
from synth_eval.lab.study_plan import StudyPlan
from synth_eval.lab.study_recipe import NATURAL
from synth_eval.results.atomic import write_atomically

LOSSES, KIND_LOSSES = "losses.csv", "losses-by-kind.csv"
MANIFEST, LARGEST = "checkpoints.yaml", "largest.yaml"
TASKS = ("synth_recall",)  # synth_tracking stays at chance with these budgets (docs/study.md)


def run_study(plan: StudyPlan, *, on_progress: OnProgress, on_message: OnMessage, processes: int | None = None) -> None:
    """Do what is missing of a study.

    Raises
    ------
    CheckpointError : a job failed, or a folder was made by another recipe. What was made before is kept.
    """
    run_jobs(plan.missing, plan.needs, perform, on_progress=on_progress, on_message=on_message, processes=processes)


def write_tables(root: Path, plan: StudyPlan) -> int:
    """Losses and manifests of the runs that are done; returns how many runs those are.

    losses.csv has the loss on natural text as a whole, losses-by-kind.csv that of each kind of document: both for
    `synth-eval scaling`. checkpoints.yaml lists every checkpoint, largest.yaml those of the largest budget.
    """
    done = [job for job in plan.runs if is_done(job)]
    whole: list[tuple[str, ...]] = []
    kinds: list[tuple[str, ...]] = []
    for job in done:
        for budget, losses in json.loads((job.folder / NOTE).read_text(encoding="utf-8"))["losses"].items():
            for kind, loss in losses.items():
                place = (job.shape.name, budget, f"{job.ratio:g}", job.source or NATURAL)
                (whole if kind == ALL else kinds).append(("miniature-study", *place, kind, f"{loss:.6f}"))
    write_atomically(root / LOSSES, _csv(whole))
    write_atomically(root / KIND_LOSSES, _csv(kinds))
    budgets = plan.recipe.budgets
    write_atomically(root / MANIFEST, _manifest(root, done, budgets))
    write_atomically(root / LARGEST, _manifest(root, done, budgets[-1:]))
    return len(done)


def quality_of_sources(plan: StudyPlan) -> dict[str, dict[str, dict[str, float]]]:
    """Text folder's name -> share -> value, low, high, of; for the texts that are there."""
    return {
        job.folder.name: json.loads((job.folder / NOTE).read_text(encoding="utf-8"))["quality"]
        for job in plan.jobs
        if job.kind == "text" and is_done(job)
    }


def _csv(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("family", "size", "tokens", "ratio", "source", "task", "loss"))
    writer.writerows(rows)
    return text.getvalue()


def _manifest(root: Path, done: list[StudyJob], budgets: tuple[int, ...]) -> str:
    lines = "\n".join(_checkpoints(root, done, budgets))
    return (
        "# Written by `synth-eval lab study`.\n"
        f"family: miniature-study\ntasks: [{', '.join(TASKS)}]\n"
        "defaults:\n  model: hf\n  model_args: {dtype: float32}\n  batch_size: 64\n"
        f"checkpoints:\n{lines}\n"
    )


def _checkpoints(root: Path, done: list[StudyJob], budgets: tuple[int, ...]) -> Iterator[str]:
    for job in done:
        for budget in budgets:
            path = (job.folder / f"d{budget}").relative_to(root)
            yield (
                f"  - {{path: ./{path.as_posix()}, size: {job.shape.name}, tokens: {budget}, ratio: {job.ratio:g}, "
                f"source: {job.source or NATURAL}}}"
            )
