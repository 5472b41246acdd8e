"""Find what lm-eval wrote: which models, which results files, and the newest samples of each task.

lm-eval 0.4.x writes ``results_<date>.json`` and ``samples_<task>_<date>.jsonl`` into one folder a model, and adds to
it with every run; with ``--output_path x.json`` it writes ``x_<date>.json`` and its samples beside, whatever the model.
0.4.0 to 0.4.2 wrote ``results.json``, or ``x.json``, and ``<model arguments>_<task>.jsonl``; releases before 0.4 a file
of any name, the first ones without the key ``results``. These have no date in their name. What 0.3 logged of items
(``--write_out``) is named and left out. Records of Every Eval Ever are results files too (`every_eval`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from synth_eval.errors import ResultsError
from synth_eval.results.every_eval import is_record, record_as_results
from synth_eval.results.identity import ModelIdentity, logged_identity
from synth_eval.text import Note, plural

_DATE = r"\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(?:\.\d+)?"
_RESULTS = re.compile(rf"(?!samples_)(?:.*_)?(?P<date>{_DATE})\.json")
_SAMPLES = re.compile(rf"samples_(?P<task>.+?)(?:_(?P<date>{_DATE}))?\.jsonl?(?:\.gz)?")


@dataclass(frozen=True)
class ModelOutput:
    """What lm-eval wrote about one model (its revision, adapter and settings) in one folder."""

    name: str  # `ModelIdentity.name`, with the settings where needed; the folder's name where no results file has it
    folder: Path
    results: tuple[Path, ...] = ()  # newest first
    samples: Mapping[str, Path] = field(default_factory=dict)  # task -> its newest file
    notes: tuple[Note, ...] = ()  # what was left out
    identity: ModelIdentity | None = None  # None where no results file names the model
    pointers: int = 0  # files of the folder that Git LFS has not fetched


def find_results(path: Path) -> tuple[ModelOutput, ...]:
    """lm-eval's output at or below a path, one entry a model and folder, in path order.

    Parameters
    ----------
    path : a folder of any depth (``out`` or ``out/org__name``), a results file, or a samples file
        A results file comes with the samples of its own run; a samples file comes alone.

    Of several runs in a folder, a task's newest samples count; how many older ones were left out is noted. Runs of
    different models, revisions, adapters or settings in one folder, which lm-eval does not keep apart, become entries
    of their own.

    Raises
    ------
    ResultsError : nothing there, or nothing of lm-eval's.
    """
    path = Path(path)
    if path.is_dir():
        found = [output for folder in _folders(path) for output in _outputs_of(folder)]
        if not found:
            raise ResultsError(
                f"{path}: no results_*.json or samples_*.jsonl of lm-eval at or below it: "
                "run lm_eval with --output_path and --log_samples, or check the path"
            )
        return tuple(distinguished(found))
    if not path.exists():
        raise ResultsError(f"{path}: no such file or folder: check the path")
    if is_pointer(path):
        raise ResultsError(f"{path}: {POINTERS}")
    return (_output_of_file(path),)


def distinguished(outputs: Sequence[ModelOutput]) -> list[ModelOutput]:
    """The same, with the settings (dtype, quantisation) in the names of models that differ by these alone."""
    known: dict[str, set[ModelIdentity]] = {}
    for output in outputs:
        if output.identity is not None:
            known.setdefault(output.identity.name, set()).add(output.identity)
    return [
        replace(output, name=output.identity.full_name)
        if output.identity is not None and len(known[output.identity.name]) > 1
        else output
        for output in outputs
    ]


def task_of(path: Path) -> str:
    """The task in a samples file's name; the whole stem where the name is not lm-eval's."""
    match = _SAMPLES.fullmatch(path.name)
    return match["task"] if match else re.sub(r"\.jsonl?(\.gz)?$", "", path.name)


def run_date(path: Path) -> str:
    """The date of the run in a results or samples file's name, which sorts as text; "" where it has none."""
    return _date_of(_RESULTS, path) or _date_of(_SAMPLES, path)


def _folders(path: Path) -> list[Path]:
    return sorted({file.parent for file in path.rglob("*.json*") if file.is_file()})


def _output_of_file(path: Path) -> ModelOutput:
    if _SAMPLES.fullmatch(path.name) or ".jsonl" in path.name:
        return ModelOutput(path.parent.name, path.parent, samples={task_of(path): path})
    if path.name.endswith(_WRITTEN_OUT):
        raise ResultsError(f"{path}: {WRITTEN_OUT}")
    about = _about_results(path)
    if about is None:
        raise ResultsError(f"{path}: not an lm-eval results file (no `results` mapping): check the path")
    beside = [file for file in path.parent.iterdir() if file.is_file()]
    date = _date_of(_RESULTS, path)
    samples = {task_of(file): file for file in sorted(beside) if date and date == _date_of(_SAMPLES, file)}
    name = about.name or (path.parent.name if date or path.name == "results.json" else path.stem)
    return ModelOutput(name, path.parent, (path,), samples or _undated(beside, [about]), identity=about.identity)


@dataclass(frozen=True)
class _About:
    """The little of a results file that identifies a run."""

    path: Path
    date: str
    model: ModelIdentity  # its base is "" where the file names none
    tasks: tuple[str, ...]
    arguments: str  # model_args, as 0.4.0 to 0.4.2 spelled them in the names of samples files; "" where not text

    @property
    def name(self) -> str:
        return self.model.name if self.model.base else ""

    @property
    def identity(self) -> ModelIdentity | None:
        return self.model if self.model.base else None


def as_results(data: Any) -> dict[str, Any] | None:
    """The content of a results file, with its tasks under ``results``; None where it is none.

    >>> as_results({"arc_easy": {"acc": 0.5, "acc_stderr": 0.01}})  # before lm-eval 0.1
    {'results': {'arc_easy': {'acc': 0.5, 'acc_stderr': 0.01}}}
    """
    if not isinstance(data, dict):
        return None
    if isinstance(data.get("results"), dict):
        return data
    if is_record(data):
        return record_as_results(data)
    tasks = list(data.values())
    alone = all(isinstance(task, dict) and any(map(_METRIC_OF_OLD.fullmatch, map(str, task))) for task in tasks)
    return {"results": data} if tasks and alone else None


def _about_results(path: Path) -> _About | None:
    try:
        data = as_results(json.loads(path.read_bytes()))
    except (ValueError, OSError, RecursionError):
        return None
    if data is None:
        return None
    config = data.get("config")
    arguments = config.get("model_args") if isinstance(config, dict) else None
    spelled = re.sub("/|=", "__", arguments) if isinstance(arguments, str) else ""
    return _About(path, _date_of(_RESULTS, path), logged_identity(data), tuple(data["results"]), spelled)


def _outputs_of(folder: Path) -> list[ModelOutput]:
    every = sorted(file for file in folder.iterdir() if file.is_file())
    files = [file for file in every if not is_pointer(file)]
    pointers = len(every) - len(files)
    named = {file for file in files if _RESULTS.fullmatch(file.name) or file.name == "results.json"}
    runs = {file: _about_results(file) for file in files if file in named or _begins_with_results(file)}
    known = [run for run in runs.values() if run is not None]
    notes = []
    if unreadable := [file.name for file in sorted(named) if runs[file] is None]:
        about = unreadable[0] if len(unreadable) == 1 else f"{len(unreadable)} files"
        notes.append(Note(about, "left out, not a results file of lm-eval, or truncated"))
    if pointers:
        notes.append(Note(plural(pointers, "file"), f"left out: {POINTERS}"))
    written = sum(file.name.endswith(_WRITTEN_OUT) for file in files)
    if written:
        notes.append(Note(f"{plural(written, 'file')} *{_WRITTEN_OUT}", f"left out: {WRITTEN_OUT}"))
    # a file of a name of the user's that does not name its model is of a model of its own
    known = [
        run if run.model.base or run.path in named else replace(run, model=replace(run.model, base=run.path.stem))
        for run in known
    ]
    models = list(dict.fromkeys(run.model for run in known))
    model_of_date = {run.date: run.model for run in known if run.date}
    samples: dict[ModelIdentity | None, list[Path]] = {model: [] for model in models}
    for file in files:
        match = _SAMPLES.fullmatch(file.name)
        if match:
            # an unfinished run leaves samples without results: they belong to the folder's only model
            owner = model_of_date.get(match["date"] or "", models[0] if len(models) == 1 else None)
            samples.setdefault(owner, []).append(file)
    outputs = []
    for model, own in samples.items():
        results = sorted((run for run in known if run.model == model), key=lambda run: run.date, reverse=True)
        newest, left_out = _newest(own)
        undated = _undated(files, [run for run in results if not run.date], alone=len(models) == 1)
        found = {**undated, **newest}
        if found or results:
            identity = model if model is not None and model.base else None
            name = identity.name if identity is not None else folder.name
            files_of = tuple(run.path for run in results)
            outputs.append(ModelOutput(name, folder, files_of, found, (*notes, *left_out), identity, pointers))
    if (pointers or written) and not outputs:
        return [ModelOutput(folder.name, folder, notes=tuple(notes), pointers=pointers)]
    return outputs


_METRIC_OF_OLD = re.compile(r"(acc|acc_norm|em|f1|ppl|(word_|byte_)?perplexity|bits_per_byte|mc[12])|.+_stderr")
_BEGINNING = re.compile(rb'\s*\{\s*("results"|"schema_version"|"[^"]+"\s*:\s*\{\s*"[\w,]+"\s*:\s*-?\d)')
_WRITTEN_OUT = "_write_out_info.json"
WRITTEN_OUT = "items that lm-eval 0.3 wrote with --write_out are not read: run lm_eval 0.4 with --log_samples for them"
POINTERS = "Git LFS has not fetched their content: run `git lfs pull` in the repository"
_POINTER = b"version https://git-lfs.github.com/spec/"


def is_pointer(file: Path) -> bool:
    """Whether a .json or .jsonl file is the pointer that Git LFS keeps in its place."""
    if ".json" not in file.name:
        return False
    try:
        with file.open("rb") as opened:
            return opened.read(len(_POINTER)) == _POINTER
    except OSError:
        return False


def _begins_with_results(file: Path) -> bool:
    """Whether it is a results file of any name: releases before 0.4.3 began them with the results, or a task's.

    So do records of Every Eval Ever with their schema's version.
    """
    if file.suffix != ".json":
        return False
    try:
        with file.open("rb") as opened:
            return _BEGINNING.match(opened.read(512)) is not None
    except OSError:
        return False


def _newest(files: Iterable[Path]) -> tuple[dict[str, Path], list[Note]]:
    """The newest samples file of each task, of files without a date the last by name, and notes on the others."""
    newest: dict[str, Path] = {}
    older: list[Path] = []
    notes = []
    for file in sorted(files, key=lambda file: (run_date(file), file)):
        known = newest.get(task_of(file))
        newest[task_of(file)] = file
        if known is not None and run_date(known) < run_date(file):
            older.append(known)
        elif known is not None:
            notes.append(Note(f"{known.name}", f"left out, {file.name} is of the same task and run"))
    if older:
        notes.append(Note(plural(len(older), "file"), "samples of older runs left out"))
    return newest, notes


def _undated(files: Iterable[Path], runs: Sequence[_About], *, alone: bool = True) -> dict[str, Path]:
    """The samples of 0.4.0 to 0.4.2, named ``<model arguments>_<task>.jsonl``.

    ``alone``: no other model has results in the folder, so that the model arguments need not agree.
    """
    tasks = sorted({task for run in runs for task in run.tasks}, key=len)  # the longest name that fits wins
    found = {}
    for file in files:
        stem = re.sub(r"\.jsonl(\.gz)?$", "", file.name)
        if stem == file.name or _SAMPLES.fullmatch(file.name):
            continue
        for task in tasks:
            owned = alone or any(stem == f"{run.arguments}_{task}" for run in runs)
            if owned and (stem == task or stem.endswith(f"_{task}")):
                found[file] = task
    return {task: file for file, task in found.items()}


def _date_of(pattern: re.Pattern[str], file: Path) -> str:
    match = pattern.fullmatch(file.name)
    return (match["date"] or "").replace(":", "-") if match else ""
