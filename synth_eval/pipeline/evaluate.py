"""Build and evaluate what is missing of a family. Heavy imports stay inside."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from synth_eval.manifest import load_family
from synth_eval.pipeline.listener import SILENT, Listener
from synth_eval.pipeline.unchanged import evaluation_key
from synth_eval.results import (
    Evaluation,
    RunFolder,
    TaskResult,
    newest_results,
    read_receipt,
    read_results,
    settings_fingerprint,
    write_receipt,
)
from synth_eval.results.fingerprint import ASKED, own_settings
from synth_eval.types import Family, ItemTable

if TYPE_CHECKING:
    import pandas as pd

HOW = ("num_fewshot", "fewshot_as_multiturn", *ASKED)  # settings that change what is asked, not who answers
Tables = dict[tuple[str, str], ItemTable]


def evaluate(
    manifest: str | os.PathLike[str] | Family,
    *,
    tasks: Sequence[str] = (),
    output: str | os.PathLike[str] | None = None,
    limit: float | None = None,
    full_hash: bool = False,
    workers: int | None = 1,
    listener: Listener = SILENT,
) -> EvaluationResult:
    """Evaluate the checkpoints of a family that have not been evaluated; what there is already is read.

    The item tables are kept in the results folder; the parameters are those of `compare`.

    Raises
    ------
    SynthEvalError : the manifest is wrong, a task is unknown, or another run works in the folder.
    """
    family = family_of(manifest, tasks=tasks)
    folder = results_folder(family, None if output is None else Path(output))
    with folder.lock():
        build_missing(family, listener)
        outcome = evaluate_missing(family, folder, limit=limit, full_hash=full_hash, workers=workers, listener=listener)
        if outcome is None:
            return EvaluationResult(folder.root)
        return EvaluationResult(
            folder.root,
            evaluated_tables(folder, outcome),
            outcome.failures,
            outcome.evaluated,
            runnable=True,
            warnings=tuple(outcome.warnings),
        )


@dataclass(frozen=True)
class EvaluationResult:
    """Item tables by (checkpoint, task); ``failures`` maps a checkpoint's name to the reason in one line.

    ``evaluated`` counts the (checkpoint, task) pieces that were run now; ``runnable`` is False if all checkpoints have
    results, so that there is none to run. ``warnings`` are lines on what was asked otherwise than it seems.
    """

    folder: Path
    tables: Mapping[tuple[str, str], ItemTable] = field(default_factory=dict, repr=False)
    failures: Mapping[str, str] = field(default_factory=dict)
    evaluated: int = 0
    runnable: bool = False
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row a checkpoint and task: category, kind, items and the mean of every numeric column."""
        import pandas as pd

        rows = [
            {"checkpoint": name, "task": task, "category": table.category, "kind": table.kind, "items": len(table)}
            | {
                column: float(values.mean())
                for column, values in table.columns.items()
                if values.dtype.kind in "bf" and len(values)
            }
            for (name, task), table in self.tables.items()
        ]
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, na_rep=""))


def family_of(
    manifest: str | os.PathLike[str] | Family, *, tasks: Sequence[str] = (), folders_needed: bool = True
) -> Family:
    """The family of a checkpoints.yaml, with other tasks if some are given."""
    family = manifest if isinstance(manifest, Family) else load_family(Path(manifest), folders_needed=folders_needed)
    return replace(family, tasks=tuple(dict.fromkeys(tasks)), tasks_given=True) if tasks else family


def results_folder(family: Family, output: Path | None = None) -> RunFolder:
    """Where results go: the folder that was given, or results/<family> beside the manifest."""
    start = family.manifest.parent if family.manifest else Path.cwd()
    return RunFolder(output or start / "results" / family.name)


def build_missing(family: Family, listener: Listener = SILENT) -> int:
    """Build what the family's lab section describes and is not there yet; returns the number of jobs done."""
    if family.lab is None:
        return 0
    from synth_eval.lab.family import build, missing_jobs

    jobs = missing_jobs(family)
    if jobs:
        models = sum(job.kind == "checkpoint" for job in jobs)
        listener.said(f"building {models} missing checkpoints of {family.name}")
        build(jobs, on_progress=listener.built, on_message=listener.said)
        listener.end_building()
    return len(jobs)


def evaluate_missing(
    family: Family,
    folder: RunFolder,
    *,
    limit: float | None = None,
    full_hash: bool = False,
    workers: int | None = 1,
    listener: Listener = SILENT,
) -> Evaluation | None:
    """Score what is missing; None if the family has nothing to score (all checkpoints have results).

    If everything was evaluated before, under the same key of all that it depends on, neither lm_eval nor torch is
    imported.
    """
    runnable = [c for c in family.checkpoints if not c.results and c.path is not None]
    if not runnable:
        return None
    listener.doing("looking for what is not evaluated")
    before = evaluation_key(family, runnable, limit=limit, full_hash=full_hash)
    if before is not None:
        outcome = read_receipt(folder.root, before[0])
        if outcome is not None:
            return outcome
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
    from synth_eval.harness.evaluate import evaluate_family

    kept = quieten()
    outcome = evaluate_family(family, folder, limit=limit, listener=listener, full_hash=full_hash, workers=workers)
    outcome.warnings += [f"lm-eval: {text}" + (f" ({n} times)" if n > 1 else "") for text, n in kept.messages.items()]
    if before is not None and before[1] == outcome.fingerprints and not outcome.failures:
        tables = {folder.items(outcome.fingerprints[name], task) for name, task in outcome.keys}
        if all(folder.task_done(outcome.fingerprints[name], task, key) for (name, task), key in outcome.keys.items()):
            write_receipt(folder.root, before[0], outcome, sorted(tables))
    return outcome


def evaluated_tables(folder: RunFolder, outcome: Evaluation) -> Tables:
    """Item tables of everything that was scored under the present settings, now or before."""
    tables: Tables = {}
    for name, fingerprint in outcome.fingerprints.items():
        for task in outcome.tasks:
            if folder.task_done(fingerprint, task, outcome.keys.get((name, task), "")):
                tables[name, task] = folder.load_items(fingerprint, task, checkpoint=name)
    return tables


def evaluated_results(family: Family, folder: RunFolder, outcome: Evaluation) -> dict[tuple[str, str], TaskResult]:
    """What lm-eval logged beside the item tables, which tells how each checkpoint was asked.

    Nothing where the manifest has all of them asked alike: then there is nothing to tell apart.
    """
    ways = {settings_fingerprint({key: own_settings(c).get(key) for key in HOW}) for c in family.checkpoints}
    if len(ways) == 1 and not any(checkpoint.results for checkpoint in family.checkpoints):
        return {}
    found: dict[tuple[str, str], TaskResult] = {}
    for name, fingerprint in outcome.fingerprints.items():
        logged = newest_results(map(read_results, sorted(folder.native(fingerprint).glob("results_*.json"))))
        for task in outcome.tasks:
            if task in logged and folder.task_done(fingerprint, task, outcome.keys.get((name, task), "")):
                found[name, task] = logged[task]
    return found
