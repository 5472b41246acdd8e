"""benchmarks/gpu.py, the whole of it on a CPU with a tiny random model."""

import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def made():
    sys.path.insert(0, str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("gpu", BENCHMARKS / "gpu.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(BENCHMARKS))


def test_every_measurement_with_a_tiny_layout(made, tmp_path, monkeypatch, capsys):
    for name, few in (("BATCH_SIZES", (2, 8)), ("PASS_SIZES", (64,)), ("REPEATS", 1), ("SETS", ("recall", "stories"))):
        monkeypatch.setattr(made, name, few)
    monkeypatch.setattr(made.logging, "disable", lambda level: None)
    arguments = ["--device", "cpu", "--dtype", "float32", "--layout", "tiny", "--items", "3", "--texts", "2", "--out"]
    monkeypatch.setattr(sys, "argv", ["gpu.py", *arguments, str(tmp_path)])
    made.main()
    results = json.loads((tmp_path / "gpu.json").read_text())
    measured = [(row["set"], row["shots"]) for row in results["rows"]]
    assert measured == [("stories", 0), ("stories", 5), ("recall", 0), ("recall", 5), ("rolling", 0)]
    for row in results["rows"]:
        assert row["fallback_reason"] is None
        assert row["difference"] < 1e-3
        assert row["distinct"] < row["tokens"]
        assert row["ours_seconds"] > 0
        assert row["hf_seconds"] > 0
    assert {(row["shots"], row["rows"]) for row in results["pass_sizes"]} == {
        (0, False), (0, True), (5, False), (5, True),
    }  # fmt: skip
    assert capsys.readouterr().out.count("| tiny |") == 5 + 4


def test_without_a_gpu_nothing_is_measured(made, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu.py", "--out", str(tmp_path)])
    made.main()
    assert capsys.readouterr().out == "no GPU here; nothing is measured\n"
    assert not list(tmp_path.iterdir())


def test_the_work_of_two_choices_by_hand(made):
    config = SimpleNamespace(vocab_size=10, hidden_size=4, num_hidden_layers=2)
    table = torch.zeros(10, 4)
    model = SimpleNamespace(
        config=config,
        get_input_embeddings=lambda: SimpleNamespace(weight=table),
        parameters=lambda: [table, torch.zeros(100)],
    )
    work = made.work_of(model, [(None, [1, 2], [3, 4]), (None, [1, 2], [5, 6])])
    # inputs 1 2 3 and 1 2 5: the tree is 1, 2, 3 and 5, at depths 1, 2, 3, 3; scored after 2, after 3 and after 5
    assert (work.tokens, work.distinct, work.scored) == (6, 4, 3)
    attention = 4 * (1 + 2 + 3 + 3) * 4 * 2
    assert work.flops == 2 * (100 + 40) * 4 + attention
    assert work.needed_flops == 2 * 100 * 4 + 2 * 40 * 3 + attention


def test_the_right_choice_of_a_story_is_how_it_goes_on(made):
    (request, *others), *_ = made.requests_of("stories", shots=0, items=1)
    context, choice = request.args
    assert len(others) == 3
    assert context.endswith(".")
    assert choice.startswith(" The ")
    assert choice.endswith(".")
