"""Chat templates, system instructions, turns and settings of generation: what is asked is what lm_eval asks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_checkpoint import write_tiny_neox

from synth_eval.harness.environment import prepare

prepare(offline=True)

from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM

from synth_eval.errors import CheckpointError
from synth_eval.harness.evaluate import evaluate_family
from synth_eval.harness.model import load_model, release
from synth_eval.harness.tasks import task_manager
from synth_eval.results import RunFolder, read_results
from synth_eval.types import Checkpoint, Family

pytestmark = pytest.mark.slow

TURNS = "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
ASKING = TURNS + "{% if add_generation_prompt %}<assistant>{% endif %}"
TEMPLATES = {
    "plain": ASKING,
    "with <s>": "{{ bos_token }}" + ASKING,
    "ends in a line break": "{{ bos_token }}" + TURNS + "{% if add_generation_prompt %}<assistant>\n{% endif %}",
    "ends in spaces": TURNS + "{% if add_generation_prompt %}<assistant>  {% endif %}",
    "no system role": "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + ASKING,
}
LIMIT = 4


def chat_model(folder: Path, template: Any, *, bos: bool = False) -> Path:
    """A tiny model whose tokens are bytes, <s> and </s>; with ``bos`` its tokenizer begins every text with <s>."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    write_tiny_neox(folder, vocabulary=260)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {letter: index for index, letter in enumerate(letters)} | {"<s>": 257, "</s>": 258}
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if bos:
        tokenizer.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 257)])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    fast.chat_template = template
    fast.save_pretrained(folder)
    return folder


def checkpoint(folder: Path, **asked: Any) -> Checkpoint:
    arguments = {"dtype": "float32", **asked.pop("model_args", {})}
    return Checkpoint(folder.name, 0.0, path=str(folder), model_args=arguments, batch_size=1, **asked)


class Told:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def planned(self, pieces: int, *, items: int = 0, checkpoints: Any = None) -> None: ...
    def started(self, checkpoint: str, task: str, items: int = 0) -> None: ...
    def answered(self, checkpoint: str, task: str, share: float) -> None: ...
    def finished(self, checkpoint: str, task: str, items: int, *, of: int = 0) -> None: ...
    def said(self, message: str) -> None:
        self.lines.append(message)


def ours(*asked: Checkpoint, task: str, output: Path) -> tuple[Any, list[dict[str, Any]], dict[str, Any]]:
    """The outcome of a family, and samples and results of its last checkpoint as they lie in the results folder."""
    outcome = evaluate_family(Family("f", (task,), asked), RunFolder(output), limit=LIMIT, listener=Told())
    assert not outcome.failures, outcome.failures
    native = output / "lm_eval" / outcome.fingerprints[asked[-1].name]
    (samples,), (results,) = native.glob("samples_*"), native.glob("results_*")
    rows = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]
    return outcome, rows, json.loads(results.read_text(encoding="utf-8"))


def theirs(folder: Path, task: str, **options: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """lm_eval's own, through its front door with its own ``hf``, as they are after a trip through JSON."""
    arguments = {"pretrained": str(folder), "dtype": "float32", "softmax_dtype": "float32"}
    found = simple_evaluate(
        HFLM.create_from_arg_obj(arguments, {"batch_size": 1, "device": "cpu"}), tasks=[task], limit=LIMIT,
        log_samples=True, bootstrap_iters=0, task_manager=task_manager(with_defaults=False), **options,
    )  # fmt: skip
    assert found is not None
    rows = json.loads(json.dumps(found["samples"][task], default=str))
    return rows, found


def arguments_of(row: dict[str, Any]) -> list[list[Any]]:
    """Of each request; a samples file names them gen_args_0, arg_0 ..."""
    logged = row["arguments"]
    return [list(each.values()) for each in logged.values()] if isinstance(logged, dict) else logged


def same_arguments(mine: list[dict[str, Any]], their: list[dict[str, Any]]) -> None:
    assert len(mine) == len(their) > 0
    for one, other in zip(mine, their, strict=True):
        assert one["prompt_hash"] == other["prompt_hash"]
        assert arguments_of(one) == arguments_of(other)


def numbers(rows: list[dict[str, Any]]) -> list[float]:
    return [float(each[0]) for row in rows for each in row["filtered_resps"]]


@pytest.mark.parametrize(("name", "bos"), [*zip(TEMPLATES, [False, True, True, False, False]), ("with <s>", False)])
def test_prompts_and_numbers_of_choices_are_lm_evals(name: str, bos: bool, tmp_path: Path) -> None:
    """To the letter, whether <s> comes from the template, the tokenizer, both or neither; numbers to 1e-4."""
    folder = chat_model(tmp_path / "chat", TEMPLATES[name], bos=bos)
    how: dict[str, Any] = {"apply_chat_template": True, "system_instruction": "Be brief.", "num_fewshot": 1}
    for turns in (True, False):
        rows, _ = theirs(folder, "synth_recall", fewshot_as_multiturn=turns, **how)
        asked = checkpoint(folder, fewshot_as_multiturn=turns, **how)
        _, mine, _ = ours(asked, task="synth_recall", output=tmp_path / f"out{turns}")
        same_arguments(mine, rows)
        assert arguments_of(mine[0])[0][0].count("<user>") == 1 + turns
        assert numbers(mine) == pytest.approx(numbers(rows), abs=1e-4)
        assert [row["acc"] for row in mine] == [row["acc"] for row in rows]


def test_the_shared_prefixes_are_used_under_a_template(tmp_path: Path) -> None:
    """Or the comparison above would compare lm_eval with itself."""
    folder = chat_model(tmp_path / "chat", TEMPLATES["with <s>"], bos=True)
    model: Any = load_model(checkpoint(folder, apply_chat_template=True), device="cpu")
    text = model.apply_chat_template([{"role": "user", "content": "hi"}])
    assert text == "<s><user>hi\n<assistant>"
    assert model.tok_encode(text)[:2] == [257, model.tok_encode("<", add_special_tokens=False)[0]]  # one <s>
    model._encode_together([text, "hi"])
    assert model._encoded == {each: HFLM.tok_encode(model, each) for each in (text, "hi")}
    assert model.fallback_reason is None
    release(model)


@pytest.mark.parametrize("template", [False, True])
def test_a_system_instruction_needs_no_template(template: bool, tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "chat", TEMPLATES["plain"])
    how: dict[str, Any] = {"apply_chat_template": template, "system_instruction": "Be brief.", "num_fewshot": 0}
    rows, _ = theirs(folder, "synth_recall", **how)
    _, mine, logged = ours(checkpoint(folder, **how), task="synth_recall", output=tmp_path / "out")
    same_arguments(mine, rows)
    assert arguments_of(mine[0])[0][0].startswith("<system>Be brief." if template else "Be brief.")
    assert logged["system_instruction"] == "Be brief."
    assert (logged["chat_template"] is not None) == template


def test_generation_is_asked_as_lm_eval_asks(tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "chat", TEMPLATES["with <s>"])
    settings = {"max_gen_toks": 6, "do_sample": False, "temperature": 0.0}
    how: dict[str, Any] = {"apply_chat_template": True, "num_fewshot": 1, "gen_kwargs": settings}
    rows, found = theirs(folder, "synth_recall_generate", fewshot_as_multiturn=True, **how)
    name = "synth_recall_generate"
    outcome, mine, logged = ours(
        checkpoint(folder),
        replace(checkpoint(folder, **how), name="chat2", ratio=0.5),
        task=name,
        output=tmp_path / "o",
    )
    same_arguments(mine, rows)
    assert mine[0]["resps"] == rows[0]["resps"]  # greedy, so the same texts
    assert logged["configs"][name]["generation_kwargs"] == found["configs"][name]["generation_kwargs"]
    assert logged["config"]["gen_kwargs"] == settings
    # the first checkpoint was asked with the task's own settings, which the second's did not change
    native = tmp_path / "o" / "lm_eval" / outcome.fingerprints["chat"]
    (plain,) = native.glob("results_*")
    assert json.loads(plain.read_text(encoding="utf-8"))["configs"][name]["generation_kwargs"]["temperature"] > 0
    asked = [read_results(file).tasks[name].asked for file in (plain, *native.parent.glob("*/results_*"))]
    assert len({each["chat template"] for each in asked}) == 2


def test_rolling_texts_have_no_template(tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "chat", TEMPLATES["plain"])
    how: dict[str, Any] = {"apply_chat_template": True, "system_instruction": "Be brief."}
    rows, _ = theirs(folder, "synth_domain_licences", **how)
    _, mine, _ = ours(checkpoint(folder, **how), task="synth_domain_licences", output=tmp_path / "out")
    same_arguments(mine, rows)
    likelihoods = [[float(row["filtered_resps"][0]) for row in each] for each in (mine, rows)]
    assert likelihoods[0] == pytest.approx(likelihoods[1], rel=1e-5)


def test_a_template_of_a_name_is_the_one_that_is_applied(tmp_path: Path) -> None:
    """lm_eval 0.4.13 logs the template that is named and applies the one called default."""
    templates = {"default": TEMPLATES["plain"], "shout": "!!" + TEMPLATES["plain"]}
    folder = chat_model(tmp_path / "chat", templates)
    _, mine, logged = ours(checkpoint(folder, apply_chat_template="shout"), task="synth_recall", output=tmp_path / "o")
    assert arguments_of(mine[0])[0][0].startswith("!!<user>")
    assert logged["chat_template"] == templates["shout"]
    rows, _ = theirs(folder, "synth_recall", apply_chat_template=True)
    _, mine, logged = ours(checkpoint(folder, apply_chat_template=True), task="synth_recall", output=tmp_path / "o")
    same_arguments(mine, rows)
    assert logged["chat_template"] == templates["default"]
    by_name, _ = theirs(folder, "synth_recall", apply_chat_template="shout")
    assert not arguments_of(by_name[0])[0][0].startswith("!!")  # when this fails, lm_eval applies it too


def test_what_is_evaluated_again(tmp_path: Path) -> None:
    """Every setting is part of what results are kept under, a template's text too; setting it back finds the old."""
    folder = chat_model(tmp_path / "chat", {"default": TEMPLATES["plain"], "other": TEMPLATES["with <s>"]})
    variants: list[dict[str, Any]] = [
        {},
        {"system_instruction": "Be brief."},
        {"gen_kwargs": {"max_gen_toks": 5}},
        {"apply_chat_template": True, "num_fewshot": 1},
        {"apply_chat_template": True, "num_fewshot": 1, "fewshot_as_multiturn": False},
        {"apply_chat_template": "other", "num_fewshot": 1},
    ]
    evaluated = [ours(checkpoint(folder, **each), task="synth_recall", output=tmp_path / "out")[0] for each in variants]
    assert [each.evaluated for each in evaluated] == [1] * len(variants)
    assert len({each.fingerprints["chat"] for each in evaluated}) == len(variants)
    again = [ours(checkpoint(folder, **each), task="synth_recall", output=tmp_path / "out")[0] for each in variants]
    assert [each.evaluated for each in again] == [0] * len(variants)
    (folder / "additional_chat_templates" / "other.jinja").write_text(TEMPLATES["ends in spaces"], encoding="utf-8")
    assert ours(checkpoint(folder, **variants[-1]), task="synth_recall", output=tmp_path / "out")[0].evaluated == 1


@pytest.mark.parametrize(
    ("template", "wanted", "message"),
    [
        (None, True, "apply_chat_template: its tokenizer has no chat template: save one with it"),
        (ASKING, "shout", "has one chat template, without the name 'shout': write true"),
        ({"default": ASKING, "b": ASKING}, "c", "has no chat template 'c': write apply_chat_template: b, or default"),
        ({"a": ASKING, "b": ASKING}, True, "several chat templates and no default: write apply_chat_template: a, or b"),
    ],
)
def test_templates_that_are_not_there(template: Any, wanted: bool | str, message: str, tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "chat", template)
    with pytest.raises(CheckpointError, match=f"chat: {message}" if template is None else message):
        load_model(checkpoint(folder, apply_chat_template=wanted), device="cpu")
