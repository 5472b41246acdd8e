"""The paired judge: cases derived by hand, an outside oracle, refusals and invariances."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synth_eval.stats.curve import CurveData
from synth_eval.stats.paired import judge_curve, paired_differences


def _random_curve(seed: int, *, ratios=(0.0, 0.2, 0.5), seeds: int = 2, n: int = 60, drop: float = 0.0) -> CurveData:
    rng = np.random.default_rng(seed)
    cells = [(r, s) for r in ratios for s in range(seeds)]
    scores = rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=(n, len(cells))) - drop * np.array([r for r, _ in cells])
    return CurveData(scores + 3.0, np.array([r for r, _ in cells]), np.array([s for _, s in cells]))


def test_one_seed_by_hand() -> None:
    # 16 items, all right at baseline, 8 of them wrong at .5: difference -.5, variance .25 x 16/15, se^2 = .25/15 = 1/60
    scores = np.ones((16, 2))
    scores[:8, 1] = 0
    verdict = judge_curve(CurveData(scores, np.array([0.0, 0.5]), np.array([0, 0])))
    t = -0.5 * np.sqrt(60)
    half = stats.t.ppf(0.975, 15) / np.sqrt(60)
    np.testing.assert_allclose(verdict.values, [1.0, 0.5])
    np.testing.assert_allclose(verdict.difference, [0.0, -0.5])
    np.testing.assert_allclose(verdict.difference_ci, [[0, 0], [-0.5 - half, -0.5 + half]])
    assert verdict.p_value == pytest.approx(stats.t.cdf(t, 15))
    assert (verdict.verdict, verdict.first_below, verdict.budget) == ("degraded", 0.5, 0.0)
    assert verdict.margin == pytest.approx(0.03)
    assert verdict.conditional
    assert verdict.df is None
    assert verdict.phi is None


def test_scatter_between_seeds_widens_the_interval() -> None:
    # Seed differences -.2 and -.4; items add +-.1 alike for both seeds, so that items explain none of the scatter.
    # items: .01/(26 - 1) = .0004; seeds: residual .01 on 1 df (see test_design), times the squared weights 4 x .25 = 1
    rng = np.random.default_rng(0)
    item, wobble = rng.normal(size=26), np.repeat([-0.1, 0.1], 13)
    scores = np.stack([item, item, item + wobble - 0.2, item + wobble - 0.4], axis=1)
    curve = CurveData(scores, np.array([0, 0, 0.5, 0.5]), np.array([0, 1, 0, 1]))
    paired = paired_differences(curve)
    assert paired.difference[1] == pytest.approx(-0.3)
    assert paired.item_se[1] == pytest.approx(np.sqrt(0.0004))
    assert paired.difference_se[1] == pytest.approx(np.sqrt(0.0104))
    assert paired.df == 1
    np.testing.assert_allclose(paired.interval[1], -0.3 + np.array([-1, 1]) * 12.7062047 * np.sqrt(0.0104))


def test_noise_of_items_is_not_counted_twice() -> None:
    # means agree between seeds although items do not: the seeds add nothing, phi = 0
    scores = np.tile([[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]], (10, 1))
    paired = paired_differences(CurveData(scores, np.array([0, 0, 0.5, 0.5]), np.array([0, 1, 0, 1])))
    assert paired.phi == pytest.approx(0)
    np.testing.assert_allclose(paired.difference_se, paired.item_se)


def test_outside_oracle() -> None:
    curve = _random_curve(1, ratios=(0.0, 0.5), seeds=1, drop=0.3)
    oracle = stats.ttest_rel(curve.scores[:, 1], curve.scores[:, 0], alternative="less")
    assert judge_curve(curve).p_value == pytest.approx(oracle.pvalue)
    both = stats.ttest_rel(curve.scores[:, 1], curve.scores[:, 0]).confidence_interval(0.95)
    np.testing.assert_allclose(judge_curve(curve).difference_ci[1], [both.low, both.high])


def test_p_is_holm_corrected_over_ratios() -> None:
    curve = _random_curve(2, ratios=(0.0, 0.2, 0.5), seeds=1)
    raw = [stats.ttest_rel(curve.scores[:, c], curve.scores[:, 0], alternative="less").pvalue for c in (1, 2)]
    assert judge_curve(curve).p_value == pytest.approx(min(1, 2 * min(raw)))


def test_weighted_mean_by_hand() -> None:
    # weights 1 and 3 on differences 0 and -.4: mean -.3. Influences w (d - mean) / mean(w): .5 x .3 = .15 and
    # 1.5 x -.1 = -.15. For 5 pairs of such items: sum of squares 10 x .0225 / (10 x 9) = .0025
    base = np.full(10, 2.0)
    other = base - np.tile([0.0, 0.4], 5)
    curve = CurveData(
        np.stack([base, other], axis=1), np.array([0, 0.5]), np.array([0, 0]), weights=np.tile([1.0, 3.0], 5)
    )
    paired = paired_differences(curve)
    assert paired.difference[1] == pytest.approx(-0.3)
    assert paired.item_se[1] == pytest.approx(0.05)


def test_safe_needs_every_ratio_within_the_margin() -> None:
    rng = np.random.default_rng(3)
    base = 1 + rng.normal(size=400) * 0.1
    scores = np.stack([base, base + rng.normal(size=400) * 0.01, base + rng.normal(size=400) * 0.01], axis=1)
    curve = CurveData(scores, np.array([0, 0.1, 0.2]), np.zeros(3, int))
    safe = judge_curve(curve)  # se .0005, margin .03
    assert (safe.verdict, safe.budget, safe.first_below) == ("safe", 0.2, None)
    scores[:, 2] = base + np.tile([-0.9, 0.9], 200)  # mean 0, se .045: a loss beyond the margin is not ruled out
    unsure = judge_curve(dataclasses.replace(curve, scores=scores))
    assert (unsure.verdict, unsure.budget) == ("inconclusive", 0.1)


def test_budget_stops_at_the_first_ratio_that_is_not_shown_safe() -> None:
    rng = np.random.default_rng(4)
    base = 1 + rng.normal(size=200) * 0.1
    quiet = base + rng.normal(size=200) * 0.001
    scores = np.stack([base, base - 0.2 + rng.normal(size=200) * 0.001, quiet], axis=1)
    verdict = judge_curve(CurveData(scores, np.array([0, 0.1, 0.2]), np.zeros(3, int)))
    assert (verdict.verdict, verdict.first_below, verdict.budget) == ("degraded", 0.1, 0.0)


def test_a_better_ratio_is_not_degraded() -> None:
    curve = _random_curve(5, seeds=1, drop=-3.0, n=200)
    assert judge_curve(curve).verdict == "safe"


def test_min_detectable_by_hand() -> None:
    # one ratio, one seed: (t(.95) + t(.80)) x se, on n - 1 = 15 degrees of freedom
    scores = np.ones((16, 2))
    scores[:8, 1] = 0
    verdict = judge_curve(CurveData(scores, np.array([0.0, 0.5]), np.array([0, 0])))
    assert verdict.min_detectable == pytest.approx((1.75305 + 0.86624) / np.sqrt(60), rel=1e-4)


@pytest.mark.parametrize(
    ("ratios", "seeds", "reason"),
    [
        ([0.1, 0.2], [0, 0], "no checkpoint at the baseline ratio 0"),
        ([0.0, 0.0], [0, 1], "only one ratio"),
        ([0.0, 0.2, 0.2], [0, 0, 0], "2 checkpoints share ratio 0.2 and seed 0"),
    ],
)
def test_layouts_that_are_refused(ratios: list[float], seeds: list[int], reason: str) -> None:
    scores = np.random.default_rng(0).normal(size=(50, len(ratios)))
    verdict = judge_curve(CurveData(scores, np.array(ratios), np.array(seeds)))
    assert verdict.verdict == "refused"
    assert reason in verdict.reason
    assert verdict.p_value is None
    assert verdict.budget is None
    assert np.isfinite(verdict.values).all()


@pytest.mark.parametrize("n", [0, 1, 5, 9])
def test_too_few_items(n: int) -> None:
    scores = np.random.default_rng(0).normal(size=(n, 2))
    verdict = judge_curve(CurveData(scores, np.array([0, 0.5]), np.array([0, 0])))
    assert verdict.verdict == "refused"
    assert f"only {n} shared items" in verdict.reason


def test_identical_checkpoints_are_refused() -> None:
    item = np.random.default_rng(0).normal(size=50)
    verdict = judge_curve(CurveData(np.stack([item] * 4, axis=1), np.array([0, 0, 0.5, 0.5]), np.array([0, 1, 0, 1])))
    assert verdict.verdict == "refused"
    assert "same checkpoint" in verdict.reason


def test_a_constant_difference_is_refused() -> None:
    item = np.random.default_rng(0).normal(size=50)
    verdict = judge_curve(CurveData(np.stack([item, item - 0.1], axis=1), np.array([0, 0.5]), np.array([0, 0])))
    assert verdict.verdict == "refused"
    assert "same amount on every item" in verdict.reason


def test_one_unchanged_ratio_among_changed_ones_is_judged() -> None:
    curve = _random_curve(6, ratios=(0.0, 0.2, 0.5), seeds=1)
    scores = curve.scores.copy()
    scores[:, 1] = scores[:, 0]
    verdict = judge_curve(dataclasses.replace(curve, scores=scores))
    assert verdict.verdict != "refused"
    np.testing.assert_array_equal(verdict.difference_ci[1], [0, 0])


def test_no_room_to_fall_at_chance() -> None:
    rng = np.random.default_rng(7)
    scores = (rng.random((400, 2)) < 0.26).astype(float)
    curve = CurveData(scores, np.array([0, 0.5]), np.array([0, 0]), chance=0.25)
    assert "no room to fall" in judge_curve(curve).reason
    scores = (rng.random((400, 2)) < 0.40).astype(float)
    assert judge_curve(dataclasses.replace(curve, scores=scores)).verdict != "refused"


@pytest.mark.parametrize(
    "change",
    [
        {"scores": np.array([1.0, 2.0])},
        {"ratios": np.array([0.0])},
        {"scores": np.array([[1.0, np.nan]] * 10)},
        {"weights": np.zeros(10)},
    ],
)
def test_data_that_do_not_fit(change: dict) -> None:
    whole = {"scores": np.ones((10, 2)), "ratios": np.array([0.0, 0.5]), "seeds": np.array([0, 0])}
    with pytest.raises(ValueError, match=r"scores|weights|checkpoints"):
        CurveData(**{**whole, **change})


def _numbers(verdict) -> np.ndarray:
    return np.concatenate(
        [verdict.difference, verdict.difference_ci.ravel(), [verdict.p_value, verdict.budget, verdict.phi or 0]]
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 2, 3]))
def test_order_of_items_and_checkpoints_does_not_matter(seed: int, seeds: int) -> None:
    curve = _random_curve(seed, seeds=seeds, drop=0.2)
    rng = np.random.default_rng(seed)
    items, columns = rng.permutation(curve.n_items), rng.permutation(len(curve.ratios))
    shuffled = CurveData(curve.scores[items][:, columns], curve.ratios[columns], curve.seeds[columns])
    np.testing.assert_allclose(_numbers(judge_curve(shuffled)), _numbers(judge_curve(curve)), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_scale_of_the_metric_does_not_matter(seed: int, scale: float) -> None:
    curve = _random_curve(seed, drop=0.2)
    judged, scaled = judge_curve(curve), judge_curve(dataclasses.replace(curve, scores=curve.scores * scale))
    assert scaled.verdict == judged.verdict
    assert scaled.p_value == pytest.approx(judged.p_value)
    assert scaled.budget == judged.budget
    np.testing.assert_allclose(scaled.difference, judged.difference * scale)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_equal_weights_are_no_weights(seed: int) -> None:
    curve = _random_curve(seed)
    weighted = dataclasses.replace(curve, weights=np.full(curve.n_items, 7.0))
    np.testing.assert_allclose(_numbers(judge_curve(weighted)), _numbers(judge_curve(curve)))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_level_of_an_item_cancels(seed: int) -> None:
    curve = _random_curve(seed)
    harder = curve.scores + 5 * np.random.default_rng(seed).normal(size=(curve.n_items, 1))
    paired, shifted = paired_differences(curve), paired_differences(dataclasses.replace(curve, scores=harder))
    np.testing.assert_allclose(shifted.difference_se, paired.difference_se)
