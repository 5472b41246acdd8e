"""The rates of docs/methods.md on a few hundred simulated families; docs/validation.md has many more settings.

Bounds are the target plus three binomial standard errors, so that a right implementation fails about once in a thousand
and one that is off by twice the target does not pass.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf, sqrt
from typing import Any

import numpy as np
import pytest
from families_simulated import judged, rate

from synth_eval.dose_response import Corrected, corrected, judge_curves, lead_of
from synth_eval.dose_response.simulation import CurveSpec, simulate_items

ELEVEN = tuple(round(0.05 * i, 2) for i in range(11))
FOUR = (0.0, 0.15, 0.3, 0.5)
LAYOUTS = {"4 ratios, 3 seeds": (FOUR, 3), "6 ratios": (CurveSpec().ratios, 1), "11 ratios": (ELEVEN, 1)}

pytestmark = pytest.mark.slow


def _nightly(*values: str) -> list[Any]:
    """Settings that are too many for every day."""
    return [pytest.param(value, marks=pytest.mark.nightly) for value in values]


def _at_most(target: float, families: int) -> float:
    return target + 3 * sqrt(target * (1 - target) / families)


def _at_least(target: float, families: int) -> float:
    return target - 3 * sqrt(target * (1 - target) / families)


def _spec(layout: str, **truth) -> CurveSpec:
    ratios, seeds = LAYOUTS[layout]
    return CurveSpec(ratios=ratios, seeds=seeds, **truth)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("seed_sd", [pytest.param(0.0, marks=pytest.mark.nightly), 0.015])
def test_false_flags(layout: str, seed_sd: float) -> None:
    flags = [
        rate([verdict.p_value < 0.05 for verdict in judged(_spec(layout, n=n, seed_sd=seed_sd), 150, seed=n)])
        for n in (100, 2000)
    ]
    assert max(flags) <= _at_most(0.07, 150)
    assert np.mean(flags) <= _at_most(0.05, 300)


@pytest.mark.parametrize("layout", ["6 ratios", *_nightly("4 ratios, 3 seeds", "11 ratios")])
def test_better_and_back_is_not_flagged(layout: str) -> None:
    spec = _spec(layout, shape="improve-then-return", onset=0.25, n=2000, seed_sd=0.01)
    assert rate([verdict.p_value < 0.05 for verdict in judged(spec, 200, seed=1)]) <= _at_most(0.05, 200)


def test_power() -> None:
    spec = CurveSpec("hinge", onset=0.2, drop=0.06, n=2000, seeds=3, seed_sd=0.01)
    assert rate([verdict.p_value < 0.05 for verdict in judged(spec, 200, seed=2)]) >= _at_least(0.90, 200)


def test_seeds_with_a_level_of_their_own() -> None:
    apart: dict[str, Any] = {"n": 500, "seeds": 2, "level_sd": 0.03}
    false = rate([verdict.p_value < 0.05 for verdict in judged(CurveSpec(**apart), 200, seed=9)])
    assert false <= _at_most(0.07, 200)
    losing = CurveSpec("hinge", onset=0.2, drop=0.06, **apart)
    assert rate([verdict.p_value < 0.05 for verdict in judged(losing, 100, seed=10)]) >= _at_least(0.85, 100)


@pytest.mark.parametrize(
    ("layout", "seed_sd"),
    [
        ("4 ratios, 3 seeds", 0.015),
        pytest.param("6 ratios", 0.0, marks=pytest.mark.nightly),
        pytest.param("11 ratios", 0.015, marks=pytest.mark.nightly),
    ],
)
def test_onset_intervals_cover(layout: str, seed_sd: float) -> None:
    spec = _spec(layout, shape="hinge", onset=0.2, drop=0.12, n=2000, seed_sd=seed_sd)
    intervals = [v.onset_ci for v in judged(spec, 250, seed=3) if v.onset_ci is not None]
    assert len(intervals) > 150
    covered = rate([low - 1e-9 <= 0.2 <= high + 1e-9 for low, high in intervals])
    assert covered >= _at_least(0.92, len(intervals))


@pytest.mark.parametrize("shape", ["hinge", *_nightly("linear", "accelerating", "saturating", "improve-then-degrade")])
def test_budgets_are_not_above_the_true_crossing(shape: str) -> None:
    spec = CurveSpec(shape, onset=0.2, drop=0.06, n=2000, seeds=3, seed_sd=0.01)
    assert spec.crossing < inf
    too_high = rate([verdict.budget > spec.crossing for verdict in judged(spec, 200, seed=4)])
    assert too_high <= _at_most(0.06, 200)


def test_safe_is_said_of_flat_curves_and_not_of_those_that_lose_the_margin() -> None:
    flat = CurveSpec(n=2000, seeds=3)
    assert rate([verdict.verdict == "safe" for verdict in judged(flat, 60, seed=5)]) > 0.6  # measured: .87
    losing = CurveSpec("linear", drop=0.021, n=8000, seeds=3)  # 3.2% of .65
    assert rate([verdict.verdict == "safe" for verdict in judged(losing, 100, seed=6)]) <= _at_most(0.06, 100)


def test_a_drift_flags_the_gap_and_a_calibrated_loss_does_not() -> None:
    def flagged(spec: CurveSpec) -> float:
        rng = np.random.default_rng(7)
        curves = [simulate_items(spec, rng, gap=True).gap_curve() for _ in range(120)]
        return rate([judge_curves([curve])[0].p_value < 0.05 for curve in curves])

    assert flagged(CurveSpec(n=500, drift=0.4)) >= 0.95
    assert flagged(CurveSpec("hinge", drop=0.03, n=500)) <= _at_most(0.05, 120)


@pytest.mark.parametrize(("onset", "drift_onset"), [(0.2, 0.2), (0.3, 0.1)])
def test_leads(onset: float, drift_onset: float) -> None:
    spec = CurveSpec("hinge", onset=onset, drop=0.12, drift=0.5, drift_onset=drift_onset, n=1000, seeds=3)
    rng = np.random.default_rng(8)
    leads = []
    for _ in range(150):
        items = simulate_items(spec, rng, gap=True)
        pair = items.accuracy_curve(), items.gap_curve()
        leads.append(lead_of(*pair, *judge_curves(pair), resamples=400))
    given = [lead for lead in leads if lead.interval is not None]
    assert len(given) > 120
    truth = onset - drift_onset
    covered = rate([lead.interval[0] - 1e-9 <= truth <= lead.interval[1] + 1e-9 for lead in given])
    assert covered >= _at_least(0.92, len(given))
    early = rate([lead.word == "early" for lead in given])
    if truth > 0:
        assert early > 0.5
    else:
        assert early <= _at_most(0.05, len(given))


def _families(shapes: list[str], families: int, seed: int, **truth: Any) -> list[list[Corrected]]:
    """Words after Holm of families with one curve a task, as users have them: tasks inform each other's noise."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(families):
        items = [simulate_items(CurveSpec(shape, **truth), rng) for shape in shapes]
        curves = [replace(each.accuracy_curve(measure=f"task {i}"), metric="acc") for i, each in enumerate(items)]
        found.append(list(corrected(judge_curves(curves), ["accuracy"] * len(curves))))
    return found


def test_eight_tasks_of_which_three_lose_six_points() -> None:
    found = _families(["hinge"] * 3 + ["null"] * 5, 25, 11, onset=0.2, drop=0.06, n=2000, seed_sd=0.01)
    assert rate([each.word == "degraded" for words in found for each in words[:3]]) >= _at_least(0.65, 40)
    assert rate([any(each.word == "degraded" for each in words[3:]) for words in found]) <= _at_most(0.05, 25)
    assert rate([any(each.word == "improved" for each in words) for words in found]) <= _at_most(0.05, 25)


def test_tasks_that_improve_are_improved_and_not_degraded() -> None:
    found = _families(["improve-then-return", "improve-only"] * 2, 20, 12, onset=0.25, drop=0.06, n=500, seeds=3)
    words = [each.word for family in found for each in family]
    assert rate([word == "improved" for word in words]) >= 0.7
    assert rate([word == "degraded" for word in words]) <= _at_most(0.05, 80)
