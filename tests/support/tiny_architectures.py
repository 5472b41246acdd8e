"""A tiny configuration of every decoder that transformers offers, made from the class's own defaults."""

from __future__ import annotations

from typing import Any

import transformers as tf
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

LAYERS, HEADS, WIDTH, HEAD, WINDOW, VOCABULARY = 4, 4, 32, 8, 12, 44
_SIZES = {
    "num_hidden_layers n_layer n_layers num_layers decoder_layers encoder_layers num_decoder_layers": LAYERS,
    "num_encoder_layers": LAYERS,
    "num_attention_heads n_head n_heads num_heads decoder_attention_heads encoder_attention_heads": HEADS,
    "num_local_experts num_experts n_routed_experts moe_num_experts num_experts_total": 4,
    "num_experts_per_tok num_experts_per_token moe_k moe_topk num_selected_experts top_k_experts": 2,
    "num_key_value_heads num_kv_heads n_head_kv multi_query_group_num swa_num_key_value_heads": 2,
    "num_global_key_value_heads linear_num_key_heads linear_num_value_heads": 2,
    "n_group topk_group n_groups mamba_n_groups": 1,
    "hidden_size d_model n_embd dim embedding_size word_embed_proj_dim embedding_dim emb_dim": WIDTH,
    "attention_hidden_size lru_width": WIDTH,
    "intermediate_size ffn_dim decoder_ffn_dim encoder_ffn_dim n_inner d_ff dff ffn_hidden_size": 2 * WIDTH,
    "mlp_hidden_size": 2 * WIDTH,
    "moe_intermediate_size shared_expert_intermediate_size expert_ffn_hidden_size moe_ffn_hidden_size": 16,
    "shared_intermediate_size moe_shared_expert_intermediate_size q_lora_rank kv_lora_rank": 16,
    "hidden_size_per_layer_input": 16,
    "head_dim attention_head_dim d_kv d_head qk_nope_head_dim qk_rope_head_dim v_head_dim linear_key_head_dim": HEAD,
    "linear_value_head_dim swa_head_dim global_head_dim rotary_dim": HEAD,
    "mamba_d_state state_size ssm_state_size mamba_d_head mamba_head_dim": HEAD,
    "max_position_embeddings n_positions max_sequence_length max_seq_len n_ctx seq_length": 160,
    "max_source_positions max_target_positions": 160,
    "sliding_window window_size sliding_window_size attention_window local_window_size": WINDOW,
    "vocab_size vocab_size_per_layer_input decoder_vocab_size n_words": VOCABULARY,
    "bos_token_id decoder_start_token_id": 1,
    "eos_token_id pad_token_id": 2,
}
_TINY = {name: size for names, size in _SIZES.items() for name in names.split()}

_ROPE = {"rope_type": "default", "rope_theta": 1e4}
_OWN: dict[str, dict[str, Any]] = {  # what must fit together, or is not a plain number
    "bailing_hybrid": {"layer_group_size": 2, "linear_head_dim": HEAD, "linear_num_heads": 4, "num_expert_group": 1},
    "bamba": {"mamba_n_heads": 8, "attn_layer_indices": [1, 3]},
    "cohere_compass_text": {"rope_parameters": {"full_attention": _ROPE, "sliding_attention": _ROPE}},
    "deepseek_v2": {"num_experts_per_tok": 2, "n_group": 1, "topk_group": 1},
    "dots1": {"num_experts_per_tok": 2, "n_routed_experts": 4, "n_shared_experts": 1, "num_key_value_heads": HEADS},
    "falcon_h1": {"mamba_d_ssm": 64, "mamba_n_heads": 8},
    "gemma3n_text": {
        "num_kv_shared_layers": 0, "intermediate_size": 64, "activation_sparsity_pattern": [0.0] * 4,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
    },
    "gpt_neo": {"attention_types": [[["global", "local"], 2]]},
    "granitemoehybrid": {"mamba_n_heads": 8, "layer_types": ["mamba", "attention"] * 2},
    "hunyuan_v1_dense": {"head_dim": HEAD},
    "hunyuan_v1_moe": {"head_dim": HEAD},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2},
    "kimi_linear": {
        "layer_types": ["linear_attention", "full_attention"] * 2, "linear_head_dim": HEAD, "linear_num_heads": 4,
    },
    "lfm2_moe": {"layer_types": ["conv", "full_attention"] * 2},
    "longcat_flash": {"head_dim": HEAD},
    "mamba2": {"num_heads": 8, "head_dim": HEAD},
    "ministral": {"head_dim": HEAD},
    "nemotron": {"head_dim": HEAD, "num_key_value_heads": 2},
    "reformer": {
        "is_decoder": True, "axial_pos_shape": [10, 16], "axial_pos_embds_dim": [16, 16],
        "attn_layers": ["local", "lsh"] * 2,
    },
}  # fmt: skip
_ENCODERS = ("bert", "roberta", "electra", "xlm", "megatron", "camembert", "data2vec", "ernie", "rembert", "big_bird",
             "convbert", "roformer", "roc_bert", "xmod", "mvp", "qdqbert")  # fmt: skip


def architectures() -> list[str]:
    """The model types that `AutoModelForCausalLM` knows, in alphabetical order."""
    return sorted(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)


def tiny_config(kind: str, **options: Any) -> tf.PretrainedConfig:
    """A configuration of some ten thousand weights; raises whatever the class raises where it cannot be shrunk so."""
    own = dict(_OWN.get(kind, {}))
    if kind.startswith(_ENCODERS):  # else they see what follows, and no two batches give the same numbers
        own.setdefault("is_decoder", True)
    return CONFIG_MAPPING[kind](**{**_small(CONFIG_MAPPING[kind]), **own, **options})


def _small(kind: Any) -> dict[str, Any]:
    """Arguments that make a configuration small, and those of the configurations inside of it."""
    default = kind().to_dict()
    whole = {key: value for key, value in default.items() if isinstance(value, int) and not isinstance(value, bool)}
    small: dict[str, Any] = {key: min(value, _TINY[key]) for key, value in whole.items() if key in _TINY and value > 0}
    small |= {key: _TINY[key] for key in default if key.endswith("_token_id") and key in _TINY}
    if "kv_lora_rank" in default:  # latent attention: a key for every head, and no size of its own
        small.pop("head_dim", None)
        if "num_key_value_heads" in small:
            small["num_key_value_heads"] = HEADS
    for name, inner in (getattr(kind, "sub_configs", None) or {}).items():
        if isinstance(default.get(name), dict):
            known = CONFIG_MAPPING[default[name]["model_type"]] if inner.__name__.startswith("Auto") else inner
            small[name] = {**_small(known), "model_type": known.model_type}
    return small
