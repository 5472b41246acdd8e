"""Multiple choice under three likelihoods: as it is, per byte and per token of the choice.

The columns of `score_choices` (probs, pred, correct, confidence) are those of the raw likelihood, the default: the
probability that the model gives each answer, given that it gives one of them. Dividing by length lets long answers
compete, as lm-eval's ``acc_bytes`` does; what results is a score, which is why it is given beside the raw one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from synth_eval.calibration.items import choice_probabilities
from synth_eval.types import ItemTable

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, BoolArray, FloatArray, IntArray

Likelihood: TypeAlias = Literal["raw", "bytes", "tokens"]
LIKELIHOODS: tuple[Likelihood, ...] = ("raw", "bytes", "tokens")


@dataclass(frozen=True)
class NormalisedChoices:
    """n items under one likelihood.

    ``probs`` : n arrays (k,), the softmax over choices; ``pred`` : (n,) the first choice of highest likelihood;
    ``confidence`` : (n,) probability of the predicted choice; ``correct`` : (n,).
    """

    likelihood: Likelihood
    probs: tuple[FloatArray, ...]
    pred: IntArray
    confidence: FloatArray
    correct: BoolArray


def normalised_choices(
    choice_logliks: Sequence[Sequence[float] | FloatArray],
    gold: Sequence[int] | IntArray,
    *,
    lengths: Sequence[Sequence[int] | IntArray] | None = None,
    likelihood: Likelihood = "raw",
) -> NormalisedChoices:
    """Probabilities, confidence and correctness of multiple-choice items under one likelihood.

    Parameters
    ----------
    choice_logliks : n sequences of (k,) float, nats
        Log-likelihood of each choice; items may differ in k.
    gold : (n,) int
        Index of the right choice.
    lengths : n sequences of (k,) int, at least 1
        Bytes or tokens of each choice; needed unless ``likelihood`` is "raw".
    likelihood : "raw", "bytes" or "tokens"

    Returns
    -------
    NormalisedChoices. Equal lengths of m divide the log-likelihoods by m: the prediction stays, the confidence falls.

    Raises
    ------
    ValueError : no lengths where they are needed, or lengths given for "raw"; an item, named by its index, with a
        length below 1 or not one length a choice, with gold out of range, or as `choice_probabilities`.

    References
    ----------
    Brown et al., "Language Models are Few-Shot Learners", NeurIPS 2020, section 2.4 (likelihood per token).

    Examples
    --------
    >>> found = normalised_choices([[-2.0, -3.0]], [1], lengths=[[1, 3]], likelihood="bytes")
    >>> found.pred, found.confidence.round(3)
    (array([1]), array([0.731]))
    """
    if likelihood not in LIKELIHOODS:
        raise ValueError(f"no likelihood {likelihood!r}; there are {', '.join(LIKELIHOODS)}")
    if (lengths is None) != (likelihood == "raw"):
        raise ValueError(f"lengths are {'needed' if lengths is None else 'not used'} for {likelihood} likelihood")
    if len(choice_logliks) != len(gold) or (lengths is not None and len(lengths) != len(gold)):
        raise ValueError("log-likelihoods, lengths and gold differ in their number of items")
    right = np.asarray(gold, dtype=np.int64)
    n_choices = np.fromiter(map(len, choice_logliks), dtype=np.int64, count=len(right))
    probs: list[FloatArray] = [np.empty(0)] * len(right)
    pred, confidence = np.zeros(len(right), dtype=np.int64), np.zeros(len(right))
    for k in np.unique(n_choices):  # items of equal k at once
        where = np.flatnonzero(n_choices == k)
        rows = np.array([choice_logliks[i] for i in where.tolist()], dtype=np.float64)
        if lengths is not None:
            rows = rows / _checked_lengths(lengths, rows, where)
        group = _probabilities(rows, where)
        pred[where] = rows.argmax(axis=1)  # of the log-likelihoods: two that differ can round to the same probability
        confidence[where] = group.max(axis=1)
        for i, row in zip(where, group):
            probs[i] = row
    outside = np.flatnonzero((right < 0) | (right >= n_choices))
    if outside.size:
        bad = int(outside[0])
        raise ValueError(f"item {bad}: gold {right[bad]} is outside 0 ... {n_choices[bad] - 1}")
    return NormalisedChoices(likelihood, tuple(probs), pred, confidence, pred == right)


def _probabilities(rows: FloatArray, where: IntArray) -> FloatArray:
    try:
        return choice_probabilities(rows)
    except ValueError:
        for i, row in zip(where, rows):  # which item is it?
            try:
                choice_probabilities(row)
            except ValueError as error:
                raise ValueError(f"item {i}: {error}") from None
        raise


def with_normalisations(table: ItemTable, *, choice_tokens: Sequence[Sequence[int]] | None = None) -> ItemTable:
    """The table with probs, pred, confidence and correct per byte and per token beside the raw ones.

    Adds ``probs_bytes``, ``pred_bytes``, ``confidence_bytes``, ``correct_bytes`` where the bytes of every choice are
    known (the ``choice_bytes`` column), and the same with ``_tokens``, and ``choice_tokens``, where counts are given:
    lm-eval's samples log none, only a tokenizer knows them. Columns that are there already keep their meaning.

    Raises
    ------
    ValueError : not a multiple-choice table, or as `normalised_choices`.

    Examples
    --------
    >>> from synth_eval.calibration import score_choices
    >>> from synth_eval.types import Samples
    >>> samples = Samples("qa", "choice", (0,), ("a",), ("b",), ((-2.0, -3.0),), ((1, 3),), (1,))
    >>> table = score_choices(samples, checkpoint="m", category="reasoning")
    >>> with_normalisations(table).columns["correct_bytes"]
    array([ True])
    """
    if table.kind != "choice":
        raise ValueError(f"{table.task} is a {table.kind} task: it has no choices")
    logliks, gold = list(table.columns["choice_logliks"]), table.columns["gold"]
    known: dict[Likelihood, Sequence[Sequence[int] | IntArray]] = {}
    sizes = list(table.columns["choice_bytes"])
    if sizes and all(len(size) == len(row) and np.all(size > 0) for size, row in zip(sizes, logliks)):
        known["bytes"] = sizes
    columns: dict[str, AnyArray] = dict(table.columns)
    if choice_tokens is not None:
        known["tokens"] = choice_tokens
        columns["choice_tokens"] = _objects([np.asarray(row, dtype=np.int64) for row in choice_tokens])
    for likelihood, lengths in known.items():
        scores = normalised_choices(logliks, gold, lengths=lengths, likelihood=likelihood)
        columns |= _columns(scores)
    return replace(table, columns=columns)


def _columns(scores: NormalisedChoices) -> Mapping[str, AnyArray]:
    suffix = scores.likelihood
    return {
        f"probs_{suffix}": _objects(scores.probs),
        f"pred_{suffix}": scores.pred,
        f"confidence_{suffix}": scores.confidence,
        f"correct_{suffix}": scores.correct,
    }


def _objects(rows: Sequence[AnyArray]) -> AnyArray:
    column = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        column[i] = row
    return column


def _checked_lengths(lengths: Sequence[Sequence[int] | IntArray], rows: FloatArray, where: IntArray) -> IntArray:
    """Lengths of the choices of these items, in the form of their log-likelihoods."""
    k = rows.shape[1]
    for i in where.tolist():
        if len(lengths[i]) != k:
            raise ValueError(f"item {i}: {len(lengths[i])} lengths for {k} choices")
    sizes = np.array([lengths[i] for i in where.tolist()], dtype=np.int64).reshape(rows.shape)
    short = np.flatnonzero((sizes < 1).any(axis=1))
    if short.size:
        raise ValueError(f"item {where[short[0]]}: a choice of length {sizes[short[0]].min()}; it must be at least 1")
    return sizes
