"""How the time grows with items, shots, choices and vocabulary, on a small random model."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import torch
from lm_eval.models.huggingface import HFLM
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from synth_eval.harness.shared_prefix.model import SharedPrefixLM


@dataclass(frozen=True)
class Work:
    """Sizes of a made-up multiple-choice task, in tokens where nothing else is said."""

    items: int = 24
    shots: int = 2
    choices: int = 4
    vocabulary: int = 8192
    shot: int = 40
    context: int = 40
    choice: int = 3


CHANGES: dict[str, tuple[int, ...]] = {
    "items": (12, 24, 48, 96),
    "shots": (0, 2, 5, 10),
    "choices": (2, 4, 8),
    "vocabulary": (1024, 8192, 49152, 131072),
}


def growth() -> list[str]:
    """Rows of a Markdown table."""
    rows = []
    for what, values in CHANGES.items():
        for value in values:
            plain, ours = measure(replace(Work(), **{what: value}))
            rows.append(f"| {what} | {value:,} | {plain:.1f} s | {ours:.2f} s | {plain / ours:.1f} |")
    return rows


def measure(work: Work) -> tuple[float, float]:
    """Seconds of processor time of `hf` and of `hf-shared-prefix`."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=work.vocabulary, hidden_size=256, intermediate_size=704, num_hidden_layers=6, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=1024,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    words = Tokenizer(WordLevel({"<unk>": 0}, unk_token="<unk>"))  # the tokens below are drawn, not read from text
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="<unk>", bos_token="<unk>", eos_token="<unk>", pad_token="<unk>"
    )
    requests = drawn(work)
    seconds = []
    for scorer in (
        HFLM(model, tokenizer=tokenizer, batch_size=8),
        SharedPrefixLM(model, tokenizer=tokenizer, batch_size=8),
    ):
        scorer._loglikelihood_tokens(requests[: 2 * work.choices], disable_tqdm=True)  # warm up
        before = time.process_time()
        scorer._loglikelihood_tokens(requests, disable_tqdm=True)
        seconds.append(time.process_time() - before)
    return seconds[0], seconds[1]


def drawn(work: Work) -> list[tuple[Any, list[int], list[int]]]:
    """Requests in lm-eval's form."""
    generator = torch.Generator().manual_seed(1)

    def tokens(count: int) -> list[int]:
        return torch.randint(1, work.vocabulary, (count,), generator=generator).tolist()

    header = tokens(work.shots * work.shot)
    contexts = [header + tokens(work.context) for _ in range(work.items)]
    return [(None, context, tokens(work.choice)) for context in contexts for _ in range(work.choices)]
