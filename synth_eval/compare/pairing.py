"""Pairing of items across checkpoints: same document, same prompt, or left out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.calibration.errors import expected_calibration_error
from synth_eval.compare.metrics import Metric
from synth_eval.errors import Refusal, ResultsError
from synth_eval.results import Estimate, TaskResult, estimate
from synth_eval.results.aggregates import CHAT_TEMPLATE, FEWSHOT_SEED, GENERATION_SETTING, LIMIT
from synth_eval.text import listed, plural
from synth_eval.types import BYTE_FREQUENCY_BITS, ItemTable, TaskKind

if TYPE_CHECKING:
    from synth_eval.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Joined:
    """``rows[i, t]`` is the row of shared item i in table t; ``notes`` are what did not pair, one line each."""

    rows: IntArray
    notes: tuple[str, ...] = ()


def join_items(tables: Sequence[ItemTable]) -> Joined:
    """Items that every table holds with the same prompt, in the order of the first table.

    The key is doc_hash. Where a table holds a document several times, its k-th copy pairs with the k-th copy elsewhere.

    Parameters
    ----------
    tables : at least one, of one task.
    """
    first = tables[0]
    if all(_same(table, first, "doc_hash") and _same(table, first, "prompt_hash") for table in tables[1:]):
        return Joined(np.repeat(np.arange(len(first))[:, None], len(tables), axis=1))

    row_of = [_row_of(table) for table in tables]
    shared = [key for key in row_of[0] if all(key in rows for rows in row_of[1:])]
    rows = np.array([[rows[key] for rows in row_of] for key in shared], dtype=np.int64).reshape(
        len(shared), len(tables)
    )
    prompts = [np.asarray(table.columns["prompt_hash"])[rows[:, t]] for t, table in enumerate(tables)]
    agree = np.all([prompt == prompts[0] for prompt in prompts], axis=0)
    notes = [*_missing(tables, row_of, set(shared)), *_other_prompts(first, rows[~agree, 0])]
    return Joined(rows[agree], tuple(notes))


def with_its_prompts(tables: Mapping[str, ItemTable]) -> tuple[dict[str, ItemTable], dict[str, str]]:
    """The tables that pair with the first, which is the baseline's, and why others do not.

    One checkpoint that was asked with other prompts, or about other documents, must not empty the curve of all: it is
    left out where most of the documents that it shares with the first were asked with another prompt, or it shares
    none. Fewer such items are left out one by one, see `join_items`.
    """
    kept: dict[str, ItemTable] = {}
    odd: dict[str, str] = {}
    first = next(iter(tables.values()), None)
    for name, table in tables.items():
        if first is None or table is first or (_same(table, first, "prompt_hash") and _same(table, first, "doc_hash")):
            kept[name] = table
            continue
        mine, theirs = _row_of(table), _row_of(first)
        rows = np.array([(mine[key], theirs[key]) for key in theirs if key in mine], dtype=np.int64).reshape(-1, 2)
        prompts = (np.asarray(each.columns["prompt_hash"])[rows[:, i]] for i, each in enumerate((table, first)))
        others = len(rows) - int(np.equal(*prompts).sum())
        if not len(rows):
            odd[name] = "it was asked about none of the documents of"
        elif 2 * others > len(rows):
            odd[name] = f"{others} of {plural(len(rows), 'item')} were asked with other prompts than those of"
        else:
            kept[name] = table
    return kept, odd


def item_labels(table: ItemTable, rows: IntArray) -> tuple[str, ...]:
    """Labels of some rows, by which their items are known in other curves of the task: doc_hash, copies numbered."""
    hashes = np.asarray(table.columns["doc_hash"])[rows].tolist()
    if len(set(hashes)) == len(hashes):
        return tuple(hashes)
    copies: Counter[str] = Counter()
    labels = []
    for doc_hash in hashes:
        copies[doc_hash] += 1
        labels.append(doc_hash if copies[doc_hash] == 1 else f"{doc_hash} copy {copies[doc_hash]}")
    return tuple(labels)


def _same(table: ItemTable, other: ItemTable, column: str) -> bool:
    return np.array_equal(table.columns[column], other.columns[column])


def _row_of(table: ItemTable) -> dict[tuple[str, int], int]:
    """Row of each (doc_hash, copy)."""
    copies: Counter[str] = Counter()
    row_of = {}
    for row, doc_hash in enumerate(table.columns["doc_hash"]):
        row_of[doc_hash, copies[doc_hash]] = row
        copies[doc_hash] += 1
    return row_of


def _missing(
    tables: Sequence[ItemTable], row_of: Sequence[dict[tuple[str, int], int]], shared: set[tuple[str, int]]
) -> list[str]:
    """One note on the items that some checkpoint lacks, naming the checkpoints that lack most of them."""
    every = set().union(*row_of)
    left_out = len(every) - len(shared)
    if not left_out:
        return []
    lacking = sorted(((len(every) - len(rows), table.checkpoint) for table, rows in zip(tables, row_of)), reverse=True)
    named = [f"{name} lacks {count}" for count, name in lacking if count]
    return [
        f"{left_out} of {len(every)} items are not in every checkpoint and were left out "
        f"({listed(named, what='checkpoints')})"
    ]


def _other_prompts(first: ItemTable, rows: IntArray) -> list[str]:
    """One note on the items whose prompt differs between checkpoints."""
    if not len(rows):
        return []
    named = listed(np.asarray(first.columns["doc_id"])[rows])
    return [f"{len(rows)} items were asked with different prompts and were left out (doc_id {named})"]


# Checkpoints that have aggregate results only: their means join a curve with independent errors, unpaired.

_KINDS: dict[str, TaskKind] = {
    "multiple_choice": "choice",
    "loglikelihood": "rolling",  # of one given continuation: right where it is the greedy one
    "loglikelihood_rolling": "rolling",
    "generate_until": "generation",
}


ROWS = 200  # of scores that stand for means over a number of items that is not known


def scores_with_means(items: FloatArray | None, estimates: Sequence[Estimate]) -> FloatArray | Refusal:
    """Scores whose means and covariance of means are those of paired items beside independent estimates.

    The curve test sees a curve as scores, items x checkpoints. An estimate's column has its value as mean, and
    deviations that give its standard error exactly and are uncorrelated with every other column: what is known of it,
    and nothing more. Independence is the cautious choice: means over the same items would be positively correlated,
    and their differences less noisy.

    Parameters
    ----------
    items : (n, c) scores of the checkpoints with samples; None if no checkpoint has any
    estimates : of the others, in order

    Returns
    -------
    (n, c + len(estimates)); without items, n is the smallest number of items of an estimate that is known.

    A refusal where n is not larger than the number of columns.
    """
    known = [each.n_items for each in estimates if each.n_items]
    n = len(items) if items is not None else min(known, default=max(ROWS, 2 * len(estimates)))
    paired = np.empty((n, 0)) if items is None else items
    columns = paired.shape[1] + len(estimates)
    if n <= columns:
        return Refusal("few items for unpaired", f"only {n} items for {columns} checkpoints")
    frequencies = np.arange(1, len(estimates) + 1)
    waves = np.cos(np.pi * (np.arange(n)[:, None] + 0.5) * frequencies / n)
    basis, _ = np.linalg.qr(np.hstack([np.ones((n, 1)), paired - paired.mean(axis=0), waves]))
    unit = basis[:, -len(estimates) :]
    means = np.array([each.value for each in estimates])
    errors = np.array([each.se for each in estimates])
    scores: FloatArray = np.hstack([paired, means + unit * errors * np.sqrt(n * (n - 1.0))])
    return scores


def comparable(
    results: Mapping[str, TaskResult], tables: Collection[str] = ()
) -> tuple[dict[str, TaskResult], dict[str, tuple[str, ...]]]:
    """The results that were asked like the first one, which is the baseline's, and of the others what differs.

    Parameters
    ----------
    results : checkpoint name -> result of one task.
    tables : the checkpoints with item tables. Between two of them prompts and documents are compared by their hashes,
        so that here only counts what hashes do not cover: the version of the task, filters, settings of generation.
    """
    kept: dict[str, TaskResult] = {}
    others: dict[str, tuple[str, ...]] = {}
    first = next(iter(results), "")
    for name, result in results.items():
        hashed = name in tables and first in tables
        differences = asked_otherwise(result, results[first], ignoring=IN_HASHES if hashed else ())
        if differences:
            others[name] = differences
        else:
            kept[name] = result
    return kept, others


IN_HASHES = ("shots", CHAT_TEMPLATE, "system instruction", "examples as turns", FEWSHOT_SEED, LIMIT)
_MAX_SPELLED = 40  # characters of a setting that a message quotes


def asked_otherwise(result: TaskResult, baseline: TaskResult, *, ignoring: Collection[str] = ()) -> tuple[str, ...]:
    """What differs in how two models were asked, as "5 shots, not 0" or "chat template 1a2b3c4d, not none".

    What one of the two files does not log is not compared, but for settings of generation, which a file logs all or
    none of. A limit that left the same number of items made no difference.
    """
    mine, theirs = _asked(result), _asked(baseline)
    generation = [name for name in (*mine, *theirs) if name.startswith(GENERATION_SETTING)]
    if any(name in mine for name in generation) and any(name in theirs for name in generation):
        mine, theirs = ({**dict.fromkeys(generation, "none"), **asked} for asked in (mine, theirs))
    if None not in (result.n_samples, baseline.n_samples) and result.n_samples == baseline.n_samples:
        ignoring = (*ignoring, LIMIT)
    found = []
    for name in dict.fromkeys(mine):
        if name in ignoring or name not in theirs or mine[name] == theirs[name]:
            continue
        long = max(len(mine[name]), len(theirs[name])) > _MAX_SPELLED
        found.append(f"other {name}" if long else f"{name} {mine[name]}, not {theirs[name]}")
    return tuple(found)


def _asked(result: TaskResult) -> dict[str, str]:
    shots = {} if result.n_shot is None else {"shots": str(result.n_shot)}
    return {**shots, **({"task version": _version(result.version)} if result.version else {}), **result.asked}


def _version(spelled: str) -> str:
    """1.0 and 1 are one version."""
    return spelled.removesuffix(".0")


def left_out_note(differences: Mapping[str, tuple[str, ...]], baseline: str) -> list[str]:
    """One line for all checkpoints that differ in the same way."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, what in differences.items():
        alike.setdefault(what, []).append(name)
    return [
        f"{listed(names)} left out: asked otherwise than {baseline} ({'; '.join(what)})"
        for what, names in alike.items()
    ]


def estimates_of(metric: Metric, results: Mapping[str, TaskResult]) -> tuple[dict[str, Estimate], dict[str, str]]:
    """The estimate of every checkpoint that has one, and why others have none; nothing of those without the metric.

    Of a task with several filters the first of the first checkpoint counts; a checkpoint without it has none.
    """
    found: dict[str, Estimate] = {}
    reasons: dict[str, str] = {}
    wanted = next((m.filter for result in results.values() if (m := result.metric(metric.name))), None)
    for name, result in results.items():
        logged = result.metric(metric.name, wanted) or result.metric(metric.name)
        if logged is not None and logged.filter != wanted:
            reasons[name] = f"scored by filter {logged.filter!r}, the others by {wanted!r}"
        elif logged is not None and logged.value is not None:
            try:
                found[name] = estimate(result, metric.name, wanted)
            except ResultsError as error:
                reasons[name] = str(error)
    return found, reasons


def kind_of_results(results: Mapping[str, TaskResult]) -> TaskKind | None:
    """The kind of task, where some results file has it."""
    return next((_KINDS[result.output_type] for result in results.values() if result.output_type in _KINDS), None)


def chance_of_results(results: Mapping[str, TaskResult]) -> float | None:
    """Accuracy of guessing, where the task's configuration lists its choices or a table of scores has it."""
    levels = {result.chance for result in results.values() if result.chance is not None}
    levels |= {1 / result.choices for result in results.values() if result.choices}
    return levels.pop() if len(levels) == 1 else None


def rounded_values(metric: Metric, results: Mapping[str, TaskResult]) -> dict[str, Estimate]:
    """Values of a table of scores where some have no standard error; none where all have, or of no table.

    The only error that is known of such a value is that of its rounding. What runs differ by has to come from how the
    values scatter around the curve and between replicates: see `CurveData.scatter_only`.
    """
    logged = {name: result.metric(metric.name) for name, result in results.items()}
    found = {name: each for name, each in logged.items() if each is not None and each.value is not None}
    if not found or any(each.step is None for each in found.values()):
        return {}
    if len(estimates_of(metric, results)[0]) == len(found):
        return {}
    step = min(each.step or 0.0 for each in found.values())
    return {name: Estimate(each.value or 0.0, step / math.sqrt(12), 0) for name, each in found.items()}


# From item tables to the numbers of a metric: one an item where it is a mean over items, else one a checkpoint.

ECE_BINS = 15
BITS_OF_TEXT = 5.0  # where no text is logged: byte frequencies give 4.6 to 4.9 in English texts and in source code


def item_scores(table: ItemTable, metric: Metric) -> FloatArray | None:
    """Score of every item in the metric's own units, (n,); None for a metric that is no mean over items."""
    if metric.column is None:
        return None
    scores: FloatArray = np.asarray(table.columns[metric.column], dtype=float)
    return scores if metric.minus is None else scores - np.asarray(table.columns[metric.minus], dtype=float)


def ece(table: ItemTable, rows: IntArray) -> float:
    """Expected calibration error over some rows, 15 bins of equal width; NaN if there are none."""
    if not len(rows):
        return float("nan")
    confidence = np.asarray(table.columns["confidence"], dtype=float)[rows]
    correct = np.asarray(table.columns["correct"], dtype=bool)[rows]
    return expected_calibration_error(confidence, correct, bins=ECE_BINS)


def oriented(scores: FloatArray, metric: Metric) -> FloatArray:
    """Scores (n_items, n_checkpoints) turned so that higher is better.

    A signed metric is best at 0 and stays as it is: see `CurveData.signed`.
    """
    return scores if metric.higher_is_better or metric.signed else 0.0 - scores  # not -scores: 0 must not become -0


def chance_level(table: ItemTable, rows: IntArray) -> float | None:
    """Accuracy of guessing: the mean of 1 / number of choices over some rows."""
    logliks = table.columns.get("choice_logliks")
    if logliks is None:  # accuracy as lm-eval logged it
        return None
    return float(np.mean([1 / len(logliks[row]) for row in rows])) if len(rows) else None


def nothing_to_lose(baseline: float, table: ItemTable | None) -> Refusal | None:
    """Why a baseline's bits per byte leave no room to get worse: byte frequencies alone give as few."""
    known = table is not None and BYTE_FREQUENCY_BITS in table.columns
    alone = BITS_OF_TEXT
    if table is not None and known:
        alone = float(np.average(table.columns[BYTE_FREQUENCY_BITS], weights=table.columns["n_bytes"]))
    if baseline < alone:
        return None
    of = f"{alone:.2f}" if known else f"{alone:g} of usual text (this text is not logged)"
    text = f"the baseline takes {baseline:.2f} bits per byte, byte frequencies alone {of}: nothing learned to lose"
    return Refusal("nothing to lose", text)
