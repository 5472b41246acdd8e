"""Is a checkpoint's `path` a folder or a hub id, and is the folder there?"""

from __future__ import annotations

import os.path
import re
from pathlib import Path

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
