"""Mean relative losses over tasks: the mean of the curves, with an interval that shrinks with the number of tasks."""

from __future__ import annotations

import numpy as np
import pytest
from simulated_family import Flat, Simulated, Task, hinge, simulate

from synth_eval.compare import compare_family
from synth_eval.comparison import Comparison

RATIOS = (0.0, 0.2, 0.5)


def _compared(made: Simulated) -> Comparison:
    return compare_family(made.family, made.tables, created="2026-01-01T00:00:00+00:00")


@pytest.fixture(scope="module")
def two_by_two() -> Comparison:
    tasks = {"a": Task(hinge(0.8, onset=0.1, slope=0.5), n=500), "b": Task(Flat(0.7), n=500)}
    return _compared(simulate(tasks, ratios=RATIOS, sizes=("70M", "410M"), iterations=(1, 2)))


def _loss(comparison: Comparison, ratio: float, **where) -> list[float]:
    """Relative losses of accuracy at one ratio, by hand."""
    cells = [
        c for c in comparison.cells if c.metric == "acc" and all(getattr(c.place, k) == v for k, v in where.items())
    ]
    losses = []
    for cell in cells:
        i = cell.data.ratios.index(ratio)
        losses.append(-cell.data.difference[i] / (cell.data.values[i] - cell.data.difference[i]))
    return losses


def test_a_row_for_each_value_of_what_varies_and_ratio(two_by_two: Comparison) -> None:
    found = [(row.axis, row.value, row.ratio, row.curves) for row in two_by_two.mean_losses]
    sizes = [("size", size, ratio, 4) for size in ("70M", "410M") for ratio in RATIOS[1:]]
    assert found == sizes + [("iteration", it, ratio, 4) for it in (1, 2) for ratio in RATIOS[1:]]


def test_the_estimate_is_the_mean_over_curves(two_by_two: Comparison) -> None:
    for row in two_by_two.mean_losses:
        expected = np.mean(_loss(two_by_two, row.ratio, **{row.axis: row.value}))
        assert row.estimate == pytest.approx(expected)
        low, high = row.interval
        assert low < row.estimate < high


def test_what_falls_is_above_zero_and_what_is_flat_is_not() -> None:
    tasks = {"a": Task(hinge(0.8, onset=0.1, slope=0.5), n=800), "b": Task(hinge(0.7, onset=0.1, slope=0.5), n=800)}
    falls = simulate(tasks, ratios=RATIOS, sizes=("70M", "410M"))
    still = simulate({name: Task(Flat(0.75), n=800) for name in tasks}, ratios=RATIOS, sizes=("410M",), seed=1)
    found = _compared(Simulated(falls.family, {**falls.tables, **still.tables}))
    at_half = {row.value: row.interval for row in found.mean_losses if row.ratio == 0.5}
    assert at_half["70M"][0] > 0.1  # .2 of .75 are lost: .27
    assert at_half["410M"][0] < 0 < at_half["410M"][1]


def test_more_tasks_give_a_narrower_interval() -> None:
    def width(tasks: int) -> float:
        made = simulate({f"t{i}": Task(Flat(0.8), n=400) for i in range(tasks)}, ratios=RATIOS, sizes=("70M", "410M"))
        row = next(row for row in _compared(made).mean_losses if row.ratio == 0.5)
        return row.interval[1] - row.interval[0]

    # four times as many independent tasks: half as wide, give or take the noise of 1000 resamples and of pooling
    assert width(8) == pytest.approx(width(2) / 2, rel=0.25)


def test_nothing_varies_nothing_to_average() -> None:
    assert _compared(simulate({"t": Task(Flat(0.8), n=100)}, ratios=RATIOS)).mean_losses == ()
