import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from synth_eval.errors import CheckpointError
from synth_eval.results import fingerprint as module
from synth_eval.results.fingerprint import checkpoint_fingerprint, package_versions, run_settings, settings_fingerprint
from synth_eval.types import Checkpoint


@pytest.fixture
def model(tmp_path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "gpt_neox"}')
    (folder / "tokenizer.json").write_text('{"version": "1.0"}')
    save_file({"w": np.arange(1000, dtype=np.float32), "b": np.zeros(3, np.float32)}, folder / "model.safetensors")
    return folder


def refused(folder) -> str:
    with pytest.raises(CheckpointError) as caught:
        checkpoint_fingerprint(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_content_decides_and_place_does_not(model, tmp_path):
    first = checkpoint_fingerprint(model)
    assert len(first) == 16
    assert int(first, 16) >= 0
    model.rename(tmp_path / "elsewhere")
    moved = tmp_path / "elsewhere"
    os.utime(moved / "config.json", (0, 0))
    (moved / "README.md").write_text("training notes do not change results")
    (moved / "optimizer.pt").write_bytes(b"nor does the optimizer")
    assert checkpoint_fingerprint(moved) == first
    assert checkpoint_fingerprint(str(moved), full=True) == first


@pytest.mark.parametrize(
    "name",
    ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt",
     "special_tokens_map.json", "added_tokens.json", "tokenizer.model", "chat_template.jinja", "modeling_own.py"],
)  # fmt: skip
def test_every_file_that_decides_a_score_counts(model, name):
    before = checkpoint_fingerprint(model)
    (model / name).write_text("{}")
    assert checkpoint_fingerprint(model) != before


def test_one_weight_of_a_small_file_counts(model):
    before = checkpoint_fingerprint(model)
    weights = load_file(model / "model.safetensors")
    weights["w"][500] = np.nextafter(weights["w"][500], np.float32(1e9))
    save_file(weights, model / "model.safetensors")
    assert checkpoint_fingerprint(model) != before


def test_large_files_are_sampled_unless_full(model, monkeypatch):
    monkeypatch.setattr(module, "WHOLE_BELOW", 1024)
    monkeypatch.setattr(module, "BLOCK_BYTES", 16)
    path = model / "model.safetensors"
    before, before_full = checkpoint_fingerprint(model), checkpoint_fingerprint(model, full=True)
    content = bytearray(path.read_bytes())
    size = len(content)
    # blocks start at (size - 16) * i // 63 (about 64 bytes apart): the bytes just after block 10 are in none
    between = (size - 16) * 10 // 63 + 17
    content[between] ^= 1
    path.write_bytes(content)
    assert checkpoint_fingerprint(model) == before
    assert checkpoint_fingerprint(model, full=True) != before_full
    content[between] ^= 1
    for inside in (size - 1, (size - 16) * 10 // 63):  # the last byte, and the first of block 10
        changed = bytearray(content)
        changed[inside] ^= 1
        path.write_bytes(changed)
        assert checkpoint_fingerprint(model) != before


def test_bytes_cannot_move_between_files(model):
    (model / "merges.txt").write_text("ab")
    (model / "vocab.json").write_text("c")
    before = checkpoint_fingerprint(model)
    (model / "merges.txt").write_text("a")
    (model / "vocab.json").write_text("bc")
    assert checkpoint_fingerprint(model) != before


def test_safetensors_come_before_other_formats(model):
    before = checkpoint_fingerprint(model)
    (model / "pytorch_model.bin").write_bytes(b"not loaded, so of no account")
    assert checkpoint_fingerprint(model) == before
    (model / "model.safetensors").unlink()
    assert checkpoint_fingerprint(model) != before


def test_pickles_are_bytes(model):
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    first = checkpoint_fingerprint(model)
    (model / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'exit 2'\ntR.")
    assert checkpoint_fingerprint(model) != first


def test_a_gguf_needs_no_config(tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"GGUF....")
    assert len(checkpoint_fingerprint(tmp_path)) == 16


def test_shards(model):
    (model / "model.safetensors").rename(model / "model-00001-of-00002.safetensors")
    save_file({"c": np.ones(4)}, model / "model-00002-of-00002.safetensors")
    shards = {"w": "model-00001-of-00002.safetensors", "c": "model-00002-of-00002.safetensors"}
    (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    before = checkpoint_fingerprint(model)
    save_file({"c": np.zeros(4)}, model / "model-00002-of-00002.safetensors")
    assert checkpoint_fingerprint(model) != before
    (model / "model-00002-of-00002.safetensors").unlink()
    assert "model-00002-of-00002.safetensors: missing, though model.safetensors.index.json names it" in refused(model)
    (model / "model.safetensors.index.json").write_text("{")
    assert "model.safetensors.index.json: damaged" in refused(model)


def test_hub_ids():
    main = checkpoint_fingerprint("org/name")
    assert main == checkpoint_fingerprint("org/name", revision="main")
    assert main != checkpoint_fingerprint("org/name", revision="step1000")
    assert main != checkpoint_fingerprint("org/other")


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def test_broken_checkpoints_are_named(model, tmp_path):
    weights = model / "model.safetensors"
    whole = weights.read_bytes()
    header = int.from_bytes(whole[:8], "little")
    assert "no such file" not in refused(tmp_path / "nothing/here/at/all")
    assert "no such folder" in refused(tmp_path / "nothing/here/at/all")

    cut(weights, len(whole) - 1)
    assert f"{weights}: truncated: {len(whole) - 1:,} of {len(whole):,} bytes" in refused(model)
    cut(weights, header)
    assert f"{weights}: truncated inside its header ({header} bytes)" in refused(model)
    cut(weights, 5)
    assert f"{weights}: truncated after 5 bytes" in refused(model)
    cut(weights, 0)
    assert f"{weights}: truncated after 0 bytes" in refused(model)
    weights.write_bytes(whole + b"xx")
    assert "2 bytes longer than its header says" in refused(model)
    weights.write_bytes(whole[:8] + b"?" + whole[9:])
    assert "its header is damaged" in refused(model)
    weights.write_bytes(b"\xff" * 100)
    assert "not a safetensors file" in refused(model)
    weights.write_bytes((2).to_bytes(8, "little") + b"{}")
    assert "holds no tensors" in refused(model)
    weights.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert "a Git LFS pointer, not the weights: run `git lfs pull`" in refused(model)

    weights.unlink()
    assert f"{model}: no weights" in refused(model)
    (model / "pytorch_model.bin").write_bytes(b"")
    assert "pytorch_model.bin: empty" in refused(model)
    (model / "config.json").unlink()
    assert f"{model}: no config.json" in refused(model)


def test_settings_are_hashed_by_value():
    base = settings_fingerprint({"limit": None, "model_args": {"a": 1, "b": 0.5}})
    assert len(base) == 16
    assert base == settings_fingerprint({"model_args": {"b": np.float64(0.5), "a": np.int64(1)}, "limit": None})
    for other in (
        {"limit": 20, "model_args": {"a": 1, "b": 0.5}},
        {"limit": None, "model_args": {"a": "1", "b": 0.5}},
        {"limit": None, "model_args": {"a": True, "b": 0.5}},
        {"limit": None, "model_args": {"a": 1}, "b": 0.5},
    ):
        assert settings_fingerprint(other) != base


def test_run_settings_hold_what_decides_a_result():
    point = Checkpoint(name="a", ratio=0, model_args={"dtype": "float32"}, num_fewshot=5, batch_size=4)
    settings = run_settings(point, limit=20, seed=7)
    assert settings["versions"]["lm_eval"].startswith("0.4.")
    assert set(settings["versions"]) == {"lm_eval", "transformers", "torch"}
    assert package_versions(["no-such-package"]) == {"no-such-package": "none"}
    same = Checkpoint(name="b", ratio=0.5, model_args={"dtype": "float32"}, num_fewshot=5, batch_size="auto")
    key = settings_fingerprint(settings)
    assert settings_fingerprint(run_settings(same, limit=20, seed=7)) == key  # place and batch size do not count
    assert settings_fingerprint(run_settings(point, seed=7)) != key
    assert settings_fingerprint(run_settings(point, limit=20)) != key
