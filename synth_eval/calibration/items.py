"""From log-likelihoods to one row an item: probabilities, confidence, proper scores, surprise gap.

Everything is in nats. The logarithm of a probability is taken of ``max(p, 1e-6)``, in the negative log-likelihood and
in the entropy alike, so that the surprise gap stays finite and still has mean exactly 0 under ``gold ~ probs``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.votes import vote_columns
from synth_eval.types import ItemTable, Samples

if TYPE_CHECKING:
    from synth_eval.types import AnyArray, FloatArray, IntArray


PROBABILITY_FLOOR = 1e-6
_SCORES = ("confidence", "p_gold", "entropy", "nll", "brier", "surprise_gap")


@dataclass(frozen=True)
class ChoiceScores:
    """The scores of one multiple-choice item; units and definitions as in `score_choices`."""

    acc: float
    brier: float
    nll: float
    surprise_gap: float
    confidence: float
    entropy: float
    p_gold: float
    pred: int


def choice_probabilities(logliks: Sequence[float] | FloatArray) -> FloatArray:
    """Softmax over the choices of one item, or of n items with as many choices.

    Parameters
    ----------
    logliks : (k,) or (n, k) float, nats
        Log-likelihood of each choice; -inf (probability 0) is allowed on some choices but not on all.

    Returns
    -------
    Same shape, rows sum to 1.

    Raises
    ------
    ValueError : not 1-D or 2-D, no choices, NaN or +inf anywhere, or -inf on every choice of an item.

    Examples
    --------
    >>> choice_probabilities([0.0, 0.0, -float("inf")])
    array([0.5, 0.5, 0. ])
    """
    values = np.asarray(logliks, dtype=np.float64)
    if values.ndim not in (1, 2):
        raise ValueError(f"log-likelihoods must be 1-D or 2-D, got {values.ndim}-D")
    if values.shape[-1] == 0:
        raise ValueError("an item needs at least one choice")
    rows = np.atleast_2d(values)
    bad = _unusable(rows)
    if bad.size:
        raise ValueError(f"{_why_unusable(rows[bad[0]])} in row {bad[0]} of the log-likelihoods")
    return _softmax(rows).reshape(values.shape)


def choice_scores(logliks: Sequence[float] | FloatArray, gold: int) -> ChoiceScores:
    """Scores of one item, for a task's ``process_results``.

    Parameters
    ----------
    logliks : (k,) float, nats
    gold : int
        Index of the right choice.

    Raises
    ------
    ValueError : as `choice_probabilities`; or gold outside 0 ... k - 1.

    Examples
    --------
    >>> scores = choice_scores([-1.0, -2.0], 0)
    >>> scores.acc, round(scores.confidence, 3), round(scores.nll, 3)
    (1.0, 0.731, 0.313)
    """
    row = np.asarray(logliks, dtype=np.float64)
    if row.ndim != 1:
        raise ValueError(f"one item's log-likelihoods must be 1-D, got {row.ndim}-D")
    probs = choice_probabilities(row)[None, :]
    if not 0 <= gold < row.size:
        raise ValueError(f"gold {gold} is outside 0 ... {row.size - 1}")
    pred, scores = _score_rows(row[None, :], probs, np.array([gold]))
    values = {name: float(scores[name][0]) for name in _SCORES}
    return ChoiceScores(acc=float(pred[0] == gold), pred=int(pred[0]), **values)


def score_choices(samples: Samples, *, checkpoint: str, category: str) -> ItemTable:
    """Item table of a multiple-choice task.

    Parameters
    ----------
    samples : Samples of kind "choice"
        Items may differ in their number of choices.
    checkpoint, category : str
        Copied into the table.

    Returns
    -------
    ItemTable with columns doc_id, doc_hash, prompt_hash, choice_logliks, choice_bytes, probs, gold and

    - pred: the first choice of highest log-likelihood (as lm-eval's ``np.argmax``); correct: pred == gold;
    - confidence = max p; p_gold = p[gold], neither clipped;
    - nll = -log p_gold, entropy = -sum p log p, surprise_gap = nll - entropy, in nats, log p floored at log 1e-6;
    - brier = sum over choices of (p - [choice is gold])^2, in [0, 2]. The binary Brier score of the positive class is
      half of it where k = 2;
    - level, where the samples have levels.

    An item with a single choice scores as certain and right: confidence 1, nll 0. Samples that have the logged
    ``accuracy`` instead of choices give its column alone, as ``correct``.

    Raises
    ------
    ValueError : another kind, columns of different length, or an item, named by its doc_id, with no choices, NaN or
        infinite log-likelihoods (-inf on some but not all choices is allowed) or gold out of range.

    Examples
    --------
    >>> from synth_eval.types import Samples
    >>> samples = Samples("qa", "choice", (0,), ("a",), ("b",), choice_logliks=((-1.0, -2.0),), gold=(0,))
    >>> score_choices(samples, checkpoint="m", category="reasoning").columns["correct"]
    array([ True])
    """
    if samples.accuracy:
        _check(samples, "choice", "accuracy")
        logged = {**_identity(samples), "correct": np.array(samples.accuracy, dtype=np.float64)}
        return ItemTable(checkpoint=checkpoint, task=samples.task, kind="choice", category=category, columns=logged)
    n = _check(samples, "choice", "choice_logliks", "gold")
    gold = np.asarray(samples.gold, dtype=np.int64).reshape(n)
    pred = np.zeros(n, dtype=np.int64)
    scores = {name: np.zeros(n) for name in _SCORES}
    logliks_column, probs_column = np.empty(n, dtype=object), np.empty(n, dtype=object)
    counts = np.fromiter(map(len, samples.choice_logliks), dtype=np.int64, count=n)

    for k in np.unique(counts):  # items of equal k at once: ragged tasks cost no more than even ones
        where = np.flatnonzero(counts == k)
        if k == 0:
            raise ValueError(f"item doc_id={samples.doc_id[where[0]]} of {samples.task} has no choices")
        rows = np.array([samples.choice_logliks[i] for i in where], dtype=np.float64)
        _check_rows(rows, gold[where], where, samples)
        probs = _softmax(rows)
        pred[where], group = _score_rows(rows, probs, gold[where])
        for name in _SCORES:
            scores[name][where] = group[name]
        for i, row, p in zip(where, rows, probs):
            logliks_column[i], probs_column[i] = row, p

    columns: dict[str, AnyArray] = {
        **_identity(samples),
        "choice_logliks": logliks_column,
        "choice_bytes": _byte_column(samples, n),
        "probs": probs_column,
        "gold": gold,
        "pred": pred,
        "correct": pred == gold,
        **scores,
    }
    if samples.level:
        columns["level"] = np.asarray(samples.level, dtype=np.int64)
    return ItemTable(checkpoint=checkpoint, task=samples.task, kind="choice", category=category, columns=columns)


def score_rolling(samples: Samples, *, checkpoint: str, category: str) -> ItemTable:
    """Item table of a rolling log-likelihood task: loglik (nats), n_bytes, bits_per_byte = -loglik / (n_bytes ln 2).

    The samples' ``metrics`` (acc, where one given continuation is scored) are columns too.

    Parameters
    ----------
    samples : Samples of kind "rolling"
    checkpoint, category : str
        Copied into the table.

    Raises
    ------
    ValueError : another kind, columns of different length, or a document, named by its doc_id, of no bytes or with a
        log-likelihood that is not finite.

    Examples
    --------
    >>> from synth_eval.types import Samples
    >>> samples = Samples("text", "rolling", (0,), ("a",), ("b",), loglik=(-8.0,), n_bytes=(4,))
    >>> score_rolling(samples, checkpoint="m", category="domain").columns["bits_per_byte"].round(3)
    array([2.885])
    """
    n = _check(samples, "rolling", "loglik", "n_bytes")
    loglik = np.asarray(samples.loglik, dtype=np.float64).reshape(n)
    n_bytes = np.asarray(samples.n_bytes, dtype=np.int64).reshape(n)
    for bad, why in ((n_bytes <= 0, "has no bytes"), (~np.isfinite(loglik), "has a log-likelihood that is not finite")):
        if bad.any():
            raise ValueError(f"document doc_id={samples.doc_id[int(np.argmax(bad))]} of {samples.task} {why}")
    columns: dict[str, AnyArray] = {
        **_identity(samples),
        "loglik": loglik,
        "n_bytes": n_bytes,
        "bits_per_byte": -loglik / (np.log(2.0) * n_bytes),
        **{name: np.array(values, dtype=np.float64) for name, values in samples.metrics.items()},
    }
    return ItemTable(checkpoint=checkpoint, task=samples.task, kind="rolling", category=category, columns=columns)


def score_generation(samples: Samples, *, checkpoint: str, category: str) -> ItemTable:
    """Item table of a generation task: text, logged metrics, and confidence by vote where items have several answers.

    Columns: doc_id, doc_hash, prompt_hash, text, those of `vote_columns` (answer, votes, n_answers, confidence,
    correct, brier, nll), whose docstring has when they are there, and the metrics that lm-eval logged for each item
    under their own names (exact_match, f1 ...), except where one of the columns before has the name. Where no answer is
    right or wrong and items have several, ``samples`` holds all of them, a tuple an item: what is written is looked at.

    Parameters
    ----------
    samples : Samples of kind "generation"
    checkpoint, category : str
        Copied into the table.

    Raises
    ------
    ValueError : another kind, or columns of different length.

    Examples
    --------
    >>> from synth_eval.types import Samples
    >>> samples = Samples("qa", "generation", (0,), ("a",), ("b",), texts=("4",), metrics={"exact_match": (1.0,)})
    >>> score_generation(samples, checkpoint="m", category="reasoning").columns["exact_match"]
    array([1.])
    """
    n = _check(samples, "generation", "texts")
    text = np.empty(n, dtype=object)
    text[:] = samples.texts
    logged = {name: np.asarray(values, dtype=np.float64) for name, values in samples.metrics.items()}
    columns: dict[str, AnyArray] = {**logged, **_identity(samples), "text": text, **vote_columns(samples)}
    if not samples.targets and any(len(answers) > 1 for answers in samples.repeats):
        columns["samples"] = np.fromiter(samples.repeats, dtype=object, count=n)
    return ItemTable(checkpoint=checkpoint, task=samples.task, kind="generation", category=category, columns=columns)


def score_samples(samples: Samples, *, checkpoint: str, category: str) -> ItemTable:
    """Item table of a task of any kind; see `score_choices`, `score_rolling` and `score_generation`.

    Parameters
    ----------
    samples : Samples of any kind
    checkpoint, category : str
        Copied into the table.

    Examples
    --------
    >>> from synth_eval.types import Samples
    >>> samples = Samples("qa", "choice", (0,), ("a",), ("b",), choice_logliks=((-1.0, -2.0),), gold=(0,))
    >>> score_samples(samples, checkpoint="m", category="reasoning").kind
    'choice'
    """
    score = {"choice": score_choices, "rolling": score_rolling, "generation": score_generation}[samples.kind]
    return score(samples, checkpoint=checkpoint, category=category)


def _softmax(rows: FloatArray) -> FloatArray:
    weights = np.exp(rows - rows.max(axis=1, keepdims=True))
    normalised: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return normalised


def _score_rows(rows: FloatArray, probs: FloatArray, gold: IntArray) -> tuple[IntArray, dict[str, FloatArray]]:
    # pred comes from the log-likelihoods: two that differ can still round to the same probability
    pred = rows.argmax(axis=1)
    p_gold = probs[np.arange(len(gold)), gold]
    log_probs = np.log(np.maximum(probs, PROBABILITY_FLOOR))
    # + 0.0 turns the -0.0 of a certain answer into 0.0
    nll = -np.log(np.maximum(p_gold, PROBABILITY_FLOOR)) + 0.0
    entropy = -(probs * log_probs).sum(axis=1) + 0.0
    brier = (probs**2).sum(axis=1) - p_gold**2 + (1.0 - p_gold) ** 2
    confidence = probs.max(axis=1)
    return pred, {
        "confidence": confidence,
        "p_gold": p_gold,
        "entropy": entropy,
        "nll": nll,
        "brier": brier,
        "surprise_gap": nll - entropy,
    }


def _check(samples: Samples, kind: str, *needed: str) -> int:
    if samples.kind != kind:
        raise ValueError(f"samples of {samples.task} are of kind {samples.kind}, not {kind}")
    n = len(samples.doc_id)
    for name in ("doc_hash", "prompt_hash", *needed):
        if len(getattr(samples, name)) != n:
            raise ValueError(f"samples of {samples.task}: {len(getattr(samples, name))} {name} for {n} items")
    for name in ("choice_bytes", "level", "repeats", "targets", "exact_match"):
        if len(getattr(samples, name)) not in (0, n):
            raise ValueError(f"samples of {samples.task}: {len(getattr(samples, name))} {name} for {n} items")
    return n


def _check_rows(rows: FloatArray, gold: IntArray, where: IntArray, samples: Samples) -> None:
    bad = _unusable(rows)
    if bad.size:
        item = f"item doc_id={samples.doc_id[where[bad[0]]]} of {samples.task}"
        raise ValueError(f"{_why_unusable(rows[bad[0]])} in {item}")
    outside = np.flatnonzero((gold < 0) | (gold >= rows.shape[1]))
    if outside.size:
        item = f"item doc_id={samples.doc_id[where[outside[0]]]} of {samples.task}"
        raise ValueError(f"gold {gold[outside[0]]} is outside 0 ... {rows.shape[1] - 1} in {item}")


def _unusable(rows: FloatArray) -> IntArray:
    """Indices of the rows from which no probabilities can be made."""
    good = (rows < np.inf).all(axis=1) & (rows.max(axis=1) > -np.inf)  # NaN < inf is False
    return np.flatnonzero(~good)


def _why_unusable(row: FloatArray) -> str:
    if np.isnan(row).any():
        return "NaN log-likelihood"
    return "infinite log-likelihood" if (row == np.inf).any() else "log-likelihood -inf on every choice"


def _identity(samples: Samples) -> dict[str, AnyArray]:
    doc_hash, prompt_hash = (np.array(column, dtype=str) for column in (samples.doc_hash, samples.prompt_hash))
    return {"doc_id": np.array(samples.doc_id, dtype=np.int64), "doc_hash": doc_hash, "prompt_hash": prompt_hash}


def _byte_column(samples: Samples, n: int) -> AnyArray:
    """Bytes of each choice; empty arrays where the samples carry none."""
    column = np.empty(n, dtype=object)
    for i, values in enumerate(samples.choice_bytes or ((),) * n):
        column[i] = np.array(values, dtype=np.int64)
    return column
