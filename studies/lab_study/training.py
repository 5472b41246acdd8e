"""The study's own ways to train, to write and to measure: many budgets in one run, answers to prompts, loss by kind."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import cross_entropy

from studies.lab_study.world import HELD_OUT, KINDS, natural_documents, write
from synth_eval.lab.corpus import encode_documents
from synth_eval.lab.training import IGNORED, length_bucketed, optimizers_of, padded, take_step
from synth_eval.skills.items import Draw

if TYPE_CHECKING:
    from transformers import GPTNeoXForCausalLM, PreTrainedTokenizerFast

CHUNK = 8192  # tokens whose documents are put into batches of similar length; any leading part of the run has the mix
PROMPTS = 256  # answered at a time
ALL = "natural"  # the kinds in their natural mix
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
    """One training run that ends at several token budgets; trains in place.

    The learning rate warms up and then holds. For each budget the run branches off where the last ``decay`` of the
    budget is left and lets the learning rate fall linearly to zero, so that every budget's model is a finished one,
    trained as it would be alone; ``at_budget`` is called with it. The run that goes on sees the branch's tokens again.

    Parameters
    ----------
    documents : enough token ids for the largest budget.
    budgets : tokens, rising.
    warm_up : tokens over which the learning rate rises.
    decay : share of a budget, in (0, 1), over which it falls.

    Raises
    ------
    ValueError : the documents run out, or budgets do not rise.

    References
    ----------
    Hägele et al., "Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations", NeurIPS 2024.
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
    generator = torch.Generator().manual_seed(seed)
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers: list[list[int]] = [[] for _ in prompts]
    with torch.inference_mode():
        for start in range(0, len(order), PROMPTS):
            chunk = order[start : start + PROMPTS]
            written = _continued(model, [prompts[i] for i in chunk], end, context, temperature, generator)
            for i, answer in zip(chunk, written):
                answers[i] = answer
            progress(sum(map(len, written)))
    return answers


def _continued(
    model: GPTNeoXForCausalLM,
    prompts: list[Sequence[int]],
    end: int,
    context: int,
    temperature: float,
    generator: torch.Generator,
) -> list[Ids]:
    """Prompts of similar length, shortest first: what they have in length is read at once, the rest token by token."""
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


def held_out_documents(tokenizer: PreTrainedTokenizerFast, *, each: int, context: int) -> dict[str, list[list[int]]]:
    """Token ids: ``each`` documents of every kind, and under `ALL` as many as of all kinds together in their mix."""
    draws = {kind: Draw("study", kind, f"{HELD_OUT}-each") for kind in KINDS}
    texts = {kind: [write(kind, draw).text for _ in range(each)] for kind, draw in draws.items()}
    texts[ALL] = [document.text for document in islice(natural_documents(HELD_OUT), each * len(KINDS))]
    return {kind: encode_documents(tokenizer, text, context=context) for kind, text in texts.items()}


def loss_by_kind(model: GPTNeoXForCausalLM, documents: Mapping[str, Sequence[list[int]]]) -> dict[str, float]:
    """Mean loss of each kind's documents, nats a token (the closing end-of-text token included)."""
    found = {}
    with torch.inference_mode():
        for kind, ids in documents.items():
            total = tokens = 0.0
            for batch in length_bucketed(list(ids), tokens=8192, seed=0):
                inputs, labels = padded(batch)
                logits = model(input_ids=inputs, use_cache=False).logits.flatten(0, 1)
                total += float(cross_entropy(logits, labels.flatten(), ignore_index=IGNORED, reduction="sum"))
                tokens += int((labels != IGNORED).sum())
            found[kind] = total / tokens
    return found
