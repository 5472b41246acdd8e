"""Time the comparison of a large family: 24 checkpoints, 8 tasks of 2,000 items, from item tables on disk.

    python benchmarks/compare_speed.py

4 ratios x 3 seeds x 2 sizes; six metrics a task. Processor time of one process, one thread, in parts; there is no peer
that compares families. Writes benchmarks/compare_speed.md.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))  # the simulator of the tests


def main() -> None:
    from simulated_family import Flat, Task, hinge, simulate

    from synth_eval.compare import compare_family
    from synth_eval.report.html import html_report
    from synth_eval.report.view import report_view
    from synth_eval.results import read_items, write_items

    tasks = {
        f"task_{i}": Task(hinge(0.8, slope=0.2 * (i % 3)), Flat(0.0), "reasoning" if i < 4 else "retrieval", n=2000)
        for i in range(8)
    }
    simulated = simulate(tasks, ratios=(0.0, 0.1, 0.3, 0.5), seeds=3, sizes=("410M", "1.4B"), jitter=0.005)
    with tempfile.TemporaryDirectory() as folder:
        files = {key: Path(folder) / f"{i}.parquet" for i, key in enumerate(simulated.tables)}
        for key, file in files.items():
            write_items(file, simulated.tables[key])
        parts = {}
        start = time.process_time()
        tables = {key: read_items(file) for key, file in files.items()}
        parts["read the item tables"] = time.process_time() - start
        start = time.process_time()
        comparison = compare_family(simulated.family, tables)
        parts["judge curves, leads, contrasts, budgets"] = time.process_time() - start
        start = time.process_time()
        html_report(report_view(comparison))
        parts["write report.html"] = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    whole = sum(parts.values())
    rows = "\n".join(f"| {name} | {seconds:.1f} s | {seconds / whole:.0%} |" for name, seconds in parts.items())
    judged = sum(cell.verdict.p_value is not None for cell in comparison.cells)
    page = f"""# Comparing a large family

Measured by `python benchmarks/compare_speed.py`: {len(simulated.family.checkpoints)} checkpoints, {len(tasks)} tasks of
2,000 items, {len(comparison.cells)} curves and metrics ({judged} judged), {len(comparison.contrasts)} contrasts.
Processor time of one process on one thread. Target: under 20 s, item tables included.

| part | processor time | share |
|---|---|---|
{rows}
| **whole** | **{whole:.1f} s** | |

Highest memory, the simulation of the family included: {peak:.2f} GiB.
"""
    (ROOT / "benchmarks" / "compare_speed.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
