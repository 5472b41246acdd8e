from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from cells import changed
from click.testing import CliRunner, Result

from synth_eval.cli.plan import plan
from synth_eval.compare import comparison_from_json, comparison_to_json
from synth_eval.comparison import Comparison
from synth_eval.errors import ResultsError

HEADLINES = ("acc", "bits_per_byte")
GOLDEN = Path(__file__).parents[1] / "golden" / "comparison.json"


@pytest.fixture
def comparison() -> Comparison:
    found = comparison_from_json(GOLDEN.read_text(encoding="utf-8"))
    cells = tuple(
        changed(cell, item_sd=0.3, seed_sd=0.004) if cell.verdict.p_value is not None else cell for cell in found.cells
    )
    return dataclasses.replace(found, cells=cells)


def run(comparison: Comparison, tmp_path: Path, *options: str) -> Result:
    (tmp_path / "comparison.json").write_text(comparison_to_json(comparison), encoding="utf-8")
    return CliRunner().invoke(plan, [str(tmp_path), *options], standalone_mode=False)


def test_every_headline_curve_is_planned_or_named(comparison: Comparison, tmp_path: Path) -> None:
    planned = {p["task"] for p in json.loads(run(comparison, tmp_path, "--json", "--all").output)}
    headlines = [c for c in comparison.cells if c.metric in HEADLINES and c.verdict.item_sd]
    assert planned == {cell.task for cell in headlines}
    still_open = {p["task"] for p in json.loads(run(comparison, tmp_path, "--json").output)}
    assert still_open == {cell.task for cell in headlines if cell.verdict.word == "inconclusive"}
    settled = next(cell.task for cell in headlines if cell.verdict.word == "degraded")
    assert json.loads(run(comparison, tmp_path, "--json", "--task", settled).output)[0]["task"] == settled
    printed = run(comparison, tmp_path)
    assert printed.exception is None
    for cell in comparison.cells:
        if cell.verdict.word == "refused" and not cell.display_only and cell.metric == "acc":
            assert f"left out: {cell.task}" in printed.output


def test_categories_and_the_suite_come_first(comparison: Comparison, tmp_path: Path) -> None:
    task = next(c for c in comparison.cells if c.metric == "acc" and c.verdict.word == "inconclusive")
    overall = (
        dataclasses.replace(task, task="suite", category="", level="suite", question="category"),
        dataclasses.replace(task, task=task.category, level="category", question="category"),
    )
    found = json.loads(run(dataclasses.replace(comparison, overall=overall), tmp_path, "--json").output)
    assert [p["level"] for p in found[:2]] == ["suite", "category"]
    assert found[0]["detectable_now"] > 0


def test_nothing_open_is_said(comparison: Comparison, tmp_path: Path) -> None:
    cells = tuple(cell for cell in comparison.cells if cell.verdict.word == "degraded")
    result = run(dataclasses.replace(comparison, cells=cells), tmp_path)
    assert result.output == "every curve is settled; --all plans them all the same\n"


def test_a_smaller_loss_takes_more_items(comparison: Comparison, tmp_path: Path) -> None:
    def items(loss: str) -> float:
        first = json.loads(run(comparison, tmp_path, "--loss", loss, "--seeds", "5", "--json").output)[0]
        return float(first["needs"][0]["to_detect"])

    assert items("10%") > items("0.2")


def test_alone_takes_fewer_items_than_together(comparison: Comparison, tmp_path: Path) -> None:
    def items(*options: str) -> float:
        first = json.loads(run(comparison, tmp_path, "--loss", "10%", "--seeds", "5", "--json", *options).output)[0]
        return float(first["needs"][0]["to_detect"])

    assert items("--alone") < items()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--loss", "0"], "give a share between 0 and 1"),
        (["--loss", "much"], "give a share between 0 and 1"),
        (["--seeds", "0,1"], "whole numbers from 1 on"),
        (["--task", "nowhere"], "not in this comparison"),
    ],
)
def test_wrong_usage_is_one_line(comparison: Comparison, tmp_path: Path, options: list[str], message: str) -> None:
    assert message in str(run(comparison, tmp_path, *options).exception)


def test_a_comparison_without_measured_noise_cannot_be_planned(tmp_path: Path) -> None:
    old = comparison_from_json(GOLDEN.read_text(encoding="utf-8"))
    bare = dataclasses.replace(old, cells=tuple(changed(c, item_sd=None) for c in old.cells))
    assert isinstance(run(bare, tmp_path).exception, ResultsError)
