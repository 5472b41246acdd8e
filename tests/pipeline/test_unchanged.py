"""Nothing to do is known without lm_eval and torch, and whatever decides a result makes it be looked at again."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from simulated_family import Flat, Task, hinge, simulate

from synth_eval.manifest import load_family
from synth_eval.pipeline import compare as module
from synth_eval.pipeline.unchanged import evaluation_key
from synth_eval.results import Evaluation, RunFolder, checkpoint_fingerprint, write_receipt
from synth_eval.types import OwnTask

TASKS = {"synth_lookup": Task(hinge(0.85, onset=0.1, slope=0.9), n=120), "synth_recall": Task(Flat(0.8), n=120)}


def weights(folder: Path, seed: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text("{}")
    save_file({"w": np.random.default_rng(seed).normal(size=4)}, folder / "model.safetensors")


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A family that was evaluated, with the receipt that says so."""
    made = simulate(TASKS, seeds=1)
    lines = ["family: f", "tasks: [synth_lookup, synth_recall]", "checkpoints:"]
    folder = RunFolder(tmp_path / "results" / "f")
    outcome = Evaluation(tuple(TASKS))
    for number, checkpoint in enumerate(made.family.checkpoints):
        weights(tmp_path / f"c{number}", number)
        lines.append(f"  - {{path: c{number}, ratio: {checkpoint.ratio}, size: 281k}}")
    (tmp_path / "checkpoints.yaml").write_text("\n".join(lines) + "\n")
    family = load_family(tmp_path / "checkpoints.yaml")
    for checkpoint, simulated in zip(family.checkpoints, made.family.checkpoints):
        fingerprint = outcome.fingerprints[checkpoint.name] = checkpoint_fingerprint(str(checkpoint.path))
        for task in TASKS:
            folder.save_items(fingerprint, made.tables[simulated.name, task], key="k")
            outcome.keys[checkpoint.name, task] = "k"
    key, fingerprints = evaluation_key(family, family.checkpoints, limit=None, full_hash=False)
    assert fingerprints == outcome.fingerprints
    write_receipt(folder.root, key, outcome, [folder.items(f, t) for f in fingerprints.values() for t in TASKS])
    monkeypatch.setattr("synth_eval.harness.evaluate.evaluate_family", evaluates)
    return tmp_path / "checkpoints.yaml"


class EvaluatesError(Exception):
    pass


def evaluates(*arguments, **options):
    raise EvaluatesError


def test_the_same_comparison_is_shown_again(manifest: Path, monkeypatch) -> None:
    first = module.compare(manifest, save=True)
    assert {cell.verdict.word for cell in first.comparison.cells if cell.task == "synth_lookup"} >= {"degraded"}
    monkeypatch.setattr(module, "compare_family", evaluates)
    again = module.compare(manifest, save=True)
    assert again.comparison == first.comparison
    assert again.view == first.view
    (manifest.parent / "results/f/report.md").unlink()
    with pytest.raises(EvaluatesError):
        module.compare(manifest, save=True)


@pytest.mark.parametrize("change", ["weights", "tokenizer", "items", "limit", "comparison", "gate", "options"])
def test_what_changes_is_looked_at_again(manifest: Path, monkeypatch, change: str) -> None:
    module.compare(manifest, save=True)
    monkeypatch.setattr(module, "compare_family", evaluates)
    options = {}
    results = manifest.parent / "results/f"
    if change == "weights":
        weights(manifest.parent / "c2", 99)
    elif change == "tokenizer":
        (manifest.parent / "c2/tokenizer.json").write_text("{}")
    elif change == "items":
        next(iter((results / "items").rglob("*.parquet"))).unlink()
    elif change == "limit":
        options = {"limit": 5}
    elif change == "comparison":
        (results / "comparison.json").write_text((results / "comparison.json").read_text().replace("0.8", "0.7"))
    elif change == "gate":
        manifest.write_text(manifest.read_text() + "gate: {fail_on: degraded}\n")
    else:
        options = {"min_tasks": 1}
    with pytest.raises(EvaluatesError):
        module.compare(manifest, save=True, **options)


def test_data_of_ones_own_counts_by_content(manifest: Path, tmp_path: Path) -> None:
    family = load_family(manifest)
    (tmp_path / "notes.txt").write_text("some text")
    own = OwnTask("notes", "rolling", tmp_path, files=(str(tmp_path / "notes.txt"),))
    family = replace(family, tasks=("notes",), own_tasks=(own,))

    def key(of=family):
        found = evaluation_key(of, of.checkpoints, limit=None, full_hash=False)
        return None if found is None else found[0]

    first = key()
    stamp = (tmp_path / "notes.txt").stat()
    (tmp_path / "notes.txt").write_text("same size")
    os.utime(tmp_path / "notes.txt", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert None not in (first, key())
    assert key() != first
    assert key(replace(family, own_tasks=(replace(own, amount=7),))) != key()
    # what lies on a hub cannot be told from here
    assert key(replace(family, own_tasks=(replace(own, hub="org/data"),))) is None
    assert key(replace(family, tasks=("arc_easy",))) is None


def test_neither_lm_eval_nor_torch_is_loaded(manifest: Path) -> None:
    module.compare(manifest, save=True)
    code = (
        "import sys; from synth_eval import cli\n"
        f"sys.argv = ['synth-eval', 'compare', {str(manifest)!r}]\n"
        "try: cli.main()\n"
        "except SystemExit: print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "nothing to evaluate" in done.stdout
    heavy = {"torch", "transformers", "lm_eval", "datasets", "pandas", "plotly", "netcal", "scipy.special", "pyarrow"}
    assert not heavy & set(done.stderr.split())
