"""Batches are the same on every run, so a run that was cut off computes just what an uninterrupted one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.errors import CheckpointError
from synth_eval.harness import recorded
from synth_eval.harness.evaluate import _shots_not_used
from synth_eval.harness.recorded import PromptBook, RecordedLM, batches, request_keys
from synth_eval.harness.tasks import LoadedTask, load_tasks
from synth_eval.results.run_folder import ResponseLog
from synth_eval.types import Checkpoint


@dataclass(frozen=True)
class Request:
    args: tuple[Any, ...]


class Scorer:
    """Answers with its batch's number in the answer, as rounding would; dies in a given batch."""

    batch_size = 4
    max_length = 16
    other = "passed through"

    def __init__(self, dies_in: int | None = None, *, shared: bool = False) -> None:
        self.asked: list[list[tuple[Any, ...]]] = []
        self._dies_in = dies_in
        if shared:
            self.fallback_reason = None

    def _answers(self, requests: Sequence[Request]) -> list[float]:
        if len(self.asked) == self._dies_in:
            raise KeyboardInterrupt
        self.asked.append([request.args for request in requests])
        context_of_batch = sum(len(str(request.args)) for request in requests)
        return [context_of_batch + len(request.args[-1]) / 7 for request in requests]

    def loglikelihood(self, requests: Sequence[Request]) -> list[tuple[float, bool]]:
        return [(value, value > 0) for value in self._answers(requests)]

    def loglikelihood_rolling(self, requests: Sequence[Request]) -> list[float]:
        return self._answers(requests)


texts = st.text(alphabet="ab ", max_size=60)


@settings(deadline=None, max_examples=40)
@given(
    pairs=st.lists(st.tuples(texts, texts), min_size=1, max_size=30),
    rolling=st.booleans(),
    shared=st.booleans(),
    data=st.data(),
)
def test_a_run_that_was_cut_off_goes_on(
    pairs: list[tuple[str, str]],
    rolling: bool,
    shared: bool,
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("log")
    kind = "loglikelihood_rolling" if rolling else "loglikelihood"
    requests = [Request(pair[:1] if rolling else pair) for pair in pairs]
    whole = Scorer(shared=shared)
    with ResponseLog(folder / "whole") as log:
        expected = getattr(RecordedLM(whole, log, seed=0), kind)(requests)
    dies_in = data.draw(st.integers(0, len(whole.asked) - 1))
    first, second, third = Scorer(dies_in, shared=shared), Scorer(shared=shared), Scorer(0, shared=shared)
    with ResponseLog(folder / "cut") as log, pytest.raises(KeyboardInterrupt):
        getattr(RecordedLM(first, log, seed=0), kind)(requests)
    with ResponseLog(folder / "cut") as log:
        found = getattr(RecordedLM(second, log, seed=0), kind)(requests)
    assert found == expected
    assert first.asked + second.asked == whole.asked  # only the batch in flight was lost
    with ResponseLog(folder / "cut") as log:
        assert getattr(RecordedLM(third, log, seed=0), kind)(requests) == expected  # and now nothing is asked


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(texts, texts), max_size=40), st.booleans())
def test_every_request_is_in_one_batch_and_an_items_choices_in_the_same(
    pairs: list[tuple[str, str]], shared: bool
) -> None:
    made = batches("loglikelihood", pairs, Scorer(shared=shared))
    assert sorted(index for batch in made for index in batch) == list(range(len(pairs)))
    batch_of = {pairs[index][0]: number for number, batch in enumerate(made) for index in batch}
    assert all(batch_of[pairs[index][0]] == number for number, batch in enumerate(made) for index in batch)
    if not shared:
        # a batch above the batch size holds the choices of one item
        assert all(len(batch) <= 4 or len({pairs[index][0] for index in batch}) == 1 for batch in made)
        lengths = [len(pairs[index][0]) for batch in made for index in batch]
        assert lengths == sorted(lengths, reverse=True)


def test_repeats_of_a_request_are_told_apart() -> None:
    once, twice = ("a", {"do_sample": True}), ("b", {})
    keys = request_keys("generate_until", [once, twice, twice, once])
    assert len(set(keys)) == 4
    assert request_keys("generate_until", [twice, once]) == [keys[1], keys[0]]
    assert request_keys("loglikelihood", [("a", "b")]) != request_keys("generate_until", [("a", "b")])


def test_everything_else_is_the_models_own(tmp_path: Path) -> None:
    with ResponseLog(tmp_path / "log") as log:
        assert RecordedLM(Scorer(), log, seed=0).other == "passed through"


def test_sampling_starts_every_batch_from_its_own_seed(tmp_path: Path) -> None:
    import torch

    class Sampler(Scorer):
        def generate_until(self, requests: Sequence[Request]) -> list[str]:
            self._answers(requests)
            return [str(float(torch.rand(()))) for _ in requests]

    requests = [Request((letter * 3, {})) for letter in "abcdefghij"]
    with ResponseLog(tmp_path / "whole") as log:
        expected = RecordedLM(Sampler(), log, seed=5).generate_until(requests)
    assert len(set(expected)) == len(requests)
    with ResponseLog(tmp_path / "cut") as log, pytest.raises(KeyboardInterrupt):
        RecordedLM(Sampler(1), log, seed=5).generate_until(requests)
    torch.rand(7)  # whatever was drawn in between
    with ResponseLog(tmp_path / "cut") as log:
        assert RecordedLM(Sampler(), log, seed=5).generate_until(requests) == expected


def test_a_tasks_own_zero_shots_are_kept_as_lm_eval_keeps_them() -> None:
    """lm_eval.evaluator: "num_fewshot has been set to 0 ... Manual configuration will be ignored."."""
    asked: list[int] = []
    book = PromptBook()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorded, "make_prompts", lambda task, *, num_fewshot, **others: asked.append(num_fewshot))
        for zero_shot, own, wanted in [(True, 0, 5), (False, 0, 5), (False, 2, None), (False, 2, 0)]:
            name = f"{zero_shot}{own}{wanted}"
            loaded = LoadedTask(name, "other", "key", None, num_fewshot=own, zero_shot=zero_shot)  # type: ignore[arg-type]
            book.prompts(loaded, Checkpoint("c", 0.0, num_fewshot=wanted), limit=None)
    assert asked == [0, 5, 2, 0]


def test_examples_that_a_task_does_not_have_are_one_line() -> None:
    """synth_generation has no examples: of num_fewshot: 3 it was said "IndexError: list index out of range"."""
    loaded = load_tasks(["synth_generation_t07"], categories={})[0]
    with pytest.raises(CheckpointError, match=r"^synth_generation_t07: prompts with 3 examples cannot be made"):
        PromptBook().prompts(loaded, Checkpoint("c", 0.0, num_fewshot=3), limit=2)
    assert PromptBook().prompts(loaded, Checkpoint("c", 0.0, num_fewshot=0), limit=2).items == 2


def test_a_number_of_shots_that_is_not_used_is_named_once() -> None:
    tasks = [
        LoadedTask(name, "other", "key", None, zero_shot=zero_shot)  # type: ignore[arg-type]
        for name, zero_shot in (("a", True), ("b", False), ("c", True))
    ]
    checkpoints = [Checkpoint(f"c{shots}", 0.0, path="m", num_fewshot=shots) for shots in (None, 0, 5, 5, 25)]
    (line,) = _shots_not_used(tasks, checkpoints)
    assert line.startswith("num_fewshot 5, 25 is not used for a, c: the task's own configuration says 0")
    assert _shots_not_used(tasks, checkpoints[:2]) == _shots_not_used(tasks[1:2], checkpoints) == []
