"""Which of lm-eval's files belong together: of each model, or of each checkpoint of a family. Every command reads here.

`find_results` finds what lm-eval wrote where; here the newest run of each task is chosen, and tasks and groups are
selected by name. `read_samples` then reads the items of one file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from synth_eval.errors import ResultsError, SynthEvalError
from synth_eval.results.aggregates import RunResults, TaskResult, newest_results, read_results
from synth_eval.results.find import POINTERS, ModelOutput, distinguished, find_results, run_date
from synth_eval.results.identity import ModelIdentity
from synth_eval.results.matching import match_outputs, place_of
from synth_eval.text import MAX_LISTED, Note, listed, plural
from synth_eval.types import Checkpoint, Family


@dataclass(frozen=True)
class LoggedModel:
    """What lm-eval logged of one model, or one checkpoint, over all its runs: of each task the newest.

    Attributes
    ----------
    samples : task -> its newest samples file.
    results : task or group -> its newest aggregate, of tasks with samples too.
    groups : group -> all tasks at its bottom, as the results files name them, those that were not logged too.
    notes : what was left out, of which task or file.
    """

    name: str
    folder: Path
    samples: Mapping[str, Path] = field(default_factory=dict)
    results: Mapping[str, TaskResult] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    @property
    def aggregates(self) -> dict[str, TaskResult]:
        """The results that have numbers, without groups whose tasks or subgroups are there."""

        def is_covered(name: str) -> bool:
            tasks = set(self.groups.get(name, ()))
            return not tasks.isdisjoint(self.results) or any(
                set(members) < tasks for group, members in self.groups.items() if group in self.results
            )

        return {name: result for name, result in self.results.items() if result.metrics and not is_covered(name)}

    def category(self, task: str) -> str:
        """The task's category by its configuration, "" where that has none."""
        return self.results[task].category if task in self.results else ""

    def fits(self, task: str, wanted: Iterable[str]) -> bool:
        """Whether one of the names or patterns is the task's or that of a group, at any depth, that it is in."""
        names = [task, *(group for group, members in self.groups.items() if task in members)]
        return any(fnmatchcase(name, pattern) for pattern in wanted for name in names)

    def only(self, tasks: Iterable[str]) -> LoggedModel:
        """The same with the samples and results of some tasks."""
        kept = set(tasks)
        return replace(
            self,
            samples={task: path for task, path in self.samples.items() if task in kept},
            results={task: result for task, result in self.results.items() if task in kept},
        )

    def without_outdated_samples(self) -> LoggedModel:
        """Without samples older than the task's newest results: they may be of another version of task or model."""
        aggregates = self.aggregates
        outdated = [
            task
            for task, path in self.samples.items()
            if task in aggregates and "" < run_date(path) < _date(aggregates[task])
        ]
        line = "the newest results have no samples; the older ones' samples are left out"
        notes = [Note(task, line) for task in outdated]
        samples = {task: path for task, path in self.samples.items() if task not in outdated}
        return replace(self, samples=samples, notes=(*self.notes, *notes))


def read_models(paths: Iterable[Path], *, wanted: Sequence[str] = ()) -> list[LoggedModel]:
    """What was logged at some paths, one entry a model and folder that has samples, each file once.

    Parameters
    ----------
    wanted : tasks, groups or patterns (``mmlu_*``); all tasks if empty.

    Raises
    ------
    ResultsError : nothing of lm-eval's at a path, no samples at all, or a wanted name that fits nothing.
    """
    paths = list(paths)
    outputs: dict[tuple[str, Path], list[ModelOutput]] = {}
    owner: dict[Path, tuple[str, Path]] = {}
    # a samples file that is given twice is given to the output that knows more of it
    found = distinguished([each for path in paths for each in find_results(path)])
    for output in sorted(found, key=lambda each: not each.results):
        key = (output.name, output.folder.resolve())
        mine = {t: path for t, path in output.samples.items() if owner.setdefault(path.resolve(), key) == key}
        outputs.setdefault(key, []).append(replace(output, samples=mine))
    models = [read_model(each) for each in outputs.values() if any(output.samples for output in each)]
    if not models:
        pointers = sum(max(output.pointers for output in each) for each in outputs.values())
        if pointers:
            raise ResultsError(f"{paths[0]}: no samples can be read, {plural(pointers, 'file')} left out: {POINTERS}")
        raise ResultsError(f"{paths[0]}: no samples files: run lm_eval with --log_samples")
    for pattern in wanted:
        if not any(model.fits(task, [pattern]) for model in models for task in model.samples):
            there = ", ".join(sorted({task for model in models for task in model.samples}))
            raise ResultsError(f"--tasks {pattern}: no such task; there are {there}")
    if wanted:
        models = [
            replace(model, samples={t: path for t, path in model.samples.items() if model.fits(t, wanted)})
            for model in models
        ]
    return [model for model in models if model.samples]


def read_model(outputs: Iterable[ModelOutput]) -> LoggedModel:
    """Put together what several folders or files have of one model, named as the first.

    Of several runs of a task the newest counts, by the date in lm-eval's file names.

    Raises
    ------
    ResultsError : no results file can be read, and there are no samples.
    """
    outputs = list(outputs)
    runs: list[RunResults] = []
    notes: list[Note] = []
    samples: dict[str, Path] = {}
    replaced: dict[str, list[Note]] = {}  # task -> its samples files that do not count
    for output in outputs:
        notes += output.notes
        for task, path in output.samples.items():
            known = samples.setdefault(task, path)
            if known.resolve() != path.resolve():
                other, samples[task] = sorted((known, path), key=lambda file: (run_date(file), file))
                is_older = run_date(other) < run_date(samples[task])
                text = f"{other.name} left out, {samples[task].name} is newer"
                if not is_older:
                    text = f"{other} left out, {samples[task]} is used: their names do not tell which is newer"
                replaced.setdefault(task, []).append(Note(task, text))
    for file in dict.fromkeys(path for output in outputs for path in output.results):
        try:
            runs.append(read_results(file))
        except ResultsError as error:
            notes.append(Note(file.name, str(error).removeprefix(f"{file}: ")))
    if not runs and not samples:
        raise ResultsError(": ".join(notes[-1]) if notes else "no results of lm-eval")
    runs.sort(key=lambda run: run_date(run.path), reverse=True)
    subtasks: dict[str, tuple[str, ...]] = {}
    for run in runs:
        subtasks = {**run.groups, **subtasks}
    model = LoggedModel(
        outputs[0].name,
        outputs[0].folder,
        samples,
        newest_results(runs),
        {group: tuple(dict.fromkeys(_leaves(group, subtasks))) for group in subtasks},
    )
    logged = [task for run in runs for task in run.tasks]
    repeated = [task for task in model.aggregates if logged.count(task) > 1]
    notes += [note for task, others in replaced.items() if task not in repeated for note in others]
    dated = [task for task in repeated if _date(model.results[task])]
    notes += [Note(task, "several results, the newest are used") for task in sorted(dated)]
    undated = [f"{task} ({_file(model.results[task])})" for task in sorted(set(repeated) - set(dated))]
    notes += [Note(each, "several results without a date, the file in brackets is used") for each in undated]
    return replace(model, notes=tuple(dict.fromkeys(notes)))


def read_checkpoints(
    family: Family, folders: Iterable[Path] = ()
) -> tuple[dict[str, LoggedModel], dict[str, str], list[str]]:
    """What was logged of a family's checkpoints, at the paths of the manifest (``results:``) and in some folders.

    Returns
    -------
    The checkpoints that were logged, by name, in the family's order; of those that cannot be read, the reason; and
    warnings, one line each.

    Raises
    ------
    ResultsError : nothing of lm-eval's in one of the folders, or nothing in them that fits a checkpoint.
    """
    found: dict[str, list[ModelOutput]] = {checkpoint.name: [] for checkpoint in family.checkpoints}
    failures: dict[str, str] = {}
    warnings: list[str] = []
    manifest = family.manifest.name if family.manifest is not None else "the manifest"
    for checkpoint in family.checkpoints:
        try:
            for path in checkpoint.results:
                found[checkpoint.name] += _one_model(path, checkpoint)
        except SynthEvalError as error:
            failures[checkpoint.name] = str(error)
    folders = list(folders)
    if folders:
        taken = {_key(output) for outputs in found.values() for output in outputs}
        given = distinguished([output for folder in folders for output in find_results(folder)])
        others = [output for output in given if _key(output) not in taken]
        matched = match_outputs(others, family.checkpoints, manifest=manifest)
        if others and not matched.outputs and not taken:
            names = ", ".join([c.path or c.name for c in family.checkpoints][:MAX_LISTED])
            raise ResultsError(
                f"none of {len(matched.problems)} results fits a checkpoint of the family ({names} ...): "
                f"{matched.problems[0]}"
            )
        for lines in (matched.problems, matched.doubts):
            rest = len(lines) - MAX_LISTED
            warnings += [*lines[:MAX_LISTED], *([f"and {rest} more like the last"] if rest > 0 else [])]
        for name, outputs in matched.outputs.items():
            found[name] += outputs
    models: dict[str, LoggedModel] = {}
    for name, mine in found.items():
        if mine and name not in failures:
            try:
                models[name] = read_model(mine).without_outdated_samples()
            except SynthEvalError as error:
                failures[name] = str(error)
    return models, failures, warnings


def _one_model(path: Path, checkpoint: Checkpoint) -> tuple[ModelOutput, ...]:
    """The outputs at a path that the manifest names for a checkpoint: of one model, or of the one that fits."""
    outputs = find_results(path)
    models = list(dict.fromkeys(output.name for output in outputs))
    if len(models) == 1:
        return outputs
    fitting = match_outputs(outputs, [checkpoint], manifest="").outputs.get(checkpoint.name)
    if fitting is None:
        first = place_of(outputs[0], outputs)
        raise ResultsError(
            f"{checkpoint.where}: {path} holds results of {len(models)} models ({listed(models)}): "
            f"write the place of one of them, for {models[0]} `results: {first}`"
        )
    return fitting


def _leaves(name: str, subtasks: Mapping[str, Sequence[str]], above: tuple[str, ...] = ()) -> Iterator[str]:
    """The tasks at the bottom of a group; a group that holds itself ends there."""
    if name not in subtasks:
        yield name
    for task in subtasks.get(name, ()):
        if task not in (*above, name):
            yield from _leaves(task, subtasks, (*above, name))


def _key(output: ModelOutput) -> tuple[str | ModelIdentity, Path]:
    return output.identity or output.name, output.folder.resolve()


def _date(result: TaskResult) -> str:
    return run_date(result.source) if result.source is not None else ""


def _file(result: TaskResult) -> str:
    return result.source.name if result.source is not None else ""
