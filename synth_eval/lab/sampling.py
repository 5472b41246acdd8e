"""Sample documents from a model at temperature 1: the synthetic text of a miniature family."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import GPTNeoXForCausalLM

ROWS = 512  # sampled at a time


def sample_documents(
    model: GPTNeoXForCausalLM,
    *,
    tokens: int,
    end: int,
    context: int,
    seed: int,
    progress: Callable[[int], None] = lambda tokens: None,
) -> list[list[int]]:
    """Documents of at least ``tokens`` tokens in all, each a list of token ids without the end-of-text tokens.

    Every document is what the model writes after the end-of-text token until it writes it again (or ``context`` is
    full): nothing is selected or dropped but empty documents. Rows that are done leave the batch.
    """
    import torch
    from transformers import DynamicCache

    generator = torch.Generator().manual_seed(seed)
    documents: list[list[int]] = []
    written = 0
    with torch.inference_mode():
        while written < tokens:
            cache = DynamicCache(config=model.config)
            current = torch.full((ROWS, 1), end)
            alive = torch.arange(ROWS)
            text = torch.zeros((ROWS, context), dtype=torch.long)
            length = torch.zeros(ROWS, dtype=torch.long)
            for position in range(context - 2):
                logits = model(input_ids=current, past_key_values=cache, use_cache=True).logits[:, -1]
                drawn = torch.multinomial(logits.float().softmax(-1), 1, generator=generator)
                going = drawn[:, 0] != end
                keep = going.nonzero()[:, 0]
                if len(keep) == 0:
                    break
                alive, current = alive[keep], drawn[keep]
                text[alive, position] = current[:, 0]
                length[alive] += 1
                if len(keep) < len(going):
                    cache.batch_select_indices(keep)
            batch = [row[:n].tolist() for row, n in zip(text, length.tolist()) if n]
            size = sum(map(len, batch)) + 2 * len(batch)
            documents += batch
            written += size
            progress(size)
    return documents
