"""Leads: joint resampling, the words, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from families_simulated import SIX, normal_curve

from synth_eval.dose_response import judge_curves, lead_of
from synth_eval.dose_response.simulation import CurveSpec, simulate_items

FLAT = (0.0,) * 6
LATE = tuple(-max(0.0, r - 0.3) for r in SIX)
SOON = tuple(-max(0.0, r - 0.1) for r in SIX)


def _curve(seed: int, means: tuple[float, ...], **more):
    return normal_curve(seed, means, ratios=SIX, n=2000, exact=True, **more)


def _lead(accuracy, calibration, **more):
    return lead_of(accuracy, calibration, *judge_curves([accuracy, calibration]), **more)


def test_a_metric_does_not_lead_itself() -> None:
    # items are drawn once for both: the same curve twice has a lead of exactly 0 in every resample
    curve = _curve(0, LATE)
    lead = _lead(curve, curve)
    assert (lead.lead, lead.interval, lead.word) == (0.0, (0.0, 0.0), "undetermined")


def test_calibration_first() -> None:
    lead = _lead(_curve(1, LATE), _curve(2, SOON))
    assert lead.word == "early"
    assert lead.accuracy_onset == pytest.approx(0.3, abs=0.05)
    assert lead.calibration_onset == pytest.approx(0.1, abs=0.05)
    assert lead.lead == pytest.approx(lead.accuracy_onset - lead.calibration_onset)
    assert 0 < lead.interval[0] < lead.lead < lead.interval[1]
    assert lead.reason.startswith("calibration warned first: lead +0.")


def test_accuracy_first() -> None:
    lead = _lead(_curve(1, SOON), _curve(2, LATE))
    assert lead.word == "late"
    assert lead.interval[1] < 0


def test_the_side_of_the_gap_does_not_matter() -> None:
    accuracy = _curve(1, LATE)
    gap = _curve(2, SOON, signed=True)
    down = replace(gap, scores=gap.scores - 3)
    up = replace(gap, scores=3 - gap.scores)
    one, other = _lead(accuracy, down), _lead(accuracy, up)
    assert (one.lead, one.interval) == (pytest.approx(other.lead), pytest.approx(other.interval))
    assert one.word == "early"


def test_accuracy_that_never_falls() -> None:
    lead = _lead(_curve(1, FLAT), _curve(2, SOON))
    assert lead.word == "accuracy not reached"
    assert "accuracy onset not reached (> 0.5)" in lead.reason
    assert lead.lead is None
    assert lead.interval is None


def test_no_warning_without_degraded_calibration() -> None:
    lead = _lead(_curve(1, LATE), _curve(2, FLAT))
    assert lead.word == "none"
    assert "not shown degraded" in lead.reason


def test_settled_words_decide() -> None:
    accuracy, calibration = _curve(1, LATE), _curve(2, SOON)
    assert _lead(accuracy, calibration, words=("degraded", "inconclusive")).word == "none"
    assert _lead(accuracy, calibration, words=("inconclusive", "degraded")).word == "accuracy not reached"


def test_noise_between_runs_widens_the_interval() -> None:
    accuracy, calibration = _curve(1, LATE), _curve(2, SOON)
    quiet = judge_curves([accuracy, calibration])
    noisy = [replace(verdict, seed_sd=0.03) for verdict in quiet]
    narrow, wide = (lead_of(accuracy, calibration, *verdicts) for verdicts in (quiet, noisy))
    assert np.diff(wide.interval) > 1.5 * np.diff(narrow.interval)


def test_same_seed_same_interval() -> None:
    pair = _curve(1, LATE), _curve(2, SOON)
    assert _lead(*pair, seed=4) == _lead(*pair, seed=4)
    assert _lead(*pair, seed=4).interval != _lead(*pair, seed=5).interval


def test_resampled_onsets_are_those_of_resampled_items() -> None:
    # the shortcut (whitened deviations) against the long way: draw items, take means, fit again
    items = simulate_items(CurveSpec("hinge", drop=0.3, n=60), np.random.default_rng(3))
    curve = items.accuracy_curve()
    from synth_eval.dose_response.design import prepare_curve
    from synth_eval.dose_response.lead import _Refit
    from synth_eval.dose_response.shapes import fit_shapes

    verdict = replace(judge_curves([curve])[0], seed_sd=0.0, conditional=False)
    refit, prepared = _Refit.of(curve, verdict), prepare_curve(curve)
    rng = np.random.default_rng(0)
    for _ in range(5):
        rows = rng.integers(0, 60, 60)
        mean = prepared.curve.scores[rows].mean(axis=0)
        fit = fit_shapes(mean, prepared.covariance, prepared.curve.ratios)
        expected = fit.shapes.likeliest_knot(np.maximum(-fit.scores[:50], 0) ** 2)
        assert refit.onsets((mean - prepared.mean)[None, :])[0] == pytest.approx(float(expected))


def test_items_must_be_the_same() -> None:
    accuracy, calibration = _curve(1, LATE), _curve(2, SOON)
    verdicts = judge_curves([accuracy, calibration])
    with pytest.raises(ValueError, match="same items"):
        lead_of(accuracy, replace(calibration, scores=calibration.scores[1:]), *verdicts)
    with pytest.raises(ValueError, match="different checkpoints"):
        lead_of(accuracy, replace(calibration, ratios=calibration.ratios / 2), *verdicts)
