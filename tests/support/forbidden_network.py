"""Run a command in a process, and its children, whose sockets all fail."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

GUARD = Path(__file__).parent / "no_network"  # a sitecustomize.py
CHECKOUT = Path(__file__).parents[2]


def without_network(*command: str, cwd: Path, **environment: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """The ended command, and which sockets it tried to use: one a line, "" for none."""
    log = cwd / "sockets.log"
    log.unlink(missing_ok=True)
    inherited = {
        name: value
        for name, value in os.environ.items()
        # a user sets none of these, and they would keep the libraries from asking
        if not name.startswith(("HF_", "TRANSFORMERS_", "SYNTH_EVAL_")) and "proxy" not in name.lower()
    }
    path = os.pathsep.join((str(GUARD), os.environ.get("PYTHONPATH") or str(CHECKOUT)))
    environment = {**inherited, "PYTHONPATH": path, "NO_NETWORK_LOG": str(log), **environment}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, timeout=600)
    return done, log.read_text() if log.exists() else ""
