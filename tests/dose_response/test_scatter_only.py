"""Values without errors: what they scatter by is all the noise there is, however finely they are written."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from synth_eval.compare.pairing import scores_with_means
from synth_eval.dose_response import CurveData, judge_curves
from synth_eval.dose_response.curve import CurveVerdict
from synth_eval.dose_response.paired import paired_differences
from synth_eval.results import Estimate


def curve(values: np.ndarray, ratios: np.ndarray, seeds: np.ndarray, *, step: float = 1e-4, **more) -> CurveData:
    scores = scores_with_means(None, [Estimate(value, step / np.sqrt(12), 0) for value in values])
    assert isinstance(scores, np.ndarray)
    return CurveData(scores, ratios, seeds, scatter_only=True, **more)


def simulated(rng: np.random.Generator, ratios: tuple[float, ...], runs: int, drop: float) -> CurveData:
    """.6 that falls from .2 on by `drop` at .5; runs differ by 1 point."""
    at, seeds = np.repeat(ratios, runs), np.tile(np.arange(runs), len(ratios))
    mean = 0.6 - drop * np.maximum(0, at - 0.2) / 0.3
    return curve(np.round(mean + rng.normal(0, 0.01, len(at)), 4), at, seeds)


def words(ratios: tuple[float, ...], runs: int, drop: float, families: int) -> list[str]:
    rng = np.random.default_rng(1)
    return [judge_curves([simulated(rng, ratios, runs, drop)])[0].verdict for _ in range(families)]


def test_false_flags_and_power() -> None:
    """With 80 families a rate of .05 gives 9 or more (.11) in 2% of cases; the measured rate is .02."""
    six = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    flat = words(six, 1, 0.0, 80)
    assert flat.count("degraded") <= 8
    assert flat.count("improved") <= 8
    assert words(six, 1, 0.06, 40).count("degraded") >= 30
    assert words((0.0, 0.1, 0.3, 0.5), 3, 0.06, 20).count("degraded") == 20


def test_the_stand_in_for_an_error_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    at, seeds = np.repeat((0.0, 0.2, 0.4, 0.6), 3), np.tile(np.arange(3), 4)
    values = 0.6 - 0.1 * at + rng.normal(0, 0.01, len(at))

    def judged(step: float) -> CurveVerdict:
        return judge_curves([curve(values, at, seeds, step=step)])[0]

    coarse, fine = judged(1e-4), judged(1e-8)
    assert coarse.p_value == pytest.approx(fine.p_value)
    assert coarse.onset_ci == fine.onset_ci
    assert coarse.difference_ci == pytest.approx(fine.difference_ci, abs=1e-5)
    assert coarse.seed_sd == pytest.approx(fine.seed_sd, rel=1e-4)
    assert coarse.item_sd is None


def test_two_ratios_have_the_interval_of_a_t_test() -> None:
    """Runs without a partner of the same seed: two samples of equal variance."""
    rng = np.random.default_rng(5)
    natural, mixed = rng.normal(0.12, 0.002, 9), rng.normal(0.17, 0.002, 9)
    values, ratios = np.concatenate([natural, mixed]), np.repeat((0.0, 0.5), 9)
    given = curve(values, ratios, np.arange(18), step=1e-9)
    found = paired_differences(given)
    expected = stats.ttest_ind(mixed, natural).confidence_interval(0.95)
    assert found.reportable_interval[1] == pytest.approx((expected.low, expected.high), rel=1e-6)
    (verdict,) = judge_curves([given])
    assert verdict.refusal is not None
    assert verdict.refusal.code == "few ratios"


def test_too_few_checkpoints_are_refused_and_others_of_the_measure_help() -> None:
    at, seeds = np.array((0.0, 0.25, 0.5, 1.0)), np.zeros(4, dtype=int)
    values = np.array((0.6, 0.598, 0.58, 0.55))
    (alone,) = judge_curves([curve(values, at, seeds)])
    assert alone.refusal is not None
    assert alone.refusal.code == "no standard error"
    assert np.isnan(alone.difference_ci[1:]).all()
    shifts = np.random.default_rng(0).normal(0, 0.002, (3, 4))
    together = judge_curves([curve(values + shift, at, seeds, measure="qa acc") for shift in shifts])
    assert [verdict.df for verdict in together] == [3.0, 3.0, 3.0]
    assert all(verdict.refusal is None and not verdict.conditional for verdict in together)
