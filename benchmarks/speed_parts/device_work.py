"""How much a device could do and had to do: its matrix rate, the operations of a scoring, where its time went."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from speed_parts.random_layouts import layer_parameters

from synth_eval.harness.shared_prefix.plan import distinct_tokens

KINDS = {  # of GPU kernels, by parts of their names; the first that fits
    "attention": ("fmha", "flash", "attention", "cutlassf"),
    "matrix products": ("gemm", "nvjet", "xmma", "cublas", "cutlass", "matmul"),
    "softmax and maximum": ("softmax", "reduce", "argmax"),
    "copies": ("memcpy", "memset", "copy", "cat"),
}


@dataclass(frozen=True)
class Work:
    """What a set of requests asks of a model."""

    tokens: int  # of all requests, each on its own
    distinct: int  # tokens of the prefix tree
    scored: int  # positions that a target is scored from, each distinct prefix once
    flops: float  # 2 x parameters x distinct tokens, and attention of each distinct token to its prefix
    needed_flops: float  # the same with the output layer at scored positions alone


def work_of(model: Any, requests: Sequence[tuple[Any, list[int], list[int]]]) -> Work:
    """Work of lm-eval requests: (strings, context tokens, scored tokens)."""
    config = model.config
    inputs = [[*context, *scored][:-1] for _, context, scored in requests]
    distinct, pairs, positions = distinct_tokens(inputs), 0, set()
    seen: set[bytes] = set()
    for given, (_, _, scored) in zip(inputs, requests, strict=True):
        key = torch.tensor(given, dtype=torch.int32).numpy().tobytes()
        for depth in range(len(given), 0, -1):
            prefix = key[: 4 * depth]
            if depth > len(given) - len(scored):
                positions.add(hash(prefix))
            if prefix in seen:
                if depth <= len(given) - len(scored):
                    break  # so are all shorter ones
                continue
            seen.add(prefix)
            pairs += depth
    table = config.vocab_size * config.hidden_size
    attention = 4 * pairs * config.hidden_size * config.num_hidden_layers
    layers = 2 * layer_parameters(model)
    return Work(
        tokens=sum(map(len, inputs)),
        distinct=distinct,
        scored=len(positions),
        flops=float((layers + 2 * table) * distinct + attention),
        needed_flops=float(layers * distinct + 2 * table * len(positions) + attention),
    )


def matmul_rate(device: str, dtype: torch.dtype) -> float:
    """Operations a second of a square matrix product of random numbers, the median of several."""
    size = 8192 if device == "cuda" else 512
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    times = []
    for _ in range(13):
        _wait(device)
        start = time.perf_counter()
        for _ in range(10):
            a @ b
        _wait(device)
        times.append((time.perf_counter() - start) / 10)
    return float(2 * size**3 / sorted(times[3:])[5])


def profile(run: Callable[[], Any]) -> dict[str, Any]:
    """Shares of wall time that a GPU spends in each kind of kernel, and idle; the slowest host operations."""
    if not torch.cuda.is_available():
        return {}
    run()
    _wait("cuda")
    start = time.perf_counter()
    run()
    _wait("cuda")
    wall = time.perf_counter() - start
    activities = [torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as recorded:
        run()
        _wait("cuda")
    seconds: dict[str, float] = defaultdict(float)
    kernels, slowest = 0, []
    for event in recorded.key_averages():
        spent = event.self_device_time_total / 1e6
        if not spent:
            continue
        name = event.key.lower()
        kind = next((kind for kind, parts in KINDS.items() if any(part in name for part in parts)), "elementwise")
        seconds[kind] += spent
        kernels += event.count
        slowest.append((spent, event.count, event.key[:90]))
    shares = {kind: spent / wall for kind, spent in sorted(seconds.items(), key=lambda item: -item[1])}
    top = [[name, count, round(spent * 1e3, 2)] for spent, count, name in sorted(slowest, reverse=True)[:12]]
    return {"wall": wall, "kernels": kernels, "shares": shares, "idle": 1 - sum(shares.values()), "slowest_ms": top}


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
