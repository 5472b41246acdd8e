"""What one simulated family says of the statistics: one number a column, NaN where it says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from synth_eval.dose_response import CurveVerdict, corrected, judge_curves, lead_of
from synth_eval.dose_response.simulation import CurveSpec, simulate_items

ALPHA = 0.05
NAN = float("nan")
Record = tuple[float, ...]


def accuracy_record(spec: CurveSpec, rng: np.random.Generator) -> Record:
    """Flagged; onset covered, first significant ratio minus onset (if flagged); budget too high; called safe."""
    (verdict,) = judge_curves([simulate_items(spec, rng).accuracy_curve()])
    return _flagged(verdict), *_onset(verdict, spec.onset), _too_high(verdict, spec), float(verdict.verdict == "safe")


def gap_record(spec: CurveSpec, sign: float, rng: np.random.Generator) -> Record:
    """Surprise gap flagged, accuracy flagged, calibration called safe. ``sign`` < 0 runs the drift backwards, from
    underconfident at the baseline to calibrated."""
    items = simulate_items(spec, rng, gap=True)
    gap = items.gap_curve()
    if sign < 0:  # the first ratio drifts most; seeds are exchangeable
        gap = replace(gap, scores=-gap.scores[:, ::-1])
    verdicts = judge_curves([gap, items.accuracy_curve()])
    return _flagged(verdicts[0]), _flagged(verdicts[1]), float(verdicts[0].verdict == "safe")


def lead_record(spec: CurveSpec, rng: np.random.Generator) -> Record:
    """Both degraded; then interval covers the true lead, said early, said late."""
    items = simulate_items(spec, rng, gap=True)
    curves = items.accuracy_curve(), items.gap_curve()
    verdicts = judge_curves(curves)
    lead = lead_of(*curves, *verdicts)
    if lead.interval is None:
        return 0.0, NAN, NAN, NAN
    covered = lead.interval[0] - 1e-9 <= spec.onset - spec.drift_onset <= lead.interval[1] + 1e-9
    return 1.0, float(covered), float(lead.word == "early"), float(lead.word == "late")


def corrected_record(spec: CurveSpec, curves: int, rng: np.random.Generator) -> Record:
    """Any of several null curves flagged after Holm."""
    verdicts = judge_curves([simulate_items(spec, rng).accuracy_curve() for _ in range(curves)])
    return (float(any(found.word == "degraded" for found in corrected(verdicts, ["accuracy"] * curves))),)


def pooled_record(noise: Sequence[float], iterations: int, spec: CurveSpec, rng: np.random.Generator) -> Record:
    """Share of null curves flagged among the sizes, whose seed SDs are `noise`: at the first size, and on average."""
    curves = [
        simulate_items(replace(spec, seed_sd=sd), rng).accuracy_curve(measure="t", size=f"{i}")
        for i, sd in enumerate(noise)
        for _ in range(iterations)
    ]
    verdicts = judge_curves(curves)
    flags = [_flagged(verdict) for verdict in verdicts]
    return float(np.mean(flags[:iterations])), float(np.mean(flags)), float(verdicts[0].conditional)


def conditional_record(spec: CurveSpec, rng: np.random.Generator) -> Record:
    """Flagged, and flagged with a seed tolerance of at least the true seed SD."""
    (verdict,) = judge_curves([simulate_items(spec, rng).accuracy_curve()])
    return _flagged(verdict), float((verdict.seed_tolerance or 0.0) >= spec.seed_sd) if _flagged(verdict) else NAN


def _flagged(verdict: CurveVerdict) -> float:
    return float(verdict.p_value is not None and verdict.p_value < ALPHA)


def _onset(verdict: CurveVerdict, truth: float) -> Record:
    if verdict.onset_ci is None:
        return NAN, NAN
    late = NAN if verdict.first_below is None else verdict.first_below - truth
    return float(verdict.onset_ci[0] - 1e-9 <= truth <= verdict.onset_ci[1] + 1e-9), late


def _too_high(verdict: CurveVerdict, spec: CurveSpec) -> float:
    """Budget above the true crossing; NaN if there is none within the ratios."""
    if spec.crossing == inf or verdict.budget is None:
        return NAN
    return float(verdict.budget > spec.crossing + 1e-9)


def accuracy_columns(which: tuple[int, ...], spec: CurveSpec, rng: np.random.Generator) -> Record:
    """Some columns of `accuracy_record`."""
    found = accuracy_record(spec, rng)
    return tuple(found[i] for i in which)
