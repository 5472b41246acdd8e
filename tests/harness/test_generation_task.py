"""synth_generation through lm-eval, on a tiny model with random weights: every sample is kept and described."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from synth_eval.harness.environment import prepare

prepare(offline=True)

from lm_eval.models.huggingface import HFLM
from tiny_models import character_tokenizer, tiny_model

from synth_eval.calibration.items import score_samples
from synth_eval.generation import COMMON_ENGLISH, score_prompt
from synth_eval.harness.native import evaluate_task, write_native
from synth_eval.harness.tasks import load_tasks
from synth_eval.results import read_samples
from synth_eval.results.run_folder import ResponseLog
from synth_eval.types import GENERATION, Checkpoint

pytestmark = pytest.mark.slow


def test_every_sample_is_kept_and_described(tmp_path: Path) -> None:
    loaded = load_tasks(["synth_generation"], categories={})
    assert [(task.name, task.category) for task in loaded] == [
        ("synth_generation_t07", GENERATION),
        ("synth_generation_t10", GENERATION),
    ]
    task = loaded[1]
    model = HFLM(pretrained=tiny_model("llama"), tokenizer=character_tokenizer(), batch_size=16, max_length=256)
    results = evaluate_task(model, task.task, limit=4)
    samples = read_samples(write_native(results, Checkpoint(name="tiny", ratio=0.0), task.name, tmp_path))
    assert [len(texts) for texts in samples.repeats] == [5] * 4
    # sampled, so different; in a model that is no model each text is another one
    assert all(len(set(texts)) == 5 for texts in samples.repeats)
    table = score_samples(samples, checkpoint="tiny", category=task.category)
    expected = [score_prompt(texts, reference=COMMON_ENGLISH) for texts in samples.repeats]
    for name in ("distinct_1", "self_bleu", "compression_ratio", "length", "tail_mass", "near_duplicates"):
        np.testing.assert_allclose(table.columns[name], [getattr(scores, name) for scores in expected])
        # lm-eval averages over prompts
        found = results["results"][task.name][f"{name},samples"]
        assert found == pytest.approx(np.mean(table.columns[name]))
    # nothing here is right or wrong
    assert not {"correct", "brier", "nll"} & set(table.columns)


class Counted:
    """Stands for a model; counts what is asked of it, and dies at a given call."""

    def __init__(self, model: HFLM, dies_at: int | None = None) -> None:
        self._model = model
        self._dies_at = dies_at
        self.asked: list[int] = []

    def __getattr__(self, name: str):
        return getattr(self._model, name)

    def generate_until(self, requests):
        if len(self.asked) == self._dies_at:
            raise KeyboardInterrupt
        self.asked.append(len(requests))
        return self._model.generate_until(requests)


def test_a_killed_run_goes_on_and_counts_no_repeat_twice(tmp_path: Path) -> None:
    def texts_of(model: Counted, log: Path) -> list[list[str]]:
        with ResponseLog(log) as kept:
            results = evaluate_task(
                model, load_tasks(["synth_generation_t10"], categories={})[0].task, limit=8, log=kept
            )
            assert len(kept.answers) == 40  # 8 prompts, 5 samples each: every one an entry of its own
        return [sample["filtered_resps"][0] for sample in results["samples"]["synth_generation_t10"]]

    model = HFLM(pretrained=tiny_model("llama"), tokenizer=character_tokenizer(), batch_size=16, max_length=256)
    whole = Counted(model)
    expected = texts_of(whole, tmp_path / "whole")
    assert whole.asked == [15, 15, 10]  # three prompts fit a batch of 16, with all their samples
    assert all(len(set(texts)) == 5 for texts in expected)

    first, second, third = Counted(model, dies_at=1), Counted(model), Counted(model, dies_at=0)
    with pytest.raises(KeyboardInterrupt):
        texts_of(first, tmp_path / "cut")
    torch.rand(7)  # whatever else was drawn in between
    assert texts_of(second, tmp_path / "cut") == expected
    assert first.asked + second.asked == whole.asked
    assert texts_of(third, tmp_path / "cut") == expected  # now nothing is asked
