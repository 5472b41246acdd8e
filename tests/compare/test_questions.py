"""Which curves are corrected together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from simulated_family import Flat, Simulated, Task, hinge, simulate

from synth_eval.cell import Cell
from synth_eval.compare import compare_family
from synth_eval.comparison import Comparison
from synth_eval.types import Correction


@pytest.fixture(scope="module")
def two_sizes() -> Simulated:
    return simulate(
        {
            "falls": Task(hinge(0.8, slope=0.5)),
            "stays": Task(Flat(0.7), category="retrieval"),
            "again": Task(Flat(0.7), category="retrieval"),
            "text": Task(Flat(1.0), kind="rolling", category="domain"),
        },
        sizes=("70M", "410M"),
    )


def compared(made: Simulated, correction: Correction) -> Comparison:
    return compare_family(replace(made.family, correction=correction), made.tables)


def with_tests(comparison: Comparison) -> list[Cell]:
    cells = (*comparison.overall, *comparison.cells)
    # a category of one task is not tested itself
    return [cell for cell in cells if cell.verdict.p_value is not None and not _is_its_only_task(cell)]


def _is_its_only_task(cell: Cell) -> bool:
    return cell.level == "category" and cell.question == "headline"


def factor(cells: list[Cell]) -> float:
    """By how much the smallest p-value of some cells was multiplied."""
    least = min(cells, key=lambda cell: cell.verdict.p_value)
    return least.verdict.p_adjusted / least.verdict.p_value


def test_what_each_curve_is_about(two_sizes: Simulated) -> None:
    found = compared(two_sizes, "question")
    assert found.correction == "question"
    counts = Counter(cell.question for cell in found.cells)
    # of two sizes each: four tasks; three with calibration; two proper scores of three; two that carry no verdict
    assert counts == {"headline": 8, "calibration": 6, "proper scores": 12, "": 12}
    assert {cell.question for cell in found.cells if cell.display_only} == {""}
    overall = Counter(cell.question for cell in found.overall)
    # suite and retrieval are means, reasoning and domain have one task each
    assert overall == {"category": 4, "category calibration": 2, "headline": 4}


@pytest.mark.parametrize(
    ("correction", "headline", "proper", "category"),
    [("question", 4, 6, 2), ("family", 8, 12, 4), ("report", 32, 32, 32)],
)
def test_holm_counts_the_curves_of_its_group(
    two_sizes: Simulated, correction: Correction, headline: int, proper: int, category: int
) -> None:
    found = with_tests(compared(two_sizes, correction))
    assert len(found) == 8 + 6 + 12 + 4 + 2
    if correction == "report":
        assert factor(found) == pytest.approx(headline)
        return
    small = [cell for cell in found if cell.place.size == "70M"] if correction == "question" else found
    for question, curves in (("headline", headline), ("proper scores", proper), ("category", category)):
        of = [cell for cell in small if cell.question == question]
        assert len(of) == curves
        assert factor(of) == pytest.approx(curves)


def test_the_false_discovery_rate_is_never_stricter(two_sizes: Simulated) -> None:
    holm, fdr = (compared(two_sizes, how) for how in ("question", "fdr"))
    pairs = list(zip(with_tests(holm), with_tests(fdr)))
    assert all(b.verdict.p_adjusted <= a.verdict.p_adjusted + 1e-12 for a, b in pairs)
    assert any(b.verdict.p_adjusted < a.verdict.p_adjusted for a, b in pairs)
    # Benjamini and Hochberg: the largest p-value of a group stays as it is
    headlines = [cell.verdict for cell in with_tests(fdr) if cell.question == "headline" and cell.place.size == "70M"]
    largest = max(headlines, key=lambda verdict: verdict.p_value)
    assert largest.p_adjusted == pytest.approx(largest.p_value)


def test_other_metrics_do_not_make_a_headline_harder() -> None:
    made = simulate({f"t{i}": Task(hinge(0.6, slope=0.25)) for i in range(3)}, seeds=1, jitter=0.005, seed=5)
    bare = {
        key: replace(
            table, columns={k: v for k, v in table.columns.items() if k not in ("nll", "brier", "surprise_gap")}
        )
        for key, table in made.tables.items()
    }
    full, alone = (compare_family(made.family, tables) for tables in (made.tables, bare))
    p = [[cell.verdict.p_adjusted for cell in each.cells if cell.metric == "acc"] for each in (full, alone)]
    assert p[0] == p[1]


@pytest.mark.parametrize(
    ("correction", "said"),
    [("question", "the 6 headline curves"), ("report", "the 26 curves"), ("fdr", "the 6 headline curves")],
)
def test_the_reason_names_the_curves(correction: Correction, said: str) -> None:
    # a loss that its own test finds, and not among the others
    tasks = {f"t{i}": Task(Flat(0.7)) for i in range(5)} | {"falls": Task(hinge(0.7, slope=0.2), n=600)}
    for seed in range(20):
        found = compared(simulate(tasks, seeds=1, jitter=0.005, seed=seed), correction)
        cell = next(cell for cell in found.cells if (cell.task, cell.metric) == ("falls", "acc"))
        if cell.verdict.probably == "worse":
            break
    assert cell.verdict.word == "inconclusive"
    assert cell.verdict.p_value < 0.05 <= cell.verdict.p_adjusted
    assert f"after correction for {said})" in cell.verdict.reason
