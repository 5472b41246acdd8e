"""Judge the published families and put what was found into docs/published.md.

    python -m studies.published.tables FOLDER

FOLDER holds finephrase/ and toedit/, tables that were copied from the sources that docs/published.md names. They are
not part of this repository. It takes about two minutes.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pandas as pd

from synth_eval.cell import Cell
from synth_eval.comparison import Comparison
from synth_eval.pipeline.compare import compare
from synth_eval.pipeline.score_table import TableOptions
from synth_eval.text import plural

PAGE = Path(__file__).resolve().parents[2] / "docs" / "published.md"
GROUPS = {  # of finephrase's tasks; the mean over all tasks that follows from the groups is the published one
    "GK": ("arc_easy", "mmlu_redux"),
    "RC": ("squad_v2", "drop"),
    "RES": ("openbookqa", "xcsqa", "piqa"),
    "NLU": ("winogrande", "hellaswag"),
    "MATH": ("gsm8k",),
    "TABLE": ("wikitablequestions", "treb_qa"),
}
MEAN = "agg_macro"
AUTHORS_BEST = {"table": "70%", "math": "80%", "faq": "60%", "tutorial": "60%"}
PLACE = ["family", "size", "tokens", "ratio", "source", "seed", "data_seed"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    sweep, grid = finephrase_tables(folder / "finephrase")
    mixes = judged(pd.concat([grid, sweep]), metrics=("prob_norm_token:higher",))
    losses = judged(folder / "toedit" / "tables12_15_gpt2_124M_tokens_x_ratio.csv")
    parts = {
        "mixes": mixes_table(mixes, grid),
        "groups": groups_table(mixes),
        "sizes": sizes_table(mixes, grid),
        "losses": losses_table(losses),
        "others": others_table(folder / "toedit"),
    }
    page = PAGE.read_text(encoding="utf-8")
    for name, table in parts.items():
        page = with_table(page, name, table)
    PAGE.write_text(page, encoding="utf-8")


def with_table(page: str, name: str, table: str) -> str:
    """The page with another table between the two comments of its name.

    Raises
    ------
    ValueError : the page has no such comments.
    """
    begin, end = f"<!-- {name}: studies/published/tables.py -->\n", f"<!-- end of {name} -->"
    if begin not in page or end not in page:
        raise ValueError(f"docs/published.md has no place for {name}")
    before, after = page.split(begin)[0], page.split(end)[1]
    return f"{before}{begin}{table}\n{end}{after}"


def judged(table: pd.DataFrame | Path, **options: object) -> Comparison:
    """What `synth-eval compare` finds in a table."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scores.csv"
        if isinstance(table, pd.DataFrame):
            table.to_csv(file, index=False)
        else:
            file.write_bytes(table.read_bytes())
        return compare(file, table=TableOptions(**options)).comparison  # type: ignore[arg-type]


def finephrase_tables(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The sweep over ratios with its tasks averaged to groups, and the grid of replicates; a column a group.

    Raises
    ------
    ValueError : the means over all tasks that follow from the groups are not those that were published.
    """
    sweep = pd.read_csv(folder / "proportion_sweep_1.7B_21BT.csv")
    grid = pd.read_csv(folder / "variance_grid_2ratios_4sizes.csv")
    weighted = sum(len(tasks) * grid[group] for group, tasks in GROUPS.items()) / sum(map(len, GROUPS.values()))
    if (weighted - grid["agg_micro"]).abs().max() > 1e-5:
        raise ValueError("the groups do not add up to agg_micro: another version of the table?")
    for group, tasks in GROUPS.items():
        sweep[group] = sweep[list(tasks)].mean(axis=1).round(5)
    sweep[MEAN] = sweep[list(GROUPS)].mean(axis=1).round(5)
    columns = [*PLACE, *GROUPS, MEAN]
    return sweep[columns], grid[columns]


def mixes_table(found: Comparison, grid: pd.DataFrame) -> str:
    """One row a source: the mean over groups of 1.7B."""
    noise = float(grid[(grid["size"] == "1.7B") & (grid["ratio"] == 0.5)][MEAN].std())
    rows = []
    for cell in cells_of(found, MEAN, size="1.7B"):
        values = dict(zip(cell.data.ratios, cell.data.values))
        best = max(values, key=lambda ratio: values[ratio])
        near = [ratio for ratio, value in values.items() if values[best] - value < 1.96 * 2**0.5 * noise]
        authors = AUTHORS_BEST[cell.place.source]
        rows.append(
            [
                cell.place.source, cell.verdict.word, change(cell, 0.1), change(cell, 0.5), change(cell, 0.9),
                f"{best:.0%}", authors, ", ".join(f"{ratio:.0%}" for ratio in near),
            ]
        )  # fmt: skip
    head = [
        "source",
        "verdict",
        "change at 10%",
        "at 50%",
        "at 90%",
        "best ratio",
        "authors' best",
        "not clearly below",
    ]
    return markdown(head, rows)


def groups_table(found: Comparison) -> str:
    """Verdicts by group and source at 1.7B, with the change at 90%."""
    rows = []
    for group in GROUPS:
        by_source = {cell.place.source: cell for cell in cells_of(found, group, size="1.7B")}
        rows.append([group, *(f"{c.verdict.word}: {change(c, 0.9)}" for c in map(by_source.get, AUTHORS_BEST) if c)])
    return markdown(["group", *AUTHORS_BEST], rows)


def sizes_table(found: Comparison, grid: pd.DataFrame) -> str:
    """Tables at 50% against natural data by size: the change, and how much runs differ at either ratio."""
    rows = []
    for cell in cells_of(found, MEAN, source="table"):
        runs = grid[grid["size"] == cell.place.size].groupby("ratio")[MEAN].std()
        rows.append(
            [
                cell.place.size, change(cell, 0.5), f"{runs[0.0]:.4f}", f"{runs[0.5]:.4f}",
                f"{(runs[0.0] / runs[0.5]) ** 2:.1f}",
            ]
        )  # fmt: skip
    rows.sort(key=lambda row: float(row[0].removesuffix("B")))
    return markdown(["size", "change at 50%", "SD of runs at 0%", "at 50%", "ratio of variances"], rows)


def losses_table(found: Comparison) -> str:
    """One row a set of texts and budget, the smallest and the largest."""
    budgets = sorted({cell.place.tokens or 0.0 for cell in found.cells})
    rows = []
    for cell in found.cells:
        if cell.place.tokens not in (budgets[0], budgets[-1]):
            continue
        verdict = cell.verdict
        low, high = verdict.onset_ci or (0.0, 0.0)
        rows.append(
            [
                cell.task, f"{cell.place.tokens / 1e9:g}B", verdict.word,
                *(change(cell, ratio, digits=3) for ratio in (0.25, 0.5, 1.0)),
                "" if verdict.onset is None else f"{verdict.onset:.0%} ({low:.0%} to {high:.0%})",
                "" if verdict.budget is None else f"{verdict.budget:.0%}",
            ]
        )  # fmt: skip
    head = ["texts", "tokens", "verdict", "change at 25%", "at 50%", "at 100%", "onset", "safe budget"]
    return markdown(head, rows)


def others_table(folder: Path) -> str:
    """The other tables of ToEdit: how many curves got which verdict."""
    accuracy = pd.read_csv(folder / "tables10_11_accuracy.csv").rename(columns={"accuracy": "value"})
    accuracy["metric"] = "acc"
    looked = {
        "table 1: perplexity on 22 domains, GPT-2 124M": judged(folder / "table1_gpt2_124M_22_domains_ppl.csv"),
        "table 13: losses of 7 sets, OLMo 237M": judged(folder / "table13_olmo_237M_8.4BT.csv"),
        "table 10: accuracies, GPT-2 124M, no errors": judged(accuracy, family="toedit-gpt2", percent=True),
        "table 11: accuracies, OLMo 237M, with errors": judged(accuracy, family="toedit-olmo", percent=True),
    }
    rows = []
    for name, found in looked.items():
        words = [cell.verdict.word for cell in found.cells]
        counted = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
        reasons = {cell.verdict.refusal for cell in found.cells if cell.verdict.refusal}
        rows.append([name, plural(len(words), "curve"), counted, ", ".join(sorted(reasons))])
    return markdown(["table", "curves", "verdicts", "refused for"], rows)


def cells_of(found: Comparison, task: str, *, size: str = "", source: str = "") -> list[Cell]:
    return [
        cell
        for cell in found.cells
        if cell.task == task and size in ("", cell.place.size) and source in ("", cell.place.source)
    ]


def change(cell: Cell, ratio: float, *, digits: int = 4) -> str:
    """The change from the baseline with its 95% interval."""
    i = cell.data.index(ratio)
    if i is None:
        return ""
    difference, interval = cell.data.difference[i], cell.data.difference_ci[i]
    limits = "" if interval is None else f" ({interval[0]:+.{digits}f} to {interval[1]:+.{digits}f})"
    return f"{difference:+.{digits}f}{limits}"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
