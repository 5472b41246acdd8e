"""Llama models of known sizes with random weights: speed does not depend on what the weights are."""

from __future__ import annotations

import math
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

LAYOUTS: dict[str, dict[str, int]] = {
    "tiny": {
        "vocab_size": 1024, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2,
    },
    "smollm2-135m": {
        "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
        "num_attention_heads": 9, "num_key_value_heads": 3,
    },
    "llama-1b": {
        "vocab_size": 128256, "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
        "num_attention_heads": 32, "num_key_value_heads": 8,
    },
}  # fmt: skip
CONTEXT = 2048
LOGIT_SPREAD = 2.5  # standard deviation of the logits over the vocabulary, about that of a trained model


def random_model(layout: str, *, device: str, dtype: torch.dtype) -> Any:
    """The same weights on every run of one device; tied embeddings."""
    torch.manual_seed(0)
    config = LlamaConfig(
        **LAYOUTS[layout], max_position_embeddings=CONTEXT, tie_word_embeddings=True, attn_implementation="sdpa",
        bos_token_id=0, eos_token_id=0, pad_token_id=0,
    )  # fmt: skip
    with torch.device(device):
        model = LlamaForCausalLM(config).to(dtype)
        model.get_input_embeddings().weight.data.normal_(0, LOGIT_SPREAD / math.sqrt(config.hidden_size))
    return model.eval()


def layer_parameters(model: Any) -> int:
    """Parameters without the table of token embeddings (and the output layer tied to it)."""
    table = model.get_input_embeddings().weight.numel()
    return int(sum(weight.numel() for weight in model.parameters()) - table)
