"""How a checkpoint is asked: examples, chat template, system instruction, settings of generation."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, StrictBool, StrictInt, StrictStr

from synth_eval.manifest.names import has_tokenizer
from synth_eval.manifest.source import STRICT, KeyPath, Source, none_as_empty
from synth_eval.types import MAX_INTEGER


def _template(value: Any) -> Any:
    if value is None or isinstance(value, bool) or (isinstance(value, str) and value):
        return value
    raise ValueError(f"{value!r} is not true, false or the name of a template")


class Asked(BaseModel):
    """The keys that `defaults` and a checkpoint have in common."""

    model_config = STRICT

    num_fewshot: Annotated[StrictInt, Field(ge=0, le=MAX_INTEGER)] | None = None
    apply_chat_template: Annotated[Any, BeforeValidator(_template)] = None
    system_instruction: StrictStr | None = None
    fewshot_as_multiturn: StrictBool | None = None
    gen_kwargs: Annotated[dict[StrictStr, Any], BeforeValidator(none_as_empty)] = {}


def asked(
    entry: Asked, defaults: Asked, location: KeyPath, source: Source, *, model: str, tokenizer: Path | None
) -> dict[str, Any]:
    """The fields of a `Checkpoint` that say how it is asked; those of ``defaults`` count where the entry has none.

    Parameters
    ----------
    model : lm-eval's name of the model class.
    tokenizer : the folder that the tokenizer is loaded from, where it is known and there.

    Raises
    ------
    ManifestError : turns without a template, a template that the tokenizer does not have, or unknown settings of
        generation.
    """

    def chosen(key: str, otherwise: Any) -> Any:
        own, common = getattr(entry, key), getattr(defaults, key)
        return own if own is not None else common if common is not None else otherwise

    def place(key: str) -> KeyPath:
        return (*location, key) if getattr(entry, key) not in (None, {}) else ("defaults", key)

    template = chosen("apply_chat_template", False)
    turned_off = entry.apply_chat_template is False and entry.fewshot_as_multiturn is None
    if chosen("fewshot_as_multiturn", False) and not template and not turned_off:
        raise source.error(
            place("fewshot_as_multiturn"),
            "fewshot_as_multiturn makes turns of a chat template: add apply_chat_template: true, or remove it",
        )
    if template and tokenizer is not None:
        problem = lacking_template(template, chat_templates(tokenizer))
        if problem:
            at = location if entry.apply_chat_template is None else place("apply_chat_template")
            raise source.error(at, f"apply_chat_template: the tokenizer in {tokenizer} {problem}")
    for key, value in entry.gen_kwargs.items():
        _check_setting(key, value, (*location, "gen_kwargs", key), source, model=model)
    for key, value in defaults.gen_kwargs.items():
        _check_setting(key, value, ("defaults", "gen_kwargs", key), source, model=model)
    return {
        "num_fewshot": chosen("num_fewshot", None),
        "apply_chat_template": template,
        "system_instruction": chosen("system_instruction", ""),
        "fewshot_as_multiturn": chosen("fewshot_as_multiturn", True),  # lm_eval's default where a template is applied
        "gen_kwargs": {**defaults.gen_kwargs, **entry.gen_kwargs},
    }


def lacking_template(wanted: bool | str, templates: Mapping[str, str] | str | None) -> str:
    """Why the wanted template cannot be applied, "" if it can.

    Parameters
    ----------
    templates : what a tokenizer has: one text, several by name, or none. lm_eval takes the one called "default" of
        several, whatever name it is given; here a name is the name of the template that is applied.

    Examples
    --------
    >>> lacking_template("rag", {"default": "...", "tool_use": "..."})
    "has no chat template 'rag': write apply_chat_template: default, or tool_use"
    >>> lacking_template(True, {"default": "...", "tool_use": "..."})
    ''
    """
    if not templates:
        return "has no chat template: save one with it, or write apply_chat_template: false"
    if isinstance(templates, str):
        return "" if wanted is True else f"has one chat template, without the name {wanted!r}: write true"
    if ("default" if wanted is True else wanted) in templates:
        return ""
    lacks = "has several chat templates and no default" if wanted is True else f"has no chat template {wanted!r}"
    return f"{lacks}: write apply_chat_template: {', or '.join(sorted(templates))}"


def chat_templates(folder: Path) -> Mapping[str, str] | str | None:
    """The chat templates that a saved tokenizer has: one, several by name, or none."""
    stated: Any = None
    try:
        config = json.loads((folder / "tokenizer_config.json").read_bytes())
        stated = config.get("chat_template") if isinstance(config, dict) else None
        if isinstance(stated, list):
            stated = {str(each["name"]): str(each["template"]) for each in stated}
        single = folder / "chat_template.jinja"
        named = {
            file.stem: file.read_text(encoding="utf-8") for file in folder.glob("additional_chat_templates/*.jinja")
        }
        if single.is_file():
            text = single.read_text(encoding="utf-8")
            return {"default": text, **named} if named else text
        return named or stated
    except (OSError, ValueError, KeyError, TypeError):
        return stated


def tokenizer_folder(path: str | None, arguments: Mapping[str, Any]) -> Path | None:
    """Where the tokenizer's files are, if that is a folder with files of the usual names."""
    if {"gguf_file", "subfolder"} & set(arguments):
        return None
    place = arguments.get("tokenizer") or path
    return Path(place) if isinstance(place, str) and Path(place).is_dir() and has_tokenizer(Path(place)) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(each, str) for each in value))


LENGTHS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")  # lm_eval's names of one setting
_SETTINGS: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(LENGTHS, (_is_count, "a whole number above 0")),
    "until": (_is_text, "text, or a list of texts"),
    "do_sample": (lambda value: isinstance(value, bool), "true or false"),
    **dict.fromkeys(("temperature", "top_p", "min_p", "typical_p", "repetition_penalty"), (_is_number, "a number")),
    **dict.fromkeys(("num_beams", "min_new_tokens"), (_is_count, "a whole number above 0")),
}
OF_TRANSFORMERS = """
assistant_confidence_threshold assistant_early_exit assistant_ensemble_weight assistant_lookbehind bad_words_ids
begin_suppress_tokens bos_token_id cache_config cache_implementation compile_config constraints
continuous_batching_config decoder_start_token_id disable_compile diversity_penalty do_sample dola_layers
early_stopping encoder_no_repeat_ngram_size encoder_repetition_penalty eos_token_id epsilon_cutoff eta_cutoff
exponential_decay_length_penalty force_words_ids forced_bos_token_id forced_eos_token_id guidance_scale is_assistant
length_penalty low_memory max_cache_len max_length max_matching_ngram_size max_new_tokens max_time min_length
min_new_tokens min_p no_repeat_ngram_size num_assistant_tokens num_assistant_tokens_schedule num_beam_groups num_beams
num_return_sequences output_attentions output_hidden_states output_logits output_scores pad_token_id penalty_alpha
prefill_chunk_size prompt_lookup_num_tokens remove_invalid_values renormalize_logits repetition_penalty
return_dict_in_generate sequence_bias speculation_type stop_strings suppress_tokens target_lookbehind temperature
token_healing top_h top_k top_p typical_p use_cache use_mtp watermarking_config
""".split()  # noqa: SIM905  (60 quoted names would be a page)
"""What GenerationConfig has: spelled out, because reading a manifest must not import transformers; a test compares."""


def _check_setting(key: str, value: Any, location: KeyPath, source: Source, *, model: str) -> None:
    """Refuse what lm_eval's `hf` would refuse in the middle of a run; what other model classes know is theirs."""
    where = ".".join(part for part in location[:-1] if isinstance(part, str))
    known = [*_SETTINGS, *OF_TRANSFORMERS]
    if model == "hf" and key not in known:
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
        mend = f"did you mean {near[0]!r}?" if near else f"the usual ones are {', '.join(_SETTINGS)}"
        raise source.error(location, f"unknown key {key!r} in {where}: {mend}")
    fits, expected = _SETTINGS.get(key, (None, ""))
    if fits is not None and value is not None and not fits(value):
        raise source.error(location, f"{where}.{key} must be {expected} (it is {value!r})")
