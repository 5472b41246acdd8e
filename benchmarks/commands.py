"""How long each command takes, before and after a change, in the same run.

    python benchmarks/commands.py FOLDER [--before CHECKOUT] [--rounds 3] [--only NAME ...]

FOLDER is filled with what the commands read: 14 tiny checkpoints with random weights, evaluated once by each version,
and simulated lm-eval output of 4 and 54 checkpoints. CHECKOUT is a work tree of another version with its own
environment in .venv. Both versions run in turn, on one thread, so that a busy machine slows both; wall time until the
command ends, until its first visible text, and its highest memory. Writes benchmarks/commands.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pty
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

PAGE = Path(__file__).with_suffix(".md")
HERE = PAGE.parents[1]
RATIOS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
ESCAPES, VISIBLE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]"), re.compile(rb"[A-Za-z]")
DATE = "2026-01-02T03-04-05.678901"


@dataclass(frozen=True)
class Command:
    """``arguments`` follow `synth-eval`; {version} is the results folder of a version."""

    name: str
    folder: str
    arguments: tuple[str, ...]
    target: str = ""


COMMANDS = (
    Command("help", ".", ("--help",), "0.3 s"),
    Command("compare, nothing to do", "tiny", ("compare", "checkpoints.yaml", "-o", "{version}"), "5 s"),
    Command("compare --summary", "tiny", ("compare", "checkpoints.yaml", "-o", "{version}", "--summary"), "2 s"),
    Command(
        "compare --explain",
        "tiny",
        ("compare", "checkpoints.yaml", "-o", "{version}", "--explain", "synth_lookup"),
        "2 s",
    ),
    Command("report", "tiny", ("report", "{version}"), "2 s"),
    Command(
        "compare --results, 4 checkpoints",
        "logged4",
        ("compare", "c.yaml", "--results", "out", "-o", "{version}"),
        "4 s",
    ),
    Command(
        "compare --results, 54 checkpoints, 8 tasks",
        "logged54",
        ("compare", "c.yaml", "--results", "out", "-o", "{version}"),
        "20 s",
    ),
    Command("calibrate, 8 tasks", "logged54", ("calibrate", "out/m-70M-s0-r0", "--resamples", "200")),
)


@dataclass(frozen=True)
class Version:
    name: str
    checkout: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        settings = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TERM": "xterm", "COLUMNS": "100"}
        return kept | settings | {"PYTHONPATH": str(self.checkout)}

    def argv(self, command: Command) -> list[str]:
        python = self.checkout / ".venv" / "bin" / "python"
        arguments = [argument.format(version=f"results-{self.name}") for argument in command.arguments]
        return [str(python if python.exists() else sys.executable), "-m", "synth_eval", *arguments]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    versions = [Version("after", HERE)]
    if options.before is not None:
        versions.insert(0, Version("before", options.before.resolve()))
    folder = options.folder.resolve()
    prepare(folder, versions)
    rows = []
    for command in COMMANDS:
        if options.only and not any(part in command.name for part in options.only):
            continue
        found: dict[str, list[tuple[float, ...]]] = {version.name: [] for version in versions}
        for _ in range(options.rounds):
            for version in versions:
                found[version.name].append(measure(version.argv(command), folder / command.folder, version.environment))
        rows.append((command, {name: tuple(map(median, zip(*runs))) for name, runs in found.items()}))
        print(command.name, {name: [round(value, 2) for value in values] for name, values in rows[-1][1].items()})
    if not options.only:
        PAGE.write_text(page(rows, versions), encoding="utf-8")


def measure(argv: Sequence[str], folder: Path, environment: dict[str, str]) -> tuple[float, ...]:
    """Seconds until the end, until the first visible text in a terminal, of processor time; MiB of memory at most."""
    ours, terminal = pty.openpty()
    start = time.perf_counter()
    process = subprocess.Popen(
        argv, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    said, first = b"", 0.0
    with contextlib.suppress(OSError):  # the terminal is closed: the command has ended
        while part := os.read(ours, 65536):
            said += part
            if not first and VISIBLE.search(ESCAPES.sub(b"", said)):
                first = time.perf_counter() - start
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    os.close(ours)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(argv)} failed:\n{said.decode(errors='replace')}")
    return time.perf_counter() - start, first, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def prepare(folder: Path, versions: Sequence[Version]) -> None:
    """Write what the commands read; what is there is kept."""
    write_tiny(folder / "tiny")
    for version in versions:  # evaluates what this version has not evaluated; then there is nothing to do
        measure(version.argv(COMMANDS[1]), folder / "tiny", version.environment)
    write_logged(folder / "logged4", sizes=("70M",), ratios=(0.0, 0.1, 0.3, 0.5), seeds=1, tasks=4)
    write_logged(folder / "logged54", sizes=("70M", "160M", "410M"), ratios=RATIOS, seeds=3, tasks=8)


def write_tiny(folder: Path) -> None:
    """A family of 14 checkpoints that evaluate in seconds."""
    if (folder / "checkpoints.yaml").exists():
        return
    sys.path.insert(0, str(HERE / "tests" / "support"))
    from tiny_checkpoint import write_given_neox

    lines = ["family: tiny", "tasks: [synth_suite]", "checkpoints:"]
    for number, (ratio, seed) in enumerate(
        (ratio, seed) for ratio in (0, 0.1, 0.2, 0.3, 0.5, 0.7, 1) for seed in (0, 1)
    ):
        write_given_neox(folder / f"c{number}", seed=number)
        lines.append(f"  - {{path: c{number}, ratio: {ratio}, seed: {seed}, size: 70M}}")
    (folder / "checkpoints.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_logged(
    folder: Path, *, sizes: Sequence[str], ratios: Sequence[float], seeds: int, tasks: int, items: int = 500
) -> None:
    """lm-eval output of a family: multiple choice, the last task documents; items are shared by all checkpoints."""
    if folder.exists():
        shutil.rmtree(folder) if not (folder / "c.yaml").exists() else None
    if (folder / "c.yaml").exists():
        return
    lines = ["family: logged", "checkpoints:"]
    shared = np.random.default_rng(0).normal(size=(tasks, items, 4))
    gold = np.random.default_rng(1).integers(4, size=(tasks, items))
    for number, (size, seed, ratio) in enumerate((z, s, r) for z in sizes for s in range(seeds) for r in ratios):
        name = f"m-{size}-s{seed}-r{ratio:g}"
        lines.append(f"  - {{path: {name}, ratio: {ratio}, seed: {seed}, size: {size}}}")
        (folder / "out" / name).mkdir(parents=True)
        rng = np.random.default_rng(number + 10)
        for task in range(tasks):
            strength = 2.0 - ratio * task / tasks
            z = strength**0.5 * (0.87 * shared[task] + 0.5 * rng.normal(size=(items, 4)))
            z[np.arange(items), gold[task]] += strength
            rows = _documents(z[:, 0]) if task == tasks - 1 else _choices(z - 20, gold[task])
            file = folder / "out" / name / f"samples_task{task}_{DATE}.jsonl"
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        about = {"results": {}, "model_name": name, "date": 1767322800.0}
        (folder / "out" / name / f"results_{DATE}.json").write_text(json.dumps(about), encoding="utf-8")
    (folder / "c.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _choices(z: np.ndarray, gold: np.ndarray) -> list[dict[str, object]]:
    rows = []
    for i, (logliks, right) in enumerate(zip(z.round(4).tolist(), gold.tolist())):
        context = f"Question {i}: which of these is it, as a sentence of some length would ask?\nAnswer:"
        texts = [f"choice {letter}" for letter in "abcd"]
        pairs = [[str(value), "False"] for value in logliks]
        rows.append(
            {
                "doc_id": i,
                "doc": {"question": context, "choices": texts, "answer": right},
                "target": str(right),
                "arguments": {f"gen_args_{k}": {"arg_0": context, "arg_1": f" {t}"} for k, t in enumerate(texts)},
                "resps": [[pair] for pair in pairs],
                "filtered_resps": pairs,
                "filter": "none",
                "metrics": ["acc"],
                "doc_hash": f"{i:064x}",
                "prompt_hash": f"{i:064x}",
                "target_hash": f"{right:064x}",
                "acc": float(int(np.argmax(logliks)) == right),
            }
        )
    return rows


def _documents(z: np.ndarray) -> list[dict[str, object]]:
    text = "a document of some length " * 8
    return [
        {
            "doc_id": i,
            "doc": {"page": text},
            "target": text,
            "arguments": {"gen_args_0": {"arg_0": text}},
            "resps": [[str(value)]],
            "filtered_resps": [str(value)],
            "filter": "none",
            "doc_hash": f"{i:064x}",
            "prompt_hash": f"{i:064x}",
            "bits_per_byte": [value, len(text)],
        }
        for i, value in enumerate((-150 - 20 * z).round(4).tolist())
    ]


def page(rows: Sequence[tuple[Command, dict[str, tuple[float, ...]]]], versions: Sequence[Version]) -> str:
    head = [
        "command",
        *(f"{v.name}: whole, first text, processor, memory" for v in versions),
        *["ratio: whole, processor"] * (len(versions) > 1),
    ]
    lines = [
        "# How long each command takes",
        "",
        "Measured by `python benchmarks/commands.py`, both versions in turn on one machine, one thread: the median of",
        "the runs. First text is what a terminal shows first; memory is the highest resident size. The tiny family",
        "has 14 checkpoints and the 8 tasks of synth_suite; the logged ones are simulated, 500 items a task. On a busy",
        "machine wall time is not comparable between rows; processor time is less disturbed. Targets are wall time of",
        "an idle machine.",
        "",
        f"| {' | '.join([*head, 'target'])} |",
        f"|{'---|' * (len(head) + 1)}",
    ]
    for command, found in rows:
        form = "{0:.1f} s, {1:.1f} s, {2:.1f} s, {3:,.0f} MiB"
        cells = [form.format(*found[version.name]) for version in versions]
        if len(versions) > 1:
            whole, _, processor, _ = (a / b for a, b in zip(*(found[version.name] for version in versions)))
            cells.append(f"{whole:.1f}x, {processor:.1f}x")
        lines.append(f"| {command.name} | {' | '.join([*cells, command.target])} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
