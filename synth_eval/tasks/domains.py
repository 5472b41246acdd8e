"""Human-written text that is on every machine, cut into documents, for bits per byte by domain.

python_code: source of old standard-library modules. python_docs: the language reference that ``help()`` prints.
licences: licence texts of the packages that synth-eval installs.

The text differs a little between Python and package versions, so its SHA-256 is in the task's metadata
(``text_sha256``): compare bits per byte only where it agrees.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_eval.errors import SynthEvalError

if TYPE_CHECKING:
    from datasets import Dataset


DOCUMENTS = 60  # per domain
LONGEST = 1_000  # bytes of a document

MODULES = (
    "bisect", "calendar", "cmd", "colorsys", "configparser", "contextlib", "copy", "csv", "difflib", "filecmp",
    "fileinput", "fnmatch", "fractions", "getopt", "gettext", "glob", "heapq", "json.decoder", "linecache",
    "mailbox", "netrc", "optparse", "pprint", "queue", "sched", "shlex", "shutil", "statistics", "string",
    "tarfile", "textwrap", "tokenize", "trace", "zipfile",
)  # fmt: skip
PACKAGES = ("torch", "transformers", "lm_eval", "numpy", "pandas", "scipy", "pyarrow", "rich", "accelerate", "tqdm")
_LICENCE_NAME = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)


def python_code(**metadata: Any) -> dict[str, Dataset]:
    """Documents of the python_code domain, as a split named test."""
    return _dataset("python_code")


def python_docs(**metadata: Any) -> dict[str, Dataset]:
    """Documents of the python_docs domain, as a split named test."""
    return _dataset("python_docs")


def licences(**metadata: Any) -> dict[str, Dataset]:
    """Documents of the licences domain, as a split named test."""
    return _dataset("licences")


def __getattr__(name: str) -> str:
    # tasks/*.yaml can only name attributes, and the hash is a value that must be computed: `python_code_sha256`.
    domain, _, what = name.rpartition("_")
    if what == "sha256" and domain in _SOURCES:
        digest = hashlib.sha256()
        for origin, text in documents(domain):
            digest.update(f"{origin}\0{text}\0".encode())
        return digest.hexdigest()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def documents(domain: str) -> tuple[tuple[str, str], ...]:
    """(origin, text) of a domain's documents: at most 60, of at most 1,000 bytes, spread evenly over its sources.

    Raises
    ------
    SynthEvalError : this Python came without the domain's text.
    """
    # Licences quote each other: the same paragraph counts once, however it is indented.
    distinct = {" ".join(part.split()): (origin, part) for origin, text in _SOURCES[domain]() for part in _parts(text)}
    parts = list(distinct.values())
    if len(parts) < DOCUMENTS:
        raise SynthEvalError(
            f"synth_domains: this Python carries only {len(parts)} documents of {domain} text, {DOCUMENTS} are needed; "
            "install a full standard library, or leave the task out"
        )
    return tuple(parts[i * len(parts) // DOCUMENTS] for i in range(DOCUMENTS))


def _dataset(domain: str) -> dict[str, Dataset]:
    from datasets import Dataset

    return {"test": Dataset.from_list([{"text": text, "origin": origin} for origin, text in documents(domain)])}


def _code_sources() -> Iterator[tuple[str, str]]:
    for name in MODULES:
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            continue
        if spec is not None and spec.origin and spec.origin.endswith(".py") and Path(spec.origin).is_file():
            yield name, Path(spec.origin).read_text(encoding="utf-8", errors="replace")


def _docs_sources() -> Iterator[tuple[str, str]]:
    try:
        from pydoc_data.topics import topics
    except ModuleNotFoundError:
        return
    for topic in sorted(topics):
        yield topic, topics[topic]


def _licence_sources() -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for name in PACKAGES:
        try:
            files = importlib.metadata.distribution(name).files or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for file in sorted(files, key=str):
            if ".dist-info" not in str(file) or not _LICENCE_NAME.search(file.name):
                continue
            try:
                text = Path(str(file.locate())).read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            key = " ".join(text.split())
            if key not in seen:
                seen.add(key)
                yield f"{name}/{file.name}", text


def _parts(text: str) -> Iterator[str]:
    """Whole lines, together at most LONGEST bytes and at least half of that."""
    part = ""
    for line in text.splitlines(keepends=True):
        if len((part + line).encode()) > LONGEST:
            if len(part.encode()) >= LONGEST // 2:
                yield part
            part = ""
        if len(line.encode()) <= LONGEST:
            part += line
    if len(part.encode()) >= LONGEST // 2:
        yield part


_SOURCES: dict[str, Callable[[], Iterator[tuple[str, str]]]] = {
    "python_code": _code_sources,
    "python_docs": _docs_sources,
    "licences": _licence_sources,
}
