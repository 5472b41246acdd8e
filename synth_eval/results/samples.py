"""Read lm-eval's samples files: items as logged, whatever 0.4.x release wrote them.

Rows are read one at a time; only numbers, hashes and generated texts are kept.
"""

from __future__ import annotations

import gc
import gzip
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

from synth_eval.errors import ResultsError
from synth_eval.results.collectors import ChoiceItems, Collector, GeneratedTexts, RollingDocuments
from synth_eval.results.find import task_of
from synth_eval.results.rows import Unusable, answers_of, arguments_of, cluster_of, kind_of
from synth_eval.types import MAX_INTEGER, Samples, TaskKind

# The rows of a samples file, one at a time: plain or gzip, JSON lines or (first 0.4 releases) one JSON array.

_GZIP = b"\x1f\x8b"


class SampleLines:
    """Iterates over the rows; ``total``, ``bad`` and ``note`` are complete once the iteration has ended."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.total = 0  # lines that are not blank
        self.bad = 0  # of these, not a JSON object
        self._first_bad = 0
        self._last_is_bad = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        try:
            with self._opened() as file:
                if _starts_array(file):
                    yield from self._array(file)
                else:
                    yield from self._lines(file)
        except FileNotFoundError:
            raise ResultsError(f"{self.path}: no such file: check the path") from None
        except (EOFError, zlib.error):  # a gzip stream that was cut: what came before is good
            self.total += 1
            self._mark_bad()
        except OSError as error:  # gzip.BadGzipFile is one
            reason = error.strerror or str(error)
            raise ResultsError(f"{self.path}: cannot be read ({reason}): copy it again") from None

    @property
    def note(self) -> str:
        """One line on the lines that could not be read; "" if all could."""
        if not self.bad:
            return ""
        where = "the last one, truncated" if self._last_is_bad and self.bad == 1 else f"first line {self._first_bad}"
        return f"{self.bad} of {self.total} lines could not be read ({where})"

    def _opened(self) -> IO[bytes]:
        with self.path.open("rb") as file:
            zipped = file.read(2) == _GZIP
        return cast(IO[bytes], gzip.open(self.path, "rb")) if zipped else self.path.open("rb")

    def _lines(self, file: IO[bytes]) -> Iterator[dict[str, Any]]:
        for line in file:
            if not line.strip():
                continue
            self.total += 1
            row = _parsed(line)
            self._last_is_bad = False
            if isinstance(row, dict):
                yield row
            else:
                self._mark_bad()

    def _array(self, file: IO[bytes]) -> Iterator[dict[str, Any]]:
        rows = _parsed(file.read())
        if not isinstance(rows, list):
            raise ResultsError(f"{self.path}: a JSON array that is truncated or damaged: copy it again")
        for row in rows:
            self.total += 1
            if isinstance(row, dict):
                yield row
            else:
                self._mark_bad()

    def _mark_bad(self) -> None:
        self.bad += 1
        self._first_bad = self._first_bad or self.total
        self._last_is_bad = True


def _starts_array(file: IO[bytes]) -> bool:
    start = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    file.seek(0)
    return start.startswith(b"[")


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)  # takes NaN and Infinity, which lm-eval writes
    except (ValueError, RecursionError):
        return None


_COLLECTORS: dict[TaskKind, Callable[[], Collector]] = {
    "choice": ChoiceItems,
    "rolling": RollingDocuments,
    "generation": GeneratedTexts,
}


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Rows hold no cycles, and looking for some takes a tenth of the reading."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_no_garbage_collection()
def read_samples(
    path: Path, *, task: str | None = None, filter: str | None = None, clusters: str | None = None
) -> Samples:
    """Read one samples_<task>_<date>.jsonl, plain or gzip.

    Parameters
    ----------
    task : str, optional
        Default: from the file's name.
    filter : str, optional
        lm-eval repeats every item for each of a task's filters. Default: the first filter of the file; which others
        were left out is noted.
    clusters : str, optional
        Field of the logged documents whose value several items may share, for example a passage's id; "a.b" for field
        b of field a. Labels of it are kept in ``clusters``; an item without it is a cluster of its own, which is noted;
        if no item has it, ``clusters`` is empty.

    Returns
    -------
    Samples. What cannot be used is left out, counted in ``skipped`` and explained in ``notes``: truncated lines, NaN
    log-likelihoods, several right answers, a right answer that is none of the choices. Rows that occur twice (lm-eval
    on several devices repeats the last) count once. Missing doc_hash and prompt_hash are computed as lm-eval does.

    - choice: ``choice_logliks`` as logged, first repeat; of the 2k requests of acc_mutual_info the first k;
      ``choice_bytes`` without the one space or newline that lm-eval puts before a choice, as its acc_bytes counts;
      ``gold`` from the target: an index, the text of a choice, or a letter. Where choices are numbers the logged
      ``acc`` decides whether a numeric target is index or text. Where the contexts differ and the continuation is one
      (Winogrande), lm-eval logs no answer, and it is taken from ``acc``, which only two choices allow.
    - rolling: ``n_bytes`` as lm-eval counted them for bits_per_byte or byte_perplexity, otherwise of the target. A task
      that scores one given continuation (Lambada) is read as rolling too.
    - generation: ``texts`` after the filter, of several answers the first; ``repeats`` all of them, as the filter left
      them, or as generated if it only picks one; if it rewrites the one it picks, that one, with a note. ``targets``,
      ``exact_match`` and, in ``sure``, what a task logs as likelihood, likelihood_per_token or p_true; in ``metrics``
      every number that it logs for each item.

    Raises
    ------
    ResultsError : no such file, unreadable, empty, no usable row (with the most frequent reason), or no such filter.
    """
    path = Path(path)
    name = task or task_of(path)
    lines, reasons, other_filters = SampleLines(path), Counter[str](), Counter[str]()
    collector: Collector | None = None
    kind: TaskKind | None = None
    seen: set[tuple[int, str]] = set()
    repeated = rows = 0
    wanted = filter
    for row in lines:
        row_filter = row.get("filter")
        row_filter = row_filter if isinstance(row_filter, str) else "none"
        wanted = row_filter if wanted is None else wanted
        if row_filter != wanted:
            other_filters[row_filter] += 1
            continue
        rows += 1
        try:
            arguments = arguments_of(row)
            answers = answers_of(row)
            row_kind = kind_of(row, arguments, answers)
            if collector is None or kind is None:
                kind, collector = row_kind, _COLLECTORS[row_kind]()
            if row_kind != kind:
                raise Unusable(f"a {row_kind} row among {kind} rows")
            doc_id, doc_hash = _doc_id(row, rows - 1), _doc_hash(row)
            if (doc_id, doc_hash) in seen:
                repeated += 1
                continue
            seen.add((doc_id, doc_hash))
            identity = {"doc_id": doc_id, "doc_hash": doc_hash, "prompt_hash": _prompt_hash(row, arguments)}
            if clusters is not None:
                identity["clusters"] = cluster_of(row, clusters)
            collector.add(row, arguments, answers, identity)
        except Unusable as error:
            reasons[str(error)] += 1
    if filter is not None and not rows and lines.total > lines.bad:
        raise ResultsError(f"{path}: no filter {filter!r}: it has {', '.join(sorted(other_filters))}")
    if collector is not None:
        collector.finish(reasons)
    if collector is None or not len(collector):
        raise ResultsError(_nothing_usable(path, lines, reasons))
    notes = [lines.note] if lines.note else []
    notes += [f"{count} of {rows} items left out: {reason}" for reason, count in reasons.most_common()]
    if other_filters:
        others = ", ".join(repr(name) for name in other_filters)
        notes.append(f"filter {wanted!r} read; {sum(other_filters.values())} rows of {others} left out")
    if repeated:
        notes.append(f"{repeated} repeated rows counted once")
    samples = collector.samples(name, skipped=lines.bad + reasons.total(), notes=(*notes, *collector.notes))
    samples = replace(samples, filter=wanted or "none")
    return samples if clusters is None else _own_clusters(samples, clusters)


def _own_clusters(samples: Samples, field: str) -> Samples:
    """Every item without the field as a cluster of its own."""
    without = samples.clusters.count("")
    if not without:
        return samples
    if without == len(samples.clusters):
        note = f"no document has a field {field!r}: items resampled singly"
        return replace(samples, clusters=(), notes=(*samples.notes, note))
    note = f"{without} of {len(samples.clusters)} documents have no field {field!r}: each resampled by itself"
    labels = tuple(label or f"item {i} of {samples.task}" for i, label in enumerate(samples.clusters))
    return replace(samples, clusters=labels, notes=(*samples.notes, note))


def _nothing_usable(path: Path, lines: SampleLines, reasons: Counter[str]) -> str:
    if not lines.total:
        return f"{path}: empty: run lm_eval again with --log_samples"
    if not reasons:
        return f"{path}: none of its {lines.total} lines is a JSON object: is it a samples file of lm-eval?"
    reason, count = reasons.most_common(1)[0]
    return f"{path}: none of its items can be used ({count} times: {reason}): is it a samples file of lm-eval?"


def _doc_id(row: dict[str, Any], index: int) -> int:
    doc_id = row.get("doc_id")
    if not isinstance(doc_id, int):
        return index
    if abs(doc_id) > MAX_INTEGER:
        raise Unusable("its doc_id is beyond 64 bits")
    return doc_id


def _doc_hash(row: dict[str, Any]) -> str:
    doc_hash = row.get("doc_hash")
    if isinstance(doc_hash, str) and doc_hash:
        return doc_hash
    if "doc" not in row:
        raise Unusable("no doc_hash and no doc to compute it from")
    return _sha256(json.dumps(row["doc"], indent=2, ensure_ascii=False))


def _prompt_hash(row: dict[str, Any], arguments: list[list[Any]]) -> str:
    """lm-eval hashes the first argument of the first request. "" where no arguments were logged."""
    prompt_hash = row.get("prompt_hash")
    if isinstance(prompt_hash, str) and prompt_hash:
        return prompt_hash
    first = arguments[0][0] if arguments and arguments[0] else None
    return _sha256(first) if isinstance(first, str) else ""


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
