"""The seam: words after correction, what a verdict holds, and what must not matter to it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from families_simulated import SIX, normal_curve
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.dose_response import Corrected, CurveData, CurveVerdict, corrected, judge_curves
from synth_eval.dose_response.simulation import CurveSpec, simulate_items

SEEDS = st.integers(0, 10_000)


def _judge(curve: CurveData) -> CurveVerdict:
    return judge_curves([curve])[0]


def _numbers(verdict: CurveVerdict) -> np.ndarray:
    """Everything that is said, as numbers."""
    named = [
        getattr(verdict, f.name) for f in dataclasses.fields(verdict) if f.name not in ("verdict", "reason", "fitted")
    ]
    fitted = verdict.fitted
    named += [-1.0] * 4 if fitted is None else [fitted.shape == "hinge", fitted.parameter, fitted.start, fitted.end]
    return np.concatenate([np.ravel(np.asarray(-1.0 if value is None else value, dtype=float)) for value in named])


def _with(verdict: CurveVerdict, p: float | None, p_improved: float = 1.0, budget: float = 0.2) -> CurveVerdict:
    word = "refused" if p is None else "inconclusive"
    return dataclasses.replace(verdict, p_value=p, p_improved=p_improved, budget=budget, verdict=word)


def test_each_question_is_corrected_by_itself() -> None:
    verdict = _judge(normal_curve(1, n=500))
    given = [_with(verdict, 0.03), _with(verdict, None), _with(verdict, 0.01), _with(verdict, 0.04)]
    found = corrected(given, ["accuracy", "accuracy", "accuracy", "NLL"])
    # two curves of accuracy have a p-value: 2 x .01 = .02, then max(.02, 1 x .03) = .03; NLL is alone
    assert [each.p_adjusted for each in found] == [pytest.approx(0.03), None, pytest.approx(0.02), 0.04]
    assert [each.curves for each in found] == [2, 0, 2, 1]
    assert found[1] == Corrected("refused")


def test_harm_and_benefit_are_corrected_apart() -> None:
    verdict = _judge(normal_curve(1, n=500))
    found = corrected([_with(verdict, 0.9, 0.02), _with(verdict, 0.02, 0.9)], ["a", "a"])
    assert [(each.p_adjusted, each.p_improved_adjusted) for each in found] == [(0.9, 0.04), (0.04, 0.9)]
    assert [each.word for each in found] == ["improved", "degraded"]


def test_false_discoveries() -> None:
    verdict = _judge(normal_curve(1, n=500))
    given = [_with(verdict, p) for p in (0.01, 0.03, 0.04)]
    # Holm: .03, .06, .06; Benjamini and Hochberg: 3 x .01, then 3/2 x .03 = .045 and .04, the later no smaller: .04
    assert [each.word for each in corrected(given, ["a"] * 3)] == ["degraded", "inconclusive", "inconclusive"]
    fdr = corrected(given, ["a"] * 3, method="fdr")
    assert [each.p_adjusted for each in fdr] == pytest.approx([0.03, 0.04, 0.04])
    assert [each.word for each in fdr] == ["degraded"] * 3


@pytest.mark.parametrize(
    ("p", "p_improved", "budget", "word", "probably"),
    [
        (0.01, 0.01, 0.2, "degraded", ""),  # a curve that rises and then falls below its baseline
        (0.04, 0.01, 0.2, "improved", "worse"),
        (0.9, 0.01, 0.4, "improved", ""),
        (0.04, 0.9, 0.4, "safe", ""),
        (0.04, 0.9, 0.2, "inconclusive", "worse"),
        (0.9, 0.04, 0.2, "inconclusive", "better"),
        (0.9, 0.9, 0.2, "inconclusive", ""),
    ],
)
def test_the_word_after_correction(p: float, p_improved: float, budget: float, word: str, probably: str) -> None:
    verdict = _judge(normal_curve(1, n=500))
    assert verdict.ratios[-1] == 0.4
    other = _with(verdict, 0.9)
    found = corrected([_with(verdict, p, p_improved, budget), other], ["a", "a"])[0]
    assert (found.word, found.probably) == (word, probably)


def test_as_many_questions_as_curves() -> None:
    with pytest.raises(ValueError, match="shorter"):
        corrected([_judge(normal_curve(1, n=500))], [])


def test_a_degraded_curve_says_where() -> None:
    # exact means on 11 ratios: flat up to .2, then -40 points over .3; the loss of 3% of 3 = .09 is reached at .2675
    ratios = tuple(np.round(np.linspace(0, 0.5, 11), 2))
    means = tuple(-0.4 * max(0.0, r - 0.2) / 0.3 for r in ratios)
    verdict = _judge(normal_curve(4, means, ratios=ratios, n=4000, exact=True))
    assert verdict.verdict == "degraded"
    assert verdict.df == 11 - 3
    assert verdict.phi < 0.1  # the means lie exactly on a hinge
    assert verdict.onset == pytest.approx(0.2)
    assert verdict.onset_ci[0] < 0.2 < verdict.onset_ci[1]
    assert verdict.margin == pytest.approx(0.09)
    assert verdict.crossing == pytest.approx(0.2675, abs=0.005)
    assert verdict.crossing_ci[0] < 0.2675 < verdict.crossing_ci[1]
    assert verdict.first_below == 0.25  # .067 of the .09 are lost there, which is clear by itself
    assert verdict.budget == 0.2
    assert verdict.first_below > 0.2
    assert verdict.best_ratio <= 0.2
    assert not verdict.conditional
    assert verdict.seed_tolerance is None
    assert verdict.seed_sd == 0  # no more scatter than items explain
    assert verdict.item_sd == pytest.approx(0.5, rel=0.05)  # the noise of each item within a checkpoint


def test_a_safe_curve_needs_precision() -> None:
    safe = _judge(normal_curve(5, (0.0,) * 6, ratios=SIX, n=4000, noise=0.3))
    assert (safe.verdict, safe.budget, safe.crossing, safe.onset) == ("safe", 0.5, None, None)
    unsure = _judge(normal_curve(1, (0.0,) * 6, ratios=SIX, n=40, noise=0.3))
    assert unsure.verdict == "inconclusive"
    assert unsure.budget < 0.5


def test_improvement_is_not_degraded() -> None:
    verdict = _judge(normal_curve(6, (0.0, 0.1, 0.2, 0.3, 0.4), n=500))
    assert verdict.verdict == "improved"
    assert verdict.p_improved < 0.01
    assert verdict.p_value > 0.5
    assert verdict.helps_to == 0.4
    assert verdict.budget == 0.4
    assert verdict.best_ratio == 0.4


def test_better_then_back_is_not_degraded_although_it_falls() -> None:
    means = (0.0, 0.3, 0.3, 0.15, 0.0, 0.0)
    verdict = _judge(normal_curve(7, means, ratios=SIX, n=2000, exact=True))
    assert verdict.p_value > 0.2
    assert verdict.verdict != "degraded"


def test_a_seed_that_is_better_throughout_hides_no_loss() -> None:
    falling = tuple(-0.4 * r for r in SIX)
    curve = normal_curve(12, falling, ratios=SIX, seeds=2, n=2000, exact=True, noise=0.3)
    apart = dataclasses.replace(curve, scores=curve.scores + np.array([-0.2, 0.2])[curve.seeds])
    verdict = _judge(apart)
    assert verdict.verdict == "degraded"
    assert verdict.df == 12 - 2 - 2
    assert verdict.phi < 0.1  # the means lie exactly on two parallel lines
    # a mean over two seeds that lie .2 to either side: variance (.2^2 + .2^2) / 1 between them, half of it for the mean
    np.testing.assert_allclose(verdict.se, np.hypot(0.2, _judge(curve).se), rtol=0.02)
    # without the baseline of one seed its level cannot be told from a change
    has = ~((apart.ratios == 0) & (apart.seeds == 1))
    unpaired = _judge(CurveData(apart.scores[:, has], apart.ratios[has], apart.seeds[has]))
    assert unpaired.verdict == "inconclusive"
    assert unpaired.df == 11 - 2 - 1


def test_few_ratios_lean_on_a_declared_noise() -> None:
    curve = normal_curve(8, (0.0, 0.0, -0.2, -0.4), ratios=(0.0, 0.1, 0.3, 0.5), n=400, exact=True, seed_sd=0.02)
    verdict = _judge(curve)
    assert verdict.conditional
    assert verdict.df == 1
    assert verdict.seed_sd == 0.02
    assert verdict.verdict == "degraded"
    assert verdict.seed_tolerance > 0.02
    at, beyond = (
        _judge(dataclasses.replace(curve, seed_sd=factor * verdict.seed_tolerance)).verdict for factor in (0.98, 1.05)
    )
    assert (at, beyond) == ("degraded", "inconclusive")
    half_margin = _judge(dataclasses.replace(curve, seed_sd=None))
    assert half_margin.seed_sd == pytest.approx(0.03 * half_margin.values[0] / 2)


def test_three_seeds_or_three_iterations_measure_the_noise() -> None:
    short = {"means": (0.0, 0.0, -0.1, -0.2), "ratios": (0.0, 0.1, 0.3, 0.5)}
    assert not _judge(normal_curve(9, **short, seeds=3)).conditional
    iterations = judge_curves([normal_curve(s, **short, measure="acc", size="70M") for s in range(3)])
    assert [verdict.df for verdict in iterations] == [3, 3, 3]
    assert not any(verdict.conditional for verdict in iterations)
    apart = judge_curves([normal_curve(s, **short, measure=f"{s}", size="70M") for s in range(3)])
    assert all(verdict.conditional for verdict in apart)


def test_scatter_around_the_curve_counts_against_a_verdict() -> None:
    straight = (0.0, -0.05, -0.1, -0.15, -0.2, -0.25)
    jagged = (0.0, -0.25, 0.1, -0.35, 0.0, -0.25)
    calm, rough = (_judge(normal_curve(10, m, ratios=SIX, n=800, exact=True)) for m in (straight, jagged))
    assert calm.verdict == "degraded"
    assert rough.verdict == "inconclusive"
    assert rough.phi > 10
    assert rough.seed_sd > 0.05
    assert np.diff(rough.difference_ci[-1]) > 2 * np.diff(calm.difference_ci[-1])


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from([1, 2, 3]))
def test_order_of_items_and_checkpoints_does_not_matter(seed: int, seeds: int) -> None:
    curve = normal_curve(seed, seeds=seeds)
    rng = np.random.default_rng(seed)
    items, columns = rng.permutation(curve.n_items), rng.permutation(len(curve.ratios))
    shuffled = CurveData(curve.scores[items][:, columns], curve.ratios[columns], curve.seeds[columns])
    np.testing.assert_allclose(_numbers(_judge(shuffled)), _numbers(_judge(curve)), atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from([2, 3]), st.floats(0.1, 5))
def test_what_a_seed_has_at_all_ratios_does_not_matter(seed: int, seeds: int, spread: float) -> None:
    curve = normal_curve(seed, seeds=seeds)
    own = spread * np.random.default_rng(seed).standard_normal(seeds)
    own -= own.mean()  # the mean of the baselines stays, and with it the relative margin
    judged, moved = _judge(curve), _judge(dataclasses.replace(curve, scores=curve.scores + own[curve.seeds]))
    for name in ("verdict", "budget", "first_below", "df", "onset", "onset_ci"):
        assert getattr(moved, name) == getattr(judged, name)
    for name in ("p_value", "phi", "min_detectable", "difference", "difference_ci", "seed_sd", "item_sd"):
        np.testing.assert_allclose(getattr(moved, name), getattr(judged, name), rtol=1e-6, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.floats(0.01, 100), st.sampled_from([1, 3]))
def test_scale_of_the_metric_does_not_matter(seed: int, scale: float, seeds: int) -> None:
    curve = normal_curve(seed, seeds=seeds)
    judged, scaled = _judge(curve), _judge(dataclasses.replace(curve, scores=curve.scores * scale))
    for name in ("verdict", "budget", "first_below", "df", "best_ratio"):
        assert getattr(scaled, name) == getattr(judged, name)
    assert scaled.p_value == pytest.approx(judged.p_value, abs=2e-4)
    assert scaled.phi == pytest.approx(judged.phi)
    assert scaled.min_detectable == pytest.approx(scale * judged.min_detectable, rel=1e-3)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from([0.1, 0.5, 2.0]))
def test_unit_of_the_ratio_does_not_matter(seed: int, unit: float) -> None:
    curve = normal_curve(seed, seeds=3)
    judged, other = _judge(curve), _judge(dataclasses.replace(curve, ratios=curve.ratios * unit))
    assert other.p_value == pytest.approx(judged.p_value, abs=2e-4)
    assert other.budget == pytest.approx(judged.budget * unit)
    for name in ("onset", "onset_ci", "crossing", "crossing_ci"):
        mine, its = getattr(judged, name), getattr(other, name)
        assert (mine is None) == (its is None)
        if mine is not None:
            np.testing.assert_allclose(its, np.multiply(mine, unit), rtol=1e-6)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_equal_weights_are_no_weights(seed: int) -> None:
    curve = normal_curve(seed)
    weighted = dataclasses.replace(curve, weights=np.full(curve.n_items, 7.0))
    np.testing.assert_allclose(_numbers(_judge(weighted)), _numbers(_judge(curve)), rtol=1e-6, atol=1e-9)


def test_duplicated_items_are_half_the_noise_but_no_other_curve() -> None:
    # the same items four times look like four times the evidence: standard errors halve, values stay
    curve = normal_curve(11, n=200, exact=True, seed_sd=0.0)  # 5 ratios: noise is declared, here as none
    fourfold = dataclasses.replace(curve, scores=np.tile(curve.scores, (4, 1)))
    one, four = _judge(curve), _judge(fourfold)
    np.testing.assert_allclose(four.values, one.values)
    assert four.item_sd == pytest.approx(one.item_sd, rel=0.02)
    assert four.min_detectable == pytest.approx(one.min_detectable / 2, rel=0.15)
    assert four.p_value <= one.p_value


def test_same_seed_same_verdicts() -> None:
    curves = [normal_curve(s, (0.0,) * 5, n=60) for s in range(4)]
    first, again = judge_curves(curves, seed=5), judge_curves(curves, seed=5)
    for one, other in zip(first, again):
        np.testing.assert_array_equal(_numbers(one), _numbers(other))
    assert any(a.p_value != b.p_value for a, b in zip(first, judge_curves(curves, seed=6)))


def test_small_effects_are_not_lost_in_the_tail_of_the_null() -> None:
    # p far below 1 / draws, so that Holm over hundreds of curves can still flag it
    spec = CurveSpec(shape="linear", drop=0.2, n=2000, seeds=3)
    verdict = _judge(simulate_items(spec, np.random.default_rng(0)).accuracy_curve())
    assert 0 <= verdict.p_value < 1e-5


def test_a_curve_that_rises_and_returns_is_improved() -> None:
    means = (0.0, 0.15, 0.3, 0.2, 0.1, 0.0)
    verdict = _judge(normal_curve(7, means, ratios=SIX, n=2000))
    assert verdict.verdict == "improved"
    assert verdict.p_value > 0.05
    assert verdict.helps_to in (0.3, 0.4)
    assert verdict.phi < 5  # one shape that only rises or falls would leave the whole bump as noise


def test_no_budget_reaches_a_ratio_that_is_clearly_worse() -> None:
    # a fall of a third of the margin at once, and no more: within the margin by the fitted curve, and clearly worse
    means = (0.0, -0.03, -0.03, -0.03, -0.03, -0.03)
    verdict = _judge(normal_curve(7, means, ratios=SIX, n=40_000, exact=True))
    assert verdict.difference_ci[1, 0] > -verdict.margin
    assert verdict.first_below == 0.1
    assert verdict.verdict == "degraded"
    assert verdict.budget == 0
