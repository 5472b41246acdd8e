"""MAUVE in `compare`: read once, kept, and never the end of a report."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest
from simulated_family import Flat, Task, simulate
from tiny_models import character_tokenizer, tiny_model
from written_family import write, written_tables

from synth_eval.cli.progress import ProgressBars
from synth_eval.pipeline.mauve import add_mauve
from synth_eval.types import ReferenceText


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> ReferenceText:
    folder = tmp_path_factory.mktemp("reference")
    tiny_model("llama").save_pretrained(folder / "reader")
    character_tokenizer().save_pretrained(folder / "reader")
    texts = write(np.random.default_rng(5), samples=120, words=20)
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    (folder / "held_out.jsonl").write_text(lines, encoding="utf-8")
    return ReferenceText((str(folder / "held_out.jsonl"),), folder, folder / "reader", longest=32)


def tables(prompts: int = 26):
    family = simulate({"s": Task(Flat(0.8), n=4)}, ratios=(0.0, 1.0), seeds=1).family
    return written_tables(family.checkpoints, lost=lambda c: 0.0, words=lambda c: 20, prompts=prompts)


@pytest.fixture
def bars():
    return ProgressBars(quiet=True)


def test_every_table_gets_its_column_and_texts_are_read_once(reference, bars, tmp_path, monkeypatch) -> None:
    pytest.importorskip("faiss")
    first, again = tables(), tables()
    about, warnings = add_mauve(first, reference, tmp_path, bars)
    assert warnings == []
    assert about["mauve"].startswith("120 reference texts, sha256 ")
    assert all(np.isfinite(table.columns["mauve"]).all() for table in first.values())
    assert len(list(tmp_path.glob("*.npy"))) == 3  # two checkpoints and the reference

    def nothing_is_read(*arguments, **options):
        raise AssertionError("texts were read twice")

    monkeypatch.setattr("synth_eval.harness.mauve.text_features", nothing_is_read)
    assert add_mauve(again, reference, tmp_path, bars) == (about, [])
    for key, table in first.items():
        np.testing.assert_array_equal(table.columns["mauve"], again[key].columns["mauve"])


def test_kept_features_that_are_damaged_are_made_again(reference, bars, tmp_path) -> None:
    pytest.importorskip("faiss")
    first, again = tables(), tables()
    add_mauve(first, reference, tmp_path, bars)
    for file in tmp_path.glob("*.npy"):
        file.write_bytes(file.read_bytes()[:200])
    assert add_mauve(again, reference, tmp_path, bars)[1] == []
    for key, table in first.items():
        np.testing.assert_array_equal(table.columns["mauve"], again[key].columns["mauve"])


def test_without_the_extra_it_says_what_to_install(reference, bars, tmp_path, monkeypatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "faiss" else find(name))
    given = tables()
    about, (warning,) = add_mauve(given, reference, tmp_path, bars)
    assert about == {}
    assert "pip install 'synth-eval[mauve]'" in warning
    assert not any("mauve" in table.columns for table in given.values())


def test_what_stands_in_the_way_is_one_line(reference, bars, tmp_path) -> None:
    pytest.importorskip("faiss")
    # 24 prompts of 4 texts: 96
    assert "no MAUVE: 96 texts of a checkpoint" in add_mauve(tables(24), reference, tmp_path, bars)[1][0]
    nowhere = ReferenceText(reference.files, reference.base, tmp_path / "nowhere")
    gone = ReferenceText((str(tmp_path / "gone.jsonl"),), tmp_path, reference.model)
    few = tmp_path / "few.jsonl"
    few.write_text('{"text": "one"}\n')
    for other, says in (
        (nowhere, "nowhere"),
        (gone, "gone.jsonl"),
        (ReferenceText((str(few),), tmp_path, reference.model), "the reference has 1 texts"),
    ):
        given = tables()
        _, (warning,) = add_mauve(given, other, tmp_path, bars)
        assert warning.startswith("MAUVE left out: ")
        assert says in warning
        assert "\n" not in warning
    assert "no results with several sampled texts" in add_mauve({}, reference, tmp_path, bars)[1][0]


def test_a_report_goes_without_it(tmp_path, monkeypatch, capsys) -> None:
    """The whole command, on results that hold no sampled texts and a reference that is not there."""
    from logged_choices import choice_rows, write_samples

    from synth_eval import cli

    monkeypatch.chdir(tmp_path)
    for ratio in ("0", "0.1", "0.4"):
        folder = tmp_path / "out" / f"org__m-r{ratio}"
        folder.mkdir(parents=True)
        write_samples(folder, "qa", choice_rows(60, seed=3))
    manifest = "family: f\nmauve: {reference: gone.jsonl, model: nowhere}\n"
    (tmp_path / "m.yaml").write_text(manifest + "grid: {path: 'org/m-r{ratio}', ratio: [0, 0.1, 0.4]}\n")
    monkeypatch.setattr("sys.argv", ["synth-eval", "compare", "m.yaml", "--results", "out", "--json"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    comparison = json.loads(capsys.readouterr().out)
    assert not stop.value.code
    assert comparison["cells"]
    assert [line for line in comparison["warnings"] if "MAUVE" in line] == [
        "MAUVE left out: no results with several sampled texts a prompt (tasks: [synth_generation])"
    ]
