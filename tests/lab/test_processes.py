from __future__ import annotations

import dataclasses

import pytest
import torch

from synth_eval.errors import CheckpointError
from synth_eval.lab import jobs
from synth_eval.lab.family import FamilyJob
from synth_eval.lab.processes import TICK, Job, ProgressSender, run_jobs
from synth_eval.lab.recipe import Recipe


def test_progress_is_told_a_tick_at_a_time_with_what_is_expected_by_then() -> None:
    words: list[tuple[str, int, int]] = []
    told = ProgressSender("base", 20_000, words.append)
    told(TICK - 1)
    assert words == []
    told(1)
    told.expect(-5000)
    told(100)
    told.flush()
    told.flush()
    assert words == [("base", TICK, 20_000), ("base", 100, 15_000)]


def test_a_base_is_expected_to_take_its_lessons_too() -> None:
    assert Recipe().tokens_to_base == 2_200_000 + 3 * 800_000
    assert dataclasses.replace(Recipe(), mix={"synth_recall": 1.0, "synth_lookup": 0.5}).tokens_to_base == 3_000_000


@pytest.mark.parametrize("learned", [False, True])
def test_a_base_tells_as_many_tokens_as_it_expects(tmp_path, monkeypatch, learned: bool) -> None:
    """Whether its lessons end early or not."""
    recipe = dataclasses.replace(
        Recipe(), hidden=16, layers=1, vocabulary=300, batch_tokens=64, lesson_tokens=8000, base_tokens=2000,
        gate=False, mix={"synth_lookup": 1.0, "synth_recall": 1.0},
    )  # fmt: skip
    torch.set_num_threads(1)
    monkeypatch.setattr("synth_eval.lab.training.PATIENCE", 20)  # steps
    monkeypatch.setattr("synth_eval.lab.jobs.easy_accuracy", lambda *args: float(learned))
    jobs.perform(
        FamilyJob("tokenizer", tmp_path / "tokenizer", recipe, "tokenizer"), ProgressSender("", 0, lambda word: None)
    )
    words: list[tuple[str, int, int]] = []
    told = ProgressSender("base", recipe.tokens_to_base, words.append)
    jobs.perform(FamilyJob("base", tmp_path / "base", recipe, "base", start=tmp_path / "tokenizer"), told)
    told.flush()
    done, expected = sum(tokens for _, tokens, _ in words), words[-1][2]
    assert done == pytest.approx(expected, abs=2 * 256)  # each lesson ends with its last document
    assert (expected < recipe.tokens_to_base) == learned


def leave_note(job: Job, progress: ProgressSender) -> str:
    if job.kind == "fails":
        raise ValueError("no ink")
    progress(1)
    job.folder.write_text("")
    return f"wrote {job.folder.name}"


def test_jobs_are_done_in_their_order_and_after_what_they_need(tmp_path) -> None:
    notes = [Job("note", tmp_path / name, Recipe(), "note", tokens=1) for name in "dbac"]
    notes[0] = dataclasses.replace(notes[0], needs=(tmp_path / "a",))
    said: list[str] = []
    told: list[tuple[str, int, int]] = []
    run_jobs(notes, leave_note, on_progress=lambda *word: told.append(word), on_message=said.append, processes=1)
    assert said == ["wrote b", "wrote a", "wrote d", "wrote c"]
    assert told == [("note", 1, 1)] * 4


def test_a_failure_names_the_job(tmp_path) -> None:
    note = Job("fails", tmp_path / "x", Recipe(), "281k, natural")
    with pytest.raises(CheckpointError, match="281k, natural: could not be built: ValueError: no ink"):
        run_jobs([note], leave_note, on_progress=lambda *word: None, on_message=print, processes=1)
