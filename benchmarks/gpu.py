"""Shared-prefix scoring beside `lm_eval --model hf` on a GPU in bfloat16; writes benchmarks/gpu.md.

    python benchmarks/gpu.py --model FOLDER --data FOLDER [--device cuda] [--dtype bfloat16]

Wall time with the device synchronised, the two ways in turn, hf at the best of several batch sizes and on all items.
Without a GPU nothing is measured; ``--device cpu --dtype float32`` tries the script and writes nothing.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lm_eval.models.huggingface import HFLM
from speed_parts.items import SETTINGS, requests_of

from synth_eval.harness.shared_prefix.model import SharedPrefixLM

PAGE = Path(__file__).with_suffix(".md")
BATCH_SIZES = (8, 32, 128)
REPEATS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=os.environ.get("SYNTH_EVAL_SMOLLM2"))
    parser.add_argument("--data", type=Path, default=os.environ.get("SYNTH_EVAL_DATA"))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", default="bfloat16")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("no GPU here; benchmarks/gpu.md is left as it is")
        return
    if options.model is None or options.data is None:
        print("no --model or no --data; benchmarks/gpu.md is left as it is")
        return
    logging.disable(logging.WARNING)
    os.environ["HF_HUB_OFFLINE"] = "1"
    made = {"device": options.device, "dtype": options.dtype, "softmax_dtype": "float32"}
    peer, ours = HFLM(str(options.model), **made), SharedPrefixLM(str(options.model), **made)
    rows = [row(setting, peer, ours, options) for setting in SETTINGS]
    name = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
    page = TEXT.format(name=name, dtype=options.dtype, torch=torch.__version__, repeats=REPEATS, rows="\n".join(rows))
    print(page)
    if options.device == "cuda":
        PAGE.write_text(page, encoding="utf-8")


def row(setting: str, peer: HFLM, ours: SharedPrefixLM, options: argparse.Namespace) -> str:
    every = [request for item in requests_of(setting, options.data) for request in item]
    score = {
        "ours": lambda: ours.loglikelihood(every, disable_tqdm=True),
        "hf": lambda: peer.loglikelihood(every, disable_tqdm=True),
    }
    score["ours"]()  # kernels are chosen and memory is mapped on the first run
    tried = {}
    for size in BATCH_SIZES:
        peer.batch_size_per_gpu = size
        tried[size] = timed(score["hf"], options.device)[0]
    best = min(tried, key=tried.__getitem__)
    peer.batch_size_per_gpu = best
    times: dict[str, list[float]] = {"ours": [], "hf": []}
    answers: dict[str, Any] = {}
    for _ in range(REPEATS):
        for name, run in score.items():
            seconds, answers[name] = timed(run, options.device)
            times[name].append(seconds)
    ratios = sorted(slow / fast for slow, fast in zip(times["hf"], times["ours"], strict=True))
    pairs = list(zip(answers["hf"], answers["ours"], strict=True))
    difference = max(abs(a[0] - b[0]) for a, b in pairs)
    flags = sum(a[1] != b[1] for a, b in pairs)
    hf, mine = (statistics.median(times[name]) for name in ("hf", "ours"))
    line = (
        f"| {setting} | {hf:.2f} s at batch {best} | {mine:.2f} s "
        f"| **{statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})** | {difference:.0e} "
        f"| {flags} of {len(pairs)} | {ours.plain_reason or 'no'} |"
    )
    print(line, file=sys.stderr, flush=True)
    return line


def timed(run: Callable[[], Any], device: str) -> tuple[float, Any]:
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    result = run()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start, result


TEXT = """\
# Shared-prefix scoring on a GPU

Written by `python benchmarks/gpu.py`: {name}, {dtype}, softmax in float32, torch {torch}. Wall time, device
synchronised, the two ways in turn {repeats} times, all items; the middle ratio and the range. In bfloat16 the two ways
round differently: the largest difference says how much.

| items | `hf` | `hf-shared-prefix` | times faster | largest difference, nats | greedy flags that differ | plain way |
|---|---|---|---|---|---|---|
{rows}
"""


if __name__ == "__main__":
    main()
