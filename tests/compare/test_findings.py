from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from cells import CELL, changed

from synth_eval.cell import Cell, Place
from synth_eval.compare.findings import findings_of
from synth_eval.comparison import Comparison, Contrast, Lead

PLACE = Place("1B", 1, "self")
RATIOS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def cell(task: str = "t", **changes: Any) -> Cell:
    base = changed(
        CELL, task=task, size="1B", seeds=3, first_below=None, ratios=RATIOS, values=(0.8,) * 6, se=(0.01,) * 6,
        difference=(0.0,) * 6, difference_ci=((-0.004, 0.004),) * 6, verdict="safe", reason="", p_value=0.5,
        p_adjusted=0.5, budget=0.5,
    )  # fmt: skip
    return changed(base, **changes)


def standing(key: str, *cells: Cell, **more: Any) -> tuple[str, str]:
    comparison = Comparison("f", "now", {}, cells, (), **more)
    (row,) = [row for row in findings_of(comparison) if key in row.label]
    assert row.published.startswith("arXiv")
    return row.verdict, row.reason


def test_stable_needs_every_curve_shown_safe() -> None:
    assert standing("within 3%", cell("a"), cell("b", budget=0.2))[0] == "agrees"
    assert standing("within 3%", cell("a"), cell("b", budget=0.1)) == (
        "cannot tell",
        "1 of 2 accuracy curves are not shown safe: b",
    )


def test_one_sure_crossing_before_twenty_percent_disagrees() -> None:
    fallen = cell("b", verdict="degraded", budget=0.0, crossing=0.1, crossing_ci=(0.05, 0.18))
    assert standing("within 3%", cell("a"), fallen)[0] == "disagrees"
    unsure = changed(fallen, crossing_ci=(0.05, 0.3))
    assert standing("within 3%", cell("a"), unsure)[0] == "cannot tell"


@pytest.mark.parametrize(
    ("drop", "half", "word"),
    [
        (0.088, 0.01, "agrees"),  # 11% of .8, +- 1.25%
        (0.02, 0.01, "disagrees"),  # 2.5%, at most 3.75%
        (0.16, 0.01, "disagrees"),  # 20%, at least 18.75%
        (0.06, 0.01, "cannot tell"),  # 7.5%, up to 8.75%
    ],
)
def test_loss_beyond_thirty_percent(drop: float, half: float, word: str) -> None:
    difference = (0.0, 0.0, 0.0, 0.0, -drop, -drop)
    intervals = tuple((d - half, d + half) for d in difference)
    assert standing("8 to 15%", cell(difference=difference, difference_ci=intervals))[0] == word


def test_ratios_outside_the_range_of_the_claim_do_not_test_it() -> None:
    sixty = cell(
        ratios=(0.0, 0.6), values=(0.8, 0.7), se=(0.01, 0.01), difference=(0.0, -0.1),
        difference_ci=((0.0, 0.0), (-0.11, -0.09)),
    )  # fmt: skip
    assert standing("8 to 15%", sixty) == (
        "not tested",
        "no accuracy curve with a ratio beyond 30% and up to 50%",
    )


def test_the_error_of_a_mean_over_curves_shrinks() -> None:
    difference = (0.0, 0.0, 0.0, 0.0, -0.08, -0.08)  # 10%
    intervals = tuple((d - 0.03, d + 0.03) for d in difference)  # +- 3.75% alone, 1.9% for four
    one = cell(difference=difference, difference_ci=intervals)
    assert standing("8 to 15%", one)[0] == "cannot tell"
    four = [dataclasses.replace(one, task=f"t{i}") for i in range(4)]
    assert standing("8 to 15%", *four)[0] == "agrees"


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (["early", "undetermined"], "agrees"),
        (["late", "none"], "disagrees"),
        (["early", "late"], "cannot tell"),
        (["accuracy not reached"], "cannot tell"),
        ([], "not tested"),
    ],
)
def test_calibration_first(words: list[str], word: str) -> None:
    assert standing("calibration degrades", cell(), leads=tuple(Lead("", "t", PLACE, w, "") for w in words))[0] == word


def contrast(kind: str, estimate: float, verdict: str = "different", measure: str = "mean loss") -> Contrast:
    return Contrast(kind, "", PLACE, "a", "b", measure, verdict, "too few tasks", estimate)


@pytest.mark.parametrize(
    ("estimates", "word"), [([0.1], "agrees"), ([-0.1], "disagrees"), ([0.1, -0.1], "cannot tell"), ([], "cannot tell")]
)
@pytest.mark.parametrize(("key", "kind"), [("larger models", "size"), ("reasoning loses", "category")])
def test_contrasts(estimates: list[float], word: str, key: str, kind: str) -> None:
    rows = [contrast(kind, estimate) for estimate in estimates]
    rows += [contrast(kind, 0.3, "undetermined"), contrast(kind, -0.3, measure="onset"), contrast("source", -0.3)]
    assert standing(key, cell(), contrasts=tuple(rows))[0] == word


def test_refused_contrasts_say_why() -> None:
    refused = contrast("category", 0.0, "refused")
    assert standing("reasoning loses", cell(), contrasts=(refused,)) == ("cannot tell", "too few tasks")


def test_what_the_family_lacks_is_not_tested() -> None:
    bare = Comparison("f", "now", {}, (), ())
    assert {row.verdict for row in findings_of(bare)} == {"not tested"}
    assert standing("rephrased", cell(metric="nll"))[0] == "not tested"
    assert standing("rephrased", cell(metric="nll", source="rephrased", best_ratio=0.3))[0] == "cannot tell"
