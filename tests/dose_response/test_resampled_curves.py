"""Items and training runs drawn again for several curves at once."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from families_simulated import SIX, normal_curve

from synth_eval.dose_response import CurveData, CurveVerdict, judge_curves
from synth_eval.dose_response.resampled import CurveSample, ResampledCurve, joint_df, resample_together

SOON = tuple(-max(0.0, r - 0.1) for r in SIX)
# Losses are shares of a mean, from sums in double precision: a BLAS that adds up the columns of a product in different
# orders leaves 2e-16 of a difference that is 0.
ROUNDING = 1e-14
QUIET = {"seed_sd": 0.0, "conditional": True}  # no noise between runs, and known so: no stretch


def _side(curve: CurveData, *, items=None, names: str = "a", **changes) -> CurveSample:
    verdict = replace(judge_curves([curve])[0], **changes)
    labels = np.arange(curve.n_items) if items is None else items
    return CurveSample(curve, verdict, verdict.verdict, labels, tuple(f"{names}{i}" for i in range(len(curve.ratios))))


def _gap(first: ResampledCurve, second: ResampledCurve):
    return first.drawn_losses - second.drawn_losses


def test_losses_by_hand() -> None:
    # means 3.2, 2.8, 2.4 and 3.6: losses 0, 0.4 / 3.2, 0.8 / 3.2 and -0.4 / 3.2
    curve = normal_curve(0, (0.2, -0.2, -0.6, 0.6), ratios=(0.0, 0.1, 0.2, 0.3), exact=True)
    (found,) = resample_together([_side(curve)])
    assert found.losses == pytest.approx([0, 0.125, 0.25, -0.125])
    assert found.losses_at(np.array([0.1, 0.3]), mean_too=True) == pytest.approx([0, 0.125, -0.125])
    assert found.above.tolist() == [0.1, 0.2, 0.3]


def test_losses_of_a_metric_that_is_better_below() -> None:
    # oriented bits per byte: -1.0 at the baseline, -1.1 later: a loss of a tenth, not a gain
    curve = normal_curve(0, (-4.0, -4.1, -4.1), ratios=(0.0, 0.2, 0.4), exact=True)
    (found,) = resample_together([_side(curve)])
    assert found.losses == pytest.approx([0, 0.1, 0.1])


def test_the_same_checkpoints_differ_by_nothing_in_any_draw() -> None:
    side = _side(normal_curve(1, SOON, ratios=SIX, n=400), seed_sd=0.05)
    first, second = resample_together([side, side])
    assert np.abs(_gap(first, second)).max() < ROUNDING
    assert first.onsets is not None
    assert np.array_equal(first.onsets, second.onsets)


def test_shared_items_cancel_and_others_do_not() -> None:
    # the same scores twice: drawn once for both if the labels agree, independently if they do not
    curve = normal_curve(2, SOON, ratios=SIX, n=400)
    side = _side(curve, **QUIET)
    strangers = _side(curve, items=np.arange(400) + 400, names="b", **QUIET)
    alike = resample_together([side, replace(side, checkpoints=strangers.checkpoints)])
    apart = resample_together([side, strangers], resamples=2000)
    assert np.abs(_gap(*alike)).max() < ROUNDING
    one = apart[0].drawn_losses[:, -1].var()
    assert _gap(*apart)[:, -1].var() == pytest.approx(2 * one, rel=0.15)


def test_columns_of_one_product_are_rounded_alike() -> None:
    # copies at every place among the columns, where a BLAS has kernels of different widths: equal to double precision
    side = _side(normal_curve(10, SOON, ratios=SIX, n=1000), **QUIET)
    for copies in (2, 3, 5):
        first, *others = resample_together([side] * copies)
        for other in others:
            assert np.abs(_gap(first, other)).max() < ROUNDING


def test_spread_of_a_loss_is_its_standard_error() -> None:
    # losses over a baseline mean of 3: the paired standard error over items, over 3
    curve = normal_curve(3, (0.0,) * 6, ratios=SIX, n=500, exact=True)
    (found,) = resample_together([_side(curve, **QUIET)], resamples=2000)
    paired = curve.scores[:, -1] - curve.scores[:, 0]
    assert found.drawn_losses[:, -1].std() == pytest.approx(paired.std() / np.sqrt(500) / 3, rel=0.06)


def test_noise_between_runs_comes_on_top() -> None:
    # two independent checkpoints, each with a seed SD of 0.3, over a baseline mean of 3
    curve = normal_curve(4, (0.0,) * 6, ratios=SIX, n=500, exact=True)
    (found,) = resample_together([_side(curve, seed_sd=0.3, conditional=True)], resamples=2000)
    paired = curve.scores[:, -1] - curve.scores[:, 0]
    expected = np.sqrt(paired.var() / 500 + 2 * 0.3**2) / 3
    assert found.drawn_losses[:, -1].std() == pytest.approx(expected, rel=0.06)


def test_a_shared_baseline_is_one_training_run() -> None:
    curve = normal_curve(5, (0.0,) * 6, ratios=SIX, n=2000, exact=True)
    noisy = {"seed_sd": 0.3, "conditional": True}
    first, second = _side(curve, names="a", **noisy), _side(curve, names="b", **noisy)
    shared = replace(second, checkpoints=("a0", *second.checkpoints[1:]))
    apart, joint = (_gap(*resample_together([first, each], resamples=2000))[:, -1].std() for each in (second, shared))
    # of four noisy runs two are left
    assert joint / apart == pytest.approx(np.sqrt(1 / 2), rel=0.08)


def test_the_order_of_items_and_checkpoints_does_not_matter() -> None:
    curve = normal_curve(6, SOON, ratios=SIX)
    side = _side(curve)
    rows, columns = np.random.default_rng(0).permutation(80), [3, 0, 5, 1, 4, 2]
    turned = replace(
        side,
        curve=replace(
            curve,
            scores=curve.scores[rows][:, columns],
            ratios=curve.ratios[columns],
            seeds=curve.seeds[columns],
        ),
        items=side.items[rows],
        checkpoints=tuple(side.checkpoints[i] for i in columns),
    )
    first, second = resample_together([side, turned])
    assert np.abs(_gap(first, second)).max() < ROUNDING


def test_same_seed_same_draws() -> None:
    side = _side(normal_curve(7, SOON, ratios=SIX))
    draws = [resample_together([side], seed=seed)[0].drawn_losses for seed in ((1, 2), (1, 2), (1, 3))]
    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def _verdict_with(curve: CurveData, **changes) -> CurveSample:
    return _side(curve, item_sd=0.0, seed_sd=0.1, conditional=False, **changes)


def test_degrees_of_freedom_by_hand() -> None:
    # equal variances v: (2 v)^2 / (v^2 / 3 + v^2 / 3) = 6 for two estimates on 3; one estimate on 6 for both: 6
    curve = normal_curve(8, (0.0,) * 6, ratios=SIX, exact=True)
    two = [_verdict_with(curve, df=3.0, phi=1.0), _verdict_with(curve, df=3.0, phi=2.0)]
    assert joint_df(two) == pytest.approx(6)
    assert joint_df([_verdict_with(curve, df=6.0, phi=1.5)] * 2) == pytest.approx(6)
    assert joint_df(two[:1]) == pytest.approx(3)
    # declared noise is known: (2 v)^2 / (v^2 / 3) = 12
    declared = replace(two[1], verdict=replace(two[1].verdict, conditional=True))
    assert joint_df([two[0], declared]) == pytest.approx(12)
    assert joint_df([declared]) == inf


def test_few_degrees_of_freedom_stretch_the_draws() -> None:
    # t(.975, 3) / z(.975) = 3.182 / 1.960
    side = _side(normal_curve(9, (0.0,) * 6, ratios=SIX, n=500, exact=True))
    known, few = (resample_together([side], df=df)[0].drawn_losses[:, -1].std() for df in (inf, 3.0))
    assert few / known == pytest.approx(3.182 / 1.960, rel=0.02)


def _refused() -> CurveVerdict:
    return judge_curves([normal_curve(0, (0.0, 0.0), ratios=(0.0, 0.5))])[0]


def test_what_cannot_be_set_against_others() -> None:
    curve = normal_curve(0, SOON, ratios=SIX)
    side = _side(curve)
    with pytest.raises(ValueError, match="item labels"):
        replace(side, items=side.items[1:])
    with pytest.raises(ValueError, match="refused"):
        replace(side, verdict=_refused())
    with pytest.raises(ValueError, match="signed"):
        replace(side, curve=replace(curve, signed=True))
    with pytest.raises(ValueError, match="twice"):
        resample_together([replace(side, items=np.zeros(80))])
