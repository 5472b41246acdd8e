"""docs/published.md from tables of the published form with made-up numbers: every table has what was made up."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studies.published import tables

RATIOS = (0.0, 0.25, 0.5, 0.75, 1.0)


def finephrase(folder: Path) -> None:
    """Every group gains with the ratio up to half and stays; tables twice as much."""
    rng = np.random.default_rng(0)
    level = {task: 0.1 + 0.02 * i for i, task in enumerate(task for group in tables.GROUPS.values() for task in group)}
    sweep = [
        {"family": "finephrase", "size": "1.7B", "tokens": "21B", "ratio": ratio, "source": source, "seed": 6}
        | {"data_seed": 6}
        | {task: at + gain * min(ratio, 0.5) + rng.normal(0, 0.0005) for task, at in level.items()}
        for source, gain in (("faq", 0.1), ("math", 0.1), ("table", 0.2), ("tutorial", 0.1))
        for ratio in (0.1, 0.3, 0.5, 0.7, 0.9)
    ]
    grid = []
    for size in ("0.5B", "1.7B"):
        for ratio, source in ((0.0, "natural"), (0.5, "table")):
            for seed in (1, 2, 3):
                row = {"family": "finephrase", "size": size, "tokens": "21B", "ratio": ratio, "source": source}
                row |= {"seed": seed, "data_seed": 1}
                runs = {task: at + 0.2 * ratio + rng.normal(0, 0.0005) for task, at in level.items()}
                row |= {group: float(np.mean([runs[t] for t in tasks])) for group, tasks in tables.GROUPS.items()}
                row["agg_macro"] = float(np.mean([row[group] for group in tables.GROUPS]))
                row["agg_micro"] = float(np.mean(list(runs.values())))
                grid.append(row)
    folder.mkdir()
    pd.DataFrame(sweep).to_csv(folder / "proportion_sweep_1.7B_21BT.csv", index=False)
    pd.DataFrame(grid).to_csv(folder / "variance_grid_2ratios_4sizes.csv", index=False)


def toedit(folder: Path) -> None:
    """Losses rise by .8 nats from half on, at two budgets; the other tables have one run a ratio."""
    folder.mkdir()
    head = "family,size,tokens,ratio,source,task,loss\n"
    rows = [
        f"toedit-gpt2,124M,{tokens},{ratio},textbook,web,{3.5 - i / 10 + 0.8 * max(0, ratio - 0.5) + 0.002 * (j % 2)}\n"
        for i, tokens in enumerate(("8.4B", "42B"))
        for j, ratio in enumerate(RATIOS)
    ]
    (folder / "tables12_15_gpt2_124M_tokens_x_ratio.csv").write_text("# a comment\n" + head + "".join(rows))
    (folder / "table1_gpt2_124M_22_domains_ppl.csv").write_text(head + "".join(rows[:5]))
    (folder / "table13_olmo_237M_8.4BT.csv").write_text(head + "".join(rows[:5]))
    accuracies = ["family,size,ratio,source,task,accuracy,stderr\n"]
    for family, error in (("toedit-gpt2", ""), ("toedit-olmo", "1.1")):
        accuracies += [f"{family},124M,{ratio},textbook,PIQA,{64 - 20 * ratio},{error}\n" for ratio in RATIOS]
    (folder / "tables10_11_accuracy.csv").write_text("".join(accuracies))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("published")
    finephrase(folder / "finephrase")
    toedit(folder / "toedit")
    copy = folder / "published.md"
    copy.write_text(tables.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "PAGE", copy)
        patch.setattr("sys.argv", ["tables", str(folder)])
        tables.main()
    return copy.read_text(encoding="utf-8")


def rows_of(page: str, name: str) -> list[list[str]]:
    (text,) = re.findall(rf"<!-- {name}: studies/published/tables.py -->\n(.*?)<!-- end of {name} -->", page, re.S)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:] if line]


def test_mixes(page: str) -> None:
    rows = {row[0]: row for row in rows_of(page, "mixes")}
    assert set(rows) == set(tables.AUTHORS_BEST)
    assert {row[1] for row in rows.values()} == {"improved"}
    assert float(rows["table"][3].split()[0]) == pytest.approx(0.1, abs=0.002)  # 0.2 x 50%
    assert float(rows["faq"][3].split()[0]) == pytest.approx(0.05, abs=0.002)
    assert "10%" not in rows["table"][7].split(", ")
    assert len(rows_of(page, "groups")) == 6


def test_sizes(page: str) -> None:
    rows = rows_of(page, "sizes")
    assert [row[0] for row in rows] == ["0.5B", "1.7B"]
    assert all(float(row[1].split()[0]) == pytest.approx(0.1, abs=0.002) for row in rows)


def test_losses_and_the_other_tables(page: str) -> None:
    rows = rows_of(page, "losses")
    assert [row[:3] for row in rows] == [["web", "8.4B", "degraded"], ["web", "42B", "degraded"]]
    assert float(rows[0][5].split()[0]) == pytest.approx(0.4, abs=0.003)
    verdicts = {row[0].split(":")[0]: row[2] for row in rows_of(page, "others")}
    assert verdicts["table 1"] == verdicts["table 13"] == verdicts["table 10"] == "1 refused"
    assert verdicts["table 11"] == "1 degraded"


def test_groups_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    finephrase(tmp_path / "f")
    file = tmp_path / "f" / "variance_grid_2ratios_4sizes.csv"
    pd.read_csv(file).assign(agg_micro=0.3).to_csv(file, index=False)
    with pytest.raises(ValueError, match="do not add up"):
        tables.finephrase_tables(tmp_path / "f")
    with pytest.raises(ValueError, match="no place for nothing"):
        tables.with_table("page", "nothing", "")
