"""Build and evaluate what is missing, read what was logged before, compare."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from synth_eval import __version__
from synth_eval.compare import compare_family
from synth_eval.compare.family import NOTHING
from synth_eval.compare.gate import check_gate, judge_gate
from synth_eval.compare.tidy import reliability_diagrams
from synth_eval.comparison import Comparison
from synth_eval.errors import ExitCode, SynthEvalError
from synth_eval.manifest.family import read_gate
from synth_eval.pipeline.evaluate import (
    build_missing,
    evaluate_missing,
    evaluated_results,
    evaluated_tables,
    family_of,
    results_folder,
)
from synth_eval.pipeline.listener import SILENT, Listener
from synth_eval.pipeline.logged import FamilyResults, check_baselines, read_family
from synth_eval.pipeline.reports import ComparisonResult
from synth_eval.pipeline.score_table import TableOptions, is_table, read_score_table
from synth_eval.pipeline.unchanged import comparison_key, keep_key, unchanged_comparison
from synth_eval.results import package_versions
from synth_eval.results.table_file import TABLES
from synth_eval.types import Family, Gate


class NothingEvaluatedError(SynthEvalError):
    """No checkpoint has results that can be compared."""

    exit_code = ExitCode.PARTIAL


def compare(
    manifest: str | os.PathLike[str] | Family,
    *,
    results: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    tasks: Sequence[str] = (),
    output: str | os.PathLike[str] | None = None,
    limit: float | None = None,
    full_hash: bool = False,
    workers: int | None = 1,
    min_tasks: int = 3,
    gate: Gate | str | os.PathLike[str] | None = None,
    save: bool = False,
    table: TableOptions | None = None,
    listener: Listener = SILENT,
) -> ComparisonResult:
    """Which synthetic ratio degrades what: the verdicts of a family of checkpoints.

    Parameters
    ----------
    manifest : checkpoints.yaml, or what `load_family` made of it, or a table of scores (CSV or Parquet)
    results : folders that lm-eval wrote. They are matched to the checkpoints by path or name, and no model is run.
        Without them what has not been evaluated is evaluated, and kept in the results folder; nothing else is written.
    tasks : instead of the manifest's; an error if none of them is in the results
    output : results folder; results/<family> beside the manifest if None
    limit : only the first items of each task
    full_hash : identify checkpoints by all bytes of their weights
    workers : processes that evaluate; as many as cores and memory allow if None
    min_tasks : compare reasoning with retrieval only if each has so many tasks
    gate : instead of the manifest's; or a YAML file with a section gate
    save : write all files into the results folder, as the command does
    table : what a table of scores does not say itself

    Raises
    ------
    SynthEvalError : a wrong manifest, results that fit no checkpoint, no baseline, or nothing could be evaluated.

    Examples
    --------
    >>> found = compare("checkpoints.yaml", results="out", tasks=["sums"])
    >>> [(cell.task, cell.verdict.word) for cell in found.comparison.cells if cell.metric == "acc"]
    [('sums', 'degraded')]
    >>> found.to_frame()["ratio"].unique().tolist()
    [0.0, 0.1, 0.3, 0.6]
    """
    folders = [Path(p) for p in ([results] if isinstance(results, (str, os.PathLike)) else results)]
    if folders and limit is not None:
        raise SynthEvalError("--limit is for evaluating; with --results nothing is evaluated")
    if is_table(manifest):
        if folders or limit is not None:
            raise SynthEvalError(f"{manifest} is a table of scores: it is read without --results and --limit")
        family, read = read_score_table(Path(str(manifest)), table or TableOptions(), tasks=tasks)
        family = _with_gate(family, gate)
        folder = results_folder(family, None if output is None else Path(output))
        with folder.lock() if save else nullcontext():
            listener.doing("comparing")
            found = ComparisonResult(_compared(family, read, min_tasks=min_tasks), folder.root)
            if save:
                found.save()
        return found
    if table is not None:
        raise SynthEvalError(f"{manifest} is no table of scores ({', '.join(TABLES)}): those options are of tables")
    family = _with_gate(family_of(manifest, tasks=tasks, folders_needed=not folders), gate)
    folder = results_folder(family, None if output is None else Path(output))
    with folder.lock() if save or not folders else nullcontext():
        outcome, key = None, ""
        if not folders:
            build_missing(family, listener)
            outcome = evaluate_missing(
                family, folder, limit=limit, full_hash=full_hash, workers=workers, listener=listener
            )
            listener.doing("comparing")
            key = comparison_key(family, outcome, min_tasks=min_tasks)
            if key and (stored := unchanged_comparison(folder.root, key)) is not None:
                return stored
        read = read_family(
            family, folders, tasks=outcome.tasks if outcome else None, insist=bool(tasks), listener=listener
        )
        if outcome is not None:
            read.failures |= outcome.failures
            read.tables |= evaluated_tables(folder, outcome)
            read.results |= evaluated_results(family, folder, outcome)
        else:
            check_baselines(family, read)
        provenance = {"limit": f"{limit:g}"} if limit is not None else {}
        if outcome is not None:
            provenance |= outcome.provenance
            read.warnings += outcome.warnings
        if family.mauve is not None:
            from synth_eval.pipeline.mauve import add_mauve

            about, without = add_mauve(read.tables, family.mauve, folder.features, listener)
            provenance |= about
            read.warnings += without
        listener.doing("comparing")
        comparison = _compared(
            family,
            read,
            min_tasks=min_tasks,
            fingerprints=outcome.fingerprints if outcome else {},
            provenance=provenance,
        )
        found = ComparisonResult(
            comparison,
            folder.root,
            outcome.evaluated if outcome else 0,
            make_diagrams=partial(reliability_diagrams, family, read.tables),
        )
        if save:
            found.save()
            if key:
                keep_key(folder.root, key)
    return found


def _with_gate(family: Family, gate: Gate | str | os.PathLike[str] | None) -> Family:
    """The family with another gate, if one is given."""
    if gate is not None:
        family = replace(family, gate=gate if isinstance(gate, Gate) else read_gate(Path(gate), family))
    check_gate(family.gate)
    return family


def _compared(
    family: Family,
    read: FamilyResults,
    *,
    min_tasks: int,
    fingerprints: Mapping[str, str] = NOTHING,
    provenance: Mapping[str, str] = NOTHING,
) -> Comparison:
    """The comparison of what was read, with its gate and what it depends on."""
    if not read.tables and not read.results:
        reason = f" ({next(iter(read.failures.values()))})" if read.failures else ""
        raise NothingEvaluatedError(f"{family.manifest or family.name}: no checkpoint could be evaluated{reason}")
    weights = ", ".join(f"{task} {weight:g}" for task, weight in sorted(family.task_weights.items()))
    comparison = compare_family(
        family,
        read.tables,
        results=read.results,
        failures=read.failures,
        least_tasks=min_tasks,
        fingerprints=fingerprints,
        provenance={
            "synth_eval": __version__,
            **package_versions(),
            "python": platform.python_version(),
            **({"task_weights": weights} if weights else {}),
            **provenance,
        },
    )
    comparison = replace(comparison, warnings=(*comparison.warnings, *read.warnings))
    return replace(comparison, gate=judge_gate(comparison, family.gate))
