"""The items of one task or of several pooled, kept as small as calibration allows: probabilities and the right choice.

An item table carries hashes and log-likelihoods too, about a kilobyte an item; here an item of four choices takes some
sixty bytes, so that a report over millions of logged items fits in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from synth_eval.calibration import score_choices
from synth_eval.types import ItemTable, Samples

if TYPE_CHECKING:
    from synth_eval.types import BoolArray, FloatArray, IntArray

Normalisation: TypeAlias = Literal["raw", "bytes"]
_AT_ONCE = 20_000  # items whose tables are in memory at the same time
_PER_ITEM = ("doc_id", "doc_hash", "prompt_hash", "choice_logliks", "choice_bytes", "gold", "level")


@dataclass(frozen=True)
class CalibrationItems:
    """n multiple-choice items.

    ``probs`` : (n, k), or n arrays of their own lengths where items differ in their number of choices.
    ``gold``, ``pred`` : (n,) indices of the right and of the predicted choice.
    ``confidence`` : (n,) probability of the predicted choice.
    ``left_out`` : items that this normalisation cannot score.
    """

    task: str
    category: str
    probs: FloatArray | tuple[FloatArray, ...]
    gold: IntArray
    pred: IntArray
    confidence: FloatArray
    left_out: int = 0

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
    ValueError : as `score_choices`, or no item with known bytes.
    """
    known = samples if normalisation == "raw" else _per_byte(samples)
    parts = [
        _small(score_choices(_part(known, start), checkpoint="", category=category))
        for start in range(0, max(1, len(known.doc_id)), _AT_ONCE)
    ]
    return replace(pooled(samples.task, category, parts), left_out=len(samples.doc_id) - len(known.doc_id))


def pooled(name: str, category: str, parts: Sequence[CalibrationItems]) -> CalibrationItems:
    """The items of all parts, in order, as one set. Raises ValueError if there are no parts."""
    if not parts:
        raise ValueError("no items to pool")
    gold, pred, confidence = (np.concatenate([getattr(p, n) for p in parts]) for n in ("gold", "pred", "confidence"))
    matrices = [part.probs for part in parts if isinstance(part.probs, np.ndarray)]
    probs: FloatArray | tuple[FloatArray, ...]
    if len(matrices) == len(parts) and len({matrix.shape[1] for matrix in matrices}) == 1:
        probs = np.concatenate(matrices)
    else:
        probs = tuple(row for part in parts for row in part.probs)
    return CalibrationItems(name, category, probs, gold, pred, confidence, sum(part.left_out for part in parts))


def _small(table: ItemTable) -> CalibrationItems:
    rows = list(table.columns["probs"])
    even = len({len(row) for row in rows}) == 1
    gold, pred, confidence = (table.columns[name] for name in ("gold", "pred", "confidence"))
    return CalibrationItems(table.task, table.category, np.stack(rows) if even else tuple(rows), gold, pred, confidence)


def _per_byte(samples: Samples) -> Samples:
    """Log-likelihoods divided by bytes; only items whose choices all have some."""
    kept = [i for i, row in enumerate(samples.choice_bytes) if len(row) == len(samples.choice_logliks[i]) and all(row)]
    if not kept:
        raise ValueError(f"{samples.task}: the texts of its choices are not logged, so no likelihood per byte: use raw")
    columns: dict[str, Any] = {name: tuple(column[i] for i in kept) for name, column in _columns(samples).items()}
    columns["choice_logliks"] = tuple(
        tuple(value / size for value, size in zip(row, sizes))
        for row, sizes in zip(columns["choice_logliks"], columns["choice_bytes"])
    )
    return replace(samples, **columns)


def _part(samples: Samples, start: int) -> Samples:
    if len(samples.doc_id) <= _AT_ONCE:
        return samples
    columns: dict[str, Any] = {name: c[start : start + _AT_ONCE] for name, c in _columns(samples).items()}
    return replace(samples, **columns)


def _columns(samples: Samples) -> dict[str, Any]:
    """The columns that are filled, one entry an item."""
    return {name: getattr(samples, name) for name in _PER_ITEM if getattr(samples, name)}
