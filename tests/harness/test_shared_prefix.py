"""`hf-shared-prefix` gives the numbers of lm-eval's `hf`."""

from __future__ import annotations

import logging
import os
import runpy
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from lm_eval.api.registry import model_registry
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from scored_requests import assert_same, choice_requests, instance, pair, words
from tiny_models import LETTERS, character_tokenizer, tiny_model

from synth_eval.harness.shared_prefix import model as shared_prefix
from synth_eval.harness.shared_prefix.checks import tolerance
from synth_eval.harness.shared_prefix.model import SharedPrefixLM
from synth_eval.harness.shared_prefix.passes import PassRunner

ARCHITECTURES: list[tuple[str, dict[str, Any]]] = [
    ("gpt_neox", {}),
    ("gpt_neox", {"use_parallel_residual": False, "attn_implementation": "eager"}),
    ("llama", {}),
    ("llama", {"attn_implementation": "eager"}),
    ("gpt2", {}),
    ("qwen2", {}),
    ("qwen2", {"use_sliding_window": True, "sliding_window": 9, "max_window_layers": 1}),
    ("opt", {}),
    ("mistral", {}),
    ("mistral", {"sliding_window": None}),
    ("gemma2", {"attn_implementation": "eager"}),
    ("falcon", {"new_decoder_architecture": True}),
]


@pytest.mark.parametrize("tokens_per_pass", [32, 512])
@pytest.mark.parametrize(("kind", "options"), ARCHITECTURES, ids=[f"{k}-{'-'.join(o)}" for k, o in ARCHITECTURES])
def test_choices(kind: str, options: dict[str, Any], tokens_per_pass: int) -> None:
    ours, plain = pair(tiny_model(kind, **options))
    ours.tokens_per_pass = tokens_per_pass
    requests = choice_requests()
    assert_same(ours.loglikelihood(requests, disable_tqdm=True), plain.loglikelihood(requests, disable_tqdm=True))
    assert ours.fallback_reason is None


@pytest.mark.parametrize(("kind", "options"), ARCHITECTURES, ids=[f"{k}-{'-'.join(o)}" for k, o in ARCHITECTURES])
def test_rolling_windows(kind: str, options: dict[str, Any]) -> None:
    ours, plain = pair(tiny_model(kind, **options))
    requests = [instance(words(seed, length)) for seed, length in enumerate([1, 40, 127, 128, 129, 300, 9])]
    np.testing.assert_allclose(
        ours.loglikelihood_rolling(requests, disable_tqdm=True),
        plain.loglikelihood_rolling(requests, disable_tqdm=True),
        rtol=1e-6, atol=1e-4,
    )  # fmt: skip
    assert ours.fallback_reason is None


@pytest.mark.parametrize(("kind", "options"), ARCHITECTURES, ids=[f"{k}-{'-'.join(o)}" for k, o in ARCHITECTURES])
def test_rows_on_a_cached_header(kind: str, options: dict[str, Any]) -> None:
    """What a GPU does with few-shot prompts: the header in the cache, each item a row."""
    ours, plain = pair(tiny_model(kind, **options))
    ours.tokens_per_pass, ours._rows_on_cache, ours.rows = 48, True, True
    requests = choice_requests()
    assert_same(ours.loglikelihood(requests, disable_tqdm=True), plain.loglikelihood(requests, disable_tqdm=True))
    assert ours.fallback_reason is None


def test_texts_are_tokenised_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what lm-eval encodes for a request without context is encoded alone."""
    ours, plain = pair(tiny_model("llama"), bos=True)
    requests = [*choice_requests(), instance("<s>ab", "c"), instance("ab", "c")]
    expected = [plain._encode_pair(*each.args) for each in requests if each.args[0]]
    alone: list[str] = []
    encode = type(ours.tokenizer).encode
    monkeypatch.setattr(
        type(ours.tokenizer), "encode", lambda self, text, **o: (alone.append(text), encode(self, text, **o))[1]
    )
    ours.loglikelihood(requests, disable_tqdm=True)
    assert sorted(set(alone)) == ["a lone text", "ab"]  # "ab" has no context once
    assert [ours._encode_pair(*each.args) for each in requests if each.args[0]] == expected


def test_greedy_flags() -> None:
    """Of all single letters after a context at most one is the greedy one."""
    ours, plain = pair(tiny_model("llama"))
    contexts = [words(seed, 30) for seed in range(6)]
    letters = [letter for letter in LETTERS if not letter.isspace()]
    requests = [instance(context, letter) for context in contexts for letter in letters]
    answers = ours.loglikelihood(requests, disable_tqdm=True)
    flags = np.array([flag for _, flag in answers]).reshape(len(contexts), len(letters))
    assert flags.sum(axis=1).max() == 1
    assert_same(answers, plain.loglikelihood(requests, disable_tqdm=True))


def test_a_tokenizer_that_begins_with_bos() -> None:
    ours, plain = pair(tiny_model("llama"), bos=True)
    requests = [*choice_requests(), instance("<s>ab", "c")]
    assert_same(ours.loglikelihood(requests, disable_tqdm=True), plain.loglikelihood(requests, disable_tqdm=True))


def test_each_distinct_token_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _ = pair(tiny_model("llama"))
    ours._check = None
    sizes: list[int] = []
    run = PassRunner.run
    monkeypatch.setattr(PassRunner, "run", lambda self, step: (sizes.append(step.tokens.size), run(self, step))[1])
    header, choices = words(0, 60), [" ab", " cd", " ef"]
    contexts = [header + ending for ending in (" one.", " two.")]
    ours.loglikelihood([instance(c, k) for c in contexts for k in choices], disable_tqdm=True)
    # 60 of header and the space after it; "one." and "two."; of " ab": the space once a context, then a, c, e
    assert sum(sizes) == 61 + 2 * 4 + 2 * (1 + 3)


def test_lora_is_scored_in_the_tree_and_prompt_tuning_is_not() -> None:
    import peft

    lora = peft.get_peft_model(tiny_model("llama"), peft.LoraConfig(target_modules=["q_proj"], init_lora_weights=False))
    prompt = peft.get_peft_model(
        tiny_model("llama"), peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)
    )
    requests = choice_requests()[:8]
    for model, reason in ((lora, None), (prompt, "its adapter (prompt_tuning) changes the input")):
        ours, plain = pair(model.eval())
        assert_same(ours.loglikelihood(requests, disable_tqdm=True), plain.loglikelihood(requests, disable_tqdm=True))
        assert ours.fallback_reason == reason


def test_a_model_without_masks_goes_the_plain_way_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger=shared_prefix.__name__):
        ours, plain = pair(tiny_model("bloom", attn_implementation="eager"))
        requests = choice_requests()
        assert_same(ours.loglikelihood(requests, disable_tqdm=True), plain.loglikelihood(requests, disable_tqdm=True))
        texts = [instance(words(1, 50))]
        assert ours.loglikelihood_rolling(texts, disable_tqdm=True) == plain.loglikelihood_rolling(texts)
    said = [record.getMessage() for record in caplog.records if record.name == shared_prefix.__name__]
    assert said == [
        "hf-shared-prefix: bloom falls back to standard scoring: "
        "its attention has ALiBi, which counts places in the row"
    ]


def test_the_self_check_catches_wrong_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the mask of a sliding window forgotten, every number would still be the plain one."""
    ours, plain = pair(tiny_model("mistral"))
    ours._ways = [shared_prefix.Attention(("full_attention",), None)]
    requests = choice_requests()
    assert_same(ours.loglikelihood(requests, disable_tqdm=True), plain.loglikelihood(requests, disable_tqdm=True))
    assert ours.fallback_reason is not None
    assert "self-check differs" in ours.fallback_reason


def test_without_the_self_check_wrong_numbers_stay() -> None:
    ours, plain = pair(tiny_model("mistral"))
    ours._ways, ours._check = [shared_prefix.Attention(("full_attention",), None)], None
    requests = choice_requests()
    answers = zip(ours.loglikelihood(requests, disable_tqdm=True), plain.loglikelihood(requests, disable_tqdm=True))
    assert max(abs(a[0] - b[0]) for a, b in answers) > 0.1


def test_a_model_that_fails_in_its_first_pass_goes_the_plain_way(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, plain = pair(tiny_model("llama"))

    def fail(self: PassRunner, step: Any) -> None:
        raise TypeError("forward() got an unexpected mask")

    monkeypatch.setattr(PassRunner, "run", fail)
    requests = choice_requests()
    assert_same(ours.loglikelihood(requests, disable_tqdm=True), plain.loglikelihood(requests, disable_tqdm=True))
    assert ours.fallback_reason == "TypeError: forward() got an unexpected mask"


def test_out_of_memory_halves_the_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, plain = pair(tiny_model("llama"))
    run = PassRunner.run

    def short(self: PassRunner, step: Any) -> Any:
        if step.tokens.size > 64:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return run(self, step)

    monkeypatch.setattr(PassRunner, "run", short)
    requests = choice_requests()
    assert_same(ours.loglikelihood(requests, disable_tqdm=True), plain.loglikelihood(requests, disable_tqdm=True))
    assert ours.tokens_per_pass == 32  # batches of rows may have twice as many
    assert ours.fallback_reason is None


def test_memory_that_is_never_enough_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _ = pair(tiny_model("llama"))

    def fail(self: PassRunner, step: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(PassRunner, "run", fail)
    with pytest.raises(torch.OutOfMemoryError):
        ours.loglikelihood(choice_requests(), disable_tqdm=True)


def test_prompts_that_are_cut_are_counted_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    ours, _ = pair(tiny_model("llama"))
    with caplog.at_level(logging.WARNING, logger=shared_prefix.__name__):
        ours.loglikelihood(choice_requests(), disable_tqdm=True)
    # header (40 letters, perhaps stripped, and a newline) + 200 + " no" against 128 tokens and the last one
    header = len(words(0, 40)) + 1
    longest = header + len(words(7, 200)) + len(" no") - 129
    said = [record.getMessage() for record in caplog.records if record.name == shared_prefix.__name__]
    assert said == [f"hf-shared-prefix: 3 of 32 prompts are too long and cut from the left, by up to {longest} tokens"]


def test_nothing_to_score_is_an_error_that_says_so() -> None:
    ours, _ = pair(tiny_model("llama"), self_check=False)
    with pytest.raises(ValueError, match="3 tokens of context and 0 to score"):
        ours.loglikelihood([instance("abc", "")], disable_tqdm=True)


def test_generation_is_that_of_hf_and_halves_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, plain = pair(tiny_model("gpt_neox"))
    settings = {"until": ["\n"], "max_gen_toks": 12}
    requests = [instance(words(seed, 5 + 9 * seed), settings) for seed in range(6)]
    expected = plain.generate_until(requests, disable_tqdm=True)
    assert ours.generate_until(requests, disable_tqdm=True) == expected
    generate = HFLM._model_generate

    def short(self: HFLM, context: Any, **options: Any) -> Any:
        if len(context) > 2:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        return generate(self, context, **options)

    monkeypatch.setattr(HFLM, "_model_generate", short)
    assert ours.generate_until(requests, disable_tqdm=True) == expected
    assert ours.batch_size == 2


def test_answers_reach_the_cache_of_lm_eval() -> None:
    ours, _ = pair(tiny_model("gpt2"))
    kept: list[tuple[Any, ...]] = []
    ours.cache_hook = SimpleNamespace(add_partial=lambda *arguments: kept.append(arguments))
    requests = choice_requests()[:5]
    answers = ours.loglikelihood(requests, disable_tqdm=True)
    assert sorted(kept) == sorted(("loglikelihood", r.args, a) for r, a in zip(requests, answers))


def test_bfloat16() -> None:
    requests = [*choice_requests(), *(instance(words(1, 20), letter) for letter in "abcdef")]
    exact, _ = pair(tiny_model("llama"))
    half, _ = pair(tiny_model("llama").to(torch.bfloat16))
    wide = [likelihood for likelihood, _ in exact.loglikelihood(requests, disable_tqdm=True)]
    with torch.backends.mkldnn.flags(enabled=False):  # kills the process where AMX is announced but not allowed
        narrow = [likelihood for likelihood, _ in half.loglikelihood(requests, disable_tqdm=True)]
    assert half.fallback_reason is None
    np.testing.assert_allclose(narrow, wide, rtol=0.05, atol=0.5)
    # one-token answers: a log-softmax in bfloat16 gives numbers of 8 bits, one in float32 does not
    assert any(float(torch.tensor(value).to(torch.bfloat16)) != value for value in narrow[-6:])


def test_items_get_rows_where_attention_is_much_of_the_work() -> None:
    """4 x 512 tokens x width x layers over 2 x weights of the layers, by hand for the tiny Llama."""
    model = tiny_model("llama")
    config = model.config
    weights = sum(
        weight.numel() for name, weight in model.named_parameters() if "embed" not in name and "lm_head" not in name
    )
    by_hand = 4 * 512 * config.hidden_size * config.num_hidden_layers / (2 * weights)
    assert shared_prefix.attention_share(model, tokens=512) == pytest.approx(by_hand)
    assert by_hand > 0.5  # a tiny model: rows
    assert shared_prefix.attention_share(model, tokens=4) < 0.5


def test_tolerance() -> None:
    assert tolerance(-10.0, 5, exact=True) == pytest.approx(1e-4 + 1e-5)
    assert tolerance(-10.0, 4, exact=False) == pytest.approx(0.1 * 2 + 0.2)


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """Arguments of lm-eval's command: the model, and a task of three questions."""
    tiny_model("llama").save_pretrained(tmp_path / "model")
    character_tokenizer().save_pretrained(tmp_path / "model")
    (tmp_path / "questions.jsonl").write_text('{"q": "a b?", "c": ["yes", "no"], "g": 0}\n' * 3)
    (tmp_path / "tiny.yaml").write_text(
        "task: tiny_choice\ndataset_path: json\ndataset_kwargs: {data_files: {test: questions.jsonl}}\n"
        "test_split: test\noutput_type: multiple_choice\ndoc_to_text: '{{q}}'\ndoc_to_choice: '{{c}}'\n"
        "doc_to_target: g\nmetric_list: [{metric: acc}]\n"
    )
    return [
        "--model", "hf-shared-prefix", "--model_args", f"pretrained={tmp_path / 'model'},dtype=float32",
        "--device", "cpu", "--tasks", "tiny_choice", "--include_path", str(tmp_path),
    ]  # fmt: skip


def test_the_command_line_knows_the_model(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, and without the index of lm-eval's own tasks, which takes it ten seconds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(model_registry._objs, "hf-shared-prefix", raising=False)  # known since the import above
    monkeypatch.setattr("lm_eval.tasks.TaskManager", partial(TaskManager, include_defaults=False))
    monkeypatch.setattr("sys.argv", ["lm_eval", *command])
    runpy.run_module("synth_eval.harness.shared_prefix", run_name="__main__")
    assert "|tiny_choice|" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.nightly
def test_lm_evals_command_line_finds_the_model(command: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "synth_eval.harness.shared_prefix", *command],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "|tiny_choice|" in done.stdout


@pytest.mark.slow
@pytest.mark.smollm2
def test_smollm2() -> None:
    folder = os.environ.get("SYNTH_EVAL_SMOLLM2")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SYNTH_EVAL_SMOLLM2 names no folder with SmolLM2-135M")
    torch.set_num_threads(1)
    ours = SharedPrefixLM(folder, device="cpu", dtype="float32", batch_size=4)
    plain = HFLM(folder, device="cpu", dtype="float32", batch_size=4)
    header = "The capital of Italy is Rome.\nThe capital of Spain is Madrid.\nThe capital of Japan is Tokyo.\n"
    cities = [" Paris", " Berlin", " Buenos Aires", " 42"]
    requests = [
        instance(f"{header}The capital of {land} is", city) for land in ("France", "Germany", "Chad") for city in cities
    ]
    answers = ours.loglikelihood(requests, disable_tqdm=True)
    assert_same(answers, plain.loglikelihood(requests, disable_tqdm=True))
    assert ours.fallback_reason is None
    assert answers[0][1]  # " Paris" is what it would say
