"""A trained family of adapters over one base, from the command line: killed, resumed, merged, replaced."""

from __future__ import annotations

import random
import shutil
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forked_run import Run
from killed_run import contents, kill_while_scoring, scoring_seconds
from lora_family import write_adapter, write_base, written_by

from synth_eval.manifest import load_family
from synth_eval.pipeline.evaluate import evaluate_missing, evaluated_tables
from synth_eval.results import RunFolder

pytestmark = pytest.mark.slow

TASKS = "[synth_recall, synth_domain_licences]"
LIMIT = "24"
NUMBER = count()  # of the run, for its log


class AdapterFamily:
    """Adapters under ``adapters/``, two of them merged under ``merged/``, and manifests with relative paths."""

    def __init__(self, root: Path, *, layout: str, ratios: list[float], seeds: int) -> None:
        self.root = root
        base = write_base(root / "base", layout=layout)
        self.synthetic = written_by(base)
        self.lines = []
        self.names = []
        for ratio in ratios:
            for seed in range(seeds):
                name = f"r{ratio:g}-s{seed}"
                merged = root / "merged" / name if seed == 0 and ratio in (ratios[0], ratios[-1]) else None
                self.train(name, ratio=ratio, seed=seed, merged=merged)
                # both ways to write it: the base with its adapter, and the adapter's own folder
                model = f"path: base, model_args: {{peft: adapters/{name}}}" if seed == 0 else f"path: adapters/{name}"
                self.lines.append(f"{{name: {name}, ratio: {ratio}, seed: {seed}, {model}}}")
                self.names.append(name)
        self.write("family.yaml", self.lines)

    def train(self, name: str, *, ratio: float, seed: int, merged: Path | None = None, steps: int = 30) -> None:
        write_adapter(
            self.root / "base", self.root / "adapters" / name,
            synthetic=self.synthetic, ratio=ratio, seed=seed, steps=steps, merged=merged,
        )  # fmt: skip

    def write(self, name: str, lines: list[str]) -> None:
        text = f"family: adapters\ntasks: {TASKS}\ncheckpoints:\n" + "".join(f"  - {line}\n" for line in lines)
        (self.root / name).write_text(text)

    def start(self, output: Path, manifest: str = "family.yaml") -> Run:
        # from another folder: the manifest's paths are relative to the manifest
        command = ("run", str(self.root / manifest), "-o", str(output), "--limit", LIMIT, "--workers", "1", "--quiet")
        return Run(*command, cwd=output.parent, log=output.with_name(f"{output.name} {next(NUMBER)}"))

    def scores(self, output: Path, manifest: str = "family.yaml") -> dict[tuple[str, str], Any]:
        """Log-likelihoods by checkpoint and task, read as the program reads them."""
        folder = RunFolder(output)
        outcome = evaluate_missing(load_family(self.root / manifest), folder, limit=float(LIMIT))
        assert outcome is not None
        assert (outcome.evaluated, outcome.failures) == (0, {})
        return {
            place: table.columns["nll" if table.kind == "choice" else "loglik"]
            for place, table in evaluated_tables(folder, outcome).items()
        }


def everything_holds(family: AdapterFamily, folder: Path, *, kills: int) -> None:
    calm, killed = folder / "calm", folder / "killed"
    pieces = 2 * len(family.names)
    seconds = scoring_seconds(family.start(calm), calm)
    expected = contents(calm)
    assert sum(name.endswith(".parquet") for name in expected) == pieces  # none overwrote another's
    draw, landed = random.Random(1), 0
    for _ in range(20 * kills):
        if landed < kills:
            landed += kill_while_scoring(family.start(killed), killed, after=draw.uniform(0, 0.5 * seconds / kills))
    assert landed == kills
    family.start(killed).finish()
    assert contents(killed) == expected
    assert family.start(killed).finish().startswith("0 evaluations now")
    scores = family.scores(calm)
    for one, other in zip(family.names, family.names[1:]):
        assert abs(scores[one, "synth_recall"] - scores[other, "synth_recall"]).max() > 0.01

    # merged and unmerged, by either engine
    names = sorted(each.name for each in (family.root / "merged").iterdir())
    family.write(
        "merged.yaml",
        [f"{{name: merged-{name}, ratio: {n / 2}, path: merged/{name}}}" for n, name in enumerate(names)]
        + [
            f"{{name: plain-{name}, ratio: {n / 2}, seed: 1, path: base, "
            f"model_args: {{peft: adapters/{name}, shared_prefix: false}}}}"
            for n, name in enumerate(names)
        ],
    )
    family.start(folder / "merged", "merged.yaml").finish()
    other = family.scores(folder / "merged", "merged.yaml")
    for name in names:
        for task in ("synth_recall", "synth_domain_licences"):
            for way in ("merged", "plain"):
                np.testing.assert_allclose(other[f"{way}-{name}", task], scores[name, task], rtol=1e-6, atol=1e-4)

    # one adapter trained anew, at its old place: it alone is evaluated again, and has other numbers
    family.train(family.names[-1], ratio=1.0, seed=77, steps=60)
    assert family.start(calm).finish().startswith("2 evaluations now")
    again = family.scores(calm)
    changed = {place[0] for place in scores if not np.array_equal(scores[place], again[place])}
    assert changed == {family.names[-1]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


def test_a_small_family(tmp_path: Path, folder: Path) -> None:
    family = AdapterFamily(tmp_path / "family", layout="llama", ratios=[0, 1], seeds=1)
    everything_holds(family, folder, kills=1)
    # another tokenizer at the same place: evaluated again
    shutil.copytree(tmp_path / "family" / "base", tmp_path / "family" / "tokenizer")
    family.write("tokenizer.yaml", ["{name: t, ratio: 0, path: base, model_args: {tokenizer: tokenizer}}"])
    output = folder / "tokenizer"
    assert family.start(output, "tokenizer.yaml").finish().startswith("2 evaluations now")
    assert family.start(output, "tokenizer.yaml").finish().startswith("0 evaluations now")
    settings = tmp_path / "family" / "tokenizer" / "tokenizer_config.json"
    settings.write_text(settings.read_text().replace("{", '{"add_prefix_space": true, ', 1))
    assert family.start(output, "tokenizer.yaml").finish().startswith("2 evaluations now")


@pytest.mark.nightly
@pytest.mark.parametrize("layout", ["llama", "gpt_neox"])
def test_five_ratios_and_two_seeds(layout: str, tmp_path: Path, folder: Path) -> None:
    family = AdapterFamily(tmp_path / "family", layout=layout, ratios=[0, 0.25, 0.5, 0.75, 1], seeds=2)
    everything_holds(family, folder, kills=5)
