"""Results that lm-eval wrote before: found, given to the checkpoints of a family, read. Needs no lm_eval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from synth_eval.calibration.items import score_samples
from synth_eval.compare.places import tokens_name
from synth_eval.data.sets import category_of
from synth_eval.errors import ResultsError, SynthEvalError
from synth_eval.manifest import curves
from synth_eval.results import (
    CheckpointResults,
    ModelOutput,
    TaskResult,
    checkpoint_results,
    find_results,
    match_outputs,
    read_samples,
)
from synth_eval.text import MAX_LISTED, listed
from synth_eval.types import Checkpoint, Family, ItemTable

if TYPE_CHECKING:
    from synth_eval.cli.progress import ProgressBars


@dataclass
class LoggedFamily:
    """What was read. ``failures`` maps a checkpoint's name to the reason in one line."""

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
    bars: ProgressBars,
) -> LoggedFamily:
    """Read the results that the manifest names (``results:``) and those in folders (``--results``).

    Parameters
    ----------
    tasks : the tasks to keep; if None, those of the family (names, groups of the results files, patterns), or all where
        the manifest leaves the tasks open or names none that was logged.
    insist : whether it is an error that none of the family's tasks was logged (they were given by ``--tasks``).

    Raises
    ------
    ResultsError : nothing of lm-eval's in one of the folders, or nothing in them that fits a checkpoint or a task.
    """
    read = LoggedFamily()
    outputs = _outputs(family, folders, read)
    logged: dict[str, CheckpointResults] = {}
    for name, found in outputs.items():
        try:
            logged[name] = checkpoint_results(found)
            read.warnings += [f"{name}: {note}" for note in logged[name].notes]
        except SynthEvalError as error:
            read.failures[name] = str(error)
    kept = _tasks_kept(family, logged, tasks, read.warnings, insist=insist)
    logged = {name: _only(found, kept) for name, found in logged.items()}
    bars.planned(sum(len(found.samples) for found in logged.values()))
    notes: dict[str, list[str]] = {}
    for name, results in logged.items():
        _read_checkpoint(name, results, read, notes, bars)
    read.warnings += [f"{note} ({listed(names)})" for note, names in notes.items()]
    return read


def check_baselines(family: Family, logged: LoggedFamily) -> None:
    """Refuse a family that brings results of other checkpoints of a curve, but none of its baseline.

    A baseline that failed to be read is no such case: it is reported as failed.

    Raises
    ------
    ResultsError : names the first such size and iteration.
    """
    there = {name for name, _ in (*logged.tables, *logged.results)} | logged.failures.keys()
    for curve in curves(family):
        if any(c.name in there for c in curve.baselines) or not any(c.name in there for c in curve.others):
            continue
        size = f"size {curve.size}, " if curve.size else ""
        size += f"{tokens_name(curve.tokens)}, " if curve.tokens is not None else ""
        wanted = ", ".join(c.path or c.name for c in curve.baselines)
        raise ResultsError(
            f"{_file(family)}: no results of the baseline of {size}iteration {curve.iteration} "
            f"(ratio {family.baseline_ratio:g}: {wanted}): give its folder with --results, or write "
            "`results:` in its line"
        )


def _outputs(family: Family, folders: Sequence[Path], read: LoggedFamily) -> dict[str, list[ModelOutput]]:
    """Every checkpoint's outputs, by name, in the family's order."""
    found: dict[str, list[ModelOutput]] = {checkpoint.name: [] for checkpoint in family.checkpoints}
    for checkpoint in family.checkpoints:
        try:
            for path in checkpoint.results:
                found[checkpoint.name] += _one_model(path, checkpoint)
        except SynthEvalError as error:
            read.failures[checkpoint.name] = str(error)
    if folders:
        taken = {_key(output) for outputs in found.values() for output in outputs}
        given = [output for folder in folders for output in find_results(folder)]
        others = {_key(output): output for output in given if _key(output) not in taken}
        matched = match_outputs(list(others.values()), family.checkpoints, manifest=_file(family))
        if others and not matched.outputs and not taken:
            raise ResultsError(_nothing_fits(matched.problems, family))
        read.warnings += [*_shortened(matched.problems), *_shortened(matched.doubts)]
        for name, outputs in matched.outputs.items():
            found[name] += outputs
    return {name: outputs for name, outputs in found.items() if outputs and name not in read.failures}


def _one_model(path: Path, checkpoint: Checkpoint) -> tuple[ModelOutput, ...]:
    """The outputs at a path that the manifest names for a checkpoint: of one model, or of the one that fits."""
    outputs = find_results(path)
    models = list(dict.fromkeys(output.name for output in outputs))
    if len(models) == 1:
        return outputs
    fitting = match_outputs(outputs, [checkpoint], manifest="").outputs.get(checkpoint.name)
    if fitting is None:
        raise ResultsError(
            f"{checkpoint.where}: {path} holds results of {len(models)} models ({listed(models)}): "
            "name the folder of one of them"
        )
    return fitting


def _tasks_kept(
    family: Family,
    logged: Mapping[str, CheckpointResults],
    tasks: Iterable[str] | None,
    warnings: list[str],
    *,
    insist: bool,
) -> set[str]:
    there = {task for found in logged.values() for task in (*found.samples, *found.aggregates)}
    if tasks is not None:
        return there & set(tasks)
    if not family.tasks_given:
        return there
    groups: dict[str, set[str]] = {}
    for found in logged.values():
        for group, members in found.groups.items():
            groups.setdefault(group, set()).update(members)
    kept = {task for task in there if any(_fits(task, wanted, groups) for wanted in family.tasks)}
    if kept or not there:
        return kept
    if insist:
        raise ResultsError(f"--tasks {', '.join(family.tasks)}: not logged; there are {listed(sorted(there))}")
    warnings.append(f"none of the tasks asked for was logged ({', '.join(family.tasks)}): all that were are compared")
    return there


def _fits(task: str, wanted: str, groups: Mapping[str, set[str]], above: tuple[str, ...] = ()) -> bool:
    """Whether a task is the wanted one, fits its pattern, or lies in the group of that name, at any depth."""
    if fnmatchcase(task, wanted):
        return True
    names = [group for group in groups if group not in above and fnmatchcase(group, wanted)]
    return any(_fits(task, member, groups, (*above, name)) for name in names for member in groups[name])


def _only(found: CheckpointResults, kept: set[str]) -> CheckpointResults:
    return CheckpointResults(
        {task: path for task, path in found.samples.items() if task in kept},
        {task: result for task, result in found.aggregates.items() if task in kept},
    )


def _read_checkpoint(
    name: str, found: CheckpointResults, read: LoggedFamily, notes: dict[str, list[str]], bars: ProgressBars
) -> None:
    """Item tables of the samples; where they cannot be read, the aggregate stands in, and that is said.

    ``notes`` gathers what is odd about a task's samples, and in which checkpoints.
    """
    read.results |= {(name, task): result for task, result in found.aggregates.items()}
    for task, file in found.samples.items():
        bars.started(name, task)
        items = 0
        try:
            samples = read_samples(file, task=task)
            known = found.aggregates.get(task)
            category = known.category if known is not None and known.category else category_of(task)
            read.tables[name, task] = score_samples(samples, checkpoint=name, category=category)
            for note in samples.notes:
                notes.setdefault(f"{task}: {note}", []).append(name)
            items = len(samples.doc_id)
        except (SynthEvalError, ValueError) as error:
            if task in found.aggregates:
                read.warnings.append(f"{name}, {task}: {error}; its aggregate is used instead")
            else:
                read.failures[name] = str(error)
        bars.finished(name, task, items)


def _nothing_fits(problems: Sequence[str], family: Family) -> str:
    wanted = ", ".join([c.path or c.name for c in family.checkpoints][:MAX_LISTED])
    return f"none of {len(problems)} results fits a checkpoint of the family ({wanted} ...): {problems[0]}"


def _shortened(lines: Sequence[str]) -> list[str]:
    rest = len(lines) - MAX_LISTED
    return [*lines[:MAX_LISTED], *([f"and {rest} more like the last"] if rest > 0 else [])]


def _key(output: ModelOutput) -> tuple[str, Path]:
    return output.name, output.folder.resolve()


def _file(family: Family) -> str:
    return family.manifest.name if family.manifest is not None else "the manifest"
