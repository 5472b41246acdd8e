"""Item tables of a family -> Comparison: every curve with its verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from itertools import islice
from types import MappingProxyType
from typing import TypeVar

from synth_eval.compare.budgets import budgets_of, mean_losses_of
from synth_eval.compare.cells import cell_of
from synth_eval.compare.characteristics import (
    at_one_length,
    characteristic_inputs,
    is_described,
)
from synth_eval.compare.collapse import collapses_of, tasks_of_other_length
from synth_eval.compare.contrasts import contrasts_of
from synth_eval.compare.curves import CurveInput, asked_alike, inputs_of
from synth_eval.compare.findings import findings_of
from synth_eval.compare.leads import iteration_contrasts, leads_of, text_leads
from synth_eval.compare.metrics import metrics_of
from synth_eval.compare.overall import overall_cells, overall_inputs, unknown_weights
from synth_eval.compare.places import place_names, place_of
from synth_eval.compare.questions import corrected_together, uncorrected
from synth_eval.compare.tail_losses import tail_contrasts
from synth_eval.comparison import CheckpointRecord, Comparison
from synth_eval.dose_response.contrasts import MIN_TASKS
from synth_eval.manifest.baseline import CurveMembers, curves
from synth_eval.results import TaskResult
from synth_eval.text import joined, listed, once
from synth_eval.types import GENERATION, UNCATEGORISED, Family, ItemTable

T = TypeVar("T")
NOTHING: Mapping[str, str] = MappingProxyType({})
NO_RESULTS: Mapping[tuple[str, str], TaskResult] = MappingProxyType({})


def compare_family(
    family: Family,
    tables: Mapping[tuple[str, str], ItemTable],
    *,
    results: Mapping[tuple[str, str], TaskResult] = NO_RESULTS,
    failures: Mapping[str, str] = NOTHING,
    fingerprints: Mapping[str, str] = NOTHING,
    provenance: Mapping[str, str] = NOTHING,
    created: str | None = None,
    least_tasks: int = MIN_TASKS,
) -> Comparison:
    """Judge every curve of a family, and set the curves against each other.

    Parameters
    ----------
    family : the manifest.
    tables : (checkpoint name, task) -> item table; absent where a checkpoint failed or was not asked.
    results : (checkpoint name, task) -> aggregate, used where there is no item table: with independent
        errors, so that the curve is unpaired and its intervals are wider.
    failures : checkpoint name -> why it could not be built, loaded or scored.
    fingerprints : checkpoint name -> fingerprint of its weights.
    provenance : versions and settings, copied into the result.
    created : ISO 8601 time; now if None.
    least_tasks : reasoning against retrieval is refused where a group has fewer tasks.

    Returns
    -------
    Comparison; cells ordered by task (as in `tables`), curve (as in the manifest) and metric. What did not pair, was
    missing or contradicts itself is in ``warnings``.

    Raises
    ------
    ValueError : a table of a checkpoint that the family does not have.
    """
    known = {checkpoint.name for checkpoint in family.checkpoints}
    evaluated = dict.fromkeys((*tables, *results))
    for name, task in evaluated:
        if name not in known:
            raise ValueError(f"results of {task} belong to checkpoint {name!r}, which the family does not have")
    warnings = _unevaluated(family, evaluated, failures)
    inputs: list[CurveInput] = []
    written: list[CurveInput] = []
    noted: list[tuple[str, str]] = []  # the task and curve that a note is about, and the note
    layout = curves(family)
    tables_of, results_of = _by_task(tables), _by_task(results)
    for task in dict.fromkeys(task for _, task in evaluated):
        of_task, aggregates = tables_of.get(task, {}), results_of.get(task, {})
        category = _category(task, of_task, aggregates, family, warnings)
        before = len(inputs)
        for curve in layout:
            found, notes = inputs_of(
                task, category, curve, of_task, results=aggregates, baseline_ratio=family.baseline_ratio
            )
            inputs += found
            noted += [(_title(task, curve, layout), note) for note in notes]
            asked, _, _ = asked_alike(curve, of_task, aggregates)
            described, notes = characteristic_inputs(task, category, curve, asked, baseline_ratio=family.baseline_ratio)
            written += described
            noted += [(_title(task, curve, layout), note) for note in notes]
        if len(inputs) == before and not any(map(is_described, of_task.values())):
            noted.append((task, _nothing_to_compare(of_task, aggregates)))
    warnings += once(noted)
    warnings += _unpaired(tables, results)
    warnings += unknown_weights(family.task_weights, dict.fromkeys(task for _, task in evaluated))
    tested, tested_texts = uncorrected(inputs), uncorrected(written)
    means, left_out = overall_inputs(tested, weights=family.task_weights)
    warnings += left_out
    together = iter(corrected_together((*tested, *tested_texts, *uncorrected(means)), family.correction))
    judged, judged_texts = (tuple(islice(together, len(each))) for each in (tested, tested_texts))
    overall = tuple(together)
    cells = tuple(cell_of(each) for each in judged)
    means_of_tasks = overall_cells(overall, judged)
    characteristics = tuple(cell_of(each) for each in judged_texts)
    at_length = {
        task: at_one_length(
            task,
            GENERATION,
            layout,
            _asked_alike_anywhere(task, layout, tables, results),
            baseline_ratio=family.baseline_ratio,
        )
        for task in tasks_of_other_length(characteristics)
    }
    comparison = Comparison(
        family=family.name,
        created=created or datetime.now(timezone.utc).isoformat(timespec="seconds"),
        provenance=dict(provenance),
        cells=cells,
        checkpoints=_records(family, evaluated, failures, fingerprints),
        contrasts=(
            *contrasts_of(overall),
            *contrasts_of(judged, least_tasks=least_tasks),
            *tail_contrasts(judged, tables),
        ),
        leads=(*leads_of(overall), *leads_of(judged)),
        budgets=budgets_of(cells, means_of_tasks, baseline_ratio=family.baseline_ratio),
        mean_losses=mean_losses_of(judged),
        characteristics=characteristics,
        collapses=collapses_of(characteristics, cells, baseline_ratio=family.baseline_ratio, at_length=at_length),
        text_leads=text_leads(judged_texts, judged),
        text_contrasts=iteration_contrasts(judged_texts),
        warnings=tuple(dict.fromkeys(warnings)),
        baseline_ratio=family.baseline_ratio,
        overall=means_of_tasks,
        correction=family.correction,
    )
    return replace(comparison, findings=findings_of(comparison))


def _by_task(found: Mapping[tuple[str, str], T]) -> dict[str, dict[str, T]]:
    """Task -> checkpoint name -> what there is of both."""
    by_task: dict[str, dict[str, T]] = {}
    for (name, task), each in found.items():
        by_task.setdefault(task, {})[name] = each
    return by_task


def _asked_alike_anywhere(
    task: str,
    layout: Sequence[CurveMembers],
    tables: Mapping[tuple[str, str], ItemTable],
    results: Mapping[tuple[str, str], TaskResult],
) -> dict[str, ItemTable]:
    """A task's tables, without those that are left out of every curve."""
    of_task = {name: table for (name, its_task), table in tables.items() if its_task == task}
    aggregates = {name: result for (name, its_task), result in results.items() if its_task == task}
    kept = {name for curve in layout for name in asked_alike(curve, of_task, aggregates)[0]}
    return {name: table for name, table in of_task.items() if name in kept}


def _nothing_to_compare(tables: Mapping[str, ItemTable], results: Mapping[str, TaskResult]) -> str:
    logged = {each.metric for result in results.values() for each in result.metrics}
    others = "a score from 0 to 1 whose results file gives its error and which way is better (lm-eval 0.4.3 or later)"
    if any(table.kind == "generation" for table in tables.values()):
        known = ", ".join(metric.name for metric in metrics_of("generation") if metric.floor is not None)
        return f"no per-item score to compare ({known}, or {others}); left out"
    there = f"only {listed(sorted(logged))}" if logged else "none was logged"
    return f"no metric to compare ({there}): needed is an accuracy, a loss or {others}; left out"


def _unpaired(tables: Mapping[tuple[str, str], ItemTable], results: Mapping[tuple[str, str], TaskResult]) -> list[str]:
    """One line on the tasks that come as aggregates only, and one for each set of tasks that some checkpoints lack."""
    sampled = {task for _, task in tables}
    logged = dict.fromkeys(task for (_, task), result in results.items() if not result.is_tabled)
    alone = [task for task in logged if task not in sampled]
    warnings = []
    if alone:
        warnings.append(
            f"{listed(alone)}: aggregate results only, so compared unpaired, with wider intervals; "
            "run lm_eval with --log_samples for paired verdicts"
        )
    lacking: dict[str, list[str]] = {}
    for name, task in results:
        if task in sampled and (name, task) not in tables:
            lacking.setdefault(name, []).append(task)
    for tasks in dict.fromkeys(map(tuple, lacking.values())):
        names = [name for name, its_tasks in lacking.items() if tuple(its_tasks) == tasks]
        warnings.append(
            f"no samples of {listed(tasks)} from {listed(names)}: compared unpaired there, with wider intervals; "
            "the others are paired"
        )
    return warnings


def _unevaluated(family: Family, evaluated: Collection[tuple[str, str]], failures: Mapping[str, str]) -> list[str]:
    names = {name for name, _ in evaluated}
    tasks = dict.fromkeys(task for _, task in evaluated)
    noted = []
    for checkpoint in family.checkpoints:
        name = checkpoint.name
        missing = [task for task in tasks if (name, task) not in evaluated]
        if missing and name not in failures:
            found = f"no results for {listed(missing)}" if name in names else "not evaluated, left out"
            noted.append((name, found))
    return once(noted, what="checkpoints")


def _category(
    task: str,
    tables: Mapping[str, ItemTable],
    results: Mapping[str, TaskResult],
    family: Family,
    warnings: list[str],
) -> str:
    """From the manifest, else from the results; contradictions are reported."""
    logged = [*(table.category for table in tables.values()), *(result.category for result in results.values())]
    named = list(dict.fromkeys(category for category in logged if category not in ("", UNCATEGORISED)))
    if task in family.categories:
        mine = family.categories[task]
        if any(category != mine for category in named):
            warnings.append(f"{task}: filed under {', '.join(named)} by its results; {mine} of the manifest is used")
        return mine
    if len(named) > 1:
        warnings.append(f"{task}: filed under {', '.join(named)} by different checkpoints; {named[0]} is used")
    return named[0] if named else UNCATEGORISED


def _title(task: str, curve: CurveMembers, layout: Sequence[CurveMembers]) -> str:
    """The task, with as much of its place as distinguishes this curve from the others."""
    name = place_names(place_of(c) for c in layout)[place_of(curve)]
    return joined(task, name)


def _records(
    family: Family,
    evaluated: Collection[tuple[str, str]],
    failures: Mapping[str, str],
    fingerprints: Mapping[str, str],
) -> tuple[CheckpointRecord, ...]:
    return tuple(
        CheckpointRecord(
            name=checkpoint.name,
            size=checkpoint.size,
            ratio=checkpoint.ratio,
            iteration=checkpoint.iteration,
            seed=checkpoint.seed,
            source=checkpoint.source,
            tokens=checkpoint.tokens,
            fingerprint=fingerprints.get(checkpoint.name, ""),
            tasks=tuple(task for name, task in evaluated if name == checkpoint.name),
            failed=failures.get(checkpoint.name, ""),
        )
        for checkpoint in family.checkpoints
    )
