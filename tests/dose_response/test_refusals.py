"""Curves that are not judged, each with its reason and without a number that looks fine."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from families_simulated import normal_curve

from synth_eval.dose_response import CurveData, CurveVerdict, judge_curves
from synth_eval.dose_response import verdict as verdict_module
from synth_eval.errors import Refusal


def _refused(curve: CurveData, code: str) -> tuple[CurveVerdict, str]:
    (verdict,) = judge_curves([curve])
    assert verdict.verdict == "refused"
    assert verdict.refusal is not None
    assert verdict.refusal.code == code
    for name in ("p_value", "budget", "onset", "crossing", "phi", "df", "min_detectable", "seed_tolerance"):
        assert getattr(verdict, name) is None
    assert not verdict.conditional
    return verdict, verdict.refusal.text


@pytest.mark.parametrize(
    ("ratios", "seeds", "code", "reason"),
    [
        ([0.1, 0.2, 0.3], [0, 0, 0], "no baseline", "no checkpoint at the baseline ratio 0"),
        ([0.0, 0.0], [0, 1], "one ratio", "only one ratio"),
        ([0.0], [0], "one ratio", "only one ratio"),
        ([0.0, 0.5], [0, 0], "few ratios", "only 2 ratios: a curve needs at least 3"),
        ([-0.2, -0.1, 0.0], [0, 0, 0], "no ratio above", "no ratio above the baseline ratio 0"),
        ([0.0, 0.2, 0.2, 0.3], [0, 0, 0, 0], "shared seed", "2 checkpoints share ratio 0.2 and seed 0"),
    ],
)
def test_layouts(ratios: list[float], seeds: list[int], code: str, reason: str) -> None:
    scores = np.random.default_rng(0).normal(size=(50, len(ratios)))
    verdict, text = _refused(CurveData(scores, np.array(ratios), np.array(seeds)), code)
    assert reason in text
    assert np.isfinite(verdict.values).all()


@pytest.mark.parametrize("n", [0, 1, 5, 9])
def test_too_few_items(n: int) -> None:
    scores = np.random.default_rng(0).normal(size=(n, 3))
    _, text = _refused(CurveData(scores, np.array([0, 0.2, 0.5]), np.zeros(3, int)), "few items")
    assert f"only {n} shared items" in text


def test_identical_checkpoints() -> None:
    item = np.random.default_rng(0).normal(size=(50, 1))
    curve = CurveData(np.repeat(item, 6, axis=1), np.repeat([0, 0.2, 0.5], 2), np.tile([0, 1], 3))
    assert "same checkpoint" in _refused(curve, "all the same")[1]


def test_a_constant_difference() -> None:
    item = np.random.default_rng(0).normal(size=50)
    curve = CurveData(np.stack([item, item, item - 0.1], axis=1), np.array([0, 0.2, 0.5]), np.zeros(3, int))
    assert "same amount on every item" in _refused(curve, "no noise")[1]


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_metric_that_is_constant_over_items(level: float) -> None:
    curve = CurveData(np.full((50, 3), level), np.array([0, 0.2, 0.5]), np.zeros(3, int))
    assert f"every checkpoint scores {level:g} on every item" in _refused(curve, "constant")[1]


def test_one_unchanged_ratio_among_changed_ones_is_judged() -> None:
    curve = normal_curve(6)
    scores = curve.scores.copy()
    scores[:, 1] = scores[:, 0]
    (verdict,) = judge_curves([dataclasses.replace(curve, scores=scores)])
    assert verdict.verdict != "refused"
    assert verdict.difference[1] == 0


def test_no_room_to_fall_at_chance() -> None:
    rng = np.random.default_rng(7)
    at_chance = (rng.random((400, 3)) < 0.26).astype(float)
    curve = CurveData(at_chance, np.array([0, 0.2, 0.5]), np.zeros(3, int), chance=0.25)
    assert "no room to fall" in _refused(curve, "at chance")[1]
    above = dataclasses.replace(curve, scores=(rng.random((400, 3)) < 0.40).astype(float))
    assert judge_curves([above])[0].verdict != "refused"


def test_a_refused_curve_does_not_disturb_the_others() -> None:
    good, bad = normal_curve(1, measure="m"), normal_curve(2, (0.0, 0.1), ratios=(0.0, 0.4), measure="m")
    together = judge_curves([bad, good])
    assert together[0].verdict == "refused"
    assert together[1].p_value == judge_curves([good])[0].p_value


@pytest.mark.parametrize(
    "change",
    [
        {"scores": np.array([1.0, 2.0])},
        {"ratios": np.array([0.0])},
        {"scores": np.array([[1.0, np.nan]] * 10)},
        {"weights": np.zeros(10)},
        {"strata": np.zeros(9, int)},
        {"strata": np.arange(10)},
        {"seed_sd": -0.1},
        {"seed_sd": float("nan")},
    ],
)
def test_data_that_do_not_fit(change: dict) -> None:
    whole = {"scores": np.ones((10, 2)), "ratios": np.array([0.0, 0.5]), "seeds": np.array([0, 0])}
    with pytest.raises(ValueError, match=r"scores|weights|checkpoints|seed_sd|strata"):
        CurveData(**{**whole, **change})


def test_the_text_of_a_refusal_changes_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    item = np.random.default_rng(0).normal(size=(50, 1))
    same = CurveData(np.repeat(item, 3, axis=1), np.array([0, 0.2, 0.5]), np.zeros(3, int))
    curves = [normal_curve(1), same, normal_curve(2, (0.0, 0.1), ratios=(0.0, 0.4))]
    before = judge_curves(curves)
    monkeypatch.setattr(verdict_module, "Refusal", lambda code, text: Refusal(code, "x"))
    after = judge_curves(curves)
    assert [verdict.refusal and verdict.refusal.text for verdict in after] == [None, "x", "x"]
    for one, other in zip(before, after):
        assert (one.verdict, one.p_value, one.budget) == (other.verdict, other.p_value, other.budget)
        assert (one.refusal and one.refusal.code) == (other.refusal and other.refusal.code)
