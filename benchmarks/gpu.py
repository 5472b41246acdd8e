"""Shared-prefix scoring beside `lm_eval --model hf` on a GPU in bfloat16; prints the tables of benchmarks/gpu.md.

    python benchmarks/gpu.py [--layout smollm2-135m] [--layout llama-1b] [--model FOLDER] [--out FOLDER]

Models have the stated layout and random weights made on the spot; nothing is downloaded. Items come from the suite:
`recall` (short questions, choices of one to four tokens), `lookup` (names of one token, which hf scores in one pass an
item) and `stories` (longer contexts, choices of a sentence). Wall time with the device synchronised, the two ways in
turn, hf at the best of several batch sizes; tokenisation, planning and the self-check are in our time.

Without a GPU nothing is measured; ``--device cpu --dtype float32 --layout tiny --items 4`` tries the script.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from lm_eval.models.huggingface import HFLM
from speed_parts.device_work import Work, matmul_rate, profile, work_of
from speed_parts.random_layouts import CONTEXT, LAYOUTS, random_model
from speed_parts.suite_items import SETS, requests_of, texts, training_text
from transformers import AutoModelForCausalLM, AutoTokenizer

from synth_eval.harness.shared_prefix.model import SharedPrefixLM
from synth_eval.harness.shared_prefix.tokens import TokenMemo
from synth_eval.lab.corpus import train_tokenizer

VOCABULARY = 1024  # tokens of the tokenizer of random models, as in the miniature families
BATCH_SIZES = (16, 64, 256)
PASS_SIZES = (1024, 2048, 4096, 8192)
REPEATS = 3
TRIED_ITEMS = 128  # for the choice of hf's batch size and its spread over batch sizes
EXACT_ITEMS = 48  # compared with float32
ROLLING_CHARACTERS = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layout", choices=list(LAYOUTS), action="append", help="default: smollm2-135m and llama-1b")
    parser.add_argument("--model", type=Path, help="a folder with weights, instead of layouts")
    parser.add_argument("--set", choices=SETS, action="append", help="default: all")
    parser.add_argument("--items", type=int, default=500, help="of each set")
    parser.add_argument("--texts", type=int, default=200, help="for rolling scores")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no further measurement after these")
    parser.add_argument("--out", type=Path, help="folder for gpu.json, rewritten after each measurement")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("no GPU here; nothing is measured")
        return
    logging.disable(logging.WARNING)
    os.environ["HF_HUB_OFFLINE"] = "1"
    Benchmark(options).run()


class Benchmark:
    """The measurements in order, kept in ``self.results``."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.started = time.perf_counter()
        name = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
        self.rate = matmul_rate(options.device, getattr(torch, options.dtype))
        self.results: dict[str, Any] = {
            "device": name, "dtype": options.dtype, "torch": torch.__version__, "matmul_tflops": self.rate / 1e12,
            "rows": [], "pass_sizes": [], "profiles": [],
        }  # fmt: skip
        self.note({key: self.results[key] for key in ("device", "dtype", "torch", "matmul_tflops")})

    def run(self) -> None:
        names = [str(self.options.model)] if self.options.model else self.options.layout or list(LAYOUTS)[1:]
        for name in names:
            self.measure_model(name)
        print(tables(self.results))

    def measure_model(self, name: str) -> None:
        dtype = getattr(torch, self.options.dtype)
        if self.options.model:
            model = AutoModelForCausalLM.from_pretrained(name, dtype=dtype).to(self.options.device).eval()
            tokenizer = AutoTokenizer.from_pretrained(name)
        else:
            model = random_model(name, device=self.options.device, dtype=dtype)
            tokenizer = train_tokenizer(training_text(), vocabulary=VOCABULARY, context=CONTEXT)
        self.exact = HFLM(copy.deepcopy(model).float(), tokenizer=tokenizer, batch_size=16)
        self.peer = HFLM(model, tokenizer=tokenizer, softmax_dtype="float32")
        self.ours = SharedPrefixLM(model, tokenizer=tokenizer, softmax_dtype="float32")
        self.name = name
        for items in self.options.set or reversed(SETS):
            for shots in (0, 5):
                if not self.late(f"{name} {items} {shots}"):
                    self.choices(items, shots)
        if not self.late(f"{name} rolling"):
            self.rolling()
        del self.exact, self.peer, self.ours

    def late(self, what: str) -> bool:
        if time.perf_counter() - self.started <= self.options.seconds:
            return False
        self.note(f"not measured for lack of time: {what}")
        return True

    def choices(self, items: str, shots: int) -> None:
        """Scores of four-way choices: whole calls for ours, tokenisation and scoring apart for both."""
        per_item = requests_of(items, shots=shots, items=self.options.items)
        every = [request for item in per_item for request in item]
        coded = [(request.args, *self.peer._encode_pair(*request.args)) for request in every]
        few = coded[: sum(len(item) for item in per_item[:TRIED_ITEMS])]
        least = coded[: sum(len(item) for item in per_item[:EXACT_ITEMS])]
        work = work_of(self.ours.model, coded)
        score_hf = lambda part=coded: self.peer._loglikelihood_tokens(part, disable_tqdm=True)  # noqa: E731
        score_ours = lambda: self.ours._loglikelihood_tokens(coded, disable_tqdm=True)  # noqa: E731
        self.whole(every)  # kernels are chosen and memory is mapped on the first run
        tried, spread = self.best_batch(lambda: score_hf(few))
        times: dict[str, list[float]] = {key: [] for key in ("hf", "hf_encode", "ours", "again", "plan", "score")}
        times["hf_encode"].append(self.timed(lambda: [self.peer._encode_pair(*each.args) for each in every])[0])
        peaks: dict[str, float] = {}
        for _ in range(REPEATS):
            seconds, theirs, peaks["hf"] = self.timed(score_hf)
            times["hf"].append(seconds)
            seconds, answers, peaks["ours"] = self.timed(lambda: self.whole(every))
            times["ours"].append(seconds)
            times["again"].append(self.timed(lambda: self.ours.loglikelihood(every, disable_tqdm=True))[0])
            times["score"].append(self.timed(score_ours)[0])
            self.ours.memo = TokenMemo()
            times["plan"].append(self.timed(score_ours)[0] - times["score"][-1])
        exact = self.exact._loglikelihood_tokens(least, disable_tqdm=True)
        exact_ours = SharedPrefixLM(self.exact.model, tokenizer=self.exact.tokenizer)._loglikelihood_tokens(least, True)
        middle = {key: statistics.median(values) for key, values in times.items()}
        hf = middle["hf"] + middle["hf_encode"]
        row = {
            "layout": self.name, "set": items, "shots": shots, "items": len(per_item), "choices": len(every),
            "one_token_choices": sum(len(each[2]) == 1 for each in coded) / len(coded),
            **asdict(work), "hf_batch_sizes": tried, "seconds": times,
            "hf_encode_seconds": middle["hf_encode"], "plan_seconds": middle["plan"],
            "encode_seconds": middle["ours"] - middle["plan"] - middle["score"],
            "hf_seconds": hf, "ours_seconds": middle["ours"], "again_seconds": middle["again"],
            "ratio": hf / middle["ours"], "ratio_again": hf / middle["again"],
            "ratio_scoring": middle["hf"] / middle["score"], "hf_score_seconds": middle["hf"],
            "score_seconds": middle["score"], **self.shares(work, middle["score"]),
            "peak_mib": peaks, "fallback_reason": self.ours.fallback_reason, "hf_spread": spread,
            "difference": largest(theirs, answers), "hf_error": largest(exact, theirs[: len(least)]),
            "ours_error": largest(exact, answers[: len(least)]), "difference_float32": largest(exact, exact_ours),
            "flags": sum(a[1] != b[1] for a, b in zip(theirs, answers, strict=True)),
        }  # fmt: skip
        self.add("rows", row)
        if items == "stories":
            self.pass_sizes(coded, shots, work)
            self.add("profiles", {"layout": self.name, "set": items, "shots": shots, **profile(score_ours)})

    def rolling(self) -> None:
        every = texts(self.options.texts, characters=ROLLING_CHARACTERS)
        coded = [(None, [self.peer.prefix_token_id], self.peer.tok_encode(each.args[0])) for each in every]
        work = work_of(self.ours.model, coded)
        self.whole(every, rolling=True)
        tried, spread = self.best_batch(lambda: self.peer.loglikelihood_rolling(every[:TRIED_ITEMS]), small=True)
        times: dict[str, list[float]] = {"hf": [], "ours": []}
        peaks: dict[str, float] = {}
        for _ in range(REPEATS):
            seconds, theirs, peaks["hf"] = self.timed(lambda: self.peer.loglikelihood_rolling(every))
            times["hf"].append(seconds)
            seconds, answers, peaks["ours"] = self.timed(lambda: self.whole(every, rolling=True))
            times["ours"].append(seconds)
        hf, ours = (statistics.median(times[key]) for key in ("hf", "ours"))
        score = lambda: self.ours._loglikelihood_tokens(coded, disable_tqdm=True)  # noqa: E731
        self.add("profiles", {"layout": self.name, "set": "rolling", "shots": 0, **profile(score)})
        self.add("rows", {
            "layout": self.name, "set": "rolling", "shots": 0, "items": len(every), "choices": 0,
            **asdict(work), "hf_batch_sizes": tried, "seconds": times, "hf_seconds": hf, "ours_seconds": ours,
            "ratio": hf / ours, **self.shares(work, ours), "peak_mib": peaks,
            "fallback_reason": self.ours.fallback_reason, "hf_spread": spread,
            "difference": max(abs(a - b) for a, b in zip(theirs, answers, strict=True)),
        })  # fmt: skip

    def whole(self, every: list[Any], *, rolling: bool = False) -> Any:
        """Our call as the first checkpoint of a family meets it: nothing tokenised or planned before."""
        self.ours.memo = TokenMemo()
        score = self.ours.loglikelihood_rolling if rolling else self.ours.loglikelihood
        return score(every, disable_tqdm=True)

    def best_batch(self, score: Callable[[], Any], *, small: bool = False) -> tuple[dict[int, float | None], float]:
        """Seconds by batch size (None: out of memory), with the best one set; and how far answers lie apart."""
        tried: dict[int, float | None] = {}
        answers = []
        for size in BATCH_SIZES[: 2 if small else None]:
            self.peer.batch_size_per_gpu = size
            try:
                score()
                tried[size], answer, _ = self.timed(score)
                answers.append(answer)
            except torch.OutOfMemoryError:
                tried[size] = None
                torch.cuda.empty_cache()
        self.peer.batch_size_per_gpu = min((size for size in tried if tried[size]), key=tried.__getitem__)
        return tried, max(largest(answers[0], other) for other in answers)

    def pass_sizes(self, coded: list[Any], shots: int, work: Work) -> None:
        """Scoring alone at several sizes of a pass, with the choices of an item in rows of their own or packed."""
        kept = self.ours.tokens_per_pass, self.ours.rows, self.ours._rows_on_cache
        for size in PASS_SIZES:
            for rows in (False, True):
                self.ours.tokens_per_pass, self.ours.rows, self.ours._rows_on_cache = size, rows, rows
                seconds = []
                for _ in range(3):  # the first plans, and meets new shapes
                    seconds.append(self.timed(lambda: self.ours._loglikelihood_tokens(coded, disable_tqdm=True))[0])
                self.add("pass_sizes", {
                    "layout": self.name, "shots": shots, "tokens_per_pass": size, "rows": rows,
                    "used": self.ours.tokens_per_pass, "seconds": min(seconds[1:]), "planning": seconds[0] - seconds[1],
                    "share": self.shares(work, min(seconds[1:]))["share"],
                })  # fmt: skip
        self.ours.tokens_per_pass, self.ours.rows, self.ours._rows_on_cache = kept

    def shares(self, work: Work, seconds: float) -> dict[str, float]:
        return {
            "share": work.flops / seconds / self.rate,
            "share_strict": work.needed_flops / seconds / self.rate,
            "distinct_per_second": work.distinct / seconds,
        }

    def timed(self, run: Callable[[], Any]) -> tuple[float, Any, float]:
        """Seconds, result, and the highest memory above what was held before, in MiB."""
        on_gpu = self.options.device == "cuda"
        if on_gpu:
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
        held = torch.cuda.memory_allocated() if on_gpu else 0
        start = time.perf_counter()
        result = run()
        if on_gpu:
            torch.cuda.synchronize()
        seconds = time.perf_counter() - start
        return seconds, result, (torch.cuda.max_memory_allocated() - held) / 2**20 if on_gpu else 0.0

    def add(self, kind: str, row: dict[str, Any]) -> None:
        self.results[kind].append(row)
        self.note({key: value for key, value in row.items() if key != "seconds" or not isinstance(value, dict)})
        if self.options.out:
            self.options.out.mkdir(parents=True, exist_ok=True)
            (self.options.out / "gpu.json").write_text(json.dumps(self.results, indent=1), encoding="utf-8")

    def note(self, what: Any) -> None:
        print(f"{time.perf_counter() - self.started:.0f} s", json.dumps(what), file=sys.stderr, flush=True)


def largest(one: Any, other: Any) -> float:
    """The largest difference between log-likelihoods, in nats."""
    values = [[each[0] if isinstance(each, tuple) else each for each in answers] for answers in (one, other)]
    return max(abs(a - b) for a, b in zip(*values, strict=True))


def tables(results: dict[str, Any]) -> str:
    """Markdown: one line a measurement."""
    lines = [
        f"{results['device']}, {results['dtype']}, torch {results['torch']}, "
        f"matrix product {results['matmul_tflops']:.0f} TFLOP/s",
        "",
        "| model | items | shots | `hf` | `hf-shared-prefix` | times faster | scoring alone | choices/s | tokens/s "
        "| share of matmul rate, scoring alone | largest difference | hf over batch sizes | memory MiB |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in results["rows"]:
        sizes = {size: seconds for size, seconds in row["hf_batch_sizes"].items() if seconds}
        best = min(sizes, key=sizes.__getitem__)
        alone = f"{row['ratio_scoring']:.1f}" if "ratio_scoring" in row else ""
        lines.append(
            f"| {row['layout']} | {row['set']} | {row['shots']} | {row['hf_seconds']:.2f} s at batch {best} "
            f"| {row['ours_seconds']:.2f} s | **{row['ratio']:.1f}** | {alone} "
            f"| {row['choices'] / row['ours_seconds']:.0f} | {row['distinct'] / row['ours_seconds']:.0f} "
            f"| {row['share']:.1%} | {row['difference']:.2g} | {row['hf_spread']:.2g} "
            f"| {row['peak_mib']['hf']:.0f} and {row['peak_mib']['ours']:.0f} |"
        )
    lines += ["", "| model | shots | tokens a pass | rows | scoring | share |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row['layout']} | {row['shots']} | {row['tokens_per_pass']} | {row['rows']} | {row['seconds']:.3f} s "
        f"| {row['share']:.1%} |"
        for row in results["pass_sizes"]
    ]
    return "\n".join([*lines, "", *(json.dumps(each) for each in results["profiles"])])


if __name__ == "__main__":
    main()
