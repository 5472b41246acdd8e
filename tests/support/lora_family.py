"""A family of LoRA adapters over one base, really trained: on real text, on the base's own text, and mixes of both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from tests.support.tiny_checkpoint import write_byte_tokenizer

LENGTH, BATCH = 96, 8  # tokens, rows
WIDTH = 32


def real_text() -> str:
    """English prose: this project's own documentation."""
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(Path(__file__).parents[2].glob("docs/*.md")))


def write_base(folder: Path, *, layout: str = "llama", steps: int = 120) -> Path:
    """A language model of two layers, trained on real text; 264 embeddings for a tokenizer of 257."""
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig, LlamaForCausalLM

    size: dict[str, Any] = {
        "vocab_size": 264, "hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": 2,
        "num_attention_heads": 4, "max_position_embeddings": 512, "bos_token_id": 0, "eos_token_id": 0,
    }  # fmt: skip
    torch.manual_seed(0)
    model: Any = {
        "llama": lambda: LlamaForCausalLM(LlamaConfig(**size, num_key_value_heads=2)),
        "gpt_neox": lambda: GPTNeoXForCausalLM(GPTNeoXConfig(**size)),
    }[layout]()
    write_byte_tokenizer(folder)
    train(model, rows_of(tokens(real_text(), folder), seed=0), steps=steps, rate=3e-3)
    model.save_pretrained(folder)
    return folder


def written_by(base: Path, *, rows: int = 48) -> torch.Tensor:
    """Text that the base writes, tokens in a row."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base)
    torch.manual_seed(1)
    start = tokens(real_text(), base)[:rows, None]
    made = model.generate(start, do_sample=True, max_new_tokens=LENGTH, eos_token_id=None, pad_token_id=0)
    return made.flatten()


def write_adapter(
    base: Path,
    folder: Path,
    *,
    synthetic: torch.Tensor,
    ratio: float,
    seed: int,
    steps: int = 30,
    merged: Path | None = None,
) -> Path:
    """An adapter trained on a share ``ratio`` of synthetic rows; ``merged`` is a folder for the two in one."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(base)
    layouts = {"gpt_neox": ["query_key_value", "dense"], "llama": ["q_proj", "v_proj", "o_proj"]}
    inside = layouts[model.config.model_type]
    torch.manual_seed(seed)
    adapted: Any = get_peft_model(model, LoraConfig(r=4, lora_alpha=16, target_modules=inside))
    real = rows_of(tokens(real_text(), base), seed=seed)
    other = rows_of(synthetic, seed=seed + 100)
    made = round(ratio * BATCH)
    mixed = (torch.cat([next(other)[:made], next(real)[made:]]) for _ in range(steps))
    train(adapted, mixed, steps=steps, rate=2e-2)
    adapted.save_pretrained(folder)
    if merged is not None:
        adapted.merge_and_unload().save_pretrained(merged)
        AutoTokenizer.from_pretrained(base).save_pretrained(merged)
    return folder


def tokens(text: str, folder: Path) -> torch.Tensor:
    from transformers import AutoTokenizer

    return torch.tensor(AutoTokenizer.from_pretrained(folder)(text)["input_ids"])


def rows_of(text: torch.Tensor, *, seed: int) -> Iterator[torch.Tensor]:
    """Batches of pieces of a text, drawn at random."""
    draw = torch.Generator().manual_seed(seed)
    while True:
        starts = torch.randint(len(text) - LENGTH, (BATCH,), generator=draw)
        yield torch.stack([text[start : start + LENGTH] for start in starts])


def train(model: Any, batches: Iterator[torch.Tensor], *, steps: int, rate: float) -> None:
    optimizer = torch.optim.AdamW([each for each in model.parameters() if each.requires_grad], lr=rate)
    model.train()
    for _, batch in zip(range(steps), batches):
        optimizer.zero_grad()
        model(input_ids=batch, labels=batch).loss.backward()
        optimizer.step()
    model.eval()
