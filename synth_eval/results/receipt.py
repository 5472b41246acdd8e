"""What a finished evaluation found, kept in the results folder, so that the next run need not load the tasks to know
that there is nothing to do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from synth_eval.results.atomic import write_json

RECEIPT = "evaluation.json"


@dataclass
class Evaluation:
    """What is there after a run.

    ``failures`` maps a checkpoint's name to the reason in one line. ``keys`` maps (checkpoint, task) to the key that
    its item table has if it is of this run's settings. ``provenance`` is what the numbers depend on.
    """

    tasks: tuple[str, ...]
    fingerprints: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    evaluated: int = 0  # pieces that were run now, not read
    warnings: list[str] = field(default_factory=list)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    provenance: dict[str, str] = field(default_factory=dict)
    receipt: str = ""  # the key of everything that it depends on, if there is a receipt of it


def write_receipt(folder: Path, key: str, evaluation: Evaluation, tables: Iterable[Path]) -> None:
    """Keep a finished evaluation without failures under the key of everything that it depends on.

    Parameters
    ----------
    tables : the files of its item tables; if one of them changes, the receipt counts no more.
    """
    evaluation.receipt = key
    about = {
        "key": key,
        "tasks": evaluation.tasks,
        "fingerprints": evaluation.fingerprints,
        "warnings": evaluation.warnings,
        "keys": [[name, task, each] for (name, task), each in evaluation.keys.items()],
        "provenance": evaluation.provenance,
        "tables": [_state(folder, str(path.relative_to(folder))) for path in tables],
    }
    write_json(folder / RECEIPT, about)


def read_receipt(folder: Path, key: str) -> Evaluation | None:
    """The evaluation that was kept under this key; None if there is none, or its item tables changed since."""
    try:
        about = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
        if about["key"] != key or any(_state(folder, table[0]) != table for table in about["tables"]):
            return None
        return Evaluation(
            tuple(about["tasks"]),
            dict(about["fingerprints"]),
            warnings=list(about["warnings"]),
            keys={(name, task): each for name, task, each in about["keys"]},
            provenance=dict(about["provenance"]),
            receipt=key,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _state(folder: Path, name: str) -> list[str | int]:
    about = (folder / name).stat()
    return [name, about.st_size, about.st_mtime_ns]
