"""Find what lm-eval wrote: which models, which results files, and the newest samples of each task.

lm-eval 0.4.x writes ``results_<date>.json`` and ``samples_<task>_<date>.jsonl`` into one folder a model, and adds to
it with every run; with ``--output_path x.json`` it writes ``x_<date>.json`` and its samples beside, whatever the model.
0.4.0 to 0.4.2 wrote ``results.json``, or ``x.json``, and ``<model arguments>_<task>.jsonl``; releases before 0.4 a file
of any name. These have no date in their name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from synth_eval.errors import ResultsError
from synth_eval.results.identity import ModelIdentity, logged_identity, model_identity, settings_agree
from synth_eval.text import listed, plural
from synth_eval.types import Checkpoint

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
    notes: tuple[str, ...] = ()  # one line each: what was left out
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


def _about_results(path: Path) -> _About | None:
    try:
        data = json.loads(path.read_bytes())
    except (ValueError, OSError):
        return None
    if not isinstance(data, dict) or not isinstance(data.get("results"), dict):
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
    unreadable = sum(runs[file] is None for file in named)
    notes = [f"{folder.name}: {unreadable} results file(s) could not be read"] if unreadable else []
    if pointers:
        notes.append(f"{folder.name}: {plural(pointers, 'file')} left out: {POINTERS}")
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
        newest, older = _newest(own)
        left_out = [f"{folder.name}: {older} samples file(s) of older runs left out"] if older else []
        undated = _undated(files, [run for run in results if not run.date], alone=len(models) == 1)
        found = {**undated, **newest}
        if found or results:
            identity = model if model is not None and model.base else None
            name = identity.name if identity is not None else folder.name
            files_of = tuple(run.path for run in results)
            outputs.append(ModelOutput(name, folder, files_of, found, (*notes, *left_out), identity, pointers))
    if pointers and not outputs:
        return [ModelOutput(folder.name, folder, notes=tuple(notes), pointers=pointers)]
    return outputs


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
    """Whether it is a results file of any name: releases before 0.4.3 began them with the results."""
    if file.suffix != ".json":
        return False
    try:
        with file.open("rb") as opened:
            return re.match(rb'\s*\{\s*"results"', opened.read(64)) is not None
    except OSError:
        return False


def _newest(files: Iterable[Path]) -> tuple[dict[str, Path], int]:
    """The newest file of each task, and how many others there are."""
    newest: dict[str, Path] = {}
    total = 0
    for file in sorted(files, key=lambda file: _date_of(_SAMPLES, file)):
        total += 1
        newest[task_of(file)] = file
    return newest, total - len(newest)


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


# Which lm-eval output belongs to which checkpoint, by the names that lm-eval keeps of a model.

# what lm-eval's folder names replace by "__", and that itself
_BETWEEN = re.compile(r"__|[\"<>:/|\\?*\[\]]+")
_WHOLE = 1_000_000  # a whole name fits: better than any number of parts


@dataclass(frozen=True)
class Matched:
    """``outputs`` maps a checkpoint's name to its outputs; ``problems`` and ``doubts`` are one line each.

    A problem is an output that is left out. A doubt is one that was matched by the end of its path alone.
    """

    outputs: Mapping[str, tuple[ModelOutput, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def match_outputs(outputs: Sequence[ModelOutput], checkpoints: Sequence[Checkpoint], *, manifest: str) -> Matched:
    """Give every output to the checkpoint (or checkpoints of one path) whose path or name it carries.

    An output is known by the model given to lm-eval (``pretrained``, in results files) and by its folder, in which
    lm-eval writes "/" as "__". It fits a checkpoint whose path, or name, is the same; or is the end of the other, part
    by part (runs/r00 and /home/me/runs/r00); or ends in at least two equal parts, with a note. The best fit wins.
    Revisions must agree. A model with an adapter is known by the adapter, and settings that both name (dtype,
    quantisation) must agree. Checkpoints of the same model share their outputs.

    Parameters
    ----------
    manifest : name of the manifest, for messages.
    """
    problems: list[str] = []
    best: list[tuple[ModelOutput, int, list[Checkpoint]]] = []
    for output in outputs:
        fits = {checkpoint.name: _fit(output, checkpoint) for checkpoint in checkpoints}
        top = max(fits.values(), default=0)
        chosen = [checkpoint for checkpoint in checkpoints if fits[checkpoint.name] == top]
        chosen = [each for each in chosen if _same_settings(output, each)] or chosen
        if top == 0:
            problems.append(
                f"{output.folder}: results of {output.name}, which is no checkpoint of {manifest}: "
                f"write `results: {output.folder}` in the checkpoint's line there"
            )
        elif len({_wanted(checkpoint) for checkpoint in chosen}) > 1:
            problems.append(
                f"{output.folder}: results of {output.name} fit {listed([c.name for c in chosen])} alike: "
                f"write `results: {output.folder}` in the right line of {manifest}"
            )
        else:
            best.append((output, top, chosen))
    matched: dict[str, tuple[ModelOutput, ...]] = {}
    doubts = []
    for checkpoint in checkpoints:
        mine = [(output, top) for output, top, chosen in best if checkpoint in chosen]
        if not mine:
            continue
        highest = max(top for _, top in mine)
        kept = [output for output, top in mine if top == highest]
        problems += [
            f"{output.folder}: results of {output.name} left out: those of {kept[0].name} fit {checkpoint.name} better"
            for output, top in mine
            if top < highest
        ]
        kept = [output for output in kept if _same_settings(output, checkpoint)] or kept
        settings = {output.identity.settings for output in kept if output.identity is not None}
        if len(settings) > 1:
            problems.append(
                f"{listed([output.name for output in kept])} fit {checkpoint.name} alike: write its dtype and "
                f"quantisation as model_args in its line of {manifest}, or `results:` with the right file"
            )
            continue
        models = list(dict.fromkeys(output.name for output in kept))
        if highest < _WHOLE and len(models) > 1:
            problems.append(
                f"{listed([str(output.folder) for output in kept])}: results of {listed(models)} fit "
                f"{checkpoint.name} alike: write `results:` with the right folder in its line of {manifest}"
            )
            continue
        matched[checkpoint.name] = tuple(kept)
        if highest < _WHOLE:
            doubts.append(f"{kept[0].name} taken for {checkpoint.name}, by the last {highest} parts of its path")
    return Matched(matched, tuple(dict.fromkeys(problems)), tuple(doubts))


def _fit(output: ModelOutput, checkpoint: Checkpoint) -> int:
    """How well they fit: 0 not at all, else the number of equal parts at the end, or `_WHOLE` and more."""
    wanted = _wanted(checkpoint)
    mine = [wanted.adapter or wanted.base, checkpoint.name]
    theirs = [output.folder.name]
    if not output.results:  # only the folder has a name, which is the base's whatever the adapter
        mine.append(wanted.base)
        theirs.append(output.name)
    else:
        logged = output.identity or model_identity(*_name_and_revision(output.name))
        if logged.revision != wanted.revision or not settings_agree(logged, wanted):
            return 0
        if logged.adapter and _equal_end(_parts(logged.base), _parts(output.folder.name)):
            theirs = []
        theirs.append(logged.adapter or logged.base)
    return max(_equal_end(_parts(a), _parts(b)) for a in theirs for b in mine)


def _wanted(checkpoint: Checkpoint) -> ModelIdentity:
    return model_identity(checkpoint.path or checkpoint.name, checkpoint.model_args, revision=checkpoint.revision)


def _same_settings(output: ModelOutput, checkpoint: Checkpoint) -> bool:
    return output.identity is not None and output.identity.settings == _wanted(checkpoint).settings


def _name_and_revision(name: str) -> tuple[str, dict[str, str]]:
    base, _, revision = name.partition("@")
    return base, {"revision": revision}


def _equal_end(a: list[str], b: list[str]) -> int:
    count = next((i for i, (x, y) in enumerate(zip(reversed(a), reversed(b))) if x != y), min(len(a), len(b)))
    if count and count == min(len(a), len(b)):
        return _WHOLE + (_WHOLE if len(a) == len(b) else count)
    return count if count > 1 else 0


def _parts(name: str) -> list[str]:
    return [part for part in _BETWEEN.split(name) if part not in ("", ".")]
