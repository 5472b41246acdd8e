"""Answers whose confidence is checked: of what item tables, and in the form that resampling wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.binning import Binning, bin_index
from synth_eval.calibration.check import checked, checked_choices, checked_clusters
from synth_eval.types import ItemTable

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, BoolArray, FloatArray, IntArray


def why_no_confidence(table: ItemTable) -> str:
    """One line on why no answer of the table has a confidence that can be checked; "" if they have one.

    Examples
    --------
    >>> table = ItemTable("m", "qa", "choice", "reasoning", {"confidence": np.ones(1), "correct": np.ones(1)})
    >>> why_no_confidence(table)
    ''
    """
    if table.kind == "rolling":
        return f"{table.task} is a rolling task: it scores the likelihood of a text and gives no answer to be sure of"
    if "confidence" not in table.columns:
        return (
            f"{table.task}: one answer an item: sample several (`repeats: 10`, a temperature, and the filter "
            "take_first_k with k: 10, which keeps them all)"
        )
    if "correct" not in table.columns:
        return (
            f"{table.task}: its targets are not logged, or it compares answers in a way of its own: which of the "
            "majority answers are right is not known"
        )
    return ""


def confidence_and_correct(table: ItemTable) -> tuple[FloatArray, BoolArray]:
    """(n,) confidence and (n,) correctness of a table's answers, of multiple choice or by vote, as `assess` takes them.

    Raises
    ------
    ValueError : there are none, with the reason of `why_no_confidence`.

    Examples
    --------
    >>> table = ItemTable("m", "qa", "choice", "reasoning", {"confidence": np.ones(1), "correct": np.ones(1)})
    >>> confidence_and_correct(table)
    (array([1.]), array([1.]))
    """
    if reason := why_no_confidence(table):
        raise ValueError(reason)
    return table.columns["confidence"], table.columns["correct"]


@dataclass(frozen=True)
class Answers:
    """n answers in the form that resampling wants: in rising order of confidence, so that every bin is one run of them.

    ``slots`` (n, k) holds each item's probabilities with the predicted choice first, so that slot 0 is right exactly
    if the item is, and the others in falling order, so that a larger uniform number draws a more surprising answer;
    ``slot`` (n,) is the right one and ``choice`` (n, k) says which choice a slot stands for. Without
    choice probabilities there are two slots, right and wrong, and ``choice`` is None.
    """

    confidence: FloatArray
    correct: BoolArray
    slots: FloatArray
    slot: IntArray
    choice: IntArray | None
    n_choices: IntArray
    cluster: IntArray | None
    _memo: dict[bytes, FloatArray] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.confidence)

    @cached_property
    def residual(self) -> FloatArray:
        """(n,) correct - confidence."""
        return self.correct - self.confidence

    def confidence_totals(self, starts: IntArray) -> FloatArray:
        """Sum of confidence over each run of items; kept, since every resample asks again."""
        key = starts.tobytes()
        if key not in self._memo:
            self._memo[key] = np.add.reduceat(self.confidence, starts)
        return self._memo[key]

    @property
    def units(self) -> int:
        """How many things are resampled independently: clusters, or items where there are none."""
        return len(self) if self.cluster is None else int(self.cluster.max()) + 1

    @property
    def one_outcome(self) -> bool:
        """Whether all answers are right or all are wrong."""
        return bool(self.correct.all() or not self.correct.any())


def prepare_answers(confidence: FloatArray, correct: BoolArray, *, clusters: AnyArray | None = None) -> Answers:
    """Items known by the confidence in their answer and whether it was right. Raises ValueError as `check.checked`.

    Parameters
    ----------
    confidence : (n,) float in [0, 1]
    correct : (n,) bool
    clusters : (n,) labels, optional
        Of items that are resampled together.
    """
    confidence, correct = checked(confidence, correct)
    cluster = checked_clusters(clusters, len(confidence))
    order = np.lexsort((correct, confidence))
    confidence, correct = confidence[order], correct[order]
    return Answers(
        confidence=confidence,
        correct=correct,
        slots=np.column_stack([confidence, 1.0 - confidence]),
        slot=(~correct).astype(np.int64),
        choice=None,
        n_choices=np.full(len(correct), 2),
        cluster=None if cluster is None else cluster[order],
    )


def prepare_choices(
    probs: FloatArray | Sequence[FloatArray],
    gold: IntArray,
    *,
    pred: IntArray | None = None,
    clusters: AnyArray | None = None,
) -> Answers:
    """Items known by the probabilities of all their choices.

    ``pred`` (n,) is the predicted choice, the first most probable one if None. Raises ValueError as
    `check.checked_choices`, or if a prediction is out of range.

    Parameters
    ----------
    probs : (n, k) float, or n arrays of their own lengths
    gold : (n,) int
    pred : (n,) int, optional
    clusters : (n,) labels, optional
    """
    matrix, gold, n_choices = checked_choices(probs, gold)
    cluster = checked_clusters(clusters, len(matrix))
    answer = matrix.argmax(axis=1) if pred is None else np.asarray(pred, dtype=np.int64)
    if answer.shape != gold.shape or (answer < 0).any() or (answer >= n_choices).any():
        raise ValueError("pred must name one of each item's choices")
    rows = np.arange(len(matrix))
    confidence = matrix[rows, answer]
    order = np.lexsort((answer == gold, confidence))
    matrix, gold, answer = matrix[order], gold[order], answer[order]
    # the predicted choice first, then falling probability, choices that an item lacks last
    n_choices = n_choices[order]
    rank = np.where(np.arange(matrix.shape[1]) < n_choices[:, None], -matrix, 1.0)
    rank[rows, answer] = -2.0
    choice = np.argsort(rank, axis=1, kind="stable")
    slot = np.argmax(choice == gold[:, None], axis=1)
    return Answers(
        confidence=confidence[order],
        correct=slot == 0,
        slots=np.take_along_axis(matrix, choice, axis=1),
        slot=slot,
        choice=choice,
        n_choices=n_choices,
        cluster=None if cluster is None else cluster[order],
    )


def runs(items: Answers, *, bins: int, scheme: Binning) -> IntArray:
    """First item of each filled bin.

    Parameters
    ----------
    items : n answers, in rising order of confidence
    bins, scheme : as in `binning.bin_index`
    """
    index = bin_index(items.confidence, bins=bins, scheme=scheme)
    return run_starts(index)


def run_starts(sorted_values: AnyArray) -> IntArray:
    """Where each run of equal values starts."""
    starts: IntArray = np.flatnonzero(np.concatenate([[True], sorted_values[1:] != sorted_values[:-1]]))
    return starts
