"""Let a model continue prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import GPTNeoXForCausalLM

ROWS = 256  # at a time


def continue_prompts(
    model: GPTNeoXForCausalLM,
    prompts: Sequence[Sequence[int]],
    *,
    end: int,
    context: int,
    temperature: float,
    seed: int,
    progress: Callable[[int], None] = lambda tokens: None,
) -> list[list[int]]:
    """What the model writes after each prompt, without the prompt and without the end-of-text token.

    Parameters
    ----------
    prompts : token ids, at least one each.
    context : tokens of prompt and answer together; longer answers are cut there.
    temperature : above 0.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers: list[list[int]] = [[] for _ in prompts]
    with torch.inference_mode():
        for start in range(0, len(order), ROWS):
            chunk = order[start : start + ROWS]
            written = _continued(model, [prompts[i] for i in chunk], end, context, temperature, generator)
            for i, answer in zip(chunk, written):
                answers[i] = answer
            progress(sum(map(len, written)))
    return answers


def _continued(model, prompts, end, context, temperature, generator):  # type: ignore[no-untyped-def]
    """Prompts of similar length, shortest first: what they have in length is read at once, the rest token by token."""
    import torch
    from transformers import DynamicCache

    cache = DynamicCache(config=model.config)
    answers: list[list[int]] = [[] for _ in prompts]
    alive = list(range(len(prompts)))
    position = len(prompts[0])
    current = torch.tensor([list(prompt[:position]) for prompt in prompts])
    while position < context:
        logits = model(input_ids=current, past_key_values=cache, use_cache=True).logits[:, -1]
        drawn = torch.multinomial((logits.float() / temperature).softmax(-1), 1, generator=generator)[:, 0].tolist()
        going: list[int] = []
        following: list[int] = []
        for row, (i, token) in enumerate(zip(alive, drawn)):
            if position < len(prompts[i]):
                token = prompts[i][position]
            elif token == end:
                continue
            else:
                answers[i].append(token)
            going.append(row)
            following.append(token)
        if not going:
            break
        if len(going) < len(alive):
            cache.batch_select_indices(torch.tensor(going))
            alive = [alive[row] for row in going]
        current = torch.tensor(following)[:, None]
        position += 1
    return answers
