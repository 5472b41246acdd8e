"""Checkpoint names: unique within the family, readable, fit for a file name."""

from __future__ import annotations

import json
import os.path
import re
from pathlib import Path

from synth_eval.text import joined

_MAX_LENGTH = 100  # characters; file systems stop at 255 bytes, and suffixes are added


def given_name(name: str) -> str:
    """A user's own name, with what does not belong in a file name turned into dashes.

    Raises
    ------
    ValueError : it holds a path separator or "..", nothing is left of it, or it is too long.
    """
    if "/" in name or "\\" in name or ".." in name:
        raise ValueError(f"name {name!r} reads like a path: use letters, digits, dots and dashes")
    safe = _safe(name)
    if not safe:
        raise ValueError(f"name {name!r} has nothing that fits a file name: use letters, digits, dots and dashes")
    if len(safe) > _MAX_LENGTH:
        raise ValueError(f"name {name[:20]!r}... has {len(safe)} characters: use at most {_MAX_LENGTH}")
    return safe


def family_name(name: str) -> str:
    """A family's name, as it is: it names the folder of its results.

    Raises
    ------
    ValueError : it reads like a path, holds control characters, or is too long.
    """
    if "/" in name or "\\" in name or name.strip(" .") == "":
        raise ValueError(f"{name!r} reads like a path, and the results folder has this name: use letters and dashes")
    if not name.isprintable():
        raise ValueError(f"{name!r} has control characters: use letters and dashes")
    if len(name.encode("utf-8", "replace")) > 2 * _MAX_LENGTH:
        raise ValueError(f"{name[:20]!r}... has {len(name)} characters: use at most {_MAX_LENGTH}")
    return name


def derived_name(size: str, source: str, ratio: float, iteration: int, seed: int, tokens: str = "") -> str:
    """A name from the place in the grid: "410M-self-r0.3-it1-s0", or "410M-10Bt-self-r0.3-it1-s0" with tokens."""
    budget = f"{_safe(tokens)}t" if tokens else ""
    parts = (_safe(size), budget, _safe(source)[:40], f"r{ratio:.10g}", f"it{iteration}", f"s{seed}")
    return joined(*parts, between="-")


def unique(name: str, taken: set[str]) -> str:
    """The name, or name-2, name-3 ...; ``taken`` holds casefolded names, because some file systems ignore case."""
    candidate, count = name, 2
    while candidate.casefold() in taken:
        candidate, count = f"{name}-{count}", count + 1
    return candidate


def _safe(text: str) -> str:
    return re.sub(r"[^\w.+-]+", "-", text).strip("-.")


# Is a checkpoint's `path` a folder or a hub id, and is the folder there?

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def looks_like_folder(path: str, base: Path, *, lab: bool = False) -> bool:
    """Whether a `path` of the manifest means a folder rather than a hub id.

    "org/name" and "runs/r00" look alike. A folder is meant by: an absolute path; one that starts with ``.`` or ``~``;
    one that exists; one without the form of a hub id (no slash, or more than one); one whose first part is a folder
    next to the manifest; and, in a manifest with a lab, everything, because the lab builds what is missing. The
    ambiguous rest is a hub id: write ``./runs/r00`` where a folder is meant that is not there yet.

    Parameters
    ----------
    base : Path
        Folder of the manifest; relative paths start here.
    """
    if path.startswith((".", "~")) or Path(path).is_absolute() or (base / path).exists():
        return True
    return lab or not _HUB_ID.fullmatch(path) or (base / path.split("/", 1)[0]).is_dir()


def absolute(path: str, base: Path) -> Path:
    """A path of the manifest, relative to the manifest's folder, as an absolute one; symbolic links stay."""
    return Path(os.path.abspath(base / Path(path).expanduser()))


# A `path` may be the folder of an adapter (LoRA), as peft saves it.


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter and no model of its own."""
    return (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file()


def base_of_adapter(folder: Path) -> str:
    """The base model that an adapter's configuration names: a folder or a hub id; "" where it names none."""
    try:
        config = json.loads((folder / "adapter_config.json").read_bytes())
    except (OSError, ValueError):
        return ""
    base = config.get("base_model_name_or_path") if isinstance(config, dict) else None
    return base if isinstance(base, str) else ""


def has_tokenizer(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json"))
