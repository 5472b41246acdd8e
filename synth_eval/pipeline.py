"""The steps that commands are made of: build, evaluate, read, compare. Heavy imports stay inside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_eval.cli.progress import ProgressBars
from synth_eval.types import Comparison, Family, ItemTable

if TYPE_CHECKING:
    from synth_eval.harness.runner import Evaluation
    from synth_eval.report.trackers import Target
    from synth_eval.results import RunFolder


Tables = dict[tuple[str, str], ItemTable]


def build_missing(family: Family, bars: ProgressBars) -> int:
    """Build what the family's lab section describes and is not there yet; returns the number of jobs done."""
    if family.lab is None:
        return 0
    from synth_eval.lab.family import build, missing_jobs

    plan = missing_jobs(family)
    if plan.jobs:
        models = sum(work.kind == "checkpoint" for work in plan.jobs)
        bars.said(f"building {models} missing checkpoints of {family.name}")
        build(plan, on_progress=bars.built, on_message=bars.said)
        bars.end_building()
    return len(plan.jobs)


def evaluate(
    family: Family,
    folder: RunFolder,
    *,
    limit: float | None,
    bars: ProgressBars,
    full_hash: bool = False,
    workers: int | None = 1,
) -> Evaluation | None:
    """Score what is missing; None if the family has nothing to score (all checkpoints bring results)."""
    runnable = [c for c in family.checkpoints if not c.results and c.path is not None]
    if not runnable:
        return None
    from synth_eval.data.folder import data_folder, use_data_folder
    from synth_eval.data.sets import ships_with_its_items
    from synth_eval.harness.environment import prepare, quieten

    on_disk = {task.name for task in family.own_tasks if task.hub is None}
    use_data_folder(family.data_dir)
    with_data = data_folder() is not None
    prepare(
        offline=all(Path(str(c.path)).is_dir() for c in runnable)
        and (with_data or all(task in on_disk or ships_with_its_items(task) for task in family.tasks))
    )
    from synth_eval.harness.runner import evaluate_family

    kept = quieten()
    outcome = evaluate_family(family, folder, limit=limit, watch=bars, full_hash=full_hash, workers=workers)
    outcome.warnings += [f"lm-eval: {text}" + (f" ({n} times)" if n > 1 else "") for text, n in kept.messages.items()]
    return outcome


def evaluated_tables(folder: RunFolder, outcome: Evaluation) -> Tables:
    """Item tables of everything that was scored under the present settings, now or before."""
    tables: Tables = {}
    for name, fingerprint in outcome.fingerprints.items():
        for task in outcome.tasks:
            if folder.task_done(fingerprint, task, outcome.keys.get((name, task), "")):
                tables[name, task] = folder.load_items(fingerprint, task, checkpoint=name)
    return tables


def save_comparison(comparison: Comparison, folder: RunFolder) -> None:
    """comparison.json, .csv and .parquet, each written whole."""
    from synth_eval.compare import comparison_to_dict, tidy
    from synth_eval.results import atomic_file, write_json

    write_json(folder.comparison_json, comparison_to_dict(comparison))
    table = tidy(comparison)
    with atomic_file(folder.comparison_csv) as path:
        table.to_csv(path, index=False)
    with atomic_file(folder.comparison_parquet) as path:
        table.to_parquet(path, index=False)


def save_reports(comparison: Comparison, family: Family, tables: Tables, folder: RunFolder) -> Path:
    """reliability.json, report.html and report.md in the results folder; returns the page."""
    from synth_eval.cli.report import RELIABILITY, write_reports
    from synth_eval.compare.tidy import reliability_diagrams
    from synth_eval.results import write_json

    write_json(folder.root / RELIABILITY, reliability_diagrams(family, tables))
    return write_reports(comparison, folder.root)[0]


def save_junit(comparison: Comparison, file: Path) -> None:
    """JUnit XML at a place of the user's choice."""
    from synth_eval.report.junit import junit_xml
    from synth_eval.results import write_atomically

    write_atomically(file, junit_xml(comparison))


def tracker_targets(trackers: Sequence[str]) -> list[Target]:
    """What --track names; a tracker that is not there is said before anything is evaluated."""
    if not trackers:
        return []
    from synth_eval.report.trackers import target_of

    return [target_of(tracker) for tracker in trackers]


def log_to_trackers(comparison: Comparison, targets: Sequence[Target]) -> bool:
    """Log to each; one that fails is said, and does not take the results or the others with it."""
    done = True
    for target in targets:
        from synth_eval.report.trackers import TrackerError, track

        try:
            click.echo(track(comparison, target), err=True)
        except TrackerError as error:
            click.echo(f"synth-eval: not logged: {error}", err=True)
            done = False
    return done
