"""What one simulated family says of the statistics: one number a column, NaN where it says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from synth_eval.dose_response import CurveData, CurveVerdict, corrected, judge_curves, lead_of
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


def family_record(falling: CurveSpec, flat: CurveSpec, noise: Sequence[float], rng: np.random.Generator) -> Record:
    """A family of 8 tasks in categories of 3 (falling), 3 and 2 (flat), with a seed SD each, as users have them.

    Of the falling tasks, the share called degraded by the task's own test, after Holm over 8 tasks, and by fdr; their
    category called degraded, and its onset covered. Then whether any flat task is called degraded after Holm, any task
    improved, any flat category degraded; the share of flat tasks and of flat categories that are called safe.
    """
    specs = [replace(falling if i < 3 else flat, seed_sd=sd) for i, sd in enumerate(noise)]
    items = [simulate_items(spec, rng) for spec in specs]
    curves = [replace(each.accuracy_curve(measure=f"task {i}"), metric="acc") for i, each in enumerate(items)]
    tasks = judge_curves(curves)
    holm, fdr = (corrected(tasks, ["tasks"] * 8, method=method) for method in ("holm", "fdr"))
    groups = [curves[:3], curves[3:6], curves[6:]]
    means = judge_curves([_mean_of(group) for group in groups])
    categories = [found.word for found in corrected(means, ["categories"] * 3)]
    falls = falling.shape != "null"
    words = [found.word for found in holm]
    return (
        float(np.mean([_flagged(verdict) for verdict in tasks[:3]])),
        float(np.mean([word == "degraded" for word in words[:3]])),
        float(np.mean([found.word == "degraded" for found in fdr[:3]])),
        float(categories[0] == "degraded"),
        _onset(means[0], falling.onset)[0] if falls and categories[0] == "degraded" else NAN,
        float("degraded" in words[3 if falls else 0 :]),
        float("improved" in words),
        float("degraded" in categories[1 if falls else 0 :]),
        float(np.mean([word == "safe" for word in words[3 if falls else 0 :]])),
        float(np.mean([word == "safe" for word in categories[1 if falls else 0 :]])),
    )


def _mean_of(curves: Sequence[CurveData]) -> CurveData:
    """The curve of a category: the mean over its tasks (`compare.overall`)."""
    counts = [curve.n_items for curve in curves]
    return replace(
        curves[0],
        scores=np.concatenate([curve.scores for curve in curves]),
        weights=np.repeat([1 / n for n in counts], counts),
        strata=np.repeat(np.arange(len(curves)), counts),
        measure="mean",
        metric="",
    )


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
