"""Families of LoRA adapters over one base: each is a model of its own, whatever path it shares with others."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import synth_eval
from synth_eval.errors import CheckpointError, ManifestError
from synth_eval.manifest import load_family
from synth_eval.results import model_fingerprint
from synth_eval.types import Checkpoint
from tests.support.tiny_checkpoint import write_tiny_neox


def write_adapter(base: Path, folder: Path, *, seed: int, merged: Path | None = None) -> Path:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(seed)
    config = LoraConfig(r=2, target_modules=["query_key_value", "dense"], init_lora_weights=False)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    model.save_pretrained(folder)
    if merged is not None:
        model.merge_and_unload().save_pretrained(merged)
        AutoTokenizer.from_pretrained(base).save_pretrained(merged)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lora")
    base = write_tiny_neox(root / "base", vocabulary=264)  # padded: the tokenizer has 257
    write_adapter(base, root / "adapters" / "a", seed=1, merged=root / "merged")
    write_adapter(base, root / "adapters" / "b", seed=2)
    return root


def manifest(root: Path, *lines: str) -> Path:
    file = root / "checkpoints.yaml"
    file.write_text("family: f\ntasks: synth_recall\ncheckpoints:\n" + "".join(f"  - {{{line}}}\n" for line in lines))
    return file


def nll(result: synth_eval.EvaluationResult) -> dict[str, np.ndarray]:
    return {name: table.columns["nll"] for (name, _), table in result.tables.items()}


def test_adapters_over_one_base_are_models_of_their_own(made: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(made, tmp_path / "f"))
    file = manifest(
        root,
        "path: base, name: base, ratio: 0",
        "path: base, name: a, ratio: .5, model_args: {peft: adapters/a}",
        "path: adapters/b, name: b, ratio: 1",
        "path: merged, name: merged, ratio: .6",
        "path: base, name: plain, ratio: .7, model_args: {peft: adapters/a, shared_prefix: false}",
    )
    first = synth_eval.evaluate(file, limit=12)
    assert (first.failures, first.evaluated) == ({}, 5)
    scores = nll(first)
    for unmerged in ("a", "plain"):  # by either engine
        np.testing.assert_allclose(scores[unmerged], scores["merged"], atol=1e-4)
    assert all(abs(scores[one] - scores[other]).max() > 0.01 for one, other in [("base", "a"), ("a", "b")])
    assert synth_eval.evaluate(file, limit=12).evaluated == 0
    # another training of one adapter: it alone is evaluated again (by either engine), and its numbers are the new ones
    write_adapter(root / "base", root / "adapters" / "a", seed=9)
    again = synth_eval.evaluate(file, limit=12)
    assert again.evaluated == 2
    changed = nll(again)
    assert abs(changed["a"] - scores["a"]).max() > 0.01
    np.testing.assert_array_equal(changed["b"], scores["b"])


def test_everything_that_makes_the_model_is_in_its_fingerprint(made: Path, tmp_path: Path) -> None:
    base, a, b = (str(made / name) for name in ("base", "adapters/a", "adapters/b"))
    moved = str(shutil.copytree(a, tmp_path / "moved"))
    tokens = shutil.copytree(base, tmp_path / "tokenizer")

    def of(**arguments: object) -> str:
        return model_fingerprint(Checkpoint(name="c", ratio=0.0, path=base, model_args=arguments))

    different = [
        of(), of(peft=a), of(peft=b), of(lora_local_path=a), of(delta=base), of(tokenizer=str(tokens)),
        of(dtype="float16"), of(load_in_8bit=True), of(gguf_file="model.safetensors"), of(max_length=64),
        of(shared_prefix=False), model_fingerprint(Checkpoint(name="c", ratio=0.0, path=base, num_fewshot=2)),
    ]  # fmt: skip
    assert len(set(different)) == len(different)
    assert of(peft=moved) == of(peft=a)
    before = of(tokenizer=str(tokens))
    (tokens / "tokenizer_config.json").write_text("{}")
    assert of(tokenizer=str(tokens)) != before
    Path(moved, "adapter_model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="no weights"):
        of(peft=moved)


def test_one_content_asked_in_several_ways_is_kept_in_several_folders(made: Path) -> None:
    """Each had overwritten the other's results, and was evaluated again on every run."""
    file = manifest(
        made,
        "path: base, name: zero, ratio: 0",
        "path: base, name: two, ratio: .5, num_fewshot: 2",
        "path: base, name: short, ratio: .6, model_args: {max_length: 24}",
        "path: base, name: half, ratio: .7, model_args: {dtype: bfloat16}",
        "path: base, name: same, ratio: 1, batch_size: 3",
    )
    first = synth_eval.evaluate(file, limit=6)
    assert (first.failures, first.evaluated) == ({}, 4)
    scores = nll(first)
    np.testing.assert_array_equal(scores["same"], scores["zero"])
    assert all(abs(scores[name] - scores["zero"]).max() > 1e-3 for name in ("two", "short", "half"))
    again = synth_eval.evaluate(file, limit=6)
    assert again.evaluated == 0
    for name, values in nll(again).items():
        np.testing.assert_array_equal(values, scores[name])


def test_paths_of_arguments_are_relative_to_the_manifest(made: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(made, tmp_path / "f"))
    line = "path: base, ratio: 0, model_args: {peft: ./adapters/a, tokenizer: base}"
    (checkpoint,) = load_family(manifest(root, line)).checkpoints
    assert checkpoint.model_args == {"peft": str(root / "adapters/a"), "tokenizer": str(root / "base")}
    with pytest.raises(ManifestError, match=r"checkpoints.yaml:4.*model_args.peft: ./adapters/c is not there"):
        load_family(manifest(root, "path: base, ratio: 0, model_args: {peft: ./adapters/c}"))


def test_an_adapter_without_its_base_is_named(made: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(made, tmp_path / "f"))
    config = root / "adapters" / "a" / "adapter_config.json"
    for content, reason in [
        ("{}", "no base model"),
        ('{"base_model_name_or_path": "/no/where"}', "the base /no/where"),
    ]:
        config.write_text(content)
        with pytest.raises(ManifestError, match=f"a is an adapter, and its adapter_config.json names {reason}"):
            load_family(manifest(root, "path: adapters/a, ratio: 0"))


def test_a_long_path_loses_no_results(made: Path, tmp_path: Path) -> None:
    """lm-eval makes a folder of the whole path, which file systems refuse beyond 255 bytes."""
    long = tmp_path / ("a" * 120) / ("b" * 120) / ("ü" * 40)
    shutil.copytree(made / "base", long)
    result = synth_eval.evaluate(manifest(tmp_path, f'path: "{long}", ratio: 0'), limit=4)
    assert (result.failures, result.evaluated) == ({}, 1)
