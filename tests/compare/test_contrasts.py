"""Contrasts of a family: which comparisons are made, of what, and what they say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from cells import of_row
from simulated_family import Flat, Simulated, Task, hinge, simulate

from synth_eval.compare import compare_family, comparison_from_json, comparison_to_json
from synth_eval.comparison import Comparison
from synth_eval.manifest.baseline import curves
from synth_eval.results import TaskResult
from synth_eval.results.aggregates import MetricValue


def _compared(made: Simulated, **options) -> Comparison:
    return compare_family(made.family, made.tables, created="2026-01-01T00:00:00+00:00", **options)


def _rows(comparison: Comparison, **where: object):
    return [row for row in comparison.contrasts if all(of_row(row, key) == value for key, value in where.items())]


@pytest.fixture(scope="module")
def sizes() -> Comparison:
    """Three sizes, given out of order; only the largest does not lose."""
    made = simulate(
        {"t": Task(hinge(0.8, onset=0.1, slope=0.8), n=800)}, sizes=("1.4B", "70M", "410M"), ratios=(0.0, 0.2, 0.3, 0.5)
    )
    sturdy = simulate({"t": Task(Flat(0.8), n=800)}, sizes=("1.4B",), ratios=(0.0, 0.2, 0.3, 0.5), seed=0)
    return _compared(dataclasses.replace(made, tables={**made.tables, **sturdy.tables}))


def test_each_size_against_the_next_and_the_ends(sizes: Comparison) -> None:
    pairs = dict.fromkeys((row.first, row.second) for row in sizes.contrasts)
    assert list(pairs) == [("70M", "410M"), ("410M", "1.4B"), ("70M", "1.4B")]
    rows = _rows(sizes, first="70M", second="410M")
    assert [(row.measure, row.ratio) for row in rows] == [
        ("onset", None),
        ("mean loss", None),
        ("loss", 0.2),
        ("loss", 0.3),
        ("loss", 0.5),
    ]
    assert rows[-1].label == "t: 70M against 410M, relative loss at 50%"
    assert {(row.kind, row.task, row.place.iteration, row.place.source) for row in rows} == {("size", "t", 1, "self")}


def test_sizes_alike_are_undetermined_and_others_differ(sizes: Comparison) -> None:
    assert {row.verdict for row in _rows(sizes, first="70M", second="410M")} == {"undetermined"}
    onset, *_, largest = _rows(sizes, first="70M", second="1.4B")
    assert (onset.verdict, onset.interval) == ("undetermined", None)
    assert "1.4B is not shown degraded up to 0.5" in onset.reason
    assert largest.verdict == "different"
    assert largest.reason == "70M loses more than 1.4B at 50%"
    # the estimate is the difference of the relative losses in the cells: (value - baseline) / baseline
    loss = {
        cell.place.size: -cell.data.difference[-1] / cell.data.values[0] for cell in sizes.cells if cell.metric == "acc"
    }
    assert largest.estimate == pytest.approx(loss["70M"] - loss["1.4B"])


def test_rows_survive_json(sizes: Comparison) -> None:
    assert comparison_from_json(comparison_to_json(sizes)) == sizes


def test_iterations() -> None:
    made = simulate({"t": Task(hinge(0.8, onset=0.1), n=200)}, iterations=(1, 2, 3), seeds=1, ratios=(0.0, 0.2, 0.4))
    rows = _rows(_compared(made), kind="iteration")
    assert list(dict.fromkeys((row.first, row.second) for row in rows)) == [(1, 2), (2, 3), (1, 3)]
    assert rows[1].label == "t: iteration 1 against iteration 2, mean relative loss"
    assert rows[1].place.size == "281k"
    assert [row.place.iteration for row in rows if row.measure == "onset"] == [1, 2, 1]  # that of the first


def test_sources_share_their_baseline() -> None:
    # the same tables under two names of a source: the baseline serves both
    made = simulate({"t": Task(hinge(0.8, onset=0.1), n=200)}, seeds=1, ratios=(0.0, 0.2, 0.4))
    others = tuple(
        dataclasses.replace(c, name=f"{c.name}-other", source="rephrased")
        for c in made.family.checkpoints
        if c.ratio > 0
    )
    family = dataclasses.replace(made.family, checkpoints=(*made.family.checkpoints, *others))
    tables = {
        **made.tables,
        **{(c.name, "t"): made.tables[c.name.removesuffix("-other"), "t"] for c in others},
    }
    assert len(curves(family)) == 2
    rows = _rows(compare_family(family, tables), kind="source")
    assert {(row.first, row.second) for row in rows} == {("self", "rephrased")}
    for row in rows:
        assert row.verdict == "undetermined"
        assert row.estimate in (None, 0.0)


def _groups(reasoning: int, retrieval: int) -> Simulated:
    falls = {f"falls{i}": Task(hinge(0.8, onset=0.1, slope=0.8)) for i in range(reasoning)}
    stays = {f"stays{i}": Task(Flat(0.8), category="retrieval") for i in range(retrieval)}
    return simulate({**falls, **stays}, seeds=1)


def test_reasoning_against_retrieval() -> None:
    (row,) = _rows(_compared(_groups(3, 3)), kind="category")
    assert (row.verdict, row.first, row.second) == ("different", "reasoning", "retrieval")
    # losses of 0, .08, .16, .24 and .32 over .8: .2 on average
    assert row.estimate == pytest.approx(0.2, abs=0.05)
    assert row.interval[0] < row.estimate < row.interval[1]
    assert row.label == "reasoning against retrieval, mean relative loss"
    assert row.reason.startswith("reasoning loses more than retrieval on average over 5 ratios")


def test_few_tasks_are_refused_unless_asked() -> None:
    made = _groups(2, 1)
    (row,) = _rows(_compared(made), kind="category")
    assert row.verdict == "refused"
    assert "at least 3 of each are needed" in row.reason
    (asked,) = _rows(_compared(made, least_tasks=1), kind="category")
    assert asked.verdict in ("different", "undetermined")
    assert "too few" in asked.reason


def test_one_curve_has_nothing_to_be_set_against() -> None:
    made = simulate({"t": Task(hinge(0.8, onset=0.1), n=200)}, seeds=1)
    assert _compared(made).contrasts == ()


def test_signed_and_refused_curves_are_left_out() -> None:
    two = simulate({"t": Task(Flat(0.8), n=200)}, ratios=(0.0, 0.5), seeds=1, sizes=("70M", "410M"))
    assert _compared(two).contrasts == ()


def _aggregate(made: Simulated, key: tuple[str, str]) -> TaskResult:
    correct = made.tables[key].columns["correct"].astype(float)
    metric = MetricValue("acc", "none", float(correct.mean()), float(correct.std(ddof=1) / np.sqrt(len(correct))))
    return TaskResult(key[1], (metric,), n_samples=len(correct), category="reasoning", n_shot=0, version="1", choices=4)


def test_aggregates_are_compared_with_independent_errors() -> None:
    made = simulate({"t": Task(hinge(0.8, onset=0.1, slope=0.8), n=800)}, sizes=("70M", "410M"), ratios=(0.0, 0.2, 0.5))
    aggregates = {key: _aggregate(made, key) for key in made.tables}
    alone = compare_family(made.family, {}, results=aggregates)
    assert alone.leads == ()
    for bare, paired in zip(alone.contrasts[1:], _compared(made).contrasts[1:]):
        assert bare.label == paired.label
        assert bare.reason.endswith("; unpaired, wider intervals")
        assert not paired.reason.endswith("; unpaired, wider intervals")
        assert bare.estimate == pytest.approx(paired.estimate)
    # by hand: a loss 1 - y / x has the variance (se_y / x)^2 + (y se_x / x^2)^2, and two independent sides add up;
    # two seeds halve each variance
    expected = 0.0
    for size in ("70M", "410M"):
        (cell,) = (cell for cell in alone.cells if cell.place.size == size)
        (x, y), (se_x, se_y) = (cell.data.values[0], cell.data.values[-1]), _errors(aggregates, size)
        expected += (se_y / x) ** 2 + (y * se_x / x**2) ** 2
    low, high = alone.contrasts[-1].interval
    assert high - low >= 0.9 * 2 * 1.96 * np.sqrt(expected)


def _errors(aggregates: dict[tuple[str, str], TaskResult], size: str) -> list[float]:
    """Standard error of the mean over two seeds, at the baseline and at 50%."""
    return [
        float(np.sqrt(sum(aggregates[f"{size}-r{ratio}-it1-s{s}", "t"].metric("acc").stderr ** 2 for s in (0, 1))) / 2)
        for ratio in ("000", "050")
    ]


def test_same_family_same_numbers() -> None:
    made = _groups(1, 1)
    assert _compared(made, least_tasks=1) == _compared(made, least_tasks=1)
