"""lm-eval output folders written by tests, in the native layout of 0.4.13, independently of the reader."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

DATE = "2026-01-02T03-04-05.678901"


def choice_rows(
    n: int, *, seed: int, choices: int = 4, temperature: float = 1.0, spread: float = 1.5
) -> list[dict[str, Any]]:
    """Items whose gold is drawn from softmax(z), logged as z * temperature: calibrated at 1, overconfident above."""
    rng = np.random.default_rng(seed)
    z = spread * rng.normal(size=(n, choices))
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    gold = np.minimum((rng.random((n, 1)) > p.cumsum(axis=1)).sum(axis=1), choices - 1)
    # a softmax does not see what is added to all choices of an item
    logliks = np.round(temperature * z - 20.0, 6)
    return [choice_row(i, row, int(right)) for i, (row, right) in enumerate(zip(logliks.tolist(), gold))]


def choice_row(doc_id: int, logliks: Sequence[float], gold: int, *, texts: Sequence[str] = ()) -> dict[str, Any]:
    """One row: responses and target as text, as lm-eval writes them."""
    context = f"Question {doc_id}: which of these it is, as a sentence of some length would ask.\nAnswer:"
    texts = texts or [f"choice {chr(97 + i)}" for i in range(len(logliks))]
    pairs = [[str(value), "False"] for value in logliks]
    return {
        "doc_id": doc_id,
        "doc": {"question": context, "choices": list(texts), "answer": gold},
        "target": str(gold),
        "arguments": {f"gen_args_{i}": {"arg_0": context, "arg_1": f" {text}"} for i, text in enumerate(texts)},
        "resps": [[pair] for pair in pairs],
        "filtered_resps": pairs,
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": _sha(f"doc {doc_id}"),
        "prompt_hash": _sha(context),
        "target_hash": _sha(str(gold)),
        "acc": float(int(np.argmax(logliks)) == gold),
    }


def rolling_row(doc_id: int, text: str, loglik: float) -> dict[str, Any]:
    return {
        "doc_id": doc_id,
        "doc": {"page": text},
        "target": text,
        "arguments": {"gen_args_0": {"arg_0": text}},
        "resps": [[str(loglik)]],
        "filtered_resps": [str(loglik)],
        "filter": "none",
        "doc_hash": _sha(f"doc {doc_id}"),
        "prompt_hash": _sha(text),
    }


def generation_row(doc_id: int, text: str = "42") -> dict[str, Any]:
    return {
        "doc_id": doc_id,
        "doc": {"question": "6 x 7?"},
        "target": "42",
        "arguments": {"gen_args_0": {"arg_0": "6 x 7?", "arg_1": {"until": ["\n"]}}},
        "resps": [[text]],
        "filtered_resps": [text],
        "filter": "none",
        "doc_hash": _sha(f"doc {doc_id}"),
        "prompt_hash": _sha("6 x 7?"),
    }


def write_samples(folder: Path, task: str, rows: Sequence[dict[str, Any] | str], *, zipped: bool = False) -> Path:
    """``samples_<task>_<date>.jsonl``; a row that is text is written as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"samples_{task}_{DATE}.jsonl{'.gz' if zipped else ''}"
    with gzip.open(path, "wt", encoding="utf-8") if zipped else path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n")
    return path


def write_results(
    folder: Path,
    tasks: Sequence[str],
    *,
    model: str = "org/m",
    groups: Mapping[str, Sequence[str]] | None = None,
    categories: Mapping[str, str] | None = None,
) -> Path:
    """``results_<date>.json`` with the keys that the reader takes."""
    groups = groups or {}
    content = {
        "results": {name: {"alias": name, "acc,none": "N/A", "acc_stderr,none": "N/A"} for name in (*tasks, *groups)},
        "group_subtasks": {**{task: [] for task in tasks}, **{name: list(of) for name, of in groups.items()}},
        "configs": {task: {"metadata": {"category": category}} for task, category in (categories or {}).items()},
        "config": {"model_args": {}},
        "model_name": model,
        "lm_eval_version": "0.4.13",
        "date": 1767322800.0,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"results_{DATE}.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
