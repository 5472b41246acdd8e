"""Contrasts: the words, intervals by hand, and how often they are wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from families_simulated import SIX, normal_curve, rate
from hypothesis import given, settings
from hypothesis import strategies as st

from synth_eval.dose_response import judge_curves
from synth_eval.dose_response.contrasts import group_contrast, loss_contrasts, onset_contrast
from synth_eval.dose_response.resampled import CurveSample, ResampledCurve, joint_df, resample_together
from synth_eval.dose_response.simulation import CurveSpec, simulate_items

NAMES = ("70M", "410M")
FLAT = (0.0,) * 6
SOON = tuple(-max(0.0, r - 0.1) for r in SIX)
LATE = tuple(-max(0.0, r - 0.3) for r in SIX)


def _pair(first, second, **more) -> tuple[ResampledCurve, ...]:
    curves = [normal_curve(i, means, ratios=SIX, n=2000, exact=True, **more) for i, means in enumerate((first, second))]
    sides = [
        CurveSample(curve, verdict, verdict.verdict, np.arange(2000), tuple(f"{name}{i}" for i in range(6)))
        for name, curve, verdict in zip("ab", curves, judge_curves(curves))
    ]
    return resample_together(sides)


def _given(losses, draws, *, ratios=(0.1, 0.2), onset=None, onsets=None) -> ResampledCurve:
    """A resampled curve of given numbers; the baseline is put in."""
    draws = np.asarray(draws, dtype=float)
    zeros = np.zeros((len(draws), 1))
    return ResampledCurve(
        0.0, np.array([0.0, *ratios]), np.array([0.0, *losses]), np.hstack([zeros, draws]), onset, onsets
    )


def test_onsets_that_differ() -> None:
    found = onset_contrast(*_pair(SOON, LATE), names=NAMES)
    assert found.word == "different"
    assert found.estimate == pytest.approx(-0.2, abs=0.05)
    assert found.interval[0] < found.estimate < found.interval[1] < 0
    assert found.reason == "70M starts to fall at a lower ratio than 410M"


def test_onsets_alike_are_undetermined() -> None:
    found = onset_contrast(*_pair(LATE, LATE), names=NAMES)
    assert found.word == "undetermined"
    assert found.interval[0] <= 0 <= found.interval[1]


def test_an_onset_that_was_not_reached() -> None:
    found = onset_contrast(*_pair(SOON, FLAT), names=NAMES)
    assert (found.word, found.estimate, found.interval) == ("undetermined", None, None)
    assert found.reason.startswith("70M falls from 0.1")
    assert found.reason.endswith("410M is not shown degraded up to 0.5")


def test_interval_by_hand() -> None:
    # draws 0 .. 1000 of one side against 0 of the other: the 2.5% and 97.5% quantiles are 25 and 975
    onsets = np.arange(1001.0)
    one = _given((0, 0), np.zeros((1001, 2)), onset=500.0, onsets=onsets)
    other = replace(one, onset=0.0, onsets=np.zeros(1001))
    found = onset_contrast(one, other, names=NAMES)
    assert (found.estimate, found.interval) == (500.0, pytest.approx((25.0, 975.0)))
    assert found.reason == "410M starts to fall at a lower ratio than 70M"


def test_losses_that_differ() -> None:
    # means over 3: losses of 0, .1, .2, .3 and .4 over 3, against none
    mean, *each = loss_contrasts(*_pair(SOON, FLAT), names=NAMES)
    assert (mean.word, mean.measure, mean.ratio) == ("different", "mean loss", None)
    assert mean.estimate == pytest.approx(0.2 / 3)
    assert mean.reason == "70M loses more than 410M on average over 5 ratios"
    assert [loss.estimate for loss in each] == pytest.approx([0, 0.1 / 3, 0.2 / 3, 0.3 / 3, 0.4 / 3], abs=1e-9)
    assert [loss.ratio for loss in each] == list(SIX[1:])
    assert (each[0].word, each[-1].word) == ("undetermined", "different")
    assert each[-1].reason == "70M loses more than 410M at 50%"


def test_more_ratios_are_no_more_alarms() -> None:
    # twenty independent ratios with spread 1: the largest of 21 numbers reaches about 3 by chance, so that 2.5 is no
    # difference although its own interval, 2.5 -+ 1.96, excludes 0; alone with its mean it would be one
    rng = np.random.default_rng(0)
    ratios = tuple(np.arange(1, 21) / 20)
    losses = np.array([2.5] + [0.0] * 19)
    draws = losses + rng.standard_normal((4000, 20))
    none = _given(np.zeros(20), np.zeros((4000, 20)), ratios=ratios)
    found = loss_contrasts(_given(losses, draws, ratios=ratios), none, names=NAMES)[1]
    assert found.interval[0] > 0
    assert found.word == "undetermined"
    assert "not after correction for all 21 numbers" in found.reason
    alone = loss_contrasts(
        _given(losses[:1], draws[:, :1], ratios=(0.5,)), _given((0,), np.zeros((4000, 1)), ratios=(0.5,)), names=NAMES
    )
    assert alone[1].word == "different"


def test_only_common_ratios_count() -> None:
    first = _given((0.1, 0.2), np.full((9, 2), [0.1, 0.2]), ratios=(0.1, 0.3))
    second = _given((0.0, 0.0), np.zeros((9, 2)), ratios=(0.2, 0.3))
    mean, only = loss_contrasts(first, second, names=NAMES)
    assert (mean.estimate, only.estimate, only.ratio) == (0.2, 0.2, 0.3)
    (refused,) = loss_contrasts(first, _given((0.0,), np.zeros((9, 1)), ratios=(0.5,)), names=NAMES)
    assert (refused.word, refused.reason) == ("refused", "no ratio above the baseline in common")


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_turning_a_contrast_round_turns_its_sign(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = (_given(rng.normal(size=2), rng.normal(size=(50, 2))) for _ in range(2))
    there = loss_contrasts(first, second, names=NAMES)
    back = loss_contrasts(second, first, names=NAMES[::-1])
    for one, other in zip(there, back):
        assert one.estimate == pytest.approx(-other.estimate)
        assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]))
        assert (one.word, one.reason) == (other.word, other.reason)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.01, 100))
def test_the_scale_of_a_metric_does_not_matter(scale: float) -> None:
    curve = normal_curve(3, SOON, ratios=SIX)
    found = []
    for scores in (curve.scores, scale * curve.scores):
        each = replace(curve, scores=scores)
        verdict = judge_curves([each])[0]
        side = CurveSample(each, verdict, verdict.verdict, np.arange(80), tuple("abcdef"))
        found.append(resample_together([side], resamples=50)[0].drawn_losses)
    assert found[1] == pytest.approx(found[0], abs=1e-6)


def _group(*levels: float) -> list[ResampledCurve]:
    """Tasks that lose `levels` at both ratios, exactly."""
    return [_given((level, level), np.full((9, 2), level)) for level in levels]


def test_groups_by_hand() -> None:
    # means .2 and .1
    found = group_contrast(_group(0.1, 0.2, 0.3), _group(0.1, 0.1, 0.1), names=("reasoning", "retrieval"))
    assert found.word == "different"
    assert (found.estimate, found.interval) == (pytest.approx(0.1), pytest.approx((0.1, 0.1)))
    assert found.reason == (
        "reasoning loses more than retrieval on average over 2 ratios; 3 reasoning tasks and 3 retrieval tasks"
    )


def test_small_groups_are_refused_unless_asked() -> None:
    groups = _group(0.1, 0.2, 0.3), _group(0.1)
    refused = group_contrast(*groups, names=("reasoning", "retrieval"))
    assert (refused.word, refused.interval) == ("refused", None)
    assert refused.reason == "3 reasoning tasks and 1 retrieval task: at least 3 of each are needed"
    asked = group_contrast(*groups, names=("reasoning", "retrieval"), min_tasks=1)
    assert asked.estimate == pytest.approx(0.1)
    assert asked.reason.endswith("too few to generalise beyond these tasks")
    assert group_contrast([], groups[1], names=("a", "b"), min_tasks=0).word == "refused"


def test_groups_without_a_common_ratio() -> None:
    other = [_given((0.1,), np.zeros((9, 1)), ratios=(0.7,))]
    assert group_contrast(_group(0.1), other, names=("a", "b"), min_tasks=1).word == "refused"


def _sides(spec: CurveSpec, names: str, rng: np.random.Generator, *, tasks: bool = False) -> list[CurveSample]:
    curves = [simulate_items(spec, rng).accuracy_curve(measure=name if tasks else "acc", size=name) for name in names]
    return [
        CurveSample(
            curve, verdict, verdict.verdict, np.arange(spec.n), tuple(f"{name}{i}" for i in range(len(curve.ratios)))
        )
        for name, curve, verdict in zip(names, curves, judge_curves(curves))
    ]


def test_rates_of_a_pair() -> None:
    # measured on 150 families each: 'different' 0 to .04 (onset, any loss), coverage .95 to 1
    spec = CurveSpec("hinge", drop=0.1, n=500, seeds=3, seed_sd=0.01)
    rng = np.random.default_rng(11)
    onsets, losses, cover = [], [], []
    for family in range(100):
        pair = resample_together(_sides(spec, "ab", rng), seed=(family,), resamples=300)
        onsets.append(onset_contrast(*pair, names=NAMES).word == "different")
        found = loss_contrasts(*pair, names=NAMES)
        losses.append(any(each.word == "different" for each in found))
        cover.append(found[0].interval[0] <= 0 <= found[0].interval[1])
    assert rate(onsets) <= 0.05
    assert rate(losses) <= 0.05
    assert rate(cover) >= 0.92


def test_rates_of_groups() -> None:
    spec = CurveSpec("hinge", drop=0.1, n=300, seed_sd=0.01)
    rng = np.random.default_rng(12)
    wrong = []
    for family in range(60):
        sides = _sides(spec, "abcdef", rng, tasks=True)
        df = joint_df(sides)
        drawn = [resample_together([s], seed=(family, i), resamples=300, df=df)[0] for i, s in enumerate(sides)]
        wrong.append(group_contrast(drawn[:3], drawn[3:], names=NAMES).word == "different")
    assert rate(wrong) <= 0.05
