"""One training run that ends at several token budgets.

The learning rate warms up and then holds. For each budget the run branches off at the point where the last fifth (by
default) of the budget is left and lets the learning rate fall linearly to zero, so that every budget's model is a
finished one, trained as it would be alone. The branch's tokens are seen again by the run that goes on.

References
----------
Hägele et al., "Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations", NeurIPS 2024.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from synth_eval.lab.training import length_bucketed, optimizers_of, take_step

if TYPE_CHECKING:
    from transformers import GPTNeoXForCausalLM

CHUNK = 8192  # tokens whose documents are put into batches of similar length; any leading part of the run has the mix
Ids = list[int]


def train_over_budgets(
    model: GPTNeoXForCausalLM,
    documents: Iterator[Ids],
    *,
    budgets: Sequence[int],
    batch_tokens: int,
    learning_rate: float,
    warm_up: int,
    decay: float,
    seed: int,
    at_budget: Callable[[int], None],
    progress: Callable[[int], None] = lambda tokens: None,
) -> None:
    """Train in place; ``at_budget`` is called with each budget while the model is the one that it ends with.

    Parameters
    ----------
    documents : enough token ids for the largest budget.
    budgets : tokens, rising.
    warm_up : tokens over which the learning rate rises.
    decay : share of a budget, in (0, 1), over which it falls.

    Raises
    ------
    ValueError : the documents run out, or budgets do not rise.
    """
    if list(budgets) != sorted(set(budgets)) or not budgets:
        raise ValueError(f"budgets must rise, not {list(budgets)}")
    optimizers = optimizers_of(model, learning_rate)
    batches = _Batches(documents, batch_tokens, seed)

    def step(position: int, done: int, share: float) -> int:
        batch = batches[position]
        take_step(model, optimizers, batch, learning_rate=learning_rate * min(share, (done + 1) / warm_up, 1.0))
        tokens = sum(map(len, batch))
        progress(tokens)
        return tokens

    position = done = 0
    for budget in budgets:
        while done < (1 - decay) * budget:
            done += step(position, done, 1.0)
            position += 1
        kept = copy.deepcopy((model.state_dict(), [optimizer.state_dict() for optimizer in optimizers]))
        at, so_far, span = position, done, max(1, budget - done)
        while so_far < budget:
            so_far += step(at, so_far, (budget - so_far) / span)
            at += 1
        model.eval()
        at_budget(budget)
        model.train()
        model.load_state_dict(kept[0])
        for optimizer, state in zip(optimizers, kept[1]):
            optimizer.load_state_dict(state)


def mixed(natural: Iterator[Ids], synthetic: Iterator[Ids], ratio: float) -> Iterator[Ids]:
    """Documents of both, the share ``ratio`` of the tokens synthetic in any leading part, to within a document."""
    written = [0, 0]
    while True:
        take = int(ratio > 0 and (ratio == 1 or written[1] * (1 - ratio) <= written[0] * ratio))
        document = next(synthetic if take else natural, None)
        if document is None:
            return
        written[take] += len(document)
        yield document


class _Batches:
    """The batches of a stream of documents, in order, kept so that branches can go back."""

    def __init__(self, documents: Iterator[Ids], tokens: int, seed: int) -> None:
        self._documents, self._tokens, self._seed = documents, tokens, seed
        self._chunks = 0
        self._made: list[list[Ids]] = []

    def __getitem__(self, position: int) -> list[Ids]:
        while position >= len(self._made):
            chunk: list[Ids] = []
            size = 0
            while size < CHUNK and (document := next(self._documents, None)) is not None:
                chunk.append(document)
                size += len(document)
            if not chunk:
                raise ValueError("the documents ran out before the largest budget")
            self._made += length_bucketed(chunk, tokens=self._tokens, seed=self._seed + 7919 * self._chunks)
            self._chunks += 1
        return self._made[position]
