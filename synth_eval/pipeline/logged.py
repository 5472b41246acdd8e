"""Item tables and aggregates of a family from what lm-eval logged before. Needs no lm_eval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from synth_eval.calibration.items import score_samples
from synth_eval.compare.places import tokens_name
from synth_eval.data.sets import category_of
from synth_eval.errors import ResultsError, SynthEvalError
from synth_eval.manifest import curves
from synth_eval.pipeline.listener import SILENT, Listener
from synth_eval.results import LoggedModel, TaskResult, read_checkpoints, read_samples
from synth_eval.results.aggregates import CONTRADICTED, contradicts
from synth_eval.text import listed, once
from synth_eval.types import Family, ItemTable

_OTHER_FILTER = "left out, scored by filter {!r} and not by the baseline's, {!r}"


@dataclass
class FamilyResults:
    """Tables and aggregates by (checkpoint, task). ``failures`` maps a checkpoint's name to the reason in one line."""

    tables: dict[tuple[str, str], ItemTable] = field(default_factory=dict)
    results: dict[tuple[str, str], TaskResult] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read_family(
    family: Family,
    folders: Sequence[Path] = (),
    *,
    tasks: Iterable[str] | None = None,
    insist: bool = False,
    listener: Listener = SILENT,
) -> FamilyResults:
    """Read the results that the manifest names (``results:``) and those in folders (``--results``).

    Where samples cannot be read, the task's aggregate takes their place, with a warning.

    Parameters
    ----------
    tasks : the tasks to keep; if None, those of the family (names, groups of the results files, patterns), or all where
        the manifest leaves the tasks open or names none that was logged.
    insist : whether it is an error that none of the family's tasks was logged (they were given by ``--tasks``).

    Raises
    ------
    ResultsError : nothing of lm-eval's in one of the folders, or nothing in them that fits a checkpoint or a task.
    """
    models, failures, warnings = read_checkpoints(family, folders)
    read = FamilyResults(failures=failures, warnings=warnings)
    read.warnings += once((f"{name} ({about})", text) for name, model in models.items() for about, text in model.notes)
    kept = _tasks_kept(family, models, tasks, read.warnings, insist=insist)
    models = {name: model.only(kept) for name, model in models.items()}
    listener.planned(sum(len(model.samples) for model in models.values()))
    notes: dict[tuple[str, str], tuple[str, ...]] = {}  # on the samples of a checkpoint and task
    filters: dict[tuple[str, str], str] = {}
    for name, model in models.items():
        aggregates = model.aggregates
        # the same category whether or not samples were logged
        read.results |= {
            (name, task): replace(result, category=result.category or category_of(task))
            for task, result in aggregates.items()
        }
        for task, file in model.samples.items():
            listener.started(name, task)
            items = 0
            try:
                samples = read_samples(file, task=task)
                items, notes[name, task] = len(samples.doc_id), samples.notes
                if task in aggregates and contradicts(aggregates[task], samples, file):
                    notes[name, task] = (f"{CONTRADICTED}, which is used instead",)
                else:
                    category = model.category(task) or category_of(task)
                    read.tables[name, task] = score_samples(samples, checkpoint=name, category=category)
                    filters[name, task] = samples.filter
            except (SynthEvalError, ValueError) as error:
                if task in aggregates:
                    read.warnings.append(f"{name}, {task}: {error}; its aggregate is used instead")
                else:
                    read.failures[name] = str(error)
            listener.finished(name, task, items)
    _with_one_filter(family, models, read, filters, notes)
    odd: dict[tuple[str, str], list[str]] = {}  # note on a task's samples -> in which checkpoints
    for (name, task), lines in notes.items():
        for line in lines:
            odd.setdefault((task, line), []).append(name)
    read.warnings += once((task, f"{line} ({listed(names)})") for (task, line), names in odd.items())
    return read


def _with_one_filter(
    family: Family,
    models: Mapping[str, LoggedModel],
    read: FamilyResults,
    filters: Mapping[tuple[str, str], str],
    notes: dict[tuple[str, str], tuple[str, ...]],
) -> None:
    """Compare all by the baseline's filter, whether items or aggregates: the first of its samples, or of its metrics.

    What was scored by another first filter is read anew; what lacks the baseline's is left out.
    """
    in_order = sorted(family.checkpoints, key=lambda checkpoint: checkpoint.ratio != family.baseline_ratio)
    rank = {checkpoint.name: i for i, checkpoint in enumerate(in_order)}
    wanted: dict[str, str] = {}
    for name, task in sorted(dict.fromkeys((*filters, *read.results)), key=lambda place: rank[place[0]]):
        first = filters.get((name, task)) or next((m.filter for m in read.results[name, task].metrics), None)
        if first is not None:
            wanted.setdefault(task, first)
    for (name, task), used in filters.items():
        if used == wanted[task]:
            continue
        try:
            samples = read_samples(models[name].samples[task], task=task, filter=wanted[task])
            category = read.tables[name, task].category
            read.tables[name, task] = score_samples(samples, checkpoint=name, category=category)
            notes[name, task] = samples.notes
        except (SynthEvalError, ValueError):
            del read.tables[name, task]
            read.results.pop((name, task), None)
            notes[name, task] = (_OTHER_FILTER.format(used, wanted[task]),)
    for (name, task), result in list(read.results.items()):
        named = list(dict.fromkeys(metric.filter for metric in result.metrics))
        if task not in wanted or named == [wanted[task]]:
            continue
        if wanted[task] in named:
            kept = tuple(metric for metric in result.metrics if metric.filter == wanted[task])
            read.results[name, task] = replace(result, metrics=kept)
            if (name, task) not in read.tables and (name, task) not in notes:
                others = listed(repr(each) for each in named if each != wanted[task])
                notes[name, task] = (f"filter {wanted[task]!r} compared; numbers of {others} left out",)
        elif (name, task) not in read.tables and named:
            del read.results[name, task]
            notes[name, task] = (_OTHER_FILTER.format(named[0], wanted[task]),)


def check_baselines(family: Family, read: FamilyResults) -> None:
    """Refuse a family that has results of other checkpoints of a curve, but none of its baseline.

    A baseline that failed to be read is no such case: it is reported as failed.

    Raises
    ------
    ResultsError : names the first such size and iteration.
    """
    there = {name for name, _ in (*read.tables, *read.results)} | read.failures.keys()
    for curve in curves(family):
        if any(c.name in there for c in curve.baselines) or not any(c.name in there for c in curve.others):
            continue
        size = f"size {curve.size}, " if curve.size else ""
        size += f"{tokens_name(curve.tokens)}, " if curve.tokens is not None else ""
        wanted = ", ".join(c.path or c.name for c in curve.baselines)
        manifest = family.manifest.name if family.manifest is not None else "the manifest"
        left_out = f"; left out: {listed(read.warnings, 2, between='; ')}" if read.warnings else ""
        raise ResultsError(
            f"{manifest}: no results of the baseline of {size}iteration {curve.iteration} "
            f"(ratio {family.baseline_ratio:g}: {wanted}): give its folder with --results, or write "
            f"`results:` in its line{left_out}"
        )


def _tasks_kept(
    family: Family,
    models: Mapping[str, LoggedModel],
    tasks: Iterable[str] | None,
    warnings: list[str],
    *,
    insist: bool,
) -> set[str]:
    there = {task for model in models.values() for task in (*model.samples, *model.aggregates)}
    if tasks is not None:
        return there & set(tasks)
    if not family.tasks_given or not there:
        return there
    groups: dict[str, tuple[str, ...]] = {}
    for model in models.values():
        groups |= {group: (*groups.get(group, ()), *members) for group, members in model.groups.items()}
    every = replace(next(iter(models.values())), groups=groups)
    kept = {task for task in there if every.fits(task, family.tasks)}
    if kept:
        return kept
    if insist:
        raise ResultsError(f"--tasks {', '.join(family.tasks)}: not logged; there are {listed(sorted(there))}")
    warnings.append(f"none of the requested tasks was logged ({', '.join(family.tasks)}): all logged ones are compared")
    return there
