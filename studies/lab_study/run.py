"""Train the study, families over sizes, tokens, ratios and four sources of synthetic data, and write its losses.

    python -m studies.lab_study.run FOLDER [--quick] [--up-to TOKENS]

What is there already is kept, so that an interrupted study goes on where it stopped. Afterwards FOLDER holds losses.csv
and losses-by-kind.csv for `synth-eval scaling`, checkpoints.yaml with all checkpoints and largest.yaml with those of
the largest budget for `synth-eval compare`. See docs/study.md.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from studies.lab_study.plan import FULL, QUICK, StudyJob, StudyPlan, study_plan
from studies.lab_study.training import ALL
from synth_eval.errors import SynthEvalError
from synth_eval.lab.processes import run_jobs
from synth_eval.results.atomic import write_atomically
from synth_eval.text import parse_quantity

LOSSES, KIND_LOSSES = "losses.csv", "losses-by-kind.csv"
MANIFEST, LARGEST = "checkpoints.yaml", "largest.yaml"
TASKS = ("synth_recall",)  # synth_tracking stays at chance with these budgets (docs/study.md)


def main(arguments: Sequence[str] | None = None) -> None:
    from studies.lab_study.jobs import perform
    from synth_eval.cli.progress import ProgressBars

    parser = argument_parser(__doc__ or "")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bars")
    options = parser.parse_args(arguments)
    plan = plan_of(options, parser)
    missing = plan.missing
    runs = 0
    try:
        with ProgressBars(quiet=options.quiet) as bars:
            bars.said(f"{len(missing)} of {len(plan.jobs)} jobs to do")
            run_jobs(missing, perform, on_progress=bars.built, on_message=bars.said)
    finally:  # an interrupted study has tables too, of the runs that are done
        runs = write_tables(options.folder.resolve(), plan)
    print(f"{runs} runs; next: synth-eval scaling {options.folder / LOSSES}", file=sys.stderr)


def argument_parser(description: str) -> argparse.ArgumentParser:
    """Arguments that say which study is meant."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="smaller models and a third of the tokens")
    parser.add_argument("--up-to", metavar="TOKENS", help="leave out the budgets above these tokens, for example 200k")
    return parser


def plan_of(options: argparse.Namespace, parser: argparse.ArgumentParser) -> StudyPlan:
    """The study that the arguments ask for; ends the program where there is none."""
    recipe = QUICK if options.quick else FULL
    if options.up_to is not None:
        try:
            recipe = recipe.up_to(parse_quantity(options.up_to))
        except ValueError as error:
            parser.error(f"--up-to: {error}")
    return study_plan(options.folder.resolve(), recipe)


def write_tables(root: Path, plan: StudyPlan) -> int:
    """Losses and manifests of the runs that are done; returns how many runs those are.

    losses.csv has the loss on natural text as a whole, losses-by-kind.csv that of each kind of document: both for
    `synth-eval scaling`. checkpoints.yaml lists every checkpoint, largest.yaml those of the largest budget.
    """
    done = [job for job in plan.runs if job.is_done()]
    whole: list[tuple[str, ...]] = []
    kinds: list[tuple[str, ...]] = []
    for job in done:
        for budget, losses in job.note()["losses"].items():
            for kind, loss in losses.items():
                place = (job.shape.name, budget, f"{job.ratio:g}", job.source)
                (whole if kind == ALL else kinds).append(("miniature-study", *place, kind, f"{loss:.6f}"))
    write_atomically(root / LOSSES, _csv(whole))
    write_atomically(root / KIND_LOSSES, _csv(kinds))
    budgets = plan.recipe.budgets
    write_atomically(root / MANIFEST, _manifest(root, done, budgets))
    write_atomically(root / LARGEST, _manifest(root, done, budgets[-1:]))
    return len(done)


def _csv(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("family", "size", "tokens", "ratio", "source", "task", "loss"))
    writer.writerows(rows)
    return text.getvalue()


def _manifest(root: Path, done: list[StudyJob], budgets: tuple[int, ...]) -> str:
    lines = "\n".join(_checkpoints(root, done, budgets))
    return (
        "# Written by studies/lab_study.\n"
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
                f"source: {job.source}}}"
            )


if __name__ == "__main__":
    try:
        main()
    except SynthEvalError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
