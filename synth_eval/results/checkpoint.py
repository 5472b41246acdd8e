"""What lm-eval logged of one checkpoint, over all its runs: of each task the newest samples, else aggregate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from synth_eval.errors import ResultsError
from synth_eval.results.aggregates import RunResults, TaskResult, newest_results, read_results
from synth_eval.results.find import ModelOutput, run_date
from synth_eval.text import listed


@dataclass(frozen=True)
class CheckpointResults:
    """One checkpoint's results.

    Attributes
    ----------
    samples : task -> samples file, where the newest run of the task logged samples.
    aggregates : task -> newest aggregate, of tasks with samples too. Groups whose tasks are there are left out.
    groups : group -> its tasks and subgroups, as the results files name them.
    notes : one line each on what was left out.
    """

    samples: Mapping[str, Path] = field(default_factory=dict)
    aggregates: Mapping[str, TaskResult] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def checkpoint_results(outputs: Iterable[ModelOutput]) -> CheckpointResults:
    """Put together what several folders or files say of one checkpoint.

    Of several runs of a task the newest counts, by the date in lm-eval's file names. If the newest brought no samples,
    older samples are left out: they may be of another version of the task or of the model.

    Raises
    ------
    ResultsError : no results file can be read, and there are no samples.
    """
    runs: list[RunResults] = []
    notes: list[str] = []
    samples: dict[str, Path] = {}
    older: dict[str, None] = {}
    files: dict[Path, None] = {}
    for output in outputs:
        notes += output.notes
        files |= dict.fromkeys(output.results)
        for task, path in output.samples.items():
            known = samples.setdefault(task, path)
            if known.resolve() != path.resolve():
                samples[task] = max(known, path, key=run_date)
                older[task] = None
    for file in files:
        try:
            runs.append(read_results(file))
        except ResultsError as error:
            notes.append(str(error))
    if not runs and not samples:
        raise ResultsError(notes[-1] if notes else "no results of lm-eval")
    newest = newest_results(sorted(runs, key=lambda run: run_date(run.path), reverse=True))
    groups = {group: members for run in runs for group, members in run.groups.items()}
    aggregates = {
        name: result
        for name, result in newest.items()
        if result.metrics and not any(task in newest for task in groups.get(name, ()))
    }
    older |= dict.fromkeys(_repeated(runs, aggregates))
    if older:
        notes.append(f"several results of {listed(sorted(older))}: the newest are used")
    for task, result in aggregates.items():
        if task in samples and "" < run_date(samples[task]) < _date(result):
            notes.append(f"{task}: the newest results have no samples; the older ones' samples are left out")
            del samples[task]
    return CheckpointResults(samples, aggregates, groups, tuple(dict.fromkeys(notes)))


def _repeated(runs: Iterable[RunResults], tasks: Iterable[str]) -> list[str]:
    seen = [task for run in runs for task in run.tasks]
    return [task for task in tasks if seen.count(task) > 1]


def _date(result: TaskResult) -> str:
    return run_date(result.source) if result.source is not None else ""
