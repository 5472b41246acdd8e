"""Can the verdicts be believed? The statistics on simulated families whose truth is known; writes docs/validation.md.

Run with ``OMP_NUM_THREADS=1 python benchmarks/simulate.py`` (``--quick``: fewer families, about three minutes of
processor time; ``--families N``: as many as wanted; ``--only TABLE`` and ``--rows SETTING`` measure some again and
leave the others as the page has them). Two processes; the numbers do not depend on how many.
The targets are those of docs/methods.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from itertools import chain
from math import sqrt
from multiprocessing import Pool
from multiprocessing.pool import Pool as PoolType
from pathlib import Path

import numpy as np
from simulated.records import Record
from simulated.tables import Row, Table, tables

Label = tuple[str, ...]
Cells = tuple[str, ...]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "validation.md"
START, END = "<!-- simulated: start -->", "<!-- simulated: end -->"
FAMILIES, QUICK = 300, 40
CHUNK = 20  # families a task of the pool


def _chunk(task: tuple[Row, int, int, int]) -> list[Record]:
    row, number, start, stop = task
    return [row.family(np.random.default_rng([number, family])) for family in range(start, stop)]


def measure(table: Table, which: Sequence[int], families: int, pool: PoolType) -> dict[Label, Cells]:
    """Some rows of a table, each rate as the page prints it: in bold where it misses its target."""
    starts = range(0, families, CHUNK)
    tasks = [(table.rows[i], i, s, min(s + CHUNK, families)) for i in which for s in starts]
    parts = pool.map(_chunk, tasks, chunksize=1)
    measured = {}
    for place, i in enumerate(which):
        found = np.array(list(chain.from_iterable(parts[place * len(starts) : (place + 1) * len(starts)])))
        measured[table.rows[i].label] = tuple(_cell(found[:, c], target) for c, target in enumerate(table.targets))
    return measured


def page_of(table: Table, cells: dict[Label, Cells]) -> list[str]:
    """Markdown of one table, with the means over its settings."""
    lines = [f"### {table.title}", "", table.says, ""]
    lines += [
        f"| {' | '.join((*table.settings, *table.columns))} |",
        f"|{'---|' * (len(table.settings) + len(table.columns))}",
    ]
    lines += [f"| {' | '.join((*label, *of_row))} |" for label, of_row in cells.items()]
    means = [np.nanmean([_rate(of_row[i]) for of_row in cells.values()]) for i in range(len(table.columns))]
    lines.append(f"| {' | '.join(('mean', *[''] * (len(table.settings) - 1), *(f'{m:.3f}' for m in means)))} |")
    return [*lines, ""]


def on_page(table: Table, page: str) -> dict[Label, Cells]:
    """The rows of a table as the page has them."""
    heading, settings = f"### {table.title}\n", len(table.settings)
    if heading not in page:
        return {}
    lines = page.split(heading)[1].split("\n#")[0].splitlines()
    rows = [tuple(line.strip("|")[1:-1].split(" | ")) for line in lines if line.startswith("| ")]
    return {row[:settings]: row[settings:] for row in rows}


def summary_of(table: Table, cells: dict[Label, Cells]) -> list[str]:
    """One line for each column with a target: the worst setting, the mean over settings."""
    lines = []
    for i, target in enumerate(table.targets):
        if target is None:
            continue
        bound, at_most = target
        rates = {label: _rate(of_row[i]) for label, of_row in cells.items()}
        worst = (max if at_most else min)(rates, key=rates.__getitem__)
        sign = "<=" if at_most else ">="
        lines.append(
            f"| {table.title}: {table.columns[i]} | {sign} {bound:g} "
            f"| {np.mean(list(rates.values())):.3f} | {cells[worst][i]} ({', '.join(worst)}) |"
        )
    return lines


def _rate(cell: str) -> float:
    return float(cell.strip("*") or "nan")


def _cell(column: np.ndarray, target: tuple[float, bool] | None) -> str:
    given = column[np.isfinite(column)]
    if not len(given):
        return ""
    rate = float(given.mean())
    if target is None:
        return f"{rate:.3f}"
    bound, at_most = target
    slack = 2 * sqrt(bound * (1 - bound) / len(given))
    missed = rate > bound + slack if at_most else rate < bound - slack
    return f"**{rate:.3f}**" if missed else f"{rate:.3f}"


def write(text: str) -> None:
    """Put the tables between the markers of docs/validation.md, leaving the words around them."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(START)
    PAGE.write_text(f"{before}{START}\n\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", type=int, help=f"simulated families a setting ({FAMILIES})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} families a setting; prints, writes nothing")
    parser.add_argument("--only", default="", help="tables whose title contains this; the others stay as they are")
    parser.add_argument("--rows", default="", help="rows whose setting contains this; the others stay as they are")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    families = options.families or (QUICK if options.quick else FAMILIES)
    says = f"{families} simulated families a setting"
    page = PAGE.read_text(encoding="utf-8").split(START)[1].split(END)[0]
    if options.only or options.rows:
        as_it_was = page.strip().split(" ")[0]
        says = f"{as_it_was} simulated families a setting"
        says += f"; {families} in what was last measured again" if str(families) != as_it_was else ""
    summary = ["| what | target | mean over settings | worst setting |", "|---|---|---|---|"]
    lines = ["## The tables", ""]
    start = time.perf_counter()
    with Pool(options.processes) as pool:
        for table in tables():
            which = [i for i, row in enumerate(table.rows) if options.rows in ", ".join(row.label)]
            which = which if options.only.lower() in table.title.lower() else []
            cells = on_page(table, page) | measure(table, which, families, pool)
            cells = {row.label: cells[row.label] for row in table.rows if row.label in cells}
            if which:
                print("\n".join(page_of(table, cells)), flush=True)
            if cells:
                summary += summary_of(table, cells)
                lines += page_of(table, cells)
    print("\n".join(summary))
    print(f"{time.perf_counter() - start:.0f} s in {options.processes} processes")
    if not options.quick:
        write("\n".join([f"{says}.", "", *summary, "", *lines]))


if __name__ == "__main__":
    main()
