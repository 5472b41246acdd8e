"""How much of the user's own domains and tasks occurs in training text."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from synth_eval.data.choices import choice_sample
from synth_eval.data.domains import domain_sample
from synth_eval.data.folder import use_data_folder
from synth_eval.data.hub import stored_task
from synth_eval.data.overlap import (
    DocumentOverlap,
    OverlapCounter,
    OverlapShare,
    WordHasher,
    gram_length,
    overlap_share,
)
from synth_eval.data.records import Tally, matching_files, shown
from synth_eval.data.texts import read_texts
from synth_eval.errors import SynthEvalError
from synth_eval.pipeline.evaluate import family_of
from synth_eval.pipeline.listener import SILENT, Listener
from synth_eval.text import listed
from synth_eval.types import Family, OwnTask

DEFAULT_LENGTH = 13  # words of an n-gram of documents


@dataclass(frozen=True)
class TaskOverlap:
    """One task: its texts, the place of each, and what was found of each."""

    task: str
    n: int  # words of an n-gram
    texts: tuple[str, ...]
    places: tuple[str, ...]
    documents: tuple[DocumentOverlap, ...]

    @cached_property
    def share(self) -> OverlapShare:
        """Of all documents together."""
        return overlap_share(self.documents)

    @property
    def worst(self) -> list[int]:
        """Which documents were found, the largest share first."""
        touched = [place for place, document in enumerate(self.documents) if document.found]
        return sorted(touched, key=lambda i: (-self.documents[i].found / self.documents[i].grams, i))


@dataclass(frozen=True)
class Overlap:
    """``files`` and ``words`` are of the training text that was read."""

    files: tuple[str, ...]
    words: int
    tasks: tuple[TaskOverlap, ...]

    def to_dict(self) -> dict[str, Any]:
        """What `synth-eval overlap --json` prints."""
        tables = [
            {"task": each.task, "n": each.n, **asdict(each.share)}
            | {
                "documents_touched": [
                    {
                        "where": each.places[i],
                        "grams": each.documents[i].grams,
                        "found": each.documents[i].found,
                        "mostly_in": self.files[each.documents[i].source],
                    }
                    for i in each.worst
                ]
            }
            for each in self.tasks
        ]
        return {"training_text": {"files": list(self.files), "words": self.words}, "tasks": tables}


def overlap(
    manifest: str | os.PathLike[str] | Family,
    *,
    against: Sequence[str] = (),
    field: str = "text",
    tasks: Sequence[str] = (),
    length: int | None = None,
    listener: Listener = SILENT,
) -> Overlap:
    """Which share of the n-grams of words of a family's own domains and tasks occurs in training text.

    Parameters
    ----------
    against : files or patterns of training text; those of the manifest (``training_text``) if empty
    field : of the training records that holds the text
    tasks : names of domains and choice tasks; all if empty
    length : words of an n-gram; 13 if None, for questions `gram_length`

    Raises
    ------
    SynthEvalError : no training text, no own tasks, no task of a name, or no text in the files.
    """
    family = family_of(manifest, folders_needed=False)
    patterns = [str(Path(text).absolute()) for text in against] or list(family.training_text)
    if not patterns:
        raise SynthEvalError("no training text: give --against 'train/*.jsonl', or training_text: in FILE")
    base = Path.cwd() if against or family.manifest is None else family.manifest.parent
    files = matching_files(patterns, base=base)
    names = tuple(shown(file, base) for file in files)
    use_data_folder(family.data_dir)
    checked = [_prepared(stored_task(task), length) for task in _chosen(family, tasks)]
    counters = [OverlapCounter(texts, n=n) for _, n, texts, _ in checked]
    _read_all(files, field, base, counters, listener)
    if not counters[0].words_read:
        raise SynthEvalError(
            f"no text in {listed(names, 1)}: is the field {field!r} in the records? Name it with --field"
        )
    found = (TaskOverlap(*each, tuple(counter.documents())) for each, counter in zip(checked, counters))
    return Overlap(names, counters[0].words_read, tuple(found))


def _chosen(family: Family, tasks: Sequence[str]) -> list[OwnTask]:
    if not family.own_tasks:
        raise SynthEvalError("FILE has neither domains nor choice_tasks: see docs/own-tasks.md")
    known = {task.name: task for task in family.own_tasks}
    unknown = [name for name in tasks if name not in known]
    if unknown:
        raise SynthEvalError(f"--tasks {', '.join(unknown)}: FILE has {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(tasks or known)]


def _prepared(task: OwnTask, length: int | None) -> tuple[str, int, tuple[str, ...], tuple[str, ...]]:
    """Name, words of an n-gram, texts and their places."""
    if task.kind == "rolling":
        documents = domain_sample(task).documents
        texts, places = tuple(d.text for d in documents), tuple(d.where for d in documents)
        return task.name, length or DEFAULT_LENGTH, texts, places
    items = choice_sample(task).items
    texts, places = tuple(item.question for item in items), tuple(item.where for item in items)
    return task.name, length or gram_length(texts), texts, places


def _read_all(
    files: Sequence[Path], field: str, base: Path, counters: Sequence[OverlapCounter], listener: Listener
) -> None:
    hasher = WordHasher()
    listener.counting("reading training text", sum(file.stat().st_size for file in files))
    for number, file in enumerate(files):
        # a training record without text holds nothing to be found
        for block in read_texts([file], field=field, base=base, tally=Tally(skip=True)):
            hashes = hasher(block.text)
            for counter in counters:
                counter.read_words(hashes, source=number, first=block.first)
        for counter in counters:
            counter.end_of_source(number)
        listener.counted(file.stat().st_size)
