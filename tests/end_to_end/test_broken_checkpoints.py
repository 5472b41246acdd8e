"""Every way for a checkpoint to be broken: it fails alone, says why in one line, and the others are compared."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_checkpoint import write_tiny_neox

from synth_eval.harness.environment import prepare

prepare(offline=True)

from synth_eval import cli
from synth_eval.errors import CheckpointError, ExitCode
from synth_eval.harness.model import load_model
from synth_eval.types import Checkpoint

pytestmark = pytest.mark.slow


def set_config(**values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return change


def without(*names: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


def cut(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-50])


def half_a_config(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def nan(folder: Path) -> None:
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights["embed_out.weight"][3, 5] = np.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def small_vocabulary(folder: Path) -> None:
    write_tiny_neox(folder, layers=2, vocabulary=200)


# How it is broken, and what the one line must say. The good one has two layers of 16.
BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "no-weights": (without("model.safetensors"), "no weights"),
    "truncated": (cut, "model.safetensors: truncated"),
    "more-layers": (set_config(num_hidden_layers=3), "the weights lack"),
    "fewer-layers": (set_config(num_hidden_layers=1), "for which config.json has no place"),
    "wider": (set_config(hidden_size=32), "in another shape than config.json"),
    "unknown-type": (set_config(model_type="nonsense"), "nonsense"),
    "no-config": (without("config.json"), "no config.json"),
    "no-json": (half_a_config, "not a valid JSON"),
    "no-tokenizer": (without("tokenizer.json", "tokenizer_config.json"), "no tokenizer"),
    "nan": (nan, ".weight has NaN"),
    "small-vocabulary": (small_vocabulary, "token ids up to 256, the model embeds only 200"),
    # Choices are longer than 4 tokens: that task fails, and rolling text in windows of 4 does not.
    "short-memory": (set_config(max_position_embeddings=4), "synth_recall: "),
}


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broken")
    good = write_tiny_neox(folder / "good", layers=2)
    write_tiny_neox(folder / "other", layers=2, seed=4)
    lines = ["family: broken", "tasks: [synth_recall, synth_domain_licences]"]
    lines += ["defaults: {model_args: {dtype: float32}}", "checkpoints:"]
    lines += ["  - {path: good, ratio: 0}", "  - {path: other, ratio: 0.9}"]
    for number, (name, (change, _)) in enumerate(BROKEN.items(), start=1):
        shutil.copytree(good, folder / name)
        change(folder / name)
        lines.append(f"  - {{path: {name}, ratio: {number / 20}}}")
    (folder / "family.yaml").write_text("\n".join(lines))
    return folder


def test_each_fails_alone_with_its_reason(
    family: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["synth-eval", "compare", str(family / "family.yaml"), "--limit", "6"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    said = capsys.readouterr()
    assert stop.value.code == ExitCode.PARTIAL
    assert "Traceback" not in said.out + said.err
    comparison = json.loads((family / "results/broken/comparison.json").read_text())
    by_ratio = {record["ratio"]: record for record in comparison["checkpoints"]}
    for number, (name, (_, reason)) in enumerate(BROKEN.items(), start=1):
        failed = by_ratio[number / 20]["failed"]
        assert reason in failed, name
        assert "\n" not in failed
    assert not by_ratio[0]["failed"]
    assert not by_ratio[0.9]["failed"]
    scored = {cell["task"]: cell["data"]["ratios"] for cell in comparison["cells"]}
    short = list(BROKEN).index("short-memory") / 20 + 0.05
    assert scored["synth_recall"] == [0.0, 0.9]
    assert scored["synth_domain_licences"] == pytest.approx([0.0, short, 0.9])


def test_out_of_memory(family: Path, tmp_path: Path) -> None:
    """Weights of 2 GB, a file with a hole, and 300 MB of address space to load them into."""
    folder = tmp_path / "large"
    shutil.copytree(family / "good", folder)
    set_config(vocab_size=16_000_000)(folder)
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    end = 0
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if name in ("embed_out.weight", "gpt_neox.embed_in.weight"):
            entry["shape"][0] = 16_000_000
        size = 4 * int(np.prod(entry["shape"]))
        entry["data_offsets"] = [end, end + size]
        end += size
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)
    load_model(Checkpoint("good", 0.0, path=str(family / "good")), device="cpu")  # all imports and pools are there
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 300 * 2**20, limits[1]))
    try:
        with pytest.raises(CheckpointError, match="large: cannot be loaded: out of memory") as caught:
            load_model(Checkpoint("large", 0.0, path=str(folder), model_args={"dtype": "float32"}), device="cpu")
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
    assert "\n" not in str(caught.value)
    load_model(Checkpoint("good", 0.0, path=str(family / "good")), device="cpu")


def test_provenance_and_hash_of_all_bytes(
    family: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the numbers depend on stands in comparison.json; small weights have one fingerprint under both hashes."""
    text = (
        "family: two\ntasks: [synth_recall]\ncheckpoints:\n  - {path: good, ratio: 0}\n  - {path: other, ratio: 0.5}\n"
    )
    (family / "two.yaml").write_text(text)
    provenance = {}
    for hashing in ("sampled", "full"):
        command = ["synth-eval", "compare", str(family / "two.yaml"), "--limit", "6", "--hash", hashing]
        monkeypatch.setattr("sys.argv", command)
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert not stop.value.code, capsys.readouterr().err
        comparison = json.loads((family / "results/two/comparison.json").read_text())
        provenance[hashing] = comparison["provenance"]
        assert len({record["fingerprint"] for record in comparison["checkpoints"]}) == 2
    assert "nothing to evaluate" in capsys.readouterr().out.rpartition("results in")[0].splitlines()[-1]
    assert provenance["full"]["weights_hash"] == "every byte"
    assert provenance["sampled"]["weights_hash"] != "every byte"
    for name in ("lm_eval", "transformers", "torch", "synth_eval", "limit", "task synth_recall"):
        assert provenance["full"][name] == provenance["sampled"][name] != ""
