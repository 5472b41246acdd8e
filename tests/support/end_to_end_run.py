"""Run the program as a user does, in a process of its own and outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MANIFEST = """\
family: tiny
tasks: [synth_suite]
defaults: {model: hf, model_args: {dtype: float32}, batch_size: 64}
grid:
  path: runs/r{ratio}
  size: [20k]
  ratio: [0, 0.5, 1.0]
lab: {recipe: miniature, base: runs/base, hidden: 16, layers: 1, base_tokens: 6000, lesson_tokens: 1000, tokens: 3000,
  gate: false}
"""


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """``python -m synth_eval ...`` in a folder that is not the checkout."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SYNTH_EVAL_")}
    return subprocess.run(
        [sys.executable, "-m", "synth_eval", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**environment, "COLUMNS": "100"},
        timeout=600,
    )
