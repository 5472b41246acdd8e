"""Read what lm-eval logged of any number of models, for `synth-eval calibrate`. A file that fails fails alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from synth_eval.compare.calibration import LeftOut, LoggedModel, RollingTask
from synth_eval.compare.calibration_items import CalibrationItems, Normalisation, calibration_items, generated_items
from synth_eval.data.sets import category_of
from synth_eval.errors import ResultsError
from synth_eval.results import ModelOutput, TaskResult, find_results, newest_results, read_results, read_samples
from synth_eval.types import Samples


@dataclass(frozen=True)
class LoggedFiles:
    """What is to be read of one model."""

    output: ModelOutput
    tasks: Mapping[str, TaskResult]  # of its results files; empty for samples files alone
    groups: Mapping[str, tuple[str, ...]]  # all tasks at the bottom of each group


def logged_files(paths: Sequence[Path], *, wanted: Sequence[str] = ()) -> list[LoggedFiles]:
    """Which samples files there are, one entry a model and folder, each file once.

    Parameters
    ----------
    wanted : tasks, groups or patterns (``mmlu_*``); all tasks if empty.

    Raises
    ------
    ResultsError : nothing of lm-eval's at a path, no samples at all, or a wanted name that fits nothing.
    """
    found = [_with_results(output) for output in _merged(output for path in paths for output in find_results(path))]
    if not any(files.output.samples for files in found):
        raise ResultsError(f"{paths[0]}: no samples files: run lm_eval with --log_samples")
    there = sorted({task for files in found for task in files.output.samples})
    for pattern in wanted:
        if not any(_fits(files, task, [pattern]) for files in found for task in files.output.samples):
            raise ResultsError(f"--tasks {pattern}: no such task; there are {', '.join(there)}")
    if wanted:
        found = [_only(files, wanted) for files in found]
    return [files for files in found if files.output.samples]


def read_model(
    files: LoggedFiles,
    *,
    normalisation: Normalisation = "raw",
    clusters: str | None = None,
    on_file: Callable[[str, int], None] = lambda task, items: None,
) -> LoggedModel:
    """Read all samples of a model, one file after the other. Nothing raises: what fails is in ``left_out``.

    ``clusters`` is a field of the logged documents, see `store.read_samples`.
    """
    items: list[CalibrationItems] = []
    rolling: list[RollingTask] = []
    left_out: list[LeftOut] = []
    notes = list(files.output.notes)
    for task, path in files.output.samples.items():
        known = files.tasks.get(task)
        category = known.category if known is not None and known.category else category_of(task)
        n = 0
        try:
            samples = read_samples(path, task=task, clusters=clusters)
            n = len(samples.doc_id)
            notes += [f"{task}: {note}" for note in samples.notes]
            if samples.kind == "choice":
                items.append(calibration_items(samples, category=category, normalisation=normalisation))
            elif samples.kind == "rolling":
                rolling.append(_bits_per_byte(samples))
            else:
                items += _generated(samples, category, left_out)
        except (ResultsError, ValueError) as error:
            left_out.append(LeftOut(task, str(error), failed=True))
        on_file(task, n)
    return LoggedModel(
        model=files.output.name,
        folder=str(files.output.folder),
        tasks=tuple(items),
        rolling=tuple(rolling),
        left_out=tuple(left_out),
        groups=files.groups,
        notes=tuple(notes),
    )


def _generated(samples: Samples, category: str, left_out: list[LeftOut]) -> list[CalibrationItems]:
    try:
        return generated_items(samples, category=category)
    except ValueError as error:  # most generation tasks have no confidence, which is no failure
        left_out.append(LeftOut(samples.task, f"no confidence: {str(error).removeprefix(f'{samples.task}: ')}", False))
        return []


def _bits_per_byte(samples: Samples) -> RollingTask:
    bits = -sum(samples.loglik) / math.log(2.0)
    return RollingTask(samples.task, len(samples.doc_id), bits / sum(samples.n_bytes))


def _merged(outputs: Iterable[ModelOutput]) -> list[ModelOutput]:
    """One output a model and folder. A samples file given twice goes to the output that knows more of it."""
    merged: dict[tuple[str, Path], ModelOutput] = {}
    owner: dict[Path, tuple[str, Path]] = {}
    for output in sorted(outputs, key=lambda output: not output.results):  # stable
        key = (output.name, output.folder.resolve())
        before = merged.get(key, replace(output, samples={}, notes=()))
        samples, notes = dict(before.samples), list(before.notes)
        for task, path in output.samples.items():
            if owner.setdefault(path.resolve(), key) != key:
                continue
            other = samples.get(task, path)
            if other.resolve() != path.resolve():
                notes.append(f"{task}: {min(other, path).name} left out, {max(other, path).name} is newer")
            samples[task] = max(other, path)
        notes += [note for note in output.notes if note not in notes]
        results = tuple(dict.fromkeys((*before.results, *output.results)))
        merged[key] = replace(before, results=results, samples=samples, notes=tuple(notes))
    return [output for output in merged.values() if output.samples]


def _with_results(output: ModelOutput) -> LoggedFiles:
    runs, notes = [], list(output.notes)
    for path in output.results:
        try:
            runs.append(read_results(path))
        except ResultsError as error:
            notes.append(str(error))
    tasks = newest_results(runs)
    groups = {name: tuple(_leaves(name, tasks)) for name, result in tasks.items() if result.is_group}
    return LoggedFiles(replace(output, notes=tuple(notes)), tasks, groups)


def _leaves(name: str, tasks: Mapping[str, TaskResult], above: tuple[str, ...] = ()) -> Iterator[str]:
    """The tasks at the bottom of a group; a group that holds itself ends there."""
    below = tasks[name].subtasks if name in tasks else ()
    if not below:
        yield name
    for task in below:
        if task not in (*above, name):
            yield from _leaves(task, tasks, (*above, name))


def _fits(files: LoggedFiles, task: str, wanted: Sequence[str]) -> bool:
    names = [task, *(group for group, members in files.groups.items() if task in members)]
    return any(fnmatchcase(name, pattern) for name in names for pattern in wanted)


def _only(files: LoggedFiles, wanted: Sequence[str]) -> LoggedFiles:
    samples = {task: path for task, path in files.output.samples.items() if _fits(files, task, wanted)}
    return replace(files, output=replace(files.output, samples=samples))
