"""`synth-eval init` on folders of checkpoints and of lm-eval's output: what it writes loads, or says what is open."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import save_file

from synth_eval.cli.init import init
from synth_eval.errors import ManifestError
from synth_eval.manifest import load_family

DATE = "2026-01-02T03-04-05.000000"


def _model(folder, shape=(1000, 70)):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    save_file({"weight": np.zeros(shape, np.float16)}, folder / "model.safetensors")


def _output(folder, model):
    folder.mkdir(parents=True)
    results = {
        "results": {"arc": {"acc,none": 0.5}},
        "config": {"model_args": f"pretrained={model}"},
        "model_name": model,
    }
    (folder / f"results_{DATE}.json").write_text(json.dumps(results))


def _run(monkeypatch, folder, *arguments):
    monkeypatch.chdir(folder)
    found = CliRunner().invoke(init, arguments, standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return found.output


def test_a_family_of_models(tmp_path, monkeypatch):
    for name in ("r00-s0", "r00-s1", "r10-s0", "r10-s1", "r50-s0", "r50-s1"):
        _model(tmp_path / "runs" / name)
    _model(tmp_path / "runs" / "r50-s1" / "checkpoint-100")  # an intermediate save
    said = _run(monkeypatch, tmp_path, "runs")
    assert "6 checkpoints" in said
    assert "to do" not in said
    assert "next: synth-eval compare checkpoints.yaml" in said
    family = load_family(tmp_path / "checkpoints.yaml")
    assert family.name == "runs"
    assert {(c.ratio, c.seed, c.size) for c in family.checkpoints} == {
        (ratio, seed, "70k") for ratio in (0.0, 0.1, 0.5) for seed in (0, 1)
    }


def test_outputs_are_given_to_their_checkpoints_or_stand_alone(tmp_path, monkeypatch):
    for name in ("r0", "r20"):
        _model(tmp_path / "runs" / name)
        _output(tmp_path / "out" / f"runs__{name}", f"runs/{name}")
    _output(tmp_path / "out" / "runs__r40", "runs/r40")
    said = _run(monkeypatch, tmp_path, "runs", "out", "--family", "mine", "-o", "family.yaml")
    assert "to do: no size known of 1 checkpoint" in said
    manifest = tmp_path / "family.yaml"
    manifest.write_text(manifest.read_text().replace("size: FILL_IN", "size: 70k"))
    family = load_family(tmp_path / "family.yaml")
    assert family.name == "mine"
    assert [(c.ratio, c.path is not None, len(c.results)) for c in family.checkpoints] == [
        (0.0, True, 1),
        (0.2, True, 1),
        (0.4, False, 1),
    ]


def test_adapters_take_the_size_of_their_base(tmp_path, monkeypatch):
    for name in ("r0", "r20", "r40"):
        (tmp_path / "lora" / name).mkdir(parents=True)
        config = {"base_model_name_or_path": "org/pythia-410m"}
        (tmp_path / "lora" / name / "adapter_config.json").write_text(json.dumps(config))
    _run(monkeypatch, tmp_path, "lora")
    assert "size: 410M" in (tmp_path / "checkpoints.yaml").read_text()


def test_what_is_open_is_said_and_refused_until_it_is_filled_in(tmp_path, monkeypatch):
    for name in ("r20", "b: {x}\n# y", "2/r20"):
        _model(tmp_path / "runs" / name)
    said = _run(monkeypatch, tmp_path, "runs")
    assert "no ratio in 1 name: write it instead of FILL_IN" in said
    assert "\n# y" not in said
    assert "the same place for runs/2/r20, runs/r20" in said
    assert "no checkpoint of ratio 0" in said
    with pytest.raises(ManifestError, match=r"checkpoints\.yaml:\d+: .*ratio"):
        load_family(tmp_path / "checkpoints.yaml")


def test_a_manifest_is_not_replaced_unless_asked(tmp_path, monkeypatch):
    _model(tmp_path / "runs" / "r0")
    (tmp_path / "checkpoints.yaml").write_text("mine")
    with pytest.raises(ManifestError, match="there already"):
        _run(monkeypatch, tmp_path, "runs")
    assert (tmp_path / "checkpoints.yaml").read_text() == "mine"
    _run(monkeypatch, tmp_path, "runs", "--force")
    assert "family: runs" in (tmp_path / "checkpoints.yaml").read_text()


@pytest.mark.parametrize("config", [b"{", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_a_folder_with_nothing_usable(tmp_path, monkeypatch, config):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "config.json").write_bytes(config)
    with pytest.raises(ManifestError, match="no checkpoint"):
        _run(monkeypatch, tmp_path, "runs")
    with pytest.raises(ManifestError, match="no such folder"):
        _run(monkeypatch, tmp_path, "elsewhere")
    assert not (tmp_path / "checkpoints.yaml").exists()
