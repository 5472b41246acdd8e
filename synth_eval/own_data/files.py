"""Which files a pattern of the manifest means, and what they are called in messages."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from glob import glob
from pathlib import Path

from synth_eval.own_data.records import OwnDataError


def matching_files(patterns: Sequence[str], *, base: Path) -> tuple[Path, ...]:
    """The files that fit absolute patterns (``*``, ``?``, ``[...]``, ``**``), each once, in name order.

    Raises
    ------
    OwnDataError : a pattern that fits no file.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern)
        files = [path] if path.is_file() else sorted(Path(name) for name in glob(pattern, recursive=True))
        files = [file for file in files if file.is_file()]
        if not files:
            raise OwnDataError(f"{shown(path, base)}: no such file: check the path")
        found |= dict.fromkeys(files)
    return tuple(sorted(found))


def shown(path: Path, base: Path) -> str:
    """A path as the user would write it in the manifest: relative to its folder where that is shorter."""
    relative = os.path.relpath(path, base)
    return relative if len(relative) < len(str(path)) else str(path)
