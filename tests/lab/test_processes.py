from __future__ import annotations

import dataclasses

import pytest
import torch

from synth_eval.errors import CheckpointError
from synth_eval.lab import jobs
from synth_eval.lab.jobs import Work, base_tokens
from synth_eval.lab.processes import TICK, Told, run_jobs
from synth_eval.lab.recipe import Recipe


def test_progress_is_told_a_tick_at_a_time_with_what_is_expected_by_then() -> None:
    words: list[tuple[str, int, int]] = []
    told = Told("base", 20_000, words.append)
    told(TICK - 1)
    assert words == []
    told(1)
    told.expect(-5000)
    told(100)
    told.flush()
    told.flush()
    assert words == [("base", TICK, 20_000), ("base", 100, 15_000)]


def test_a_base_is_expected_to_take_its_lessons_too() -> None:
    assert base_tokens(Recipe()) == 2_200_000 + 3 * 800_000
    assert base_tokens(dataclasses.replace(Recipe(), mix={"synth_recall": 1.0, "synth_lookup": 0.5})) == 3_000_000


@pytest.mark.parametrize("learned", [False, True])
def test_a_base_tells_as_many_tokens_as_it_expects(tmp_path, monkeypatch, learned: bool) -> None:
    """Whether its lessons end early or not."""
    recipe = dataclasses.replace(
        Recipe(), hidden=16, layers=1, vocabulary=300, batch_tokens=64, lesson_tokens=8000, base_tokens=2000,
        gate=False, mix={"synth_lookup": 1.0, "synth_recall": 1.0},
    )  # fmt: skip
    torch.set_num_threads(1)
    monkeypatch.setattr("synth_eval.lab.training.PATIENCE", 20)  # steps
    monkeypatch.setattr("synth_eval.lab.gate.easy_accuracy", lambda *args: float(learned))
    jobs.perform(Work("tokenizer", tmp_path / "tokenizer", recipe, "tokenizer"), Told("", 0, lambda word: None))
    words: list[tuple[str, int, int]] = []
    told = Told("base", base_tokens(recipe), words.append)
    jobs.perform(Work("base", tmp_path / "base", recipe, "base", tokenizer=tmp_path / "tokenizer"), told)
    told.flush()
    done, expected = sum(tokens for _, tokens, _ in words), words[-1][2]
    assert done == pytest.approx(expected, abs=2 * 256)  # each lesson ends with its last document
    assert (expected < base_tokens(recipe)) == learned


@dataclasses.dataclass(frozen=True)
class Note:
    folder: object
    label: str = "note"
    tokens: int = 1
    fails: bool = False


def leave_note(job: Note, progress: Told) -> str:
    if job.fails:
        raise ValueError("no ink")
    progress(1)
    job.folder.write_text("")  # type: ignore[attr-defined]
    return f"wrote {job.folder.name}"  # type: ignore[attr-defined]


def test_jobs_are_done_in_their_order_and_after_what_they_need(tmp_path) -> None:
    notes = [Note(tmp_path / name) for name in "dbac"]
    needs = {note.folder: () for note in notes} | {tmp_path / "d": (tmp_path / "a",)}
    said: list[str] = []
    told: list[tuple[str, int, int]] = []
    run_jobs(notes, needs, leave_note, on_progress=lambda *word: told.append(word), on_message=said.append, processes=1)
    assert said == ["wrote b", "wrote a", "wrote d", "wrote c"]
    assert told == [("note", 1, 1)] * 4


def test_a_failure_names_the_job(tmp_path) -> None:
    note = Note(tmp_path / "x", label="281k, natural", fails=True)
    with pytest.raises(CheckpointError, match="281k, natural: could not be built: ValueError: no ink"):
        run_jobs([note], {note.folder: ()}, leave_note, on_progress=lambda *word: None, on_message=print, processes=1)
