"""MAUVE of every task whose sampled texts are there, against the manifest's reference text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from synth_eval.errors import SynthEvalError, first_line
from synth_eval.pipeline.listener import SILENT, Listener
from synth_eval.types import MIN_TEXTS, ItemTable, OwnTask, ReferenceText

if TYPE_CHECKING:
    from synth_eval.harness.mauve import KeptFeatures
    from synth_eval.pipeline.evaluate import Tables
    from synth_eval.types import FloatArray

TEXTS_A_BUCKET = 10  # as the authors of MAUVE advise
CHARACTERS_A_TOKEN = 10  # more than any usual text has


def add_mauve(
    tables: Tables, reference: ReferenceText, kept: Path, listener: Listener = SILENT
) -> tuple[dict[str, str], list[str]]:
    """Give the tables that hold sampled texts their column ``mauve``.

    Nothing here ends a run: what prevents MAUVE is reported in a line, and the report is made without it.

    Parameters
    ----------
    tables : (checkpoint, task) -> item table; those of tasks with samples are replaced
    kept : folder in which features are kept

    Returns
    -------
    What the numbers depend on, for the provenance, and warnings, one line each.
    """
    from synth_eval.compare.characteristics import has_samples

    tasks: dict[str, dict[str, ItemTable]] = {}
    for (name, task), table in tables.items():
        if has_samples(table):
            tasks.setdefault(task, {})[name] = table
    if not tasks:
        return {}, ["MAUVE left out: no results with several sampled texts a prompt (tasks: [synth_generation])"]
    try:
        return _added(tables, tasks, reference, kept, listener)
    except Exception as error:  # a folder that is no model, a tokenizer that cannot be loaded, a disk that is full ...
        reason = first_line(error)
        return {}, [f"MAUVE left out: {reason}"]


def _added(
    tables: Tables, tasks: Mapping[str, dict[str, ItemTable]], reference: ReferenceText, kept: Path, listener: Listener
) -> tuple[dict[str, str], list[str]]:
    from synth_eval.compare.characteristics import texts_of
    from synth_eval.data.domains import domain_sample
    from synth_eval.data.records import shown
    from synth_eval.harness.environment import prepare
    from synth_eval.harness.mauve import check_installed

    check_installed()
    prepare(offline=True)
    from synth_eval.harness.mauve import KeptFeatures

    sample = domain_sample(_as_domain(reference))
    texts = tuple(document.text for document in sample.documents)
    if len(texts) < MIN_TEXTS:
        raise SynthEvalError(f"the reference has {len(texts)} texts; at least {MIN_TEXTS} are needed")
    reader = KeptFeatures.of(kept, model=reference.model, longest=reference.longest)
    warnings = []
    about = {
        "mauve": f"{len(texts):,} reference texts, sha256 {sample.sha256}, read by {reader.fingerprint}, "
        f"{reference.longest} tokens each"
    }
    every = [texts, *(texts_of(table) for of_task in tasks.values() for table in of_task.values())]
    if unread := sum(len(each) for each in every if not reader.is_kept(each)):
        listener.said(f"reading {unread:,} texts with {shown(reference.model, reference.base)} for MAUVE")
    of_reference = _read(reader, texts, "the reference", listener)
    for task, of_task in tasks.items():
        warning = _add_task(task, of_task, tables, of_reference, reader, listener)
        warnings += [f"{task}: {warning}"] if warning else []
    return about, warnings


def _add_task(
    task: str,
    of_task: dict[str, ItemTable],
    tables: Tables,
    of_reference: FloatArray,
    reader: KeptFeatures,
    listener: Listener,
) -> str:
    """Why a task has no MAUVE; '' where its tables were given it."""
    from synth_eval.compare.characteristics import texts_of, with_mauve
    from synth_eval.harness.mauve import clusters_of

    written = {name: texts_of(table) for name, table in of_task.items()}
    fewest = min(map(len, written.values()))
    if fewest < MIN_TEXTS:
        return f"no MAUVE: {fewest} texts of a checkpoint; at least {MIN_TEXTS} are needed"
    features = [_read(reader, texts, f"{name}, {task}", listener) for name, texts in written.items()]
    listener.doing(f"MAUVE of {task}")
    buckets = max(2, round(min(fewest, len(of_reference)) / TEXTS_A_BUCKET))
    *clusters, of_all = clusters_of([*features, of_reference], buckets=buckets)
    found = with_mauve(of_task, dict(zip(written, clusters)), of_all, buckets=buckets)
    tables.update({(name, task): table for name, table in found.items()})
    return ""


def _read(reader: KeptFeatures, texts: tuple[str, ...], what: str, listener: Listener) -> FloatArray:
    if not reader.is_kept(texts):
        listener.doing(f"reading {len(texts):,} texts for MAUVE: {what}")
    return reader.of_texts(texts)


def _as_domain(reference: ReferenceText) -> OwnTask:
    """Reference texts are drawn as the documents of a domain are: by seed and content, none twice."""
    return OwnTask(
        name="mauve.reference",
        kind="rolling",
        base=reference.base,
        files=reference.files,
        field=reference.field,
        amount=reference.amount,
        seed=reference.seed,
        skip_unusable=reference.skip_unusable,
        max_characters=CHARACTERS_A_TOKEN * reference.longest,
    )
