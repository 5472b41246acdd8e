"""How checkpoints are asked: defaults and overrides, and every mistake as one line with its place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from synth_eval.errors import ManifestError
from synth_eval.manifest import load_family
from synth_eval.manifest.asked import _SETTINGS, OF_TRANSFORMERS, chat_templates

HEAD = "family: f\n"
TWO = "checkpoints:\n  - {path: a, ratio: 0}\n  - {path: b, ratio: 0.5}\n"


def write(folder: Path, text: str, *, templates: dict[str, Any] | None = None) -> Path:
    """Two checkpoint folders; ``templates`` by folder is the chat template of a tokenizer that lies there."""
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        if templates is not None:
            (folder / name / "tokenizer.json").write_text("{}")
            config = {"chat_template": templates[name]} if templates.get(name) else {}
            (folder / name / "tokenizer_config.json").write_text(json.dumps(config))
    path = folder / "checkpoints.yaml"
    path.write_text(text)
    return path


def refused(path: Path) -> str:
    with pytest.raises(ManifestError) as caught:
        load_family(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}:")
    return message[len(str(path)) + 1 :]


def test_nothing_is_set_unless_it_is_asked_for(tmp_path: Path) -> None:
    for checkpoint in load_family(write(tmp_path, HEAD + TWO)).checkpoints:
        asked = (checkpoint.apply_chat_template, checkpoint.system_instruction, dict(checkpoint.gen_kwargs))
        assert (*asked, checkpoint.fewshot_as_multiturn) == (False, "", {}, True)


def test_a_checkpoint_overrides_key_by_key(tmp_path: Path) -> None:
    text = HEAD + (
        "defaults:\n  apply_chat_template: true\n  system_instruction: Be brief.\n  fewshot_as_multiturn: false\n"
        "  gen_kwargs: {max_gen_toks: 64, until: [stop]}\n"
        "checkpoints:\n  - {path: a, ratio: 0}\n"
        "  - {path: b, ratio: 0.5, apply_chat_template: rag, system_instruction: '', gen_kwargs: {max_gen_toks: 8}}\n"
    )
    first, second = load_family(write(tmp_path, text)).checkpoints
    assert (first.apply_chat_template, first.system_instruction, first.fewshot_as_multiturn) == (
        True,
        "Be brief.",
        False,
    )
    assert first.gen_kwargs == {"max_gen_toks": 64, "until": ["stop"]}
    assert (second.apply_chat_template, second.system_instruction) == ("rag", "")
    assert second.fewshot_as_multiturn is False
    assert second.gen_kwargs == {"max_gen_toks": 8, "until": ["stop"]}


def test_a_base_model_may_turn_off_the_template_of_its_family(tmp_path: Path) -> None:
    text = HEAD + "defaults: {apply_chat_template: true, fewshot_as_multiturn: true}\n"
    text += "checkpoints:\n  - {path: a, ratio: 0, apply_chat_template: false}\n  - {path: b, ratio: 0.5}\n"
    path = write(tmp_path, text, templates={"b": "{{ messages }}"})
    assert [c.apply_chat_template for c in load_family(path).checkpoints] == [False, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "defaults:\n  fewshot_as_multiturn: true\n" + TWO,
            "3: fewshot_as_multiturn makes turns of a chat template: add apply_chat_template: true, or remove it",
        ),
        (
            "checkpoints:\n  - {path: a, ratio: 0}\n  - path: b\n    ratio: 0.5\n    fewshot_as_multiturn: true\n",
            "6: fewshot_as_multiturn makes turns of a chat template",
        ),
        (
            "defaults:\n  gen_kwargs:\n    temperature: 0.5\n    max_gen_tokens: 4\n" + TWO,
            "5: unknown key 'max_gen_tokens' in defaults.gen_kwargs: did you mean 'max_gen_toks'?",
        ),
        (
            "defaults: {gen_kwargs: {zzz: 4}}\n" + TWO,
            "2: unknown key 'zzz' in defaults.gen_kwargs: the usual ones are max_gen_toks,",
        ),
        (
            "checkpoints:\n  - {path: a, ratio: 0}\n  - path: b\n    ratio: 0.5\n    gen_kwargs:\n      do_sample: 1\n",
            "7: checkpoints.gen_kwargs.do_sample must be true or false (it is 1)",
        ),
        (
            "defaults:\n  gen_kwargs: {max_gen_toks: 0}\n" + TWO,
            "3: defaults.gen_kwargs.max_gen_toks must be a whole number above 0 (it is 0)",
        ),
        (
            "defaults: {gen_kwargs: {until: [1]}}\n" + TWO,
            "2: defaults.gen_kwargs.until must be text, or a list of texts (it is [1])",
        ),
        (
            "defaults: {gen_kwargs: 5}\n" + TWO,
            "2: defaults.gen_kwargs must be a mapping",
        ),
        (
            "defaults: {apply_chat_template: 3}\n" + TWO,
            "2: defaults.apply_chat_template: 3 is not true, false or the name of a template",
        ),
        (
            "defaults: {fewshot_as_multiturn: please}\n" + TWO,
            "2: defaults.fewshot_as_multiturn must be true or false (it is 'please')",
        ),
        ("defaults: {system_instruction: [a]}\n" + TWO, "2: defaults.system_instruction must be text"),
        (
            "defaults: {apply_chat_templates: true}\n" + TWO,
            "2: unknown key 'apply_chat_templates' in defaults: did you mean 'apply_chat_template'?",
        ),
    ],
)
def test_mistakes(text: str, message: str, tmp_path: Path) -> None:
    assert refused(write(tmp_path, HEAD + text)).startswith(message)


def test_other_model_classes_have_settings_of_their_own(tmp_path: Path) -> None:
    text = HEAD + "defaults: {model: vllm, gen_kwargs: {presence_penalty: 0.5}}\n" + TWO
    assert load_family(write(tmp_path, text)).checkpoints[0].gen_kwargs == {"presence_penalty": 0.5}


@pytest.mark.parametrize(
    ("templates", "wanted", "message"),
    [
        ({"a": "x"}, "true", "5: apply_chat_template: the tokenizer in {b} has no chat template: save one with it"),
        (
            {"a": "x", "b": "x"},
            "rag",
            "4: apply_chat_template: the tokenizer in {a} has one chat template, without the",
        ),
        (
            {"a": "x", "b": [{"name": "default", "template": "x"}, {"name": "rag", "template": "y"}]},
            "rag",
            "4: apply_chat_template: the tokenizer in {a} has one chat template, without the name 'rag': write true",
        ),
    ],
)
def test_a_template_that_is_not_there_names_line_and_folder(
    templates: dict[str, Any], wanted: str, message: str, tmp_path: Path
) -> None:
    """At the checkpoint's line, where the key is one of the defaults."""
    path = write(tmp_path, HEAD + f"defaults: {{apply_chat_template: {wanted}}}\n" + TWO, templates=templates)
    assert refused(path).startswith(message.format(a=tmp_path / "a", b=tmp_path / "b"))
    # a folder without any tokenizer's files, or one read by --results, is none of the manifest's business
    assert load_family(path, folders_needed=False).checkpoints[0].apply_chat_template


def test_templates_are_found_where_transformers_finds_them(tmp_path: Path) -> None:
    """As saved by transformers itself, in its present and its older form."""
    from tiny_models import character_tokenizer
    from transformers import AutoTokenizer

    for templates in (None, "one", {"default": "one", "rag": "two"}):
        for in_files in (True, False):
            folder = tmp_path / f"{type(templates).__name__}{in_files}"
            tokenizer = character_tokenizer()
            tokenizer.chat_template = templates
            tokenizer.save_pretrained(folder, save_jinja_files=in_files)
            loaded = AutoTokenizer.from_pretrained(folder).chat_template
            assert chat_templates(folder) == (loaded or None)
            assert loaded == templates


def test_the_settings_are_those_of_transformers() -> None:
    from lm_eval.models.utils import normalize_gen_kwargs
    from transformers import GenerationConfig

    there = {key for key in vars(GenerationConfig()) if not key.startswith("_")} - {"transformers_version"}
    assert there <= {*OF_TRANSFORMERS}, "a newer transformers has more settings: add them to OF_TRANSFORMERS"
    aliases = re.findall(r"max_\w+", normalize_gen_kwargs.__doc__ or "")
    assert {alias for alias in aliases if alias != "max_length"} <= {*_SETTINGS}
