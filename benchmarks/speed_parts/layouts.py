"""The other way to score choices after a shared header: rows that go on from a cache, instead of a tree in one row."""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, DynamicCache

from synth_eval.harness.shared_prefix.model import SharedPrefixLM

ROWS = 8
REPEATS = 2

Item = tuple[list[int], list[list[int]]]  # context, choices


def layouts(model: Any, folder: Path, items: Sequence[Sequence[Any]]) -> str:
    """Cells of a table: seconds of both layouts, their ratio with its range, and how far their numbers lie apart."""
    scorer = SharedPrefixLM(model, tokenizer=AutoTokenizer.from_pretrained(folder), self_check=False)
    coded = [[scorer._encode_pair(*request.args) for request in item] for item in items]
    whole: list[Item] = [(item[0][0], [continuation for _, continuation in item]) for item in coded]
    contexts = [context for context, _ in whole]
    common = next(at for at, tokens in enumerate(zip(*contexts, strict=False)) if len(set(tokens)) > 1)
    header = contexts[0][:common]
    beyond: list[Item] = sorted(((c[common:], k) for c, k in whole), key=lambda item: len(item[0]))
    requests = [(None, header + context, choice) for context, choices in beyond for choice in choices]
    tree_times, row_times = [], []
    for _ in range(REPEATS):
        before = time.process_time()
        tree = [likelihood for likelihood, _ in scorer._loglikelihood_tokens(requests, disable_tqdm=True)]
        tree_times.append(time.process_time() - before)
        before = time.process_time()
        with torch.no_grad():
            rows = score_rows(model, header, beyond)
        row_times.append(time.process_time() - before)
    ratios = sorted(slow / fast for slow, fast in zip(row_times, tree_times, strict=True))
    difference = max(abs(a - b) for a, b in zip(tree, rows, strict=True))
    return (
        f"{statistics.median(tree_times):.1f} s | {statistics.median(row_times):.1f} s | "
        f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) | {difference:.0e}"
    )


def score_rows(model: Any, header: list[int], items: Sequence[Item]) -> list[float]:
    """Log-likelihoods in nats of each item's choices, in order."""
    cache = DynamicCache()
    if header:
        model(torch.tensor([header]), past_key_values=cache, use_cache=True, logits_to_keep=1)
    likelihoods: list[float] = []
    for begin in range(0, len(items), ROWS):
        likelihoods += _batch(model, copy.deepcopy(cache), len(header), items[begin : begin + ROWS])
    return likelihoods


def _batch(model: Any, cache: DynamicCache, header: int, items: Sequence[Item]) -> list[float]:
    cache.batch_repeat_interleave(len(items))
    widest = max(len(context) for context, _ in items)
    lengths = torch.tensor([len(context) for context, _ in items])
    ids = torch.tensor([[0] * (widest - len(context)) + context for context, _ in items])
    place = torch.arange(widest)[None] - (widest - lengths)[:, None]
    seen = torch.cat([torch.ones(len(items), header, dtype=torch.long), (place >= 0).long()], dim=1)
    first = model(
        ids, attention_mask=seen, position_ids=header + place.clamp(min=0), past_key_values=cache, use_cache=True,
        logits_to_keep=1,
    ).logits[:, 0]  # fmt: skip
    first = torch.log_softmax(first, dim=-1)
    counts = torch.tensor([len(choices) for _, choices in items])
    owner = torch.repeat_interleave(torch.arange(len(items)), counts)
    choices = [choice for _, group in items for choice in group]
    likelihoods = first[owner, torch.tensor([choice[0] for choice in choices])]
    longest = max(len(choice) for choice in choices) - 1
    if longest:
        cache.batch_select_indices(owner)
        given = torch.tensor([choice[:-1] + [0] * (longest - len(choice) + 1) for choice in choices])
        target = torch.tensor([choice[1:] + [0] * (longest - len(choice) + 1) for choice in choices])
        real = torch.tensor([[k < len(choice) - 1 for k in range(longest)] for choice in choices])
        later = model(
            given, attention_mask=torch.cat([seen[owner], real.long()], dim=1), past_key_values=cache, use_cache=True,
            position_ids=header + lengths[owner][:, None] + torch.arange(longest)[None],
        ).logits  # fmt: skip
        scored = torch.log_softmax(later, dim=-1).gather(2, target[:, :, None])[:, :, 0]
        likelihoods = likelihoods + (scored * real).sum(dim=1)
    return [float(value) for value in likelihoods]
