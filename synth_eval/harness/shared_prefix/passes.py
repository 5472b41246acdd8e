"""Run the passes of a plan: a causal language model, one key-value cache, a mask made from the tree."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import DynamicCache

from synth_eval.harness.shared_prefix.attention import Attention
from synth_eval.harness.shared_prefix.batches import Batch
from synth_eval.harness.shared_prefix.plan import IntArray, Pass

ROWS_AT_ONCE = 64
"""Rows of logits that are normalised together; bounds the extra memory to 64 vocabularies in float32."""

NUMBERS_AT_ONCE = 2**27
"""The same bound on a GPU, where small pieces leave it idle, in numbers: 512 MiB."""

BEYOND_WINDOW = 4  # tokens
SAME_MASK = 1e-3  # nats; computed in float32, a wrong mask gives whole nats
LARGE_VALUES = 30.0  # times as large as the others

Scores = tuple[torch.Tensor, torch.Tensor]  # of m targets, on the device


class PassRunner:
    """Holds the cache between the passes of one plan."""

    def __init__(self, model: Any, attention: Attention, *, device: torch.device) -> None:
        self._model = model
        self._attention = attention
        self._device = device
        self._cache = DynamicCache()

    def run(self, step: Pass | Batch) -> Scores:
        """Score one pass or batch. On a GPU nothing here waits for the result.

        Returns
        -------
        Log-likelihood of each of the m targets in nats (float32), and whether it was the most likely token.
        """
        return self._batch(step) if isinstance(step, Batch) else self._pass(step)

    def _batch(self, step: Batch) -> Scores:
        options: dict[str, Any] = {}
        if step.last is not None:
            position = self._tensor(step.positions)
            options = {"attention_mask": self._tree_masks(step, step.last, position), "position_ids": position}
        if step.cached:
            self._keep(step.cached)
            options["past_key_values"] = _SharedByRows(self._cache)
        logits = self._model(
            input_ids=self._tensor(step.tokens),
            use_cache=step.cached > 0,
            logits_to_keep=self._tensor(step.columns),
            **options,
        ).logits
        if len(step.places) < logits.shape[0] * logits.shape[1]:  # columns that other rows are scored from
            chosen, place = np.unique(step.places, return_inverse=True)
            return self._score(logits.flatten(0, 1)[self._tensor(chosen)], place, step.targets)
        return self._score(logits.flatten(0, 1), step.places, step.targets)

    def _tree_masks(self, step: Batch, last: IntArray, position: torch.Tensor) -> Any:
        """Additive masks (b, 1, n, cached + n): one, or one a kind of layer."""
        column = torch.arange(position.shape[1], device=self._device)
        # itself and its ancestors
        own = (column <= column[:, None]) & (column[:, None] <= self._tensor(last)[:, None, :])
        seen = torch.cat([own.new_ones(*position.shape, step.cached), own], dim=2)
        masks = {"full_attention": seen}
        if self._attention.window is not None:
            cached = torch.arange(step.cached, device=self._device).expand(len(position), -1)
            keys = torch.cat([cached, position], dim=1)
            masks["sliding_attention"] = seen & (position[:, :, None] - keys[:, None, :] < self._attention.window)
        return self._additive(masks)

    def sees_as_the_model(self, window: int) -> bool:
        """Whether our masks are the model's own for a row that is longer than its window.

        A few tokens on a cache of random keys and values, a little longer than the window, cost next to nothing. Values
        near the edge of the window are large: a layer that sees one more or one less of them gives other logits.
        """
        cached = window + BEYOND_WINDOW
        tokens = np.arange(3, 3 + 2 * BEYOND_WINDOW, 2)
        rows = np.arange(len(tokens))
        row = Pass(cached, tokens, cached + rows, np.full(len(rows), rows[-1]), rows, tokens, rows)
        given = {"input_ids": self._row(row.tokens), "position_ids": self._row(row.positions), "use_cache": True}
        self._keep(0)
        self._model(**given, past_key_values=self._cache)
        self._cache = _drawn_like(self._cache, cached)
        own = self._model(**given, past_key_values=self._cache).logits[0]
        ours = self._logits(row, rows)
        self._keep(0)
        difference = torch.log_softmax(own.float(), dim=-1) - torch.log_softmax(ours.float(), dim=-1)
        return bool(difference.abs().max() < SAME_MASK)

    def _pass(self, step: Pass) -> Scores:
        scored, place = np.unique(step.rows, return_inverse=True)
        logits = self._logits(step, scored)
        if not len(scored):
            return torch.zeros(0), torch.zeros(0, dtype=torch.bool)
        return self._score(logits, place, step.targets)

    def _logits(self, step: Pass, scored: IntArray) -> torch.Tensor:
        self._keep(step.cached)
        logits: torch.Tensor = self._model(
            input_ids=self._row(step.tokens),
            attention_mask=self._masks(step),
            position_ids=self._row(step.positions),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=self._tensor(scored),
        ).logits[0]
        return logits

    def _keep(self, length: int) -> None:
        """Drop what the cache holds beyond ``length`` tokens."""
        held = self._cache.get_seq_length()
        if length == 0:
            self._cache = DynamicCache()  # without the config: every layer keeps all tokens, the mask has the window
        elif held > length:
            self._cache.crop(length - held)

    def _row(self, values: IntArray) -> torch.Tensor:
        return self._tensor(values)[None]

    def _tensor(self, values: NDArray[Any], device: torch.device | None = None) -> torch.Tensor:
        made, wanted = torch.from_numpy(values), device or self._device
        if wanted.type == "cuda":  # from pageable memory a copy waits for all work before it
            return made.pin_memory().to(wanted, non_blocking=True)
        return made.to(wanted)

    def _masks(self, step: Pass) -> Any:
        """Additive masks (1, 1, n, cached + n): one, or one a kind of layer."""
        row = torch.arange(len(step.tokens), device=self._device)
        last = self._tensor(step.last)
        ancestor = (row[None, :] <= row[:, None]) & (row[:, None] <= last[None, :])
        seen = torch.cat([ancestor.new_ones(len(row), step.cached), ancestor], dim=1)[None]
        masks = {"full_attention": seen}
        if self._attention.window is not None:
            position = self._tensor(step.positions)
            keys = torch.cat([torch.arange(step.cached, device=self._device), position])
            masks["sliding_attention"] = seen & (position[:, None] - keys[None, :] < self._attention.window)
        return self._additive(masks)

    def _additive(self, masks: dict[str, torch.Tensor]) -> Any:
        """Of masks (b, n, keys) of what is seen: 0 there, the lowest number elsewhere, (b, 1, n, keys)."""
        hidden = torch.finfo(self._model.dtype).min
        made = {
            kind: self._zeros(masks[kind].shape).masked_fill_(~masks[kind], hidden)[:, None]
            for kind in self._attention.kinds
        }
        return made if len(made) > 1 else next(iter(made.values()))

    def _zeros(self, shape: torch.Size) -> torch.Tensor:
        """On a GPU with rows that begin at multiples of 16 numbers: else each layer's attention copies the mask."""
        rows, keys = shape[:-1], shape[-1]
        width = -(-keys // 16) * 16 if self._device.type == "cuda" else keys
        return torch.zeros((*rows, width), dtype=self._model.dtype, device=self._device)[..., :keys]

    def _score(self, logits: torch.Tensor, place: IntArray, targets: IntArray) -> Scores:
        """Log-softmax in float32 of the scored rows alone, a few at a time; target i is scored from row ``place[i]``.

        The same operation as in lm-eval on purpose: `torch.logsumexp` over a vocabulary of 49,152 was 7e-5 off on a
        CPU, more than all layers together.
        """
        likelihoods = torch.empty(len(place), dtype=torch.float32, device=logits.device)
        greedy = torch.empty(len(place), dtype=torch.bool, device=logits.device)
        on_gpu = logits.device.type == "cuda"
        at_once = max(ROWS_AT_ONCE, NUMBERS_AT_ONCE // logits.shape[-1]) if on_gpu else ROWS_AT_ONCE
        for begin in range(0, len(logits), at_once):
            chosen = np.flatnonzero((place >= begin) & (place < begin + at_once))
            numbers = (chosen, place[chosen] - begin, targets[chosen])
            here, row, target = (self._tensor(values, logits.device) for values in numbers)
            part = torch.log_softmax(logits[begin : begin + at_once], dim=-1, dtype=torch.float32)
            likelihoods[here] = part[row, target]
            if on_gpu:
                greedy[here] = part.argmax(dim=-1)[row] == target
                continue
            likeliest = likelihoods[here] == part.amax(dim=-1)[row]
            # argmax is slow on a CPU and settles ties only: the first of equals is the greedy one
            likeliest[likeliest.clone()] = part[row[likeliest]].argmax(dim=-1) == target[likeliest]
            greedy[here] = likeliest
        return likelihoods, greedy


def _drawn_like(cache: DynamicCache, length: int) -> DynamicCache:
    """A cache of random numbers: shapes and sizes of the keys and values of one that the model has filled."""
    drawn = DynamicCache()
    random = torch.Generator().manual_seed(0)
    for index, layer in enumerate(cache.layers):
        made = []
        for like in (layer.keys, layer.values):
            shape = (*like.shape[:-2], length, like.shape[-1])
            made.append(torch.randn(shape, generator=random).to(like) * like.std())
        made[1][..., : 2 * BEYOND_WINDOW, :] *= LARGE_VALUES
        drawn.update(*made, index)
    return drawn


class _SharedByRows(DynamicCache):
    """A cache of one row that every row of a batch builds on; what the batch would add to it is not kept."""

    def __init__(self, cache: DynamicCache) -> None:
        super().__init__()
        self.layers = cache.layers

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        layer, rows = self.layers[layer_idx], key_states.shape[0]
        return (
            torch.cat([layer.keys.expand(rows, -1, -1, -1), key_states], dim=-2),
            torch.cat([layer.values.expand(rows, -1, -1, -1), value_states], dim=-2),
        )
