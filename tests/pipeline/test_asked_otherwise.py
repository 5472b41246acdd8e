"""A checkpoint that is asked otherwise than its baseline is left out and named, also where both are run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_checkpoint import write_tiny_neox

from synth_eval import compare

pytestmark = pytest.mark.slow

MANIFEST = """family: f
tasks: [synth_recall, synth_recall_generate]
defaults: {model_args: {dtype: float32}, gen_kwargs: {max_gen_toks: 4}}
checkpoints:
  - {path: a, ratio: 0, name: a}
  - {path: b, ratio: 0.2, name: b}
  - {path: c, ratio: 0.4, name: c, system_instruction: Answer in one word.}
  - {path: d, ratio: 0.6, name: d, gen_kwargs: {temperature: 0.25}}
"""


def test_what_differs_is_named(tmp_path: Path) -> None:
    for seed, name in enumerate("abcd"):
        write_tiny_neox(tmp_path / name, seed=seed)
    (tmp_path / "checkpoints.yaml").write_text(MANIFEST)
    found = compare(tmp_path / "checkpoints.yaml", limit=12)
    assert found.comparison.provenance["asked"] == (
        "gen_kwargs.max_gen_toks 4 (a, b); system_instruction Answer in one word., gen_kwargs.max_gen_toks 4 (c); "
        "gen_kwargs.max_gen_toks 4, gen_kwargs.temperature 0.25 (d)"
    )
    ratios = {(cell.task, cell.metric): cell.data.ratios for cell in found.comparison.cells}
    # temperature does not touch the choices, the instruction touches all prompts
    assert ratios["synth_recall", "acc"] == (0.0, 0.2, 0.6)
    assert [line for line in found.comparison.warnings if "left out" in line] == [
        "synth_recall, synth_recall_generate: c left out: 12 of 12 items were asked with other prompts than those of a "
        "(system instruction bc08b15e, not none)",  # of the text's SHA-256
        "synth_recall_generate: d left out: asked otherwise than a (generation setting temperature 0.25, not 1.0)",
    ]
