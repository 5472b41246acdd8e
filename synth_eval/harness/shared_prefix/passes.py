"""Run the passes of a plan: a causal language model, one key-value cache, a mask made from the tree."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import DynamicCache

from synth_eval.harness.shared_prefix.attention import Attention
from synth_eval.harness.shared_prefix.plan import Batch, IntArray, Pass, sees

ROWS_AT_ONCE = 64
"""Rows of logits that are normalised together; bounds the extra memory to 64 vocabularies in float32."""


class PassRunner:
    """Holds the cache between the passes of one plan."""

    def __init__(self, model: Any, attention: Attention, *, device: torch.device) -> None:
        self._model = model
        self._attention = attention
        self._device = device
        self._cache = DynamicCache()

    def run(self, step: Pass | Batch) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Score one pass or batch.

        Returns
        -------
        Log-likelihood of each of the m targets in nats, and whether it was the most likely token.
        """
        return self._batch(step) if isinstance(step, Batch) else self._pass(step)

    def _batch(self, step: Batch) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        options: dict[str, Any] = {}
        if step.last is not None:
            position = self._tensor(step.positions)
            options = {"attention_mask": self._tree_masks(step.last, position), "position_ids": position}
        logits = self._model(
            input_ids=self._tensor(step.tokens),
            use_cache=False,
            logits_to_keep=self._tensor(step.columns),
            **options,
        ).logits
        place = self._tensor(step.places)
        if len(place) < logits.shape[0] * logits.shape[1]:  # columns that other rows are scored from
            chosen, place = torch.unique(place, return_inverse=True)
            return _score(logits.flatten(0, 1)[chosen], place, torch.from_numpy(step.targets))
        return _score(logits.flatten(0, 1), place, torch.from_numpy(step.targets))

    def _tree_masks(self, last: IntArray, position: torch.Tensor) -> Any:
        """Additive masks (b, 1, n, n): one, or one a kind of layer."""
        seen = self._tensor(sees(last))
        masks = {"full_attention": seen}
        if self._attention.window is not None:
            masks["sliding_attention"] = seen & (position[:, :, None] - position[:, None, :] < self._attention.window)
        return self._additive(masks)

    def _pass(self, step: Pass) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        self._keep(step.cached)
        scored, place = np.unique(step.rows, return_inverse=True)
        logits = self._model(
            input_ids=self._row(step.tokens),
            attention_mask=self._masks(step),
            position_ids=self._row(step.positions),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=self._tensor(scored),
        ).logits[0]
        if not len(scored):
            return np.zeros(0), np.zeros(0, dtype=bool)
        return _score(logits, torch.from_numpy(place).to(logits.device), torch.from_numpy(step.targets))

    def _keep(self, length: int) -> None:
        """Drop what the cache holds beyond ``length`` tokens."""
        held = self._cache.get_seq_length()
        if length == 0:
            self._cache = DynamicCache()  # without the config: every layer keeps all tokens, the mask has the window
        elif held > length:
            self._cache.crop(length - held)

    def _row(self, values: IntArray) -> torch.Tensor:
        return self._tensor(values)[None]

    def _tensor(self, values: NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(values).to(self._device)

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
        """Of masks (b, n, keys) that say what is seen: 0 there, the lowest number elsewhere, (b, 1, n, keys)."""
        hidden = torch.finfo(self._model.dtype).min
        made = {
            kind: torch.zeros(masks[kind].shape, dtype=self._model.dtype, device=self._device).masked_fill_(
                ~masks[kind], hidden
            )[:, None]
            for kind in self._attention.kinds
        }
        return made if len(made) > 1 else next(iter(made.values()))


def _score(
    logits: torch.Tensor, place: torch.Tensor, targets: torch.Tensor
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Log-softmax in float32 of the scored rows alone, a few at a time.

    The same operation as in lm-eval on purpose: `torch.logsumexp` over a vocabulary of 49,152 was 7e-5 off on a CPU,
    more than all layers together.
    """
    targets = targets.to(logits.device)
    likelihoods = torch.empty(len(place), dtype=torch.float32, device=logits.device)
    greedy = torch.empty(len(place), dtype=torch.bool, device=logits.device)
    for begin in range(0, len(logits), ROWS_AT_ONCE):
        part = torch.log_softmax(logits[begin : begin + ROWS_AT_ONCE], dim=-1, dtype=torch.float32)
        here = ((place >= begin) & (place < begin + ROWS_AT_ONCE)).nonzero()[:, 0]
        row, target = place[here] - begin, targets[here]
        likelihoods[here] = part[row, target]
        likeliest = likelihoods[here] == part.amax(dim=-1)[row]
        # argmax is slow on a CPU and settles ties only: the first of equals is the greedy one
        likeliest[likeliest.clone()] = part[row[likeliest]].argmax(dim=-1) == target[likeliest]
        greedy[here] = likeliest
    return likelihoods.double().cpu().numpy(), greedy.cpu().numpy()
