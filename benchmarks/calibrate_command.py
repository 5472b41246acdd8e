"""How long `synth-eval calibrate` takes and how much memory; writes calibrate_command.md beside it.

Run with ``OMP_NUM_THREADS=1 python benchmarks/calibrate_command.py`` (about four minutes; ``--quick`` for a small try).
Bare times depend on the machine and on what else runs on it, so processor time is given beside wall time, and each run
of the command is followed by one that only reads the same files: the ratios are of processor times, medians of three.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
ALTERNATIONS = 3

COMMAND = "import sys; from synth_eval import cli; cli.main()"
# json.loads alone: the least that any program which looks into the files must do
PARSING = (
    "import sys, json, pathlib\n"
    "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.jsonl')):\n"
    "    for line in path.open('rb'): json.loads(line)"
)
READING = (
    "import sys, pathlib; from synth_eval.results import read_samples\n"
    "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.jsonl')): read_samples(path)"
)


class Cost(NamedTuple):
    seconds: float  # wall time of the whole process
    processor: float  # seconds
    memory: float  # most, MiB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the items; writes nothing")
    quick = parser.parse_args().quick
    shrink = 20 if quick else 1
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        lines = [
            *_heading(),
            *_many_files(folder / "many", 2000 // shrink),
            *_big_file(folder / "big", 200_000 // shrink),
        ]
    print("\n".join(lines))
    if not quick:
        Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _heading() -> list[str]:
    load = f"; {os.getloadavg()[0]:.1f} processes running on {os.cpu_count()} cores at the start"
    return [
        "# synth-eval calibrate: time and memory",
        "",
        "Written by `OMP_NUM_THREADS=1 python benchmarks/calibrate_command.py`. "
        f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}, one thread{load}.",
        "",
    ]


def _many_files(folder: Path, n: int) -> list[str]:
    tasks = [f"suite_{i:02d}" for i in range(20)]
    for i, task in enumerate(tasks):
        _write(folder, task, n, seed=i)
    configs = {task: {"metadata": {"category": "reasoning" if i % 2 else "retrieval"}} for i, task in enumerate(tasks)}
    results = {
        "results": {name: {"acc,none": 0.5} for name in (*tasks, "suite")},
        "group_subtasks": {"suite": tasks},
        "configs": configs,
        "model_name": "org/m",
    }
    (folder / "results_2026-01-02T03-04-05.678901.json").write_text(json.dumps(results))
    megabytes = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    variants = {
        "the default, 500 resamples": [],
        "with --resamples 1000": ["--resamples", "1000"],
        "with --resamples 0": ["--resamples", "0"],
    }
    lines = [
        f"## 20 files of {n:,} items of four choices, {megabytes:.0f} MB, 23 rows (20 tasks, a group, two categories)",
        "",
        "| command | wall time, s | processor time, s | times reading | times json.loads alone | most memory, MiB |",
        "|---|---|---|---|---|---|",
    ]
    for name, options in variants.items():
        runs = []
        for _ in range(ALTERNATIONS):
            own = _run(COMMAND, "calibrate", str(folder), *options)
            others = (_run(code, str(folder)).processor for code in (READING, PARSING))
            runs.append((*own, *(own.processor / other for other in others)))
        wall, processor, memory, reading, parsing = (float(np.median(column)) for column in zip(*runs))
        lines.append(f"| {name} | {wall:.1f} | {processor:.1f} | {reading:.1f} | {parsing:.1f} | {memory:.0f} |")
    start = float(np.median([_run(COMMAND, "calibrate", "--help").seconds for _ in range(ALTERNATIONS)]))
    one = folder / "one"
    _write(one, "t", 10, seed=0)
    small = float(
        np.median([_run(COMMAND, "calibrate", str(one), "--resamples", "10").seconds for _ in range(ALTERNATIONS)])
    )
    return [*lines, "", f"Start-up: `--help` {start:.2f} s; a whole report of ten items {small:.2f} s.", ""]


def _big_file(folder: Path, n: int) -> list[str]:
    path = _write(folder, "big", n, seed=0)
    own, reading = _run(COMMAND, "calibrate", str(folder)), _run(READING, str(folder))
    return [
        f"## One file of {n:,} items, {path.stat().st_size / 1e6:.0f} MB",
        "",
        f"{own.processor:.0f} s of processor time ({own.seconds:.0f} s of wall time), at most {own.memory:.0f} MiB "
        f"resident; reading alone {reading.processor:.0f} s and {reading.memory:.0f} MiB. Lines are read one at a "
        "time; what is kept of an item are numbers and two hashes.",
        "",
    ]


def _write(folder: Path, task: str, n: int, *, seed: int) -> Path:
    """Samples as lm-eval 0.4.13 logs them: about two kilobytes an item."""
    rng = np.random.default_rng(seed)
    z = 1.5 * rng.normal(size=(n, 4))
    gold = np.argmax(z + rng.gumbel(size=z.shape), axis=1)  # drawn from softmax(z)
    logliks = np.round(1.4 * z - 20.0, 6)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"samples_{task}_2026-01-02T03-04-05.678901.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for i in range(n):
            context = f"Question {i}: " + "which of these is it, " * 12 + "\nAnswer:"
            pairs = [[str(value), "False"] for value in logliks[i].tolist()]
            row = {
                "doc_id": i,
                "doc": {"question": context, "choices": ["one", "two", "three", "four"], "answer": int(gold[i])},
                "target": str(gold[i]),
                "arguments": {
                    f"gen_args_{j}": {"arg_0": context, "arg_1": f" {text}"}
                    for j, text in enumerate(("one", "two", "three", "four"))
                },
                "resps": [[pair] for pair in pairs],
                "filtered_resps": pairs,
                "filter": "none",
                "metrics": ["acc"],
                "doc_hash": f"{seed:032x}{i:032x}",
                "prompt_hash": f"{i:064x}",
                "target_hash": f"{int(gold[i]):064x}",
                "acc": float(np.argmax(logliks[i]) == gold[i]),
            }
            file.write(json.dumps(row) + "\n")
    return path


def _run(code: str, *arguments: str) -> Cost:
    """A fresh process, which says its own processor time and peak when it ends."""
    peak = (
        "import atexit, pathlib, sys, time\n"
        "def _peak():\n"
        "    status = pathlib.Path('/proc/self/status').read_text().splitlines()\n"
        "    row = next(r for r in status if r.startswith('VmHWM'))\n"
        "    print('PEAK', row.split()[1], time.process_time(), file=sys.stderr)\n"
        "atexit.register(_peak)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", peak + code, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - start
    kibibytes, processor = done.stderr.rpartition("PEAK ")[2].split()
    return Cost(seconds, float(processor), int(kibibytes) / 1024)


if __name__ == "__main__":
    main()
