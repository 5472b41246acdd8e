"""What a cell says beside its verdict: the means of every seed, and the fitted curve in the metric's own units."""

from __future__ import annotations

import math

import numpy as np
import pytest
from simulated_family import Flat, Task, hinge, simulate

from synth_eval.cell import Cell
from synth_eval.compare import compare_family


def _cells(made) -> dict[str, Cell]:
    found = compare_family(made.family, made.tables, created="2026-01-01T00:00:00+00:00")
    return {cell.metric: cell for cell in found.cells}


@pytest.fixture(scope="module")
def two_seeds():
    return simulate({"t": Task(hinge(0.8, onset=0.1, slope=0.8), n=600)}, ratios=(0.0, 0.2, 0.3, 0.5))


def test_each_seed_is_the_mean_of_its_checkpoint(two_seeds) -> None:
    cells = _cells(two_seeds)
    for metric, column in (("acc", "correct"), ("nll", "nll"), ("surprise_gap", "surprise_gap")):
        cell = cells[metric]
        assert [each.seed for each in cell.data.by_seed] == [0, 1]
        for each in cell.data.by_seed:
            names = [f"281k-r{round(100 * ratio):03d}-it1-s{each.seed}" for ratio in cell.data.ratios]
            tables = [two_seeds.tables[name, "t"] for name in names]
            assert each.values == pytest.approx([np.mean(table.columns[column]) for table in tables])
        means = np.mean([each.values for each in cell.data.by_seed], axis=0)
        np.testing.assert_allclose(means, cell.data.values)


def test_the_ece_of_each_seed_too(two_seeds) -> None:
    cell = _cells(two_seeds)["ece"]
    np.testing.assert_allclose(np.mean([each.values for each in cell.data.by_seed], axis=0), cell.data.values)
    assert cell.verdict.fitted is None


def test_a_checkpoint_that_is_missing_has_no_value(two_seeds) -> None:
    lost = "281k-r030-it1-s1"
    tables = {key: table for key, table in two_seeds.tables.items() if key[0] != lost}
    found = compare_family(two_seeds.family, tables, created="2026-01-01T00:00:00+00:00")
    one, other = next(cell for cell in found.cells if cell.metric == "acc").data.by_seed
    assert None not in one.values
    assert [value is None for value in other.values] == [False, False, True, False]


def test_one_seed_needs_no_values_of_its_own() -> None:
    made = simulate({"t": Task(Flat(0.8), n=200)}, seeds=1)
    assert _cells(made)["acc"].data.by_seed == ()


def test_the_fit_is_in_the_units_of_the_metric(two_seeds) -> None:
    cells = _cells(two_seeds)
    accuracy, nll = cells["acc"].verdict.fitted, cells["nll"].verdict.fitted
    assert accuracy is not None
    assert nll is not None
    # .8 falls by .8 x .4 = .32; the simulated accuracy is within 3 points of it
    assert (accuracy.start, accuracy.end) == pytest.approx((0.8, 0.48), abs=0.03)
    assert nll.end > nll.start > 0  # worse is higher
    for cell, fitted in ((cells["acc"], accuracy), (cells["nll"], nll)):
        assert fitted.end == pytest.approx(
            cell.data.values[-1], abs=4 * max(se for se in cell.data.se if se is not None)
        )


def _accuracy_at_chance(ratios: tuple[float, ...]) -> dict[str, Cell]:
    """Two seeds of a task that no checkpoint does better than guessing: one of four choices."""
    return _cells(simulate({"t": Task(hinge(0.28, onset=0.0, slope=0.04), n=300)}, ratios=ratios))


def test_a_refused_curve_on_2_degrees_of_freedom_has_no_intervals() -> None:
    # three ratios of two seeds: their residual has 2; the calibration curves beside it are judged, with intervals
    cells = _accuracy_at_chance((0.0, 0.2, 0.5))
    refused = cells["acc"]
    assert refused.verdict.word == "refused"
    assert "chance" in refused.verdict.reason
    assert refused.data.difference_ci == ((0.0, 0.0), None, None)
    assert all(math.isfinite(value) for value in (*refused.data.values, *refused.data.difference))
    assert cells["nll"].verdict.word != "refused"
    assert None not in cells["nll"].data.difference_ci
    shown = cells["confidence_minus_accuracy"]
    assert shown.verdict.df == 2
    assert None not in shown.data.difference_ci


def test_a_refused_curve_on_3_degrees_of_freedom_has_them() -> None:
    refused = _accuracy_at_chance((0.0, 0.1, 0.2, 0.5))["acc"]
    assert refused.verdict.word == "refused"
    assert None not in refused.data.difference_ci
