"""A GPT-NeoX with random weights on disk, its tokens the 256 bytes: loads and scores in milliseconds."""

from __future__ import annotations

from pathlib import Path


def write_tiny_neox(folder: Path, *, seed: int = 3, layers: int = 1, hidden: int = 16, vocabulary: int = 257) -> Path:
    """Config, weights and tokenizer; the same files for the same arguments."""
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    write_byte_tokenizer(folder)
    torch.manual_seed(seed)
    config = GPTNeoXConfig(
        vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=2,
        intermediate_size=2 * hidden, max_position_embeddings=512, initializer_range=1.5 / hidden**0.5 * 4,
        bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    GPTNeoXForCausalLM(config).save_pretrained(folder)
    return folder


def write_byte_tokenizer(folder: Path) -> None:
    """A token a byte, 0 ends a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={"<|end|>": 0} | {x: i + 1 for i, x in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>").save_pretrained(folder)


def write_given_neox(folder: Path, *, seed: int) -> Path:
    """The same model with weights that come from a formula: torch may draw others in another version."""
    import math

    import torch
    from safetensors.torch import load_file, save_file

    path = write_tiny_neox(folder) / "model.safetensors"
    weights = load_file(path)
    for number, name in enumerate(sorted(weights)):
        shape, amount = weights[name].shape, weights[name].numel()
        waves = [math.sin(12.9898 * (i + 1) + 78.233 * (number + 1) + 37.719 * seed) for i in range(amount)]
        scale = 0.3 if weights[name].ndim > 1 else 0.05
        drawn = torch.tensor([scale * ((1e4 * wave) % 2.0 - 1.0) for wave in waves]).reshape(shape)
        weights[name] = (drawn + (name.endswith("norm.weight"))).to(weights[name].dtype).contiguous()
    save_file(weights, path, metadata={"format": "pt"})
    return folder
