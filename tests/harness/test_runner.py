"""A family in one process: content decides what is evaluated, prompts and tokens are shared, memory is given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_checkpoint import write_tiny_neox

from synth_eval.harness.environment import prepare

prepare(offline=True)

from synth_eval.harness import runner
from synth_eval.harness.evaluate import evaluate_family
from synth_eval.harness.model import load_model, release
from synth_eval.harness.recorded import PromptBook, Prompts, make_prompts
from synth_eval.harness.tasks import load_tasks
from synth_eval.results import Evaluation, RunFolder
from synth_eval.types import Checkpoint, Family

pytestmark = pytest.mark.slow


class Silent:
    def planned(self, pieces: int, *, items: int = 0, checkpoints: Mapping[str, int] | None = None) -> None: ...
    def started(self, checkpoint: str, task: str, items: int = 0) -> None: ...
    def answered(self, checkpoint: str, task: str, share: float) -> None: ...
    def finished(self, checkpoint: str, task: str, items: int, *, of: int = 0) -> None: ...
    def said(self, message: str) -> None: ...


def family(*folders: Path, **options: Any) -> Family:
    checkpoints = tuple(
        Checkpoint(folder.name, number / 10, path=str(folder), model_args={"dtype": "float32"}, **options)
        for number, folder in enumerate(folders)
    )
    return Family("f", ("synth_recall",), checkpoints)


def evaluate(told: Family, output: Path, limit: float = 5) -> Evaluation:
    return evaluate_family(told, RunFolder(output), limit=limit, listener=Silent())


def test_what_is_evaluated_again(tmp_path: Path) -> None:
    model, output = write_tiny_neox(tmp_path / "model"), tmp_path / "out"
    first = evaluate(family(model), output)
    assert (first.evaluated, first.failures) == (1, {})
    assert evaluate(family(model), output).evaluated == 0
    model.rename(tmp_path / "moved")  # the same content elsewhere
    assert evaluate(family(tmp_path / "moved"), output).evaluated == 0
    write_tiny_neox(model, seed=9)  # another content at the old place
    changed = evaluate(family(model), output)
    assert changed.evaluated == 1
    assert changed.fingerprints != first.fingerprints
    assert evaluate(family(model), output, limit=6).evaluated == 1
    assert evaluate(family(model, num_fewshot=2), output, limit=6).evaluated == 1
    assert evaluate(family(model, num_fewshot=2), output, limit=6).evaluated == 0
    assert first.provenance["task synth_recall"].startswith("version 1, content ")
    (native,) = (output / "lm_eval").glob(f"{changed.fingerprints['model']}")
    assert len(list(native.iterdir())) == 2  # results and samples of the newest settings, no older ones


def test_a_run_tells_why_it_evaluates_again(tmp_path: Path) -> None:
    class Told(Silent):
        def said(self, message: str) -> None:
            lines.append(message)

    lines: list[str] = []
    folders = [write_tiny_neox(tmp_path / name, seed=seed) for seed, name in enumerate("ab")]

    def told(limit: float = 4, **options: Any) -> list[str]:
        lines.clear()
        evaluate_family(family(*folders, **options), RunFolder(tmp_path / "out"), limit=limit, listener=Told())
        return [*lines]

    assert told() == []  # for the first time
    assert told(limit=5) == ["evaluated again, limit 5, before 4: a, b"]
    assert told(limit=5) == []
    write_tiny_neox(folders[1], seed=9)
    assert told(limit=5) == ["evaluated again, its files changed: b"]
    assert told(limit=5, num_fewshot=1, system_instruction="Be brief.") == [
        "evaluated again, num_fewshot 1, before none; system_instruction Be brief., before none: a, b"
    ]
    (tmp_path / "out" / "settings.json").write_text("[")  # damaged: nothing is explained, all is evaluated
    assert told(limit=5, num_fewshot=2) == []


def test_tokens_are_shared_only_where_the_model_reads_them_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = []

    def kept(checkpoint: Checkpoint) -> Any:
        models.append(load_model(checkpoint))
        return models[-1]

    monkeypatch.setattr(runner, "load_model", kept)
    folder = write_tiny_neox(tmp_path / "a")
    plain, other = family(folder).checkpoints[0], {"dtype": "float32", "prefix_token_id": 7}
    told = Family("f", ("synth_recall",), (plain, replace(plain, name="b", ratio=0.5, model_args=other)))
    assert evaluate(told, tmp_path / "out").evaluated == 2
    assert models[0].memo is not models[1].memo


def test_a_checkpoint_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = write_tiny_neox(tmp_path / "model")

    def load_and_train_on(checkpoint: Checkpoint) -> Any:
        loaded = load_model(checkpoint)
        write_tiny_neox(model, seed=9)
        return loaded

    monkeypatch.setattr(runner, "load_model", load_and_train_on)
    outcome = evaluate(family(model), tmp_path / "out")
    assert outcome.evaluated == 0
    assert "was changed while it was read" in outcome.failures["model"]


def test_checkpoints_share_prompts_and_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [write_tiny_neox(tmp_path / name, seed=seed) for seed, name in enumerate("abc")]
    made, models = [], []

    def counted(*arguments: Any, **options: Any) -> Any:
        made.append(arguments)
        return make_prompts(*arguments, **options)

    def kept(checkpoint: Checkpoint) -> Any:
        models.append(load_model(checkpoint))
        return models[-1]

    monkeypatch.setattr("synth_eval.harness.recorded.make_prompts", counted)
    monkeypatch.setattr(runner, "load_model", kept)
    assert evaluate(family(*folders), tmp_path / "out").evaluated == 3
    assert len(made) == 1
    assert models[0].memo is models[1].memo is models[2].memo
    # the same answers as alone
    alone = evaluate(family(folders[2]), tmp_path / "alone")
    fingerprint = alone.fingerprints["c"]
    tables = [RunFolder(tmp_path / name).load_items(fingerprint, "synth_recall") for name in ("out", "alone")]
    np.testing.assert_array_equal(tables[0].columns["nll"], tables[1].columns["nll"])


def test_the_key_of_prompts_is_their_text() -> None:
    (loaded,) = load_tasks(["synth_recall"], categories={})
    book = PromptBook()

    def prompts(num_fewshot: int | None) -> Prompts:
        return book.prompts(loaded, Checkpoint("c", 0.0, num_fewshot=num_fewshot), limit=5)

    plain, shots = prompts(None), prompts(2)
    assert plain.num_fewshot == 0
    assert len(plain.instances) == 5 * 4
    assert plain.key != shots.key
    assert prompts(0) is plain  # a task's own count survives other checkpoints' counts
    assert make_prompts(loaded.task, num_fewshot=2, limit=5).key == shots.key


def test_memory_is_given_back(tmp_path: Path) -> None:
    """14 checkpoints of 33 MB each, one after the other: what is in use afterwards does not grow by even one."""
    import resource

    folder = write_tiny_neox(tmp_path / "model", hidden=512, layers=4)
    megabytes = (folder / "model.safetensors").stat().st_size / 2**20
    assert megabytes > 30
    used = []
    for _ in range(14):
        model: Any = load_model(Checkpoint("c", 0.0, path=str(folder), model_args={"dtype": "float32"}), device="cpu")
        release(model)
        del model
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        used.append(pages * resource.getpagesize() / 2**20)
    assert max(used[2:]) - used[1] < megabytes / 2
