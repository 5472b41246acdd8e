"""Train a miniature GPT-NeoX on documents, from nothing or on from a checkpoint."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synth_eval.lab.recipe import Recipe

if TYPE_CHECKING:
    import torch
    from transformers import GPTNeoXForCausalLM, PreTrainedTokenizerFast

IGNORED = -100  # the label that cross_entropy leaves out
OUTER = ("embed_in.weight", "lm_head.weight")  # rows stand for tokens: not matrices to orthogonalise
PATIENCE = 200  # steps between two looks at whether a lesson is learned
WARM_UP = 0.05  # share of the first lesson
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
        initializer_range=recipe.initializer_range,
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


@dataclass(frozen=True)
class Lesson:
    """Documents to train on, as token ids. ``learned``, asked every `PATIENCE` steps, ends the lesson early."""

    documents: list[list[int]]
    learned: Callable[[], bool] = lambda: False


def train(
    model: GPTNeoXForCausalLM,
    lessons: Sequence[Lesson],
    *,
    recipe: Recipe,
    learning_rate: float,
    seed: int,
    progress: Progress = lambda tokens: None,
    skipped: Progress = lambda tokens: None,
) -> float:
    """At most one pass over the documents of each lesson in turn, in place.

    The learning rate warms up over the first steps, holds, and falls linearly to zero over the last lesson.
    ``progress`` is told the number of tokens of every step, ``skipped`` those that are left where a lesson ends early.

    Returns
    -------
    Mean loss of the last tenth of the last lesson, nats a token.
    """
    optimizers = optimizers_of(model, learning_rate)
    late: list[float] = []
    for number, lesson in enumerate(lessons):
        last = number == len(lessons) - 1
        batches = list(length_bucketed(lesson.documents, tokens=recipe.batch_tokens, seed=1000 * seed + number))
        warm_up = max(1, round(WARM_UP * len(batches)))
        model.train()
        for step, batch in enumerate(batches):
            if step and step % PATIENCE == 0 and not last:
                model.eval()
                if lesson.learned():
                    skipped(sum(len(document) for left_out in batches[step:] for document in left_out))
                    break
                model.train()
            warmth = min(1.0, (step + 1) / warm_up) if number == 0 else 1.0
            left = min(1.0, (len(batches) - step) / (len(batches) - warm_up + 1)) if last else 1.0
            loss = take_step(model, optimizers, batch, learning_rate=learning_rate * min(warmth, left))
            if last and step >= int(0.9 * len(batches)):
                late.append(float(loss.detach()))
            progress(sum(map(len, batch)))
    model.eval()
    return sum(late) / len(late)


def take_step(
    model: GPTNeoXForCausalLM,
    optimizers: Sequence[torch.optim.Optimizer],
    batch: list[list[int]],
    *,
    learning_rate: float,
) -> torch.Tensor:
    """One step on one batch of documents, with gradients clipped to norm 1; the mean loss before it, nats a token."""
    import torch
    from torch.nn.functional import cross_entropy

    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate
    inputs, labels = padded(batch)
    logits = model(input_ids=inputs, use_cache=False).logits
    loss = cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return loss


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


def padded(batch: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and next-token labels, both (documents, longest - 1); padding stands on the right, unseen by the rest."""
    import torch

    longest = max(map(len, batch))
    inputs = torch.tensor([document[:-1] + [0] * (longest - len(document)) for document in batch])
    labels = torch.tensor([document[1:] + [IGNORED] * (longest - len(document)) for document in batch])
    return inputs, labels


def optimizers_of(model: GPTNeoXForCausalLM, learning_rate: float) -> list[torch.optim.Optimizer]:
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
