"""What the lab plans for a family, and that iterations and the dilution control are really built from what they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synth_eval.errors import ManifestError
from synth_eval.lab.family import missing_jobs
from synth_eval.lab.jobs import perform
from synth_eval.lab.processes import ProgressSender
from synth_eval.manifest import load_family

MANIFEST = """\
family: f
tasks: [synth_suite]
grid:
  path: runs/{{source}}/r{{ratio}}/it{{iteration}}/s{{seed}}
  size: [20k]
  ratio: {ratio}
  source: {source}
  iteration: {iteration}
  seed: {seed}
lab: {{recipe: miniature, hidden: 16, layers: 1, context: 64, base_tokens: 3000, tokens: 2000, lesson_tokens: 500,
  gate: false}}
"""


def family(folder: Path, *, ratio: str = "[0, 1.0]", source: str = "[self]", iteration: str = "[1]", seed: str = "[0]"):
    file = folder / "checkpoints.yaml"
    file.write_text(MANIFEST.format(ratio=ratio, source=source, iteration=iteration, seed=seed))
    return load_family(file)


def test_the_plan_of_a_small_family(tmp_path: Path) -> None:
    jobs = missing_jobs(family(tmp_path, seed="[0, 1]", ratio="[0, 0.5, 1.0]"))
    kinds = [job.kind for job in jobs]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"tokenizer": 1, "base": 2, "sample": 2, "checkpoint": 6}
    by_folder = {job.folder: job for job in jobs}
    for job in jobs:
        needed = [by_folder[folder].kind for folder in job.needs]
        wanted = {
            "tokenizer": [],
            "base": ["tokenizer"],
            "sample": ["base"],
            "checkpoint": ["base"] if job.ratio == 0 else ["base", "sample"],
        }
        assert needed == wanted[job.kind]
    # All ratios of a seed share one sampled text, as long as the largest needs.
    assert {job.tokens for job in jobs if job.kind == "sample"} == {2000}


def test_each_iteration_learns_from_the_one_before_at_its_ratio_and_seed(tmp_path: Path) -> None:
    jobs = missing_jobs(family(tmp_path, iteration="[1, 2, 3]", ratio="[0, 0.5]"))
    samples = {job.iteration: job for job in jobs if job.kind == "sample"}
    assert set(samples) == {1, 2, 3}
    assert samples[1].start is not None
    assert samples[1].start.name == "seed0"
    for iteration in (2, 3):
        assert str(samples[iteration].start).endswith(f"self/r0.5/it{iteration - 1}/s0")


def test_a_missing_earlier_iteration_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="add iteration 1"):
        missing_jobs(family(tmp_path, iteration="[2]"))


def test_sources_that_the_lab_cannot_make(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="'self' and 'dilution', not 'textbook'"):
        missing_jobs(family(tmp_path, source="[textbook]"))
    with pytest.raises(ManifestError, match="train on nothing"):
        missing_jobs(family(tmp_path, source="[self, dilution]"))


def test_a_folder_that_holds_another_model_is_left_alone(tmp_path: Path) -> None:
    given = tmp_path / "runs" / "self" / "r1.0" / "it1" / "s0"
    given.mkdir(parents=True)
    (given / "config.json").write_text("{}")
    assert given not in {job.folder for job in missing_jobs(family(tmp_path))}


def test_iterations_and_dilution_are_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: tests/end_to_end builds with the command, in processes of their own."""
    monkeypatch.setattr("synth_eval.lab.jobs.TOKENIZER_CHARACTERS", 60_000)
    monkeypatch.setattr("synth_eval.lab.corpus.ROWS", 64)
    asked = family(tmp_path, ratio="[0, 0.5]", source="[self, dilution]", iteration="[1, 2]")
    for job in missing_jobs(asked):
        assert perform(job, ProgressSender(job.label, job.tokens, lambda report: None)) == ""
    runs = tmp_path / "runs"
    notes = {str(note.parent.relative_to(runs)): json.loads(note.read_text()) for note in runs.rglob("lab.json")}
    diluted, mixed = notes["dilution/r0.5/it1/s0"], notes["self/r0.5/it1/s0"]
    assert diluted["synthetic_tokens"] == 0
    assert diluted["external_tokens"] == mixed["external_tokens"] == pytest.approx(1000, abs=100)
    assert mixed["synthetic_tokens"] == pytest.approx(1000, abs=300)
    text = [note for name, note in notes.items() if name.split("/")[-1].startswith("text-") and note["iteration"] == 2]
    assert [note["sampled_from"] for note in text] == ["s0"]
    assert missing_jobs(asked) == ()
