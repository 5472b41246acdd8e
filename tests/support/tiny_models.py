"""Tiny models with random weights, and a tokenizer of single characters, made in memory."""

from __future__ import annotations

from typing import Any

import torch
import transformers as tf

LETTERS = "abcdefghijklmnopqrstuvwxyz .:?0123456789\n"
VOCABULARY = len(LETTERS) + 3  # and <unk>, <s>, </s>
SIZE: dict[str, Any] = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3,
    "num_attention_heads": 4, "max_position_embeddings": 128, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2,
    "initializer_range": 0.3,
}  # fmt: skip


def character_tokenizer(*, bos: bool = False) -> tf.PreTrainedTokenizerFast:
    """One token a character; with ``bos``, <s> before every text, as Llama's tokenizer does."""
    from tokenizers import Regex, Tokenizer
    from tokenizers.decoders import Fuse
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split
    from tokenizers.processors import TemplateProcessing

    words = ["<unk>", "<s>", "</s>", *LETTERS]
    tokenizer = Tokenizer(WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Split(Regex(r"[\s\S]"), behavior="isolated")
    tokenizer.decoder = Fuse()
    if bos:
        tokenizer.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tf.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="</s>"
    )


def tiny_model(kind: str, **options: Any) -> Any:
    """A random causal language model in float32; options go to its config, ``attn_implementation`` to the model."""
    torch.manual_seed(0)
    attention = options.pop("attn_implementation", "sdpa")
    config = CONFIGS[kind](options)
    model = tf.AutoModelForCausalLM.from_config(config, attn_implementation=attention)
    for parameter in model.parameters():  # biases and norms start at 0 and 1, which hides mistakes
        parameter.data += 0.05 * torch.randn_like(parameter)
    return model.eval()


def _gpt2(options: dict[str, Any]) -> tf.GPT2Config:
    return tf.GPT2Config(
        vocab_size=VOCABULARY, n_embd=32, n_layer=3, n_head=4, n_positions=128, bos_token_id=1, eos_token_id=2,
        initializer_range=0.3, **options,
    )  # fmt: skip


def _opt(options: dict[str, Any]) -> tf.OPTConfig:
    return tf.OPTConfig(
        vocab_size=VOCABULARY, hidden_size=32, ffn_dim=64, num_hidden_layers=3, num_attention_heads=4,
        max_position_embeddings=128, word_embed_proj_dim=32, init_std=0.3, bos_token_id=1, eos_token_id=2,
        pad_token_id=2, **options,
    )  # fmt: skip


CONFIGS = {
    "gpt_neox": lambda options: tf.GPTNeoXConfig(**SIZE, **options),
    "llama": lambda options: tf.LlamaConfig(**SIZE, **{"num_key_value_heads": 2, **options}),
    "gpt2": _gpt2,
    "qwen2": lambda options: tf.Qwen2Config(**SIZE, **{"num_key_value_heads": 2, **options}),
    "opt": _opt,
    "mistral": lambda options: tf.MistralConfig(
        **SIZE, **{"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 9, **options}
    ),
    "gemma2": lambda options: tf.Gemma2Config(
        **SIZE, **{"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 9, "query_pre_attn_scalar": 8, **options}
    ),
    "roberta": lambda options: tf.RobertaConfig(
        **{**SIZE, "max_position_embeddings": 160}, is_decoder=True, type_vocab_size=1, **options
    ),
    "bloom": lambda options: tf.BloomConfig(vocab_size=VOCABULARY, hidden_size=32, n_layer=2, n_head=4, **options),
    "mpt": lambda options: tf.MptConfig(vocab_size=VOCABULARY, d_model=32, n_layers=2, n_heads=4, **options),
    "falcon": lambda options: tf.FalconConfig(
        vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, **options
    ),
    "gpt_neo": lambda options: tf.GPTNeoConfig(
        vocab_size=VOCABULARY, hidden_size=32, num_layers=2, num_heads=4, attention_types=[[["global", "local"], 1]],
        window_size=9, max_position_embeddings=128, **options,
    ),
    "mamba": lambda options: tf.MambaConfig(
        vocab_size=VOCABULARY, hidden_size=32, state_size=4, num_hidden_layers=2, **options
    ),
}  # fmt: skip
