"""Input checks that every function of this layer shares: wrong input raises at once, nothing is clipped or dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, BoolArray, FloatArray, IntArray

_BITS_OF_ONE = np.float64(1.0).view(np.uint64)
_SUM_TOLERANCE = 1e-4  # probabilities logged with four decimals still pass


def checked(confidence: Any, correct: Any, *, ranges: bool = True) -> tuple[FloatArray, BoolArray]:
    """Probabilities and outcomes as 1-D arrays of one length.

    Without ``ranges`` the values of the probabilities are left unread, for `blocks` checks them as it goes.

    Parameters
    ----------
    confidence : (n,) numbers
    correct : (n,) bool, or 0 and 1
    ranges : whether probabilities outside [0, 1] are looked for

    Raises
    ------
    ValueError : not 1-D, lengths differ, n = 0, a probability outside [0, 1] or NaN, an outcome other than 0 and 1.
    """
    values = checked_probability(confidence, ranges=ranges)
    outcomes = checked_outcome(correct)
    if len(values) != len(outcomes):
        raise ValueError(f"{len(values)} confidences for {len(outcomes)} outcomes")
    return values, outcomes


def checked_probability(confidence: Any, *, name: str = "confidence", ranges: bool = True) -> FloatArray:
    """1-D array of probabilities; raises ValueError if it is not, is empty, or leaves [0, 1].

    Parameters
    ----------
    confidence : (n,) numbers
    name : what messages call them
    ranges : whether those outside [0, 1] are looked for
    """
    values = np.asarray(confidence, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"{name} must be 1-D, got {values.ndim}-D")
    if values.size == 0:
        raise ValueError(f"{name} is empty: at least one item is needed")
    if ranges:
        require_within(values, name=name)
    return values


def require_within(values: FloatArray, *, name: str = "confidence", first: int = 0) -> None:
    """Raise ValueError if any of the values, of items ``first`` and following, leaves [0, 1].

    Parameters
    ----------
    values : (n,) float
    name : what messages call them
    first : number of the first item
    """
    if not _within(values):
        bad = int(np.argmax(~((values >= 0.0) & (values <= 1.0))))
        raise ValueError(f"{name} must lie in [0, 1]: item {first + bad} has {values[bad]}")


def _within(values: FloatArray) -> bool:
    """Whether all values lie in [0, 1].

    Read as whole numbers, doubles from 0 to 1 rise up to the pattern of 1, and negative ones and NaN lie above it: one
    pass instead of two. -0.0 has the sign bit too, hence the second look.
    """
    return bool(values.view(np.uint64).max() <= _BITS_OF_ONE or (values.min() >= 0.0 and values.max() <= 1.0))


def checked_outcome(correct: Any) -> BoolArray:
    """1-D array of bool, from bool or 0/1 numbers; raises ValueError on anything else."""
    outcomes = np.asarray(correct)
    if outcomes.ndim != 1:
        raise ValueError(f"correct must be 1-D, got {outcomes.ndim}-D")
    if outcomes.dtype != np.bool_:
        if not ((outcomes == 0) | (outcomes == 1)).all():
            raise ValueError("correct must hold only True and False, or 0 and 1")
        outcomes = outcomes.astype(np.bool_)
    return outcomes


def checked_choices(probs: Any, gold: Any) -> tuple[FloatArray, IntArray, IntArray]:
    """Choice probabilities as one matrix, the right choices, and how many choices each item has.

    Parameters
    ----------
    probs : (n, k) float, or a sequence of n 1-D arrays, lengths may differ
        Probability of each choice; each item's sum to 1.
    gold : (n,) int

    Returns
    -------
    probs : (n, max k) float
        Shorter items are filled up with 0: a choice that is not there is never right and has no probability.
    gold : (n,) int
    n_choices : (n,) int

    Raises
    ------
    ValueError : n = 0, lengths differ, an item with no choices, a probability outside [0, 1] or NaN, a sum further
        than 1e-4 from 1, or gold out of range.
    """
    matrix, n_choices = _padded(probs)
    right = np.asarray(gold)
    if right.ndim != 1 or len(right) != len(matrix):
        raise ValueError(f"{right.size} gold for {len(matrix)} items")
    if right.dtype.kind not in "iu":
        raise ValueError(f"gold must be integers, got {right.dtype}")
    right = right.astype(np.int64)
    outside = (right < 0) | (right >= n_choices)
    if outside.any():
        bad = int(np.argmax(outside))
        raise ValueError(f"gold {right[bad]} is outside 0 ... {n_choices[bad] - 1} at item {bad}")
    return matrix, right, n_choices


def checked_clusters(clusters: Any, n: int) -> IntArray | None:
    """Cluster of each item as 0 ... m - 1; None stays None. Raises ValueError on another length or fewer than two."""
    if clusters is None:
        return None
    labels: AnyArray = np.asarray(clusters)
    if labels.shape != (n,):
        raise ValueError(f"{labels.size} clusters for {n} items")
    _, codes = np.unique(labels, return_inverse=True)
    if n > 1 and codes.max() == 0:
        raise ValueError("all items are in one cluster: nothing can be resampled; leave clusters out")
    return codes.astype(np.int64)


def _padded(probs: Any) -> tuple[FloatArray, IntArray]:
    if isinstance(probs, np.ndarray) and probs.dtype != object:
        matrix = np.asarray(probs, dtype=np.float64)
        if matrix.ndim != 2:
            raise ValueError(f"probs must be (n, k), got {matrix.ndim}-D; for two choices give both columns")
        n_choices = np.full(len(matrix), matrix.shape[1])
    else:
        rows: Sequence[Any] = list(probs)
        n_choices = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        matrix = np.zeros((len(rows), n_choices.max(initial=0)))
        if n_choices.size:
            matrix[np.arange(matrix.shape[1]) < n_choices[:, None]] = np.concatenate(rows)
    if len(matrix) == 0:
        raise ValueError("probs is empty: at least one item is needed")
    if (n_choices == 0).any():
        raise ValueError(f"item {int(np.argmax(n_choices == 0))} has no choices")
    off = np.abs(matrix @ np.ones(matrix.shape[1]) - 1.0)
    if not (_within(matrix) and off.max() <= _SUM_TOLERANCE):
        bad = int(np.argmin(((matrix >= 0.0) & (matrix <= 1.0)).all(axis=1) & (off <= _SUM_TOLERANCE)))
        raise ValueError(f"probs must lie in [0, 1] and sum to 1: item {bad} has {matrix[bad, : n_choices[bad]]}")
    return matrix, n_choices
