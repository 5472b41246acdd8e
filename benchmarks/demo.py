"""Time the parts of `make demo` in a fresh folder, and write benchmarks/demo.md and docs/miniature-family.md.

    python benchmarks/demo.py [--keep FOLDER]

Takes as long as the demo itself. Bare times of a shared machine mean little; the shares of the whole mean more.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
STEPS = {
    "build the family": ["lab", "build", "checkpoints.yaml"],
    "evaluate it": ["run", "checkpoints.yaml"],
    "compare and report": ["compare", "checkpoints.yaml"],
    "the second `make demo`": ["compare", "checkpoints.yaml"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="work here and keep it, instead of in a temporary folder")
    folder = parser.parse_args().keep or Path(tempfile.mkdtemp(prefix="synth-eval-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "checkpoints.yaml", folder)
    rows, said = [], ""
    for name, command in STEPS.items():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "synth_eval", *command], cwd=folder, capture_output=True, text=True, check=False
        )
        elapsed = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        rows.append((name, elapsed, cpu, after.ru_maxrss / 2**20))
        if name == "build the family":
            said = "\n".join(line for line in done.stderr.splitlines() if "lesson" in line or "rejected" in line)
    (ROOT / "benchmarks" / "demo.md").write_text(demo_page(rows), encoding="utf-8")
    page = ROOT / "docs" / "miniature-family.md"
    tables = family_tables(folder, said)
    written = page.read_text(encoding="utf-8") if page.is_file() else f"# The miniature family\n\n{BEGIN}\n{END}\n"
    page.write_text(
        re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{tables}\n{END}", written, flags=re.S), encoding="utf-8"
    )
    print(demo_page(rows))


BEGIN, END = "<!-- tables: benchmarks/demo.py -->", "<!-- end of tables -->"


def demo_page(rows: list[tuple[str, float, float, float]]) -> str:
    whole = sum(elapsed for _, elapsed, _, _ in rows[:3])
    cores = os.cpu_count()
    lines = [
        "# The parts of `make demo`",
        "",
        f"Measured by `python benchmarks/demo.py` on {cores} cores (shared), Python",
        f"{platform.python_version()}, after the packages were installed.",
        "Target: at most 10 minutes and 4 GiB on an idle two-core machine.",
        "",
        "| part | wall time | share of the whole | CPU time | highest memory of a process so far |",
        "|---|---|---|---|---|",
    ]
    for name, elapsed, cpu, memory in rows:
        share = f"{elapsed / whole:.0%}" if "second" not in name else "-"
        lines.append(f"| {name} | {elapsed:.0f} s | {share} | {cpu:.0f} s | {memory:.2f} GiB |")
    lines.append(f"| **the demo** | **{whole:.0f} s** | 100% | | |")
    return "\n".join(lines) + "\n"


def family_tables(folder: Path, said: str) -> str:
    """Accuracy, Brier score and ECE by ratio and task, both seeds."""
    from synth_eval.calibration import expected_calibration_error
    from synth_eval.manifest import load_family
    from synth_eval.results import RunFolder

    family = load_family(folder / "checkpoints.yaml")
    results = RunFolder(folder / "results" / family.name)
    records = {c["name"]: c for c in json.loads(results.comparison_json.read_text(encoding="utf-8"))["checkpoints"]}
    ratios = sorted({c.ratio for c in family.checkpoints})
    seeds = sorted({c.seed for c in family.checkpoints})
    by_place = {(c.ratio, c.seed): c.name for c in family.checkpoints}
    tasks = records[family.checkpoints[0].name]["tasks"]
    tables = {
        (name, task): results.load_items(record["fingerprint"], task)
        for name, record in records.items()
        for task in tasks
    }
    metrics = {
        "accuracy": lambda c: float(np.mean(c["correct"])),
        "Brier score": lambda c: float(np.mean(c["brier"])),
        "ECE (15 bins)": lambda c: expected_calibration_error(c["confidence"], c["correct"]),
        "NLL": lambda c: float(np.mean(c["nll"])),
        "bits per byte": lambda c: float(-np.sum(c["loglik"]) / np.log(2) / np.sum(c["n_bytes"])),
    }
    lines = [said, ""] if said else []
    for label, metric in metrics.items():
        rolling = label == "bits per byte"
        shown = [t for t in tasks if (tables[family.checkpoints[0].name, t].kind == "rolling") == rolling]
        lines += [f"### {label}, seed {' / seed '.join(map(str, seeds))}", ""]
        lines += [
            "| ratio | " + " | ".join(t.removeprefix("synth_") for t in shown) + " |",
            "|---" * (len(shown) + 1) + "|",
        ]
        for ratio in ratios:
            cells = [
                " / ".join(f"{metric(tables[by_place[ratio, seed], task].columns):.3f}" for seed in seeds)
                for task in shown
            ]
            lines.append(f"| {ratio:g} | " + " | ".join(cells) + " |")
        lines.append("")
    first = [by_place[0.0, seed] for seed in seeds if (0.0, seed) in by_place]
    lines += [
        "### Accuracy by level at ratio 0, mean of the seeds",
        "",
        "| task | 1 | 2 | 3 | 4 |",
        "|---|---|---|---|---|",
    ]
    for task in tasks:
        columns = [tables[name, task].columns for name in first]
        if "level" not in columns[0]:
            continue
        means = [np.mean([np.mean(c["correct"][c["level"] == level]) for c in columns]) for level in (1, 2, 3, 4)]
        lines.append(f"| {task} | " + " | ".join(f"{m:.3f}" for m in means) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
