"""Rows of a samples file, gathered column by column, one collector a kind of task."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from synth_eval.results.gold import GoldFinder
from synth_eval.results.rows import (
    USUAL_METRICS,
    Unusable,
    answers_kept,
    filtered_text,
    is_pair,
    logged_bytes,
    logged_confidences,
    logged_metrics,
    number_of,
    targets_of,
)
from synth_eval.types import BYTE_FREQUENCY_BITS, MAX_INTEGER, Samples, TaskKind

OTHER_LENGTH = 0.1  # share of bytes by which a text may differ from what was scored
SCORED_OTHERWISE = "the logged acc is not whether the likeliest choice is the right one (several right answers?)"


class Collector:
    """What all kinds share: the identity of the items, and the assembly of `Samples`."""

    kind: TaskKind

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._columns: dict[str, list[Any]] = {"doc_id": [], "doc_hash": [], "prompt_hash": []}
        self._levels: list[int | None] = []

    def __len__(self) -> int:
        return len(self._columns["doc_id"])

    def add(
        self, row: dict[str, Any], arguments: list[list[Any]], answers: list[Any], identity: Mapping[str, Any]
    ) -> None:
        """Keep a row. Raises Unusable, and keeps nothing of it, where it cannot be used.

        ``arguments`` and ``answers`` are those of `arguments_of` and `answers_of`; ``identity`` is kept beside what the
        kind takes from the row: doc_id, doc_hash, prompt_hash and, where asked for, its cluster as ``clusters``.
        """
        level = _level(row)  # first: what a kind takes from a row, it keeps
        values = {**identity, **self.values(row, arguments, answers)}
        if not self._levels:
            self._columns = {name: [] for name in values}
        for name, value in values.items():
            self._columns[name].append(value)
        self._levels.append(level)

    def values(self, row: dict[str, Any], arguments: list[list[Any]], answers: list[Any]) -> dict[str, Any]:
        """The columns of this kind, from one row."""
        raise NotImplementedError

    def finish(self, reasons: Counter[str]) -> None:
        """Settle what takes the whole file; rows that drop out are counted under their reason."""

    def samples(self, task: str, *, skipped: int, notes: Sequence[str]) -> Samples:
        """The columns as `Samples`."""
        columns: dict[str, Any] = {name: tuple(values) for name, values in self._columns.items()}
        levels = [level for level in self._levels if level is not None]
        if levels and len(levels) == len(self._levels):
            columns["level"] = tuple(levels)
        return Samples(task=task, kind=self.kind, skipped=skipped, notes=tuple(notes), **columns)

    def _keep(self, rows: Sequence[int]) -> None:
        self._columns = {name: [values[i] for i in rows] for name, values in self._columns.items()}
        self._levels = [self._levels[i] for i in rows]


class ChoiceItems(Collector):
    """Multiple choice: a log-likelihood for each choice, and which is right."""

    kind: TaskKind = "choice"

    def __init__(self) -> None:
        super().__init__()
        self._gold = GoldFinder()
        self._no_texts = 0

    def values(self, row: dict[str, Any], arguments: list[list[Any]], answers: list[Any]) -> dict[str, Any]:
        if arguments and len(arguments) != len(answers):
            raise Unusable("not as many responses as requests")
        k = _choices_asked(arguments) if arguments else len(answers)
        logliks = tuple(_loglik(answer) for answer in answers[:k])
        if not max(logliks) > -math.inf:
            raise Unusable("log-likelihood -inf on every choice")
        texts = _choice_texts(row, arguments[:k])
        one_continuation = k > 1 and len(set(texts)) == 1 and len({str(request[0]) for request in arguments[:k]}) > 1
        # raises before anything is kept
        self._gold.add(row, texts, logliks, hidden=one_continuation)
        self._no_texts += not texts
        return {"choice_logliks": logliks, "choice_bytes": tuple(map(_bytes, texts))}

    def finish(self, reasons: Counter[str]) -> None:
        gold = self._gold.settle(reasons, self.notes)
        if logged := self._gold.scored_otherwise(gold):
            self._use_logged(logged, reasons)
            return
        self._keep([i for i, answer in enumerate(gold) if answer is not None])
        self._columns["gold"] = [answer for answer in gold if answer is not None]
        if self._no_texts:
            self.notes.append(f"{self._no_texts} items have no logged choices: no likelihood per byte")
            if self._no_texts == len(gold):
                self._columns.pop("choice_bytes", None)

    def _use_logged(self, logged: Sequence[float | None], reasons: Counter[str]) -> None:
        self._keep([i for i, accuracy in enumerate(logged) if accuracy is not None])
        self._columns["accuracy"] = [accuracy for accuracy in logged if accuracy is not None]
        for name in ("choice_logliks", "choice_bytes"):
            del self._columns[name]
        if without := logged.count(None):
            reasons["no acc logged"] += without
        self.notes.append(f"compared by the logged acc alone: {SCORED_OTHERWISE}")


class RollingDocuments(Collector):
    """Documents with one log-likelihood, and continuations scored alone, with their acc where all have it."""

    kind: TaskKind = "rolling"

    def __init__(self) -> None:
        super().__init__()
        self._metrics: list[dict[str, float]] = []
        self._texts: list[str | None] = []

    def values(self, row: dict[str, Any], arguments: list[list[Any]], answers: list[Any]) -> dict[str, Any]:
        answer = answers[0]
        loglik = _loglik(answer) if is_pair(answer) else number_of(answer)
        if loglik is None or not math.isfinite(loglik):
            raise Unusable("log-likelihood missing or not finite")
        # a continuation was scored with the space before it; a document's target is what lm-eval counts
        scored = arguments[0][1:2] if is_pair(answer) and arguments else [row.get("target"), *_first(arguments)]
        text = next((text for text in scored if isinstance(text, str) and text), None)
        n_bytes = logged_bytes(row)
        if n_bytes is None:
            if text is None:
                raise Unusable("no bytes to divide by")
            n_bytes = _bytes(text)
        if is_pair(answer) and not self.notes:
            self.notes.append("one given continuation an item: read as log-likelihood and bytes")
        self._metrics.append({name: value for name, value in logged_metrics(row).items() if name == "acc"})
        # what is logged need not be what was scored: lengths tell (a detokenised text is a little shorter)
        is_scored = not is_pair(answer) and text is not None and abs(_bytes(text) - n_bytes) <= OTHER_LENGTH * n_bytes
        self._texts.append(text if is_scored else None)
        return {"loglik": loglik, "n_bytes": n_bytes}

    def samples(self, task: str, *, skipped: int, notes: Sequence[str]) -> Samples:
        metrics = _on_every_item(self._metrics)
        texts = [text for text in self._texts if text is not None]
        if len(texts) == len(self._texts) > 0:
            metrics[BYTE_FREQUENCY_BITS] = byte_frequency_bits(texts)
        return replace(super().samples(task, skipped=skipped, notes=notes), metrics=metrics)


def byte_frequency_bits(texts: Sequence[str]) -> tuple[float, ...]:
    """Bits per byte of each text under a model that knows how frequent each byte is in all of them, and no more.

    Their mean, weighted by bytes, is the entropy of the bytes: what a model of the same texts scores that has learned
    nothing of their order.

    >>> byte_frequency_bits(["aabb", "ab"]), byte_frequency_bits(["aaaa"])
    ((1.0, 1.0), (0.0,))
    """
    import numpy as np

    counts = np.array([np.bincount(np.frombuffer(_encoded(text), np.uint8), minlength=256) for text in texts])
    total = counts.sum(axis=0)
    with np.errstate(divide="ignore"):
        bits = np.where(total > 0, np.log2(total.sum() / total), 0.0)
    return tuple((counts @ bits / counts.sum(axis=1)).tolist())


class GeneratedTexts(Collector):
    """Generated texts, every repeat of them, and what they should be."""

    kind: TaskKind = "generation"

    def __init__(self) -> None:
        super().__init__()
        self._dropped = 0
        self._sure: list[dict[str, float]] = []
        self._metrics: list[dict[str, float]] = []

    def values(self, row: dict[str, Any], arguments: list[list[Any]], answers: list[Any]) -> dict[str, Any]:
        kept, dropped = answers_kept(row)
        self._dropped += dropped
        targets, text = targets_of(row), filtered_text(row)
        self._sure.append(logged_confidences(row))
        self._metrics.append(logged_metrics(row))
        return {
            "texts": text,
            "repeats": tuple(kept),
            "targets": None if targets is None else tuple(targets),
            "exact_match": number_of(row.get("exact_match")),
        }

    def finish(self, reasons: Counter[str]) -> None:
        for name in ("targets", "exact_match"):
            if None in self._columns.get(name, ()):
                del self._columns[name]
        if self._dropped:
            self.notes.append(
                f"the filter keeps one of several answers in {self._dropped} items: no vote shares (take_first_k does)"
            )

    def samples(self, task: str, *, skipped: int, notes: Sequence[str]) -> Samples:
        samples = super().samples(task, skipped=skipped, notes=notes)
        return replace(samples, sure=_on_every_item(self._sure), metrics=_with_gaps(self._metrics))


def _on_every_item(rows: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, ...]]:
    """The numbers that every item has: with gaps they can be neither assessed nor compared."""
    common = set.intersection(*map(set, rows)) if rows else set()
    return {name: tuple(row[name] for row in rows) for name in sorted(common)}


def _with_gaps(rows: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, ...]]:
    """Every number that some item has, NaN where one lacks it: texts may be too short for a characteristic. A score
    that some items lack is left out: which ones do is not by chance."""
    names = sorted({name for row in rows for name in row})
    whole = set(_on_every_item(rows))
    kept = [name for name in names if name in whole or name not in USUAL_METRICS]
    return {name: tuple(row.get(name, math.nan) for row in rows) for name in kept}


def _loglik(answer: Any) -> float:
    value = number_of(answer[0]) if is_pair(answer) else number_of(answer)
    if value is None:
        raise Unusable("a response that is no log-likelihood")
    if math.isnan(value):
        raise Unusable("NaN log-likelihood")
    if value == math.inf:
        raise Unusable("infinite log-likelihood")
    return value


def _choices_asked(arguments: list[list[Any]]) -> int:
    """Number of choices: acc_mutual_info asks each choice once more, after an empty context."""
    half, odd = divmod(len(arguments), 2)
    if not odd and half and all(request[:1] == [""] for request in arguments[half:]):
        asked_again = [request[1:2] for request in arguments[half:]]
        if asked_again == [request[1:2] for request in arguments[:half]]:
            return half
    return len(arguments)


def _choice_texts(row: dict[str, Any], arguments: list[list[Any]]) -> list[str]:
    """The choices as the task spells them: without the delimiter that lm-eval puts before each. [] if not logged."""
    texts = [request[1] for request in arguments if len(request) > 1 and isinstance(request[1], str)]
    if not texts or len(texts) != len(arguments):
        return []
    doc = row.get("doc")
    if isinstance(doc, dict) and doc.get("choices") == texts:  # an empty delimiter: a leading space is the choice's
        return texts
    for delimiter in (" ", "\n"):
        if all(text.startswith(delimiter) for text in texts):
            return [text[1:] for text in texts]
    return texts


def _bytes(text: str) -> int:
    return len(_encoded(text))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _first(arguments: list[list[Any]]) -> list[Any]:
    return arguments[0][:1] if arguments else []


def _level(row: dict[str, Any]) -> int | None:
    doc = row.get("doc")
    level = doc.get("level") if isinstance(doc, dict) else None
    if not isinstance(level, int) or isinstance(level, bool):
        return None
    if abs(level) > MAX_INTEGER:
        raise Unusable("its level is beyond 64 bits")
    return level
