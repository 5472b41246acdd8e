"""Train a miniature GPT-NeoX on documents, from nothing or on from a checkpoint, with Muon and AdamW."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import cross_entropy

from synth_eval.lab.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import GPTNeoXForCausalLM, PreTrainedTokenizerFast

IGNORED = -100  # the label that cross_entropy leaves out
OUTER = ("embed_in.weight", "lm_head.weight")  # rows stand for tokens: not matrices to orthogonalise
PATIENCE = 200  # steps between two looks at whether a lesson is learned
WARM_UP = 0.05  # share of the first lesson
COEFFICIENTS = (3.4445, -4.775, 2.0315)  # of the quintic iteration of Muon, as in the reference
STEPS = 5
EPSILON = 1e-7
Progress = Callable[[int], None]


def new_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast, *, seed: int) -> GPTNeoXForCausalLM:
    """An untrained model of the recipe's shape."""
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
    ``progress`` is called with the number of tokens of every step, ``skipped`` with those that are left where a lesson
    ends early.

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
) -> Tensor:
    """One step on one batch of documents, with gradients clipped to norm 1; the mean loss before it, nats a token."""
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


def padded(batch: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Inputs and next-token labels, both (documents, longest - 1); padding is on the right, unseen by the rest."""
    longest = max(map(len, batch))
    inputs = torch.tensor([document[:-1] + [0] * (longest - len(document)) for document in batch])
    labels = torch.tensor([document[1:] + [IGNORED] * (longest - len(document)) for document in batch])
    return inputs, labels


def optimizers_of(model: GPTNeoXForCausalLM, learning_rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings, biases and norms."""
    inner = [p for name, p in model.named_parameters() if p.ndim == 2 and not name.endswith(OUTER)]
    chosen = {id(p) for p in inner}
    rest = [p for p in model.parameters() if id(p) not in chosen]
    return [
        Muon(inner, lr=learning_rate, weight_decay=0.1),
        torch.optim.AdamW(rest, lr=learning_rate, weight_decay=0.1, betas=(0.9, 0.95)),
    ]


class Muon(torch.optim.Optimizer):
    """Momentum whose update is orthogonalised, in float32, all matrices of one shape at a time; for 2-D weights.

    `torch.optim.Muon` orthogonalises in bfloat16, one matrix at a time. On a CPU that is the slowest part of a step of
    a miniature model, and on virtual machines that announce AMX without allowing it the process dies of an illegal
    instruction. The arithmetic is the same; a test compares the two.

    Parameters
    ----------
    parameters : 2-D parameters
    lr : float
        Multiplied by sqrt(max(1, rows / columns)) of each matrix, as ``adjust_lr_fn="original"`` does.
    momentum, weight_decay : float
        Nesterov momentum; decoupled weight decay.

    References
    ----------
    Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.
    """

    def __init__(
        self, parameters: Iterable[Tensor], *, lr: float, momentum: float = 0.95, weight_decay: float = 0.1
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape.setdefault(parameter.shape, []).append(parameter)
            for shape, parameters in by_shape.items():
                updates = torch.stack([self._momentum(p, group["momentum"]) for p in parameters])
                updates = orthogonalised(updates)
                rate = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for parameter, update in zip(parameters, updates):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"]).sub_(update, alpha=rate)

    def _momentum(self, parameter: Tensor, momentum: float) -> Tensor:
        state = self.state[parameter]
        assert parameter.grad is not None
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        average: Tensor = state["momentum"]
        average.lerp_(parameter.grad, 1 - momentum)
        return parameter.grad.lerp(average, momentum)


def orthogonalised(matrices: Tensor) -> Tensor:
    """Nearest semi-orthogonal matrices, roughly: singular values between about 0.7 and 1.2.

    Parameters
    ----------
    matrices : (n, rows, columns)
    """
    turned = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if turned else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=EPSILON)
    a, b, c = COEFFICIENTS
    for _ in range(STEPS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if turned else x
