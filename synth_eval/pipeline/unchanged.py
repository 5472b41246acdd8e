"""What an evaluation and a comparison depend on, as keys, without lm_eval, torch or a data set."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import synth_eval
from synth_eval.data.records import matching_files
from synth_eval.data.sets import ships_with_its_items
from synth_eval.errors import SynthEvalError
from synth_eval.pipeline.reports import DATA_FILES, REPORT_FILES, ComparisonResult, load_results
from synth_eval.results import (
    Evaluation,
    model_fingerprint,
    package_versions,
    run_settings,
    settings_fingerprint,
    write_json,
)
from synth_eval.tasks.domains import PACKAGES
from synth_eval.types import Checkpoint, Family

SOURCES = (".py", ".yaml", ".csv", ".json")
DRAWN_WITH = ("numpy", "scipy", "pandas", "plotly", "jinja2", "pydantic")
KEY_FILE = ".comparison-key"
VERSIONS = ("lm_eval", "transformers", "torch", "datasets", "tokenizers", *PACKAGES)


def evaluation_key(
    family: Family, runnable: Sequence[Checkpoint], *, limit: float | None, full_hash: bool
) -> tuple[str, Mapping[str, str]] | None:
    """The key of everything that decides the results of an evaluation, and the fingerprints of its checkpoints.

    None where that cannot be told without loading the tasks: tasks whose items lie on a hub or in a data folder, or a
    checkpoint that cannot be read. Weights, tokenizers and the user's own data count by content; the code and task
    files of this package by size and time of change; lm-eval and what it needs by version.
    """
    own = {task.name: task for task in family.own_tasks}
    if not all(task in own or ships_with_its_items(task) for task in family.tasks):
        return None
    meant = [own[name] for name in family.tasks if name in own]
    if any(task.hub is not None for task in meant):
        return None
    try:
        fingerprints = {c.name: model_fingerprint(c, full=full_hash) for c in runnable}
        data = [
            [[str(file), _sha256(file)] for file in matching_files(patterns, base=task.base)]
            for task in meant
            for patterns in (task.files, task.examples)
            if patterns
        ]
    except (SynthEvalError, OSError):
        return None
    key = settings_fingerprint(
        {
            "checkpoints": [[c.name, fingerprints[c.name], run_settings(c, limit=limit)] for c in runnable],
            "tasks": family.tasks,
            "categories": family.categories,
            "own": list(meant),
            "data": data,
            "full_hash": full_hash,
            "python": sys.version,
            "versions": package_versions(VERSIONS),
            "code": code_key(),
        }
    )
    return key, fingerprints


def comparison_key(family: Family, outcome: Evaluation | None, *, min_tasks: int) -> str:
    """The key of everything that decides a comparison; "" where that is more than an evaluation with a receipt."""
    if outcome is None or not outcome.receipt or family.mauve is not None:
        return ""
    if any(checkpoint.results for checkpoint in family.checkpoints):
        return ""
    about = {"evaluation": outcome.receipt, "family": family, "min_tasks": min_tasks}
    return settings_fingerprint({**about, "versions": package_versions(DRAWN_WITH)})


def keep_key(folder: Path, key: str) -> None:
    """Note that the files in the folder are those of this comparison."""
    write_json(folder / KEY_FILE, {"key": key, "comparison": _sha256(folder / "comparison.json")})


def unchanged_comparison(folder: Path, key: str) -> ComparisonResult | None:
    """The comparison in the folder, if it is the one of this key and all of its files are there."""
    try:
        about = json.loads((folder / KEY_FILE).read_text(encoding="utf-8"))
        if about != {"key": key, "comparison": _sha256(folder / "comparison.json")}:
            return None
        if not all((folder / name).is_file() for name in (*DATA_FILES, *REPORT_FILES)):
            return None
        return load_results(folder)
    except (OSError, ValueError, SynthEvalError):
        return None


def code_key() -> str:
    """Of the files of this package and of the suite's tasks: path, size and time of the last change."""
    package = Path(synth_eval.__file__).parent
    found = hashlib.sha256()
    folders = [package, package.parent / "tasks"]
    lm_eval = find_spec("lm_eval")
    if lm_eval is not None and lm_eval.origin is not None:
        folders.append(Path(lm_eval.origin).parent / "tasks" / "synth_suite")
    for folder in folders:
        for file in sorted(_files(folder)):
            about = os.stat(file)
            found.update(f"{file}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return found.hexdigest()


def _files(folder: Path) -> Iterable[str]:
    for place, _, names in os.walk(folder):
        yield from (os.path.join(place, name) for name in names if name.endswith(SOURCES))


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
