"""Vote, likelihood and P(True) of a tiny random model, against the model's own logits."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synth_eval.harness.environment import prepare

prepare(offline=True)

from synth_eval.calibration.answers import confidence_and_correct
from synth_eval.calibration.items import score_samples
from synth_eval.calibration.votes import is_right, normalised_answer
from synth_eval.compare.calibration_items import generated_items
from synth_eval.errors import SynthEvalError
from synth_eval.harness.follow_up import follow_up, truth_requests, write_follow_up
from synth_eval.harness.generated_answers import token_counts
from synth_eval.harness.model import load_model
from synth_eval.harness.native import evaluate_task, write_native
from synth_eval.harness.tasks import load_tasks
from synth_eval.results import read_samples
from synth_eval.types import Checkpoint

pytestmark = pytest.mark.slow

LIMIT = 6
METHODS = ["vote", "likelihood", "likelihood per token", "p_true"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-NeoX of one layer with random weights, its tokens the 256 bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("random-neox")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<|end|>": 0} | {letter: i + 1 for i, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>").save_pretrained(folder)
    torch.manual_seed(3)
    config = GPTNeoXConfig(
        vocab_size=257, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=512, initializer_range=1.5, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    GPTNeoXForCausalLM(config).save_pretrained(folder)
    return folder


def checkpoint(folder: Path) -> Checkpoint:
    return Checkpoint("random", 0.0, path=str(folder), model_args={"dtype": "float32"})


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    return load_model(checkpoint(folder), device="cpu")


@pytest.fixture
def task() -> Any:
    (loaded,) = load_tasks(["synth_recall_generate"], categories={})
    return loaded.task


def loglik(model: Any, context: str, continuation: str) -> float:
    """From the logits, one byte a token."""
    import torch

    before, after = (model.tokenizer(text, add_special_tokens=False)["input_ids"] for text in (context, continuation))
    with torch.no_grad():
        logs = model.model(torch.tensor([before + after])).logits[0].double().log_softmax(-1)
    return sum(float(logs[len(before) + i - 1, token]) for i, token in enumerate(after))


def greedy_answer(model: Any, context: str, task: Any) -> tuple[str, int, float]:
    """The text, how many bytes it was written in (not all are UTF-8), and their log-likelihood."""
    import torch

    ids = model.tokenizer(context, add_special_tokens=False)["input_ids"]
    read, text, logs = len(ids), "", []
    with torch.no_grad():
        for _ in range(task.config.generation_kwargs["max_gen_toks"]):
            step = model.model(torch.tensor([ids])).logits[0, -1].double().log_softmax(-1)
            ids.append(int(step.argmax()))
            logs.append(float(step.max()))
            text = model.tokenizer.decode(ids)[len(context) :]
            if ids[-1] == 0 or any(stop in text for stop in task.config.generation_kwargs["until"]):
                break
    for stop in (*task.config.generation_kwargs["until"], "<|end|>"):
        text = text.split(stop)[0]
    beginnings = [model.tokenizer.decode(ids[read : read + n]) for n in range(len(logs) + 1)]
    size = next(n for n, beginning in enumerate(beginnings) if beginning.startswith(text.rstrip()))
    return text, size, sum(logs[:size])


def test_likelihood_and_truth_are_those_of_the_logits(model: Any, task: Any) -> None:
    docs = list(task.eval_docs)[:LIMIT]
    made = [greedy_answer(model, doc["question"], task) for doc in docs]
    texts = [text for text, _, _ in made]
    answered = [bool(normalised_answer(text)) for text in texts]
    assert any(answered)
    # Half of the answered items get the model's own answer as target, so that right and wrong both occur.
    changed = [
        doc | {"choices": [text if i % 2 else "no such answer"], "answer": 0}
        for i, (doc, text) in enumerate(zip(docs, texts))
    ]
    from datasets import Dataset

    task.dataset = {"test": Dataset.from_list(changed), "train": task.dataset["train"]}
    steps: list[str] = []
    vote, likelihood, per_token, p_true = follow_up(model, task, on_step=steps.append).methods
    assert steps == ["votes", "greedy answers", "follow-up"]
    assert [each.method for each in (vote, likelihood, per_token, p_true)] == METHODS
    right = [there and i % 2 == 1 for i, there in enumerate(answered)]
    assert 0 < sum(right) < LIMIT
    for found in (likelihood, per_token, p_true):
        assert found.correct.tolist() == right
        assert found.unanswered == LIMIT - sum(answered)
    for i, (doc, text) in enumerate(zip(docs, texts)):
        if not answered[i]:
            assert likelihood.confidence[i] == per_token.confidence[i] == p_true.confidence[i] == 0.0
            continue
        _, tokens, total = made[i]
        assert likelihood.confidence[i] == pytest.approx(math.exp(total), rel=1e-4)
        assert per_token.confidence[i] == pytest.approx(math.exp(total / tokens), rel=1e-4)
        yes, no = (loglik(model, *request) for request in truth_requests(doc["question"], text))
        assert p_true.confidence[i] == pytest.approx(math.exp(yes) / (math.exp(yes) + math.exp(no)), rel=1e-4)


def test_tokens_of_a_continuation(model: Any) -> None:
    # one byte a token; a space at the end of the context is scored with the continuation; é has two bytes
    assert token_counts(model, [("a b", " cd"), ("a ", "cd"), ("a", "é")]) == [3, 3, 2]


def test_what_is_written_is_what_calibrate_reads(model: Any, task: Any, tmp_path: Path) -> None:
    """The four methods come back as four sets of items with the same confidences and the same right answers."""
    found = follow_up(model, task, limit=LIMIT)
    file = write_follow_up(found, "synth_arithmetic_generate", tmp_path / "new" / "folder")
    read = generated_items(read_samples(file), category="reasoning")
    assert [items.source for items in read] == ["vote share", "likelihood", "likelihood per token", "p true"]
    for method, items in zip(found.methods, read, strict=True):
        np.testing.assert_allclose(items.confidence, method.confidence, rtol=1e-12)
        np.testing.assert_array_equal(items.gold == 0, method.correct)
    assert [path.name for path in file.parent.iterdir()] == [file.name]  # nothing half-written beside it


def test_votes_are_the_same_for_the_same_seed(model: Any, task: Any) -> None:
    first, again, other = (follow_up(model, task, limit=LIMIT, seed=seed).methods[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.confidence, again.confidence)
    assert not np.array_equal(first.confidence, other.confidence)
    # ten answers an item: shares are tenths
    np.testing.assert_allclose(first.confidence * 10, np.round(first.confidence * 10))


@pytest.mark.parametrize("name", ["synth_arithmetic_generate", "synth_recall_generate"])
def test_what_lm_eval_logs_reads_back_to_its_own_aggregates(
    name: str, model: Any, folder: Path, tmp_path: Path
) -> None:
    (loaded,) = load_tasks([name], categories={})
    results = evaluate_task(model, loaded.task, num_fewshot=2, limit=LIMIT)
    aggregates = results["results"][name]
    samples = read_samples(write_native(results, checkpoint(folder), name, tmp_path))
    assert samples.kind == "generation"
    assert {len(texts) for texts in samples.repeats} == {10}
    assert len(set(samples.repeats)) > 1
    table = score_samples(samples, checkpoint="c", category=loaded.category)
    confidence, correct = confidence_and_correct(table)
    assert confidence.mean() == pytest.approx(aggregates["vote_share,answers"])
    assert correct.mean() == aggregates["exact_match,answers"]
    assert table.columns["brier"].mean() == pytest.approx(aggregates["brier,answers"])
    assert table.columns["nll"].mean() == pytest.approx(aggregates["nll,answers"])
    if name == "synth_arithmetic_generate":
        answers = {text for texts in samples.repeats for text in texts} - {"[invalid]"}
        assert all(text.lstrip("-").isdigit() for text in answers)


def test_the_targets_are_the_right_choices(task: Any) -> None:
    for doc in list(task.eval_docs)[:20]:
        assert is_right(str(task.doc_to_target(doc)), [doc["choices"][doc["answer"]]])


def test_the_generated_tasks_are_a_group_of_their_own() -> None:
    tasks = load_tasks(["synth_generated_answers"], categories={})
    assert {t.name: t.category for t in tasks} == {
        "synth_arithmetic_generate": "reasoning",
        "synth_recall_generate": "retrieval",
    }
    assert not {t.name for t in load_tasks(["synth_suite"], categories={})} & {t.name for t in tasks}


def test_tasks_that_cannot_be_asked(model: Any, task: Any) -> None:
    choice, rolling = load_tasks(["synth_recall", "synth_domain_licences"], categories={})
    with pytest.raises(SynthEvalError, match="synth_recall is a multiple_choice task"):
        follow_up(model, choice.task, limit=LIMIT)
    with pytest.raises(SynthEvalError, match="it generates no answers"):
        follow_up(model, rolling.task, limit=LIMIT)
    task.set_config(key="repeats", value=1)
    with pytest.raises(SynthEvalError, match="samples one answer an item"):
        follow_up(model, task, limit=LIMIT)


def test_the_command_shows_them_side_by_side(folder: Path, tmp_path: Path, run_here: Any) -> None:
    command = ("confidence", str(folder), "--limit", "5", "--quiet")
    done = run_here(*command, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["task"] == "synth_arithmetic_generate"
    assert [row["confidence"] for row in found["methods"]] == METHODS
    assert {row["n"] for row in found["methods"]} == {5}
    assert all(0.0 <= row["mean_confidence"] <= 1.0 and 0.0 <= row["ece"] <= 1.0 for row in found["methods"])
    drawn = run_here(*command, cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    heading = drawn.stdout.splitlines()[1].split()
    assert heading == ["method", "answer", "accuracy", "confidence", "ECE", "null", "AUROC"]
    row = next(line for line in drawn.stdout.splitlines() if line.startswith("p_true"))
    assert f"{found['methods'][3]['mean_confidence']:.3f}" in row  # the same seed, the same numbers


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "nowhere: no such folder"),
        ((".", "--task", "synth_generated_answers"), "is a group; name one of its tasks: synth_arithmetic_generate"),
        ((".", "--task", "synth_recal_generate"), "did you mean 'synth_recall_generate'?"),
    ],
)
def test_wrong_usage_is_one_line(arguments: tuple[str, ...], message: str, tmp_path: Path, run_here: Any) -> None:
    done = run_here("confidence", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
