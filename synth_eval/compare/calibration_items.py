"""The items of one task or of several pooled, kept as small as calibration allows: probabilities and the right choice.

An item table carries hashes and log-likelihoods too, about a kilobyte an item; here an item of four choices takes some
sixty bytes, so that a report over millions of logged items fits in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from synth_eval.calibration import (
    confidence_and_correct,
    normalised_choices,
    score_generation,
    why_no_confidence,
)
from synth_eval.types import UNCATEGORISED, Samples

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, BoolArray, FloatArray, IntArray


Normalisation: TypeAlias = Literal["raw", "bytes"]
_AT_ONCE = 20_000  # items whose likelihoods are in memory twice at the same time


@dataclass(frozen=True)
class CalibrationItems:
    """n multiple-choice items, or generated answers as items with the choices right and wrong.

    ``probs`` : (n, k), or n arrays of their own lengths where items differ in their number of choices.
    ``gold``, ``pred`` : (n,) indices of the right and of the predicted choice.
    ``confidence`` : (n,) probability of the predicted choice.
    ``left_out`` : items that this normalisation cannot score.
    ``source`` : "" for multiple choice. Of generated answers, what their confidence is: "vote share", "p true" ...;
    choice 0 is then "right", choice 1 "wrong", and choice 0 is the predicted one, however improbable.
    ``clusters`` : (n,) labels; items that share one are resampled together. None if each is its own.
    """

    task: str
    category: str
    probs: FloatArray | tuple[FloatArray, ...]
    gold: IntArray
    pred: IntArray
    confidence: FloatArray
    left_out: int = 0
    source: str = ""
    clusters: AnyArray | None = None

    def __len__(self) -> int:
        return len(self.gold)

    @property
    def correct(self) -> BoolArray:
        """(n,) whether the predicted choice is the right one."""
        right: BoolArray = self.pred == self.gold
        return right


def calibration_items(samples: Samples, *, category: str, normalisation: Normalisation = "raw") -> CalibrationItems:
    """Probabilities of the choices of one task.

    Parameters
    ----------
    samples : of kind "choice"
    category : str
    normalisation : "raw" or "bytes"
        What the softmax over choices is taken of: log-likelihoods as logged, or divided by the choice's UTF-8 bytes
        (the prediction is then that of lm-eval's ``acc_bytes``). Items with a choice of unknown or no bytes are left
        out.

    Raises
    ------
    ValueError : as `normalised_choices`, or no item with known bytes.
    """
    kept = list(range(len(samples.doc_id)))
    if normalisation == "bytes":
        sizes = samples.choice_bytes
        kept = [i for i, row in enumerate(sizes) if len(row) == len(samples.choice_logliks[i]) and all(row)]
        if not kept:
            raise ValueError(
                f"{samples.task}: the texts of its choices are not logged, so no likelihood per byte: use raw"
            )
    parts = [
        _choices(samples, kept[start : start + _AT_ONCE], category, normalisation)
        for start in range(0, max(1, len(kept)), _AT_ONCE)
    ]
    return replace(pooled(samples.task, parts, category=category), left_out=len(samples.doc_id) - len(kept))


def _choices(samples: Samples, kept: Sequence[int], category: str, normalisation: Normalisation) -> CalibrationItems:
    """The items at some places."""
    gold = [samples.gold[i] for i in kept]
    lengths = [samples.choice_bytes[i] for i in kept] if normalisation == "bytes" else None
    logliks = [samples.choice_logliks[i] for i in kept]
    try:
        found = normalised_choices(logliks, gold, lengths=lengths, likelihood=normalisation)
    except ValueError as error:
        raise ValueError(f"{samples.task}: {error}") from None
    even = len({len(row) for row in found.probs}) == 1
    return CalibrationItems(
        samples.task,
        category,
        np.stack(found.probs) if even else found.probs,
        np.array(gold, dtype=np.int64),
        found.pred,
        found.confidence,
        clusters=_labels([samples.clusters[i] for i in kept] if samples.clusters else ()),
    )


def generated_items(samples: Samples, *, category: str) -> list[CalibrationItems]:
    """The answers of a generation task, once for each confidence that its samples hold, with two choices an item.

    The vote share is that of the most frequent of several answers; what the task logs itself (``samples.sure``) belongs
    to the one answer which is right by ``exact_match``.

    Raises
    ------
    ValueError : no confidence, or none of which it is known whether the answer is right; with the reason.
    """
    found: list[CalibrationItems] = []
    table = score_generation(samples, checkpoint="", category=category)
    if not (reason := why_no_confidence(table)):
        found.append(_of_answers(samples, category, "vote share", *confidence_and_correct(table)))
    right = np.array(samples.exact_match)
    known = samples.sure if right.size and np.isin(right, (0.0, 1.0)).all() else {}
    for name, values in known.items():
        confidence = np.array(values)
        if not ((confidence >= 0.0) & (confidence <= 1.0)).all():
            raise ValueError(f"{samples.task}: its logged {name} is no probability: it must lie in [0, 1]")
        found.append(_of_answers(samples, category, name.replace("_", " "), confidence, right == 1.0))
    if not found:
        raise ValueError(reason)
    return found


def _of_answers(
    samples: Samples, category: str, source: str, confidence: FloatArray, correct: BoolArray
) -> CalibrationItems:
    """Choice 0 is that the answer is right."""
    return CalibrationItems(
        samples.task,
        category,
        np.column_stack([confidence, 1.0 - confidence]),
        (~correct).astype(np.int64),
        np.zeros(len(correct), dtype=np.int64),
        confidence,
        source=source,
        clusters=_labels(samples.clusters),
    )


def pooled(name: str, parts: Sequence[CalibrationItems], *, category: str | None = None) -> CalibrationItems:
    """The items of all parts, in order, as one set, of the category that the parts share. ValueError without parts."""
    if not parts:
        raise ValueError("no items to pool")
    gold, pred, confidence = (np.concatenate([getattr(p, n) for p in parts]) for n in ("gold", "pred", "confidence"))
    matrices = [part.probs for part in parts if isinstance(part.probs, np.ndarray)]
    probs: FloatArray | tuple[FloatArray, ...]
    if len(matrices) == len(parts) and len({matrix.shape[1] for matrix in matrices}) == 1:
        probs = np.concatenate(matrices)
    else:
        probs = tuple(row for part in parts for row in part.probs)
    if len({part.source for part in parts}) > 1:
        raise ValueError(f"{name}: confidences of different kinds do not pool")
    shared = {part.category for part in parts}
    return CalibrationItems(
        name,
        category if category is not None else shared.pop() if len(shared) == 1 else "",
        probs,
        gold,
        pred,
        confidence,
        left_out=sum(part.left_out for part in parts),
        source=parts[0].source,
        clusters=_pooled_labels(parts),
    )


def _pooled_labels(parts: Sequence[CalibrationItems]) -> AnyArray | None:
    """Labels of all parts; an item of a part that has none is a cluster of its own."""
    if all(part.clusters is None for part in parts):
        return None
    return np.concatenate(
        [
            np.array([f"item {i} of part {p}" for i in range(len(part))]) if part.clusters is None else part.clusters
            for p, part in enumerate(parts)
        ]
    )


def _labels(clusters: Sequence[str]) -> AnyArray | None:
    return np.array(clusters, dtype=str) if clusters else None


# Which rows a calibration report has: tasks, groups with the items of their tasks, and categories likewise.

RowKind: TypeAlias = Literal["task", "group", "category"]


def planned_pools(
    tasks: Sequence[CalibrationItems], groups: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, RowKind, int, tuple[CalibrationItems, ...]]]:
    """Every task, then every group, then every category: name, kind, how many tasks it has, and those with items.

    Pools of fewer than two tasks, and pools of the same tasks as an earlier one, are left out. Multiple choice and each
    confidence of generated answers are pooled by themselves: their scores differ.

    Parameters
    ----------
    groups : all tasks at the bottom of each group, those without items too.
    """
    for items in tasks:
        yield _titled(items.task, items.source), "task", 1, (items,)
    categories: dict[str, list[str]] = {}
    for items in tasks:
        if items.category and items.category != UNCATEGORISED:
            categories.setdefault(items.category, []).append(items.task)
    pools: list[tuple[str, RowKind, tuple[str, ...]]] = [
        *((name, "group", members) for name, members in groups.items()),
        *((name, "category", tuple(members)) for name, members in categories.items()),
    ]
    seen: set[tuple[str, frozenset[str]]] = set()
    for name, kind, members in pools:
        for source in dict.fromkeys(items.source for items in tasks):
            by_name = {items.task: items for items in tasks if items.source == source}
            there = tuple(dict.fromkeys(task for task in members if task in by_name))
            if len(there) > 1 and (source, frozenset(there)) not in seen:
                seen.add((source, frozenset(there)))
                yield _titled(name, source), kind, len(set(members)), tuple(by_name[task] for task in there)


def _titled(name: str, source: str) -> str:
    return f"{name}: {source}" if source else name
