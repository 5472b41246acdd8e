"""Checkpoints that cannot be scored are refused at once, with the reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from lm_eval.api.instance import Instance
from tiny_checkpoint import write_tiny_neox

from synth_eval.errors import CheckpointError
from synth_eval.harness.environment import prepare
from synth_eval.harness.model import load_model
from synth_eval.types import Checkpoint

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prepare(offline=True)
    return write_tiny_neox(tmp_path / "model")


def checkpoint(folder: Path) -> Checkpoint:
    return Checkpoint(name="c", ratio=0.0, path=str(folder), model_args={"dtype": "float32"})


def test_a_good_one_loads_and_scores_in_float32(folder: Path) -> None:
    import torch

    model = load_model(checkpoint(folder), device="cpu")
    assert model.softmax_dtype == torch.float32
    assert model.batch_size == 64


def test_nan_weights(folder: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    name = next(iter(weights))
    weights[name] = torch.full_like(weights[name], float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"c: weight .* has NaN"):
        load_model(checkpoint(folder), device="cpu")


def test_weights_that_parallelize_keeps_elsewhere(tmp_path: Path) -> None:
    """Some on the disk, where there is no memory for them: the same numbers, by shared prefixes too; NaN is found."""
    import torch
    from safetensors.torch import load_file, save_file

    prepare(offline=True)
    folder = write_tiny_neox(tmp_path / "model", layers=6, hidden=64)
    more = {"parallelize": True, "max_cpu_memory": "600KB", "offload_folder": str(tmp_path / "elsewhere")}
    asked = [("the sun is", " hot"), ("the sun is", " cold"), ("water is", " wet")]
    requests = [Instance("loglikelihood", {}, pair, 0) for pair in asked]
    found = {}
    for arguments in ({}, more, {**more, "shared_prefix": False}):
        there = checkpoint(folder)
        model = load_model(replace(there, model_args={**there.model_args, **arguments}, batch_size=1), device="cpu")
        away = {str(parameter.device) for parameter in model.model.parameters()}
        assert away == ({"cpu", "meta"} if arguments else {"cpu"})
        assert getattr(model, "fallback_reason", None) is None
        found[len(arguments)] = [loglik for loglik, _ in model.loglikelihood(requests)]
    assert found[3] == pytest.approx(found[0], abs=1e-4)
    assert found[4] == pytest.approx(found[0], abs=1e-4)
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if ".layers.5." in name and name.endswith("weight"))
    weights[name] = torch.full_like(weights[name], float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=rf"c: weight {name} has NaN"):
        load_model(replace(there, model_args={**there.model_args, **more}), device="cpu")


def test_a_tokenizer_of_another_model(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["added_tokens"].append(
        {
            "id": 5000, "content": "<new>", "special": True, "single_word": False,
            "lstrip": False, "rstrip": False, "normalized": False,
        }
    )  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    model = load_model(checkpoint(folder), device="cpu")  # no prompt need have that token: Gemma 3 has such ids
    plain = Instance("loglikelihood", {}, ("a b", " c"), 0)
    ((score, _),) = model.loglikelihood([plain], disable_tqdm=True)
    assert score < 0
    for shared_prefix in (True, False):
        model = load_model(
            replace(checkpoint(folder), model_args={"dtype": "float32", "shared_prefix": shared_prefix}), device="cpu"
        )
        with pytest.raises(CheckpointError, match="token ids up to 257, the model embeds only 257, and a prompt has"):
            model.loglikelihood([Instance("loglikelihood", {}, ("a <new> b", " c"), 0)], disable_tqdm=True)


@pytest.mark.parametrize("missing", ["tokenizer.json", "config.json", "model.safetensors"])
def test_missing_files(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(CheckpointError, match="c: cannot be loaded") as caught:
        load_model(checkpoint(folder), device="cpu")
    assert "\n" not in str(caught.value)


def test_an_unknown_model_class(folder: Path) -> None:
    wrong = Checkpoint(name="c", ratio=0.0, path=str(folder), model="hff")
    with pytest.raises(CheckpointError, match="c: cannot be loaded"):
        load_model(wrong, device="cpu")
