"""Train a miniature GPT-NeoX on documents, from nothing or on from a checkpoint."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from synth_eval.lab.recipe import Recipe

if TYPE_CHECKING:
    import torch
    from transformers import GPTNeoXForCausalLM, PreTrainedTokenizerFast

IGNORED = -100  # the label that cross_entropy leaves out
OUTER = ("embed_in.weight", "lm_head.weight")  # rows stand for tokens: not matrices to orthogonalise
Progress = Callable[[int], None]


def one_thread() -> None:
    """Two OpenMP threads on a small shared machine are many times slower than one."""
    import torch

    torch.set_num_threads(1)


def new_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast, *, seed: int) -> GPTNeoXForCausalLM:
    """An untrained model of the recipe's shape."""
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    torch.manual_seed(seed)
    config = GPTNeoXConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.hidden,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        intermediate_size=4 * recipe.hidden,
        max_position_embeddings=recipe.context,
        rope_parameters={"rope_type": "default", "rope_theta": 100.0, "partial_rotary_factor": 1.0},
        use_parallel_residual=False,
        initializer_range=0.2,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=False,
        attention_dropout=0.0,
        hidden_dropout=0.0,
    )
    return GPTNeoXForCausalLM(config)


def load_model(folder: Path) -> GPTNeoXForCausalLM:
    """A checkpoint of the lab, in float32 on the CPU."""
    import torch
    from transformers import GPTNeoXForCausalLM

    return GPTNeoXForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)


def train(
    model: GPTNeoXForCausalLM,
    phases: Sequence[list[list[int]]],
    *,
    recipe: Recipe,
    learning_rate: float,
    seed: int,
    progress: Progress = lambda tokens: None,
) -> float:
    """One pass over the documents of each phase in turn, in place.

    Returns the mean loss (nats a token) of the last tenth of the steps.

    ``progress`` is told the number of tokens of every step.
    """
    import torch
    from torch.nn.functional import cross_entropy

    batches = [
        batch
        for number, documents in enumerate(phases)
        for batch in length_bucketed(documents, tokens=recipe.batch_tokens, seed=1000 * seed + number)
    ]
    optimizers = _optimizers(model, learning_rate)
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _schedule(step, len(batches)))
        for optimizer in optimizers
    ]
    model.train()
    late: list[float] = []
    for step, batch in enumerate(batches):
        inputs, labels = _padded(batch)
        logits = model(input_ids=inputs, use_cache=False).logits
        loss = cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, schedule in zip(optimizers, schedules):
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
        if step >= 0.9 * len(batches):
            late.append(float(loss.detach()))
        progress(sum(map(len, batch)))
    model.eval()
    return sum(late) / len(late)


def length_bucketed(documents: list[list[int]], *, tokens: int, seed: int) -> Iterator[list[list[int]]]:
    """Batches of about ``tokens`` tokens whose documents are of similar length, in random order."""
    order = random.Random(seed)
    # A little noise on the length, so that documents of one length do not always meet the same neighbours.
    ranked = sorted(documents, key=lambda document: len(document) + 3 * order.random())
    batches: list[list[list[int]]] = []
    batch: list[list[int]] = []
    longest = 0
    for document in ranked:
        if batch and max(longest, len(document)) * (len(batch) + 1) > tokens:
            batches.append(batch)
            batch, longest = [], 0
        batch.append(document)
        longest = max(longest, len(document))
    if batch:
        batches.append(batch)
    order.shuffle(batches)
    yield from batches


def _padded(batch: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and next-token labels, both (documents, longest - 1); padding stands on the right, unseen by the rest."""
    import torch

    longest = max(map(len, batch))
    inputs = torch.tensor([document[:-1] + [0] * (longest - len(document)) for document in batch])
    labels = torch.tensor([document[1:] + [IGNORED] * (longest - len(document)) for document in batch])
    return inputs, labels


def _optimizers(model: GPTNeoXForCausalLM, learning_rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings, biases and norms."""
    import torch

    from synth_eval.lab.muon import Muon

    inner = [p for name, p in model.named_parameters() if p.ndim == 2 and not name.endswith(OUTER)]
    chosen = {id(p) for p in inner}
    rest = [p for p in model.parameters() if id(p) not in chosen]
    return [
        Muon(inner, lr=learning_rate, weight_decay=0.1),
        torch.optim.AdamW(rest, lr=learning_rate, weight_decay=0.1, betas=(0.9, 0.95)),
    ]


def _schedule(step: int, steps: int) -> float:
    """Linear warm-up over 5% of the steps, then linear decay to zero."""
    warm_up = max(1, round(0.05 * steps))
    return min((step + 1) / warm_up, (steps - step) / max(1, steps - warm_up))
