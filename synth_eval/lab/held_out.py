"""Loss on natural documents that nothing was trained on, by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from synth_eval.lab.training import IGNORED, length_bucketed, padded
from synth_eval.lab.world import HELD_OUT, KINDS, natural_documents, write
from synth_eval.skills.items import Draw

if TYPE_CHECKING:
    from transformers import GPTNeoXForCausalLM, PreTrainedTokenizerFast

ROW_TOKENS = 8192
ALL = "natural"  # the kinds in their natural mix


def held_out_documents(tokenizer: PreTrainedTokenizerFast, *, each: int, context: int) -> dict[str, list[list[int]]]:
    """Token ids: ``each`` documents of every kind, and under `ALL` as many as of all kinds together in their mix."""
    from synth_eval.lab.tokenizer import encode_documents

    texts = {kind: [write(kind, draw).text for _ in range(each)] for kind, draw in _draws().items()}
    texts[ALL] = [document.text for document in islice(natural_documents(HELD_OUT), each * len(KINDS))]
    return {kind: encode_documents(tokenizer, text, context=context) for kind, text in texts.items()}


def loss_by_kind(model: GPTNeoXForCausalLM, documents: Mapping[str, Sequence[list[int]]]) -> dict[str, float]:
    """Mean loss of each kind's documents, nats a token (the closing end-of-text token included)."""
    import torch
    from torch.nn.functional import cross_entropy

    found = {}
    with torch.inference_mode():
        for kind, ids in documents.items():
            total = tokens = 0.0
            for batch in length_bucketed(list(ids), tokens=ROW_TOKENS, seed=0):
                inputs, labels = padded(batch)
                logits = model(input_ids=inputs, use_cache=False).logits.flatten(0, 1)
                total += float(cross_entropy(logits, labels.flatten(), ignore_index=IGNORED, reduction="sum"))
                tokens += int((labels != IGNORED).sum())
            found[kind] = total / tokens
    return found


def _draws() -> dict[str, Draw]:
    return {kind: Draw("study", kind, f"{HELD_OUT}-each") for kind in KINDS}
