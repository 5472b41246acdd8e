"""Did calibration warn before accuracy fell? The lead: onset of accuracy minus onset of calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.cell import VerdictWord
from synth_eval.comparison import LeadWord
from synth_eval.dose_response.curve import CurveData, CurveVerdict
from synth_eval.dose_response.design import PreparedCurve, prepare_curve
from synth_eval.dose_response.resampled import interval_of_draws, resampled_counts
from synth_eval.dose_response.shapes import Fit

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


RESAMPLES = 1000


@dataclass(frozen=True)
class OnsetLead:
    """Whether calibration warned before accuracy fell.

    ``word`` is early (calibration warned first: the interval of ``lead`` lies above 0), late, undetermined, "accuracy
    not reached" (only calibration is degraded, so that only it warns) or none (calibration is not degraded).
    ``lead`` and ``interval`` are differences of ratios, given only where both are degraded; ``reason`` is one sentence.
    """

    word: LeadWord
    reason: str
    accuracy_onset: float | None = None
    calibration_onset: float | None = None
    lead: float | None = None
    interval: tuple[float, float] | None = None


def lead_of(
    accuracy: CurveData,
    calibration: CurveData,
    accuracy_verdict: CurveVerdict,
    calibration_verdict: CurveVerdict,
    *,
    words: tuple[VerdictWord, VerdictWord] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> OnsetLead:
    """OnsetLead of calibration over accuracy, from one resampling of the items for both.

    Each resample's deviations from the measured means are widened by the square root of that metric's own noise factor,
    so that jitter between training runs counts; both hinges are then fitted again.

    Parameters
    ----------
    accuracy, calibration : curves of the same checkpoints on the same items, row for row
    accuracy_verdict, calibration_verdict : from `judge_curves`
    words : adjusted verdicts of both, after correction for all curves; the verdicts' own if None
    seed : of the resampling

    Returns
    -------
    OnsetLead; its interval is the 95% percentile interval.

    Raises
    ------
    ValueError : the curves do not have the same items or checkpoints.

    References
    ----------
    "Early warning" in docs/methods.md.

    Examples
    --------
    >>> import numpy as np
    >>> from synth_eval.dose_response.simulation import CurveSpec, simulate_items
    >>> from synth_eval.dose_response import judge_curves
    >>> curve = simulate_items(CurveSpec("null", drop=0.2, n=400), np.random.default_rng(0)).accuracy_curve()
    >>> verdict, _ = judge_curves([curve, curve])
    >>> lead_of(curve, curve, verdict, verdict).word
    'none'
    """
    _check_paired(accuracy, calibration)
    accuracy_word, calibration_word = words or (accuracy_verdict.verdict, calibration_verdict.verdict)
    if calibration_word != "degraded":
        return OnsetLead("none", f"calibration is not shown degraded ({calibration_word})")
    calibration_onset = calibration_verdict.onset
    if accuracy_word != "degraded":
        largest = float(accuracy_verdict.ratios[-1])
        reason = f"calibration degrades from {calibration_onset:.2f} on; accuracy onset not reached (> {largest:g})"
        return OnsetLead("accuracy not reached", reason, None, calibration_onset)
    accuracy_onset = accuracy_verdict.onset
    if accuracy_onset is None or calibration_onset is None:
        raise ValueError("a degraded verdict without an onset: pass verdicts of judge_curves")

    sides = [_Refit.of(accuracy, accuracy_verdict), _Refit.of(calibration, calibration_verdict)]
    # of the best hinges, as in the draws: where a rise comes first, the onset of a verdict counts from the peak
    accuracy_onset, calibration_onset = (float(side.onsets(np.zeros((1, len(side.fit.mean))))[0]) for side in sides)
    onsets = _resampled_onsets(sides, resamples=resamples, seed=seed)
    low, high = interval_of_draws(onsets[0] - onsets[1])
    lead = accuracy_onset - calibration_onset
    word: LeadWord = "early" if low > 0 else "late" if high < 0 else "undetermined"
    what = {
        "early": "calibration warned first",
        "late": "accuracy fell first",
        "undetermined": "which came first is undetermined",
    }[word]
    reason = f"{what}: lead {lead:+.2f} [{low:+.2f}, {high:+.2f}] of the mix"
    return OnsetLead(word, reason, accuracy_onset, calibration_onset, lead, (low, high))


@dataclass(frozen=True, eq=False)
class _Refit:
    """One metric, ready to be fitted again to resampled items."""

    prepared: PreparedCurve
    fit: Fit
    direction: int
    widening: float

    @classmethod
    def of(cls, curve: CurveData, verdict: CurveVerdict) -> _Refit:
        prepared = prepare_curve(curve)
        seed_variance = (verdict.seed_sd or 0.0) ** 2
        declared = seed_variance if verdict.conditional else 0.0
        # measured noise is this factor on the variance of items; declared noise is put in the same terms
        widening = np.sqrt(1 + seed_variance / prepared.item_variance)
        return cls(prepared, prepared.fit(declared), verdict.direction, float(widening))

    def onsets(self, deviations: FloatArray) -> FloatArray:
        """Knot of the best hinge for the measured means plus each row of deviations, (m,)."""
        fit, hinges = self.fit, self.fit.shapes.hinges
        along = fit.scores[:hinges] + self.widening * (fit.whiten(deviations) @ fit.directions[:, :hinges])
        return fit.shapes.likeliest_knot(np.maximum(self.direction * along, 0.0) ** 2)


def _resampled_onsets(sides: list[_Refit], *, resamples: int, seed: int) -> FloatArray:
    """Onsets of every metric in every resample of the items, (n_metrics, resamples)."""
    n = len(sides[0].prepared.deviations)
    deviations = [side.prepared.deviations / n for side in sides]
    parts = [
        [side.onsets(counts @ each) for side, each in zip(sides, deviations)]
        for counts in resampled_counts(n, resamples, seed)
    ]
    return np.concatenate([np.array(part) for part in parts], axis=1)


def _check_paired(accuracy: CurveData, calibration: CurveData) -> None:
    if accuracy.scores.shape != calibration.scores.shape:
        raise ValueError(
            f"accuracy has {accuracy.scores.shape} items x checkpoints, calibration {calibration.scores.shape}: "
            "a lead needs the same items of both"
        )
    if not (np.array_equal(accuracy.ratios, calibration.ratios) and np.array_equal(accuracy.seeds, calibration.seeds)):
        raise ValueError("accuracy and calibration are of different checkpoints: a lead needs the same of both")
