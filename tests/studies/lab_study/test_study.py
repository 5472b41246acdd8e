"""The study in the smallest size: what is planned, and that every job makes what the next one needs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from studies.lab_study import jobs
from studies.lab_study.jobs import perform
from studies.lab_study.plan import FULL, QUICK, Shape, StudyRecipe, study_plan
from studies.lab_study.report import quality_table
from studies.lab_study.run import KIND_LOSSES, LARGEST, LOSSES, MANIFEST, main, write_tables
from studies.lab_study.world import KINDS
from synth_eval.errors import CheckpointError
from synth_eval.lab.jobs import SYNTHETIC
from synth_eval.lab.processes import NOTE
from synth_eval.manifest import load_family
from synth_eval.pipeline.scaling import read_losses

TINY = StudyRecipe(
    shapes=(Shape("20k", 8, 1, 2),),
    budgets=(1000, 2500),
    ratios=(0.5, 1.0),
    sources=("rephrased", "self"),
    vocabulary=400,
    context=64,
    batch_tokens=128,
    held_out=5,
    writer=Shape("20k", 8, 1, 2),
    copy_tokens=1000,
    pair_tokens=1000,
)


@pytest.mark.parametrize("recipe", [FULL, QUICK])
def test_the_grid_is_what_the_study_needs(recipe: StudyRecipe) -> None:
    assert len(recipe.shapes) >= 3
    assert len(recipe.budgets) >= 5
    assert recipe.budgets[-1] >= 30 * recipe.budgets[0]
    assert len(recipe.ratios) + 1 >= 5  # and natural text
    assert set(recipe.sources) == {"self", "rephrased", "textbook", "concept"}


@pytest.mark.parametrize("shape", dict.fromkeys((*FULL.shapes, *QUICK.shapes)), ids=lambda shape: shape.name)
def test_sizes_are_named_by_their_parameters(shape: Shape) -> None:
    # embeddings in and out; per layer 12 h^2 + 13 h (4 matrices with biases, two norms); the last norm
    h = shape.hidden
    parameters = 2 * 1024 * h + shape.layers * (12 * h * h + 13 * h) + 2 * h
    assert shape.name == f"{parameters / 1000:.0f}k"


def test_every_job_comes_after_what_it_needs(tmp_path: Path) -> None:
    plan = study_plan(tmp_path, FULL)
    assert len({job.folder for job in plan.jobs}) == len(plan.jobs)
    before: set[Path] = set()
    for job in plan.jobs:
        assert set(job.needs) <= before
        before.add(job.folder)
    assert len(plan.runs) == 3 * (1 + 4 * 4)
    # natural text of all sizes, then the smallest size whole
    assert [job.ratio for job in plan.runs[:3]] == [0, 0, 0]
    assert {job.shape.name for job in plan.runs[3:19]} == {"91k"}
    # what a size samples for itself was written by its own natural model
    for job in plan.jobs:
        if job.kind == "text" and job.source == "self":
            assert str(job.start) == str(tmp_path / "runs" / job.shape.name / "natural" / "r0" / f"d{FULL.budgets[-1]}")


def test_a_study_from_its_first_job_to_its_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(jobs, "REQUESTS", 32)
    monkeypatch.setattr("synth_eval.lab.corpus.ROWS", 32)
    monkeypatch.setattr("studies.lab_study.writers.GRAPH_DOCUMENTS", 200)
    plan = study_plan(tmp_path, TINY)
    assert plan.missing == plan.jobs
    told: list[int] = []

    class Heard:
        def __call__(self, tokens: int) -> None:
            told.append(tokens)

        def expect(self, more: int) -> None:
            raise AssertionError

    for job in plan.jobs:
        told.clear()
        perform(job, Heard())
        if job.kind in ("copier", "writer", "run"):
            assert sum(told) == pytest.approx(job.tokens, rel=0.15, abs=1000 * 64 * (job.kind == "writer"))
    assert plan.missing == ()

    assert write_tables(tmp_path, plan) == 1 + 2 * 2
    whole, kinds = read_losses(tmp_path / LOSSES), read_losses(tmp_path / KIND_LOSSES)
    assert not whole.problems
    assert not kinds.problems
    assert len(whole.rows) == 5 * 2
    assert {row.task for row in kinds.rows} == set(KINDS)
    for row in whole.rows:  # the mix of its kinds, if of other documents, so it lies among them
        by_kind = [k.loss for k in kinds.rows if (k.tokens, k.ratio, k.source) == (row.tokens, row.ratio, row.source)]
        assert min(by_kind) - 0.1 < row.loss < max(by_kind) + 0.1

    family = load_family(tmp_path / MANIFEST)
    assert {(c.tokens, c.ratio, c.source) for c in family.checkpoints} == {
        (budget, ratio, source)
        for budget in TINY.budgets
        for ratio, source in [(0, "natural"), *((r, s) for r in TINY.ratios for s in TINY.sources)]
    }
    assert all(Path(str(c.path), "config.json").is_file() for c in family.checkpoints)
    assert {c.tokens for c in load_family(tmp_path / LARGEST).checkpoints} == {TINY.budgets[-1]}
    rows = [line.split(" | ") for line in quality_table(plan).splitlines()[2:]]
    assert {row[0] for row in rows} == {"| rephrased", "| self-20k"}
    text = (tmp_path / "text" / "self-20k" / SYNTHETIC).read_text(encoding="utf-8").splitlines()
    assert all(json.loads(line) for line in text)

    with pytest.raises(CheckpointError, match="another recipe"):
        _ = study_plan(tmp_path, dataclasses.replace(TINY, seed=1)).missing


def test_an_unfinished_study_has_tables_of_what_is_done(tmp_path: Path) -> None:
    plan = study_plan(tmp_path, TINY)
    job = plan.runs[0]
    job.folder.mkdir(parents=True)
    note = {"recipe_key": TINY.key(), "losses": {"1000": {"natural": 3.5, "note": 4.0}}}
    (job.folder / NOTE).write_text(json.dumps(note))
    assert write_tables(tmp_path, plan) == 1
    assert (tmp_path / LOSSES).read_text().splitlines()[1:] == ["miniature-study,20k,1000,0,natural,natural,3.500000"]
    assert job not in plan.missing


def test_budgets_can_be_left_out() -> None:
    assert QUICK.up_to(154_000).budgets == QUICK.budgets[:4]
    assert QUICK.up_to(200e3).key() != QUICK.key()
    with pytest.raises(ValueError, match="smallest budget is 12,000"):
        QUICK.up_to(10)


def test_the_command_refuses_tokens_below_every_budget(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for given, said in (("10", "the smallest budget is 12,000 tokens"), ("many", "'many' is not a count")):
        with pytest.raises(SystemExit) as ended:
            main([str(tmp_path / "s"), "--quick", "--up-to", given])
        assert ended.value.code == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
