"""Models whose attention cannot take a mask of a prefix tree are told apart, with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from tiny_models import tiny_model

from synth_eval.harness.shared_prefix.attention import Attention, UnsupportedError, attention_of, without_adapter

FULL, SLIDING = "full_attention", "sliding_attention"


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("llama", {}, Attention((FULL,), None)),
        ("gpt2", {}, Attention((FULL,), None)),
        ("gpt_neox", {}, Attention((FULL,), None)),
        ("opt", {}, Attention((FULL,), None)),
        ("mistral", {}, Attention((SLIDING,), 9)),
        ("mistral", {"sliding_window": None}, Attention((FULL,), None)),
        ("qwen2", {"sliding_window": 9}, Attention((FULL,), None)),  # stated, but switched off
        (
            "qwen2",
            {"use_sliding_window": True, "sliding_window": 9, "max_window_layers": 1},
            Attention((FULL, SLIDING), 9),
        ),
        ("falcon", {}, Attention((FULL,), None)),
    ],
)
def test_kinds_of_layers(kind: str, options: dict[str, Any], expected: Attention) -> None:
    assert attention_of(tiny_model(kind, **options)) == expected


@pytest.mark.parametrize(
    ("kind", "options", "reason"),
    [
        ("bloom", {"attn_implementation": "eager"}, "ALiBi"),
        ("mpt", {"attn_implementation": "eager"}, "ALiBi"),
        ("falcon", {"alibi": True}, "ALiBi"),
        ("mamba", {"attn_implementation": None}, "state-space"),
        ("gpt_neo", {"attn_implementation": "eager"}, "local attention"),
        ("llama", {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}}, "rotary"),
    ],
)
def test_what_goes_the_plain_way(kind: str, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        attention_of(tiny_model(kind, **options))


def test_an_encoder_decoder() -> None:
    with pytest.raises(UnsupportedError, match="encoder-decoder"):
        attention_of(tiny_model("llama"), backend="seq2seq")


def test_attention_that_takes_no_mask() -> None:
    model = tiny_model("llama")
    model.config._attn_implementation_internal = "flash_attention_2"
    with pytest.raises(UnsupportedError, match=r"\(flash_attention_2\) takes no mask"):
        attention_of(model)


def test_layers_of_another_kind() -> None:
    model = tiny_model("qwen2")
    model.config.layer_types = ["full_attention", "linear_attention", "full_attention"]
    with pytest.raises(UnsupportedError, match="layers of kind linear_attention"):
        attention_of(model)


def test_a_forward_that_takes_no_positions() -> None:
    model = tiny_model("llama")
    model.forward = lambda input_ids, attention_mask, past_key_values, logits_to_keep: None
    with pytest.raises(UnsupportedError, match="takes no position_ids"):
        attention_of(model)


def test_adapters() -> None:
    import peft

    model = tiny_model("llama")
    assert without_adapter(model) is model
    lora = peft.get_peft_model(model, peft.LoraConfig(target_modules=["q_proj"]))
    assert type(without_adapter(lora)).__name__ == "LlamaForCausalLM"
    virtual = peft.get_peft_model(
        tiny_model("llama"), peft.PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
    )
    with pytest.raises(UnsupportedError, match=r"its adapter \(prefix_tuning\) changes the input"):
        without_adapter(virtual)
