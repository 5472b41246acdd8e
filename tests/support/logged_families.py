"""Small families, models and loss tables as files that lm-eval would leave, for `numbers`: what the commands are given.

Everything is drawn from the uniform bits of PCG64, which numpy keeps, and turned into normals by scipy's ndtri: other
generators of numpy may change what they draw. Likelihoods are rounded, so that the files are the same on every machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from logged_choices import choice_row, generation_row, rolling_row, write_results, write_samples
from scipy.special import ndtri

SHARED = 0.75  # of the variance of an item's logits: all checkpoints have it in common
WORDS, FREQUENT = 1000, 100
Row = dict[str, Any]


class Draws:
    """Uniform and normal numbers from a key; the same key, the same numbers."""

    def __init__(self, *key: object) -> None:
        digest = hashlib.sha256(repr(key).encode()).digest()
        self._bits = np.random.Generator(np.random.PCG64(np.random.SeedSequence(int.from_bytes(digest[:8], "big"))))

    def uniform(self, *shape: int) -> np.ndarray:
        return self._bits.random(shape)

    def normal(self, *shape: int) -> np.ndarray:
        return ndtri(self.uniform(*shape) + 2.0**-54)

    def below(self, number: int, *shape: int) -> np.ndarray:
        return (self.uniform(*shape) * number).astype(int)


@dataclass(frozen=True)
class Place:
    """A checkpoint of a family."""

    ratio: float
    size: str = "70M"
    iteration: int = 1
    seed: int = 0
    source: str = "self"
    tokens: str = ""

    @property
    def path(self) -> str:
        return f"org/m-{self.size}-{self.source}-r{self.ratio:g}-it{self.iteration}-s{self.seed}{self.tokens}"

    def line(self) -> str:
        tokens = f", tokens: {self.tokens}" if self.tokens else ""
        return (
            f"  - {{path: {self.path}, size: {self.size}, ratio: {self.ratio:g}, iteration: {self.iteration}, "
            f"seed: {self.seed}, source: {self.source}{tokens}}}"
        )


RowsOf = Callable[[str, Place], Sequence["Row | str"]]


@dataclass(frozen=True)
class LoggedFamily:
    """What `write` writes: a manifest, and for each checkpoint and task the rows that were logged.

    ``aggregate`` names the tasks of which a checkpoint brings results without samples, ``missing`` checkpoints that are
    in the manifest and were not evaluated.
    """

    name: str
    places: tuple[Place, ...]
    tasks: Mapping[str, RowsOf]
    categories: Mapping[str, str]
    manifest: str = ""  # more lines of it
    missing: frozenset[Place] = frozenset()
    aggregate: Callable[[str, Place], bool] = lambda task, place: False
    without_error: frozenset[str] = frozenset()  # aggregates with no standard error, by task
    options: tuple[str, ...] = ()  # of `synth-eval compare`

    def write(self, folder: Path) -> None:
        lines = [f"family: {self.name}", self.manifest, "categories:"]
        lines += [f"  {task}: {category}" for task, category in self.categories.items()]
        lines += ["checkpoints:", *(place.line() for place in self.places)]
        (folder / "checkpoints.yaml").write_text("\n".join(line for line in lines if line) + "\n", encoding="utf-8")
        for place in self.places:
            if place not in self.missing:
                self._write_checkpoint(folder / "out" / place.path.replace("/", "__"), place)

    def _write_checkpoint(self, folder: Path, place: Place) -> None:
        folder.mkdir(parents=True)
        results: dict[str, Any] = {}
        for task, rows_of in self.tasks.items():
            rows = rows_of(task, place)
            if not self.aggregate(task, place):
                write_samples(folder, task, rows)
            elif rows:
                results[task] = _aggregated(task, rows, task in self.without_error)
        content = {
            "results": {task: values for task, (values, _) in results.items()},
            "n-samples": {task: {"original": n, "effective": n} for task, (_, n) in results.items()},
            "model_name": place.path,
            "lm_eval_version": "0.4.13",
            "date": 1767322800.0,
        }
        (folder / "results_2026-01-02T03-04-05.678901.json").write_text(json.dumps(content), encoding="utf-8")


def _aggregated(task: str, rows: Sequence[Row | str], without_error: bool) -> tuple[Row, int]:
    right = np.array([row["acc"] for row in rows if isinstance(row, dict)])
    error = "N/A" if without_error else round(float(right.std(ddof=1) / np.sqrt(right.size)), 9)
    return {"alias": task, "acc,none": round(float(right.mean()), 9), "acc_stderr,none": error}, right.size


def grid(ratios: Sequence[float], **axes: Sequence[Any]) -> tuple[Place, ...]:
    """Every combination, the ratio innermost but for the seed."""
    places: list[Row] = [{}]
    for name, values in axes.items():
        places = [{**place, name: value} for place in places for value in values]
    seeds = sorted({place.pop("seed", 0) for place in places})
    plain = [dict(items) for items in dict.fromkeys(tuple(place.items()) for place in places)]
    return tuple(Place(ratio, seed=seed, **place) for place in plain for ratio in ratios for seed in seeds)


# --- what one checkpoint answers -------------------------------------------------------------------------------------


def choices(
    strength: Callable[[Place], float],
    *,
    drift: Callable[[Place], float] = lambda place: 0.0,
    n: int = 120,
    levels: int = 0,
    jitter: float = 0.05,
) -> RowsOf:
    """Four choices: more right with more strength, overconfident with drift above 0, and jitter between runs.

    With levels, an item's level is drawn from 1 to so many, and higher ones lose three times as much strength.
    """

    def rows(task: str, place: Place) -> list[Row | str]:
        items, gold = _items(task, n)
        own = Draws(task, place.path)
        a = strength(place) * np.exp(jitter * own.normal(1)[0])
        level = Draws(task, "levels").below(levels, n) + 1 if levels else np.ones(n, dtype=int)
        lost = strength(Place(0.0, place.size, place.iteration)) - strength(place)
        each = np.maximum(a - np.where(level > levels / 2, 2 * lost, 0.0) if levels else np.full(n, a), 0.05)
        noise = np.sqrt(SHARED) * items + np.sqrt(1 - SHARED) * own.normal(n, 4)
        z = np.sqrt(each)[:, None] * noise
        z[np.arange(n), gold] += each
        logliks = np.round(z * np.exp(drift(place)) - 20.0, 6)
        found = [choice_row(i, row, int(right)) for i, (row, right) in enumerate(zip(logliks.tolist(), gold))]
        for row, number in zip(found, level.tolist()):
            row["doc"] |= {"level": number} if levels else {}
        return list(found)

    return rows


@cache
def _items(task: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    draws = Draws(task, "items")
    return draws.normal(n, 4), draws.below(4, n)


def documents(bits: Callable[[Place], float], *, n: int = 100) -> RowsOf:
    """Documents of 100 to 300 bytes."""

    def rows(task: str, place: Place) -> list[Row | str]:
        shared, own = Draws(task, "items"), Draws(task, place.path)
        n_bytes = 100 + shared.below(200, n)
        each = bits(place) + 0.2 * shared.normal(n) + 0.05 * own.normal(n) + 0.004 * own.normal(1)
        text = 5 * "Pack my box with five dozen liquor jugs, or 1,234,567,890 of them (if you can). "
        logliks = np.round(-each * n_bytes * np.log(2), 6).tolist()
        return [rolling_row(i, text[:size], loglik) for i, (size, loglik) in enumerate(zip(n_bytes, logliks))]

    return rows


def answers(right: Callable[[Place], float], *, n: int = 100, samples: int = 4) -> RowsOf:
    """Generated answers with exact_match and f1 logged, several an item."""

    def rows(task: str, place: Place) -> list[Row | str]:
        hard, own = Draws(task, "items").uniform(n, 1), Draws(task, place.path)
        correct = (0.7 * hard + 0.3 * own.uniform(n, samples)) < right(place)
        wrong = own.below(3, n, samples)
        found: list[Row | str] = []
        for i in range(n):
            texts = ["42" if ok else str(other) for ok, other in zip(correct[i], wrong[i])]
            scores = {"exact_match": float(correct[i, 0]), "f1": round(0.5 * float(correct[i, 0]) + 0.25, 6)}
            row = generation_row(i, texts[0]) | {"resps": [texts], "filtered_resps": texts}
            found.append(row | {"metrics": list(scores)} | scores)
        return found

    return rows


def essays(
    lost: Callable[[Place], float],
    *,
    words: Callable[[Place], int] = lambda place: 40,
    n: int = 25,
    samples: int = 3,
    same: Callable[[Place], float] = lambda place: 0.0,
) -> RowsOf:
    """Texts of words whose i-th is as frequent as 1 / i. ``lost`` is the share of rare words that give way to frequent
    ones, ``same`` that of words that all samples of a prompt share. Simple characteristics stand in for the tasks'."""

    def rows(task: str, place: Place) -> list[Row | str]:
        own, found = Draws(task, place.path), []
        mass = np.cumsum(1 / np.arange(1, WORDS + 1))
        for i in range(n):
            length = words(place) + int(own.below(9, 1)[0]) - 4
            drawn = np.searchsorted(mass, own.uniform(samples, length) * mass[-1])
            common = np.searchsorted(mass, own.uniform(length) * mass[FREQUENT - 1])
            gone = (drawn >= FREQUENT) & (own.uniform(samples, length) < lost(place))
            drawn = np.where(gone | (own.uniform(samples, length) < same(place)), common, drawn)
            texts = [" ".join(f"w{word}" for word in row) for row in drawn.tolist()]
            scores = _characteristics(drawn)
            row = generation_row(i) | {"target": "[]", "resps": [texts], "filtered_resps": texts}
            found.append(row | {"metrics": list(scores)} | scores)
        return found

    return rows


def _characteristics(drawn: np.ndarray) -> dict[str, float]:
    own = [len(set(row)) / len(row) for row in drawn.tolist()]
    pairs = [set(pairwise(row)) for row in drawn.tolist()]
    together = set().union(*pairs)
    found = {
        "mattr": float(np.mean(own)),
        "expectation_adjusted_distinct": len(set(drawn.ravel().tolist())) / drawn.size**0.8,
        "self_bleu": 1 - len(together) / sum(map(len, pairs)),
        "repetition": 1 - float(np.mean([len(each) / (drawn.shape[1] - 1) for each in pairs])),
        "tail_mass": float((drawn >= FREQUENT).mean()),
        "length": float(drawn.shape[1]),
        "near_duplicates": float(np.mean([len(a & b) > 0 for a in pairs for b in pairs if a is not b])),
    }
    return {name: round(value, 9) for name, value in found.items()}


# --- the families ----------------------------------------------------------------------------------------------------


def above(ratio: float, onset: float) -> float:
    return max(0.0, ratio - onset)


GATE = """\
gate:
  fail_on: degraded
  rules:
    - {category: retrieval, minimum_budget: 0.3}
    - {task: falls, metric: accuracy, minimum_budget: 0.1, fail_on: inconclusive}
    - {category: domain, metric: all, fail_on: degraded}"""

STUDIED = LoggedFamily(  # two seeds, four kinds of curve, as the tests of compare have them; a gate
    "studied",
    grid((0.0, 0.1, 0.2, 0.3, 0.4, 0.5), seed=(0, 1)),
    {
        "falls": choices(lambda p: 3.0 - 5.0 * above(p.ratio, 0.1), n=150),
        "stays": choices(lambda p: 2.4, n=150),
        "overconfident": choices(lambda p: 2.4, drift=lambda p: 1.2 * p.ratio, n=150),
        "warned": choices(lambda p: 4.0 - 9.0 * above(p.ratio, 0.25), drift=lambda p: 1.5 * p.ratio, n=200),
        "easy": choices(lambda p: 14.0, n=150),
        "documents": documents(lambda p: 1.0 + 0.3 * p.ratio),
        "steady": documents(lambda p: 1.0 - 0.05 * p.ratio),
    },
    {
        "falls": "reasoning",
        "stays": "retrieval",
        "overconfident": "retrieval",
        "warned": "reasoning",
        "easy": "retrieval",
        "documents": "domain",
        "steady": "domain",
    },
    manifest=GATE,
    options=("--least-tasks", "1"),
)

_SIZES = grid((0.0, 0.1, 0.2, 0.4, 0.8), size=("70M", "410M", "1.4B"))
SIZED = LoggedFamily(  # one seed, a missing cell, levels (which tail is lost first), data that helps before it harms
    "sized",
    _SIZES,
    {
        "qa": choices(lambda p: 2.5 - {"70M": 3.0, "410M": 1.5, "1.4B": 0.3}[p.size] * above(p.ratio, 0.1)),
        "synth_recall": choices(lambda p: 2.2 - 1.2 * p.ratio, n=200, levels=4),
        "web": documents(lambda p: 1.0 + 0.5 * (p.ratio - 0.3) ** 2),
    },
    {"qa": "reasoning", "synth_recall": "retrieval", "web": "domain"},
    missing=frozenset(p for p in _SIZES if (p.size, p.ratio) == ("410M", 0.2)),
    options=("--least-tasks", "1", "--fail-on", "degraded"),
)

ITERATED = LoggedFamily(  # three iterations, two seeds, texts that lose their rare words
    "iterated",
    grid((0.0, 0.2, 0.5, 1.0), iteration=(1, 2, 3), seed=(0, 1)),
    {
        "sums": choices(lambda p: 2.6 - 0.5 * p.iteration * p.ratio, drift=lambda p: 0.3 * p.iteration * p.ratio),
        "essays": essays(
            lambda p: 0.3 * p.iteration * p.ratio, same=lambda p: 0.15 * p.iteration * above(p.ratio, 0.2)
        ),
    },
    {"sums": "reasoning", "essays": "generation"},
)

_SOURCES = (*grid((0.0,), source=("natural",)), *grid((0.1, 0.3, 0.6), source=("textbook", "rephrased", "concept")))
SOURCED = LoggedFamily(  # sources that share a baseline; generated answers
    "sourced",
    _SOURCES,
    {
        "facts": choices(lambda p: 2.0 + {"textbook": 1.0, "rephrased": -1.5}.get(p.source, 0.0) * p.ratio),
        "steps": choices(lambda p: 2.0 + {"textbook": 1.5, "rephrased": -2.5}.get(p.source, 0.0) * p.ratio),
        "web": documents(lambda p: 1.0 + {"rephrased": -0.1}.get(p.source, 0.05) * p.ratio),
        "gsm8k": answers(lambda p: 0.6 - {"rephrased": 0.5}.get(p.source, 0.0) * p.ratio),
    },
    {"facts": "retrieval", "steps": "reasoning", "web": "domain", "gsm8k": "reasoning"},
    options=("--least-tasks", "2"),
)

AGGREGATED = LoggedFamily(  # results without samples, with and without standard errors, and a mix of both
    "aggregated",
    grid((0.0, 0.1, 0.25, 0.5), seed=(0, 1)),
    {
        "alone": choices(lambda p: 2.2 - 2.0 * p.ratio, n=400),
        "no_error": choices(lambda p: 2.2 - 1.0 * p.ratio, n=400),
        "mixed": choices(lambda p: 2.5 - 3.0 * p.ratio, n=150),
    },
    {"alone": "reasoning", "no_error": "reasoning", "mixed": "retrieval"},
    aggregate=lambda task, place: task != "mixed" or place.ratio == 0.25,
    without_error=frozenset({"no_error"}),
    options=("--fail-on", "warning"),
)

BUDGETED = LoggedFamily(  # curves for each token budget, another baseline ratio
    "budgeted",
    grid((0.1, 0.3, 0.5), tokens=("1B", "4B"), seed=(0, 1)),
    {
        "qa": choices(lambda p: (2.4 if p.tokens == "1B" else 3.0) - 1.5 * above(p.ratio, 0.1)),
        "web": documents(lambda p: (1.2 if p.tokens == "1B" else 1.0) + 0.1 * p.ratio),
    },
    {"qa": "reasoning", "web": "domain"},
    manifest="baseline_ratio: 0.1",
)


def _broken(task: str, place: Place) -> Sequence[Row | str]:
    return ["{"] if place.ratio == 0.3 else choices(lambda p: 2.0)(task, place)


REFUSED = LoggedFamily(  # what cannot be judged: few items, no variation, two ratios; a checkpoint that cannot be read
    "refused",
    grid((0.0, 0.1, 0.3)),
    {
        "few": choices(lambda p: 2.0, n=8),
        "same": lambda task, p: choices(lambda p: 2.0)(task, Place(0.0)),
        "perfect": choices(lambda p: 80.0),
        "guessing": choices(lambda p: 0.05),
        "broken": _broken,
    },
    {"few": "reasoning", "same": "retrieval", "perfect": "retrieval", "guessing": "reasoning"},
)

LENGTHENED = LoggedFamily(  # texts that grow longer, compared at one length; no scores beside them
    "lengthened",
    grid((0.0, 0.3, 0.6), seed=(0, 1, 2)),
    {"essays": essays(lambda p: 0.8 * p.ratio, words=lambda p: round(40 + 50 * p.ratio), same=lambda p: 0.5 * p.ratio)},
    {"essays": "generation"},
)

FAMILIES = {
    family.name: family for family in (STUDIED, SIZED, ITERATED, SOURCED, AGGREGATED, BUDGETED, REFUSED, LENGTHENED)
}


# --- models for `synth-eval calibrate` -------------------------------------------------------------------------------


def calibrated_choices(n: int, *, seed: int, choices: int = 4, temperature: float = 1.0) -> list[Row]:
    """Items whose right choice is drawn from softmax(z), logged as z * temperature."""
    draws = Draws("calibrated", seed)
    z = 1.5 * draws.normal(n, choices)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    gold = np.minimum((draws.uniform(n, 1) > p.cumsum(axis=1)).sum(axis=1), choices - 1)
    logliks = np.round(temperature * z - 20.0, 6)
    return [choice_row(i, row, int(right)) for i, (row, right) in enumerate(zip(logliks.tolist(), gold))]


def write_model(folder: Path) -> None:
    """One model: two tasks of a group, one alone, rolling documents, a generated answer, as the tests of calibrate."""
    write_samples(folder, "g_one", calibrated_choices(200, seed=1, temperature=2.0))
    write_samples(folder, "g_two", calibrated_choices(100, seed=2, choices=3), zipped=True)
    write_samples(folder, "alone", calibrated_choices(100, seed=3, temperature=0.6))
    write_samples(folder, "wiki", [rolling_row(0, "héllo", -12.5), rolling_row(1, "abc", -2.5)])
    write_samples(folder, "free", [generation_row(0)])
    tasks = ["g_one", "g_two", "alone", "wiki", "free"]
    write_results(folder, tasks, groups={"g": ["g_one", "g_two"]}, categories={"g_one": "reasoning"})


def write_fixed_choices(folder: Path) -> None:
    """Two choices at one confidence each, right and wrong as given: under-, over- and not miscalibrated, all right."""

    def rows(right: int, wrong: int, confidence: float) -> list[Row]:
        logliks = (round(float(np.log(confidence)), 9), round(float(np.log(1 - confidence)), 9))
        return [choice_row(i, logliks, int(i >= right)) for i in range(right + wrong)]

    tasks = {"under": (60, 0, 0.6), "over": (30, 30, 0.9), "fine": (45, 15, 0.75), "few": (3, 1, 0.75)}
    for task, (right, wrong, confidence) in tasks.items():
        write_samples(folder, task, rows(right, wrong, confidence))
    write_results(folder, list(tasks), groups={"both": ["under", "over"], "all": list(tasks)})


def write_clustered(folder: Path) -> None:
    """Every question three times, on its passage."""
    rows = calibrated_choices(60, seed=4, temperature=1.5)
    copies = [row | {"doc_id": 3 * i + j, "doc_hash": f"{i} {j}"} for i, row in enumerate(rows) for j in range(3)]
    for i, row in enumerate(copies):
        row["doc"] = row["doc"] | {"source": {"passage": f"text {i // 3}"}}
    write_samples(folder, "t", copies)


def write_generated(folder: Path) -> None:
    """Generated answers: shares of votes, and what a task logs as likelihood and p_true."""
    votes = answers(lambda place: 0.55, n=80)("votes", Place(0.0))
    write_samples(folder, "votes", votes)
    draws = Draws("sure")
    logged = []
    for i in range(80):
        sure = round(float(draws.uniform(1)[0]), 6)
        right = bool(draws.uniform(1)[0] < 0.2 + 0.6 * sure)
        row = generation_row(i, "42" if right else "41")
        logged.append(row | {"exact_match": float(right), "likelihood": round(0.5 + sure / 2, 6), "p_true": sure})
    write_samples(folder, "one", logged)
    write_samples(folder, "two", logged[:40])
    write_results(folder, ["votes", "one", "two"], groups={"pair": ["one", "two"]})


# --- losses for `synth-eval scaling` ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Losses:
    """A table of losses over sizes, tokens and ratios with .2% noise, from a law with a best ratio of .3."""

    tasks: Mapping[str, float] = field(default_factory=lambda: {"web": 0.0, "code": 0.02})
    sizes: Mapping[str, float] = field(default_factory=lambda: {"100M": 1e8, "400M": 4e8, "1.6B": 1.6e9})
    budgets: Sequence[float] = (2e9, 8e9, 32e9, 128e9)
    ratios: Sequence[float] = (0.0, 0.1, 0.3, 0.6)

    def write(self, path: Path) -> None:
        lines = ["family,size,tokens,ratio,source,task,loss"]
        for task, worse in self.tasks.items():
            for name, parameters in self.sizes.items():
                for tokens in self.budgets:
                    for ratio in self.ratios:
                        gain = 0.5 * ratio * (0.6 - ratio) - worse * (ratio > 0)
                        loss = 1.7 + 400 / parameters**0.34 + 410 * np.exp(-gain) / tokens**0.28
                        noise = 0.002 * Draws(task, name, tokens, ratio).normal(1)[0]
                        source = "rephrased" if ratio else "natural"
                        lines.append(f"f,{name},{tokens:.0f},{ratio},{source},{task},{loss * np.exp(noise):.6f}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
