"""Can a model's attention take our mask, and what kinds of layers need one?"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

FULL, SLIDING = "full_attention", "sliding_attention"
NEEDED = ("attention_mask", "position_ids", "past_key_values", "logits_to_keep")
MASKABLE = ("sdpa", "eager")  # flash attention takes no mask of ours
LENGTH_DEPENDENT_ROPE = ("dynamic", "longrope")


class UnsupportedError(Exception):
    """Why a model falls back to standard scoring, in half a sentence."""


@dataclass(frozen=True)
class Attention:
    """Kinds of attention layers, and the window of the sliding ones in tokens (the token itself counted)."""

    kinds: tuple[str, ...]
    window: int | None


def attention_of(model: Any, *, backend: str = "causal") -> Attention:
    """The attention of a model that scores a prefix tree in one row exactly as it scores the sequences alone.

    Raises
    ------
    UnsupportedError : ALiBi, state-space or linear attention, encoder-decoder, attention without masks, rotary
        embeddings that depend on the length, or a forward method that lacks what is needed.
    """
    if backend != "causal":
        raise UnsupportedError("it is an encoder-decoder model")
    config = _text_config(model)
    if _has_alibi(config):
        raise UnsupportedError("its attention has ALiBi, which counts places in the row")
    if getattr(model, "_is_stateful", False):
        raise UnsupportedError("it has state-space or recurrent layers")
    kinds = _layer_kinds(config)
    implementation = getattr(config, "_attn_implementation", None)
    if implementation not in MASKABLE:
        raise UnsupportedError(f"its attention ({implementation}) takes no mask; attn_implementation=sdpa does")
    if any(kind in LENGTH_DEPENDENT_ROPE for kind in _rope_types(config)):
        raise UnsupportedError("its rotary embedding changes with the length of a batch")
    parameters = inspect.signature(model.forward).parameters
    missing = [name for name in NEEDED if name not in parameters]
    if missing:
        raise UnsupportedError(f"its forward takes no {missing[0]}")
    return Attention(kinds, config.sliding_window if SLIDING in kinds else None)


def attention_ways(model: Any, *, backend: str = "causal") -> list[Attention]:
    """`attention_of` the model as its configuration has it, then what its code may make of that configuration.

    Keys of a window may be left in a configuration whose architecture has none (`sliding_window`, `layer_types`), and
    code may apply a window that `use_sliding_window` switches off. Which one it is shows in what the model computes.

    Raises
    ------
    UnsupportedError : as `attention_of`.
    """
    stated = attention_of(model, backend=backend)
    window = stated.window or getattr(_text_config(model), "sliding_window", None)
    if not isinstance(window, int) or isinstance(window, bool) or window < 1:
        return [stated]
    return list(dict.fromkeys([stated, Attention((FULL,), None), Attention((SLIDING,), window)]))


def without_adapter(model: Any) -> Any:
    """The causal language model inside a PEFT wrapper whose adapters sit in the layers; any other model as it is.

    Raises
    ------
    UnsupportedError : the adapter puts virtual tokens before the input or into the cache.
    """
    adapter = getattr(model, "active_peft_config", None)
    if adapter is None:
        return model
    kind = str(getattr(adapter.peft_type, "value", adapter.peft_type))
    if getattr(adapter, "is_prompt_learning", False) or kind == "ADAPTION_PROMPT":
        raise UnsupportedError(f"its adapter ({kind.lower()}) changes the input")
    return model.get_base_model()


def _text_config(model: Any) -> Any:
    return model.config.get_text_config() if hasattr(model.config, "get_text_config") else model.config


def _has_alibi(config: Any) -> bool:
    nested = getattr(config, "attn_config", None)
    return (
        config.model_type == "bloom"  # always, without a field for it
        or bool(getattr(config, "alibi", False))
        or bool(getattr(nested, "alibi", False))
    )


def _layer_kinds(config: Any) -> tuple[str, ...]:
    """FULL, SLIDING or both; raises UnsupportedError on any other kind."""
    stated = getattr(config, "layer_types", None)
    if stated:
        other = sorted(set(stated) - {FULL, SLIDING})
        if other:
            raise UnsupportedError(f"it has layers of kind {other[0]}")
        return tuple(sorted(set(stated)))
    if "local" in (getattr(config, "attention_layers", None) or ()):
        raise UnsupportedError("it has local attention, which counts places in the row")
    windowed = getattr(config, "sliding_window", None) is not None and getattr(config, "use_sliding_window", True)
    return (SLIDING,) if windowed else (FULL,)


def _rope_types(config: Any) -> set[str]:
    stated = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    parts = [stated, *(part for part in stated.values() if isinstance(part, dict))]  # some state one a kind of layer
    return {str(part.get("rope_type", "default")) for part in parts}


def attention_share(model: Any, *, tokens: int) -> float:
    """Operations of attention in one packed row of ``tokens`` over those of the layers' matrices; 0 if not known."""
    config = _text_config(model)
    layers, width = getattr(config, "num_hidden_layers", None), getattr(config, "hidden_size", None)
    if not layers or not width:
        return 0.0
    outside = {id(module.weight) for module in (model.get_input_embeddings(), model.get_output_embeddings()) if module}
    weights = sum(weight.numel() for weight in model.parameters() if id(weight) not in outside)
    return float(4 * tokens * width * layers / (2 * max(weights, 1)))
