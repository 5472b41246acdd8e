"""Item tables of a family -> Comparison: every curve with its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from types import MappingProxyType

from synth_eval.compare.cells import cells_of
from synth_eval.compare.draft import Draft, drafts_of
from synth_eval.compare.metrics import metrics_of
from synth_eval.manifest.baseline import Curve, curves
from synth_eval.types import UNCATEGORISED, CheckpointRecord, Comparison, Family, ItemTable

NOTHING: Mapping[str, str] = MappingProxyType({})


def compare_family(
    family: Family,
    tables: Mapping[tuple[str, str], ItemTable],
    *,
    failures: Mapping[str, str] = NOTHING,
    fingerprints: Mapping[str, str] = NOTHING,
    provenance: Mapping[str, str] = NOTHING,
    created: str | None = None,
) -> Comparison:
    """Judge every curve of a family.

    Parameters
    ----------
    family : the manifest.
    tables : (checkpoint name, task) -> item table; absent where a checkpoint failed or was not asked.
    failures : checkpoint name -> why it could not be built, loaded or scored.
    fingerprints : checkpoint name -> fingerprint of its weights.
    provenance : versions and settings, copied into the result.
    created : ISO 8601 time; now if None.

    Returns
    -------
    Comparison; cells ordered by task (as in `tables`), curve (as in the manifest) and metric. What did not pair, was
    missing or contradicts itself stands in ``warnings``.

    Raises
    ------
    ValueError : a table of a checkpoint that the family does not have.
    """
    known = {checkpoint.name for checkpoint in family.checkpoints}
    for name, task in tables:
        if name not in known:
            raise ValueError(f"item table of {task} belongs to checkpoint {name!r}, which the family does not have")
    warnings = _unevaluated(family, tables, failures)
    drafts: list[Draft] = []
    layout = curves(family)
    for task in dict.fromkeys(task for _, task in tables):
        of_task = {name: table for (name, its_task), table in tables.items() if its_task == task}
        category = _category(task, of_task, family, warnings)
        if not metrics_of(next(iter(of_task.values())).kind):
            warnings.append(f"{task}: generated text is not compared yet")
            continue
        for curve in layout:
            found, notes = drafts_of(task, category, curve, of_task, baseline_ratio=family.baseline_ratio)
            drafts += found
            warnings += [f"{_title(task, curve, layout)}: {note}" for note in notes]
    return Comparison(
        family=family.name,
        created=created or datetime.now(timezone.utc).isoformat(timespec="seconds"),
        provenance=dict(provenance),
        cells=cells_of(drafts),
        checkpoints=_records(family, tables, failures, fingerprints),
        warnings=tuple(dict.fromkeys(warnings)),
        baseline_ratio=family.baseline_ratio,
    )


def _unevaluated(family: Family, tables: Mapping[tuple[str, str], ItemTable], failures: Mapping[str, str]) -> list[str]:
    evaluated = {name for name, _ in tables}
    tasks = dict.fromkeys(task for _, task in tables)
    warnings = []
    for checkpoint in family.checkpoints:
        name = checkpoint.name
        missing = [task for task in tasks if (name, task) not in tables]
        if name in failures or not missing:
            continue
        if name not in evaluated:
            warnings.append(f"{name}: not evaluated, left out")
        else:
            warnings.append(f"{name}: no results for {', '.join(missing)}")
    return warnings


def _category(task: str, tables: Mapping[str, ItemTable], family: Family, warnings: list[str]) -> str:
    """What the manifest says, else what the tables say; tables that disagree are reported."""
    named = list(dict.fromkeys(table.category for table in tables.values() if table.category))
    if task in family.categories:
        return family.categories[task]
    if len(named) > 1:
        warnings.append(f"{task}: filed under {', '.join(named)} by different checkpoints; {named[0]} is used")
    return named[0] if named else UNCATEGORISED


def _title(task: str, curve: Curve, layout: Sequence[Curve]) -> str:
    """The task, with as much of size, iteration and source as tells this curve from the others."""
    parts = [task]
    if len({c.size for c in layout}) > 1:
        parts.append(curve.size)
    if len({c.iteration for c in layout}) > 1:
        parts.append(f"iteration {curve.iteration}")
    if len({c.source for c in layout}) > 1:
        parts.append(curve.source)
    return ", ".join(parts)


def _records(
    family: Family,
    tables: Mapping[tuple[str, str], ItemTable],
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
            tasks=tuple(task for name, task in tables if name == checkpoint.name),
            failed=failures.get(checkpoint.name, ""),
        )
        for checkpoint in family.checkpoints
    )
