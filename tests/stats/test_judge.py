"""The seam: Holm over the curves of a family, the settled words, and rates by simulation."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from scipy.stats import norm

from synth_eval.stats import CurveData, adjusted_p, judge_curves, settled_word

RATIOS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def _accuracy_curve(rng, *, n=500, seeds=2, slope=0.0, jitter=0.0, ratios=RATIOS) -> CurveData:
    """Right or wrong on shared items; accuracy .70 - slope x ratio + N(0, jitter) for each training run."""
    ratio, seed = np.repeat(ratios, seeds), np.tile(np.arange(seeds), len(ratios))
    latent = np.sqrt(0.75) * rng.standard_normal((n, 1)) + 0.5 * rng.standard_normal((n, len(ratio)))
    accuracy = 0.70 - slope * ratio + rng.normal(0, jitter, len(ratio))
    return CurveData((latent < norm.ppf(accuracy)).astype(float), ratio, seed)


def _rate(word: str, curves: list[CurveData]) -> float:
    return float(np.mean([verdict.verdict == word for verdict in judge_curves(curves)]))


def test_family_correction_by_hand() -> None:
    rng = np.random.default_rng(0)
    verdicts = list(judge_curves([_accuracy_curve(rng, n=100) for _ in range(3)]))
    fixed = [
        dataclasses.replace(verdict, p_value=p, verdict=word)
        for verdict, p, word in zip(verdicts, (0.03, None, 0.01), ("degraded", "refused", "degraded"))
    ]
    # two curves have a p-value: 2 x .01 = .02, then max(.02, 1 x .03) = .03
    assert adjusted_p(fixed) == (pytest.approx(0.03), None, pytest.approx(0.02))


def test_settled_words() -> None:
    verdict = judge_curves([_accuracy_curve(np.random.default_rng(1), slope=0.5)])[0]
    assert verdict.verdict == "degraded"
    assert settled_word(verdict, 0.04) == "degraded"
    assert settled_word(verdict, 0.06) == "inconclusive"
    assert settled_word(dataclasses.replace(verdict, budget=0.5), 0.06) == "safe"
    assert settled_word(dataclasses.replace(verdict, verdict="refused"), None) == "refused"


@pytest.mark.parametrize("jitter", [0.0, 0.015])
def test_false_flags_on_null_families(jitter: float) -> None:
    # target .07; measured with 600 families: .002 (no jitter), .020 (SD 1.5 points)
    rng = np.random.default_rng(11)
    assert _rate("degraded", [_accuracy_curve(rng, jitter=jitter) for _ in range(300)]) <= 0.07


@pytest.mark.parametrize(("jitter", "least"), [(0.0, 0.95), (0.01, 0.90)])
def test_power_on_a_clear_drop(jitter: float, least: float) -> None:
    # 10 points lost at ratio .5; measured with 600 families: .99 and .95
    rng = np.random.default_rng(12)
    assert _rate("degraded", [_accuracy_curve(rng, slope=0.2, jitter=jitter) for _ in range(200)]) >= least


def test_safe_is_rarely_said_of_a_curve_that_loses_more_than_the_margin() -> None:
    # 3% of .70 is 2.1 points; the loss at .5 is 3 points
    rng = np.random.default_rng(13)
    assert _rate("safe", [_accuracy_curve(rng, n=2000, seeds=3, slope=0.06) for _ in range(150)]) <= 0.05


def test_min_detectable_is_what_it_says() -> None:
    # a single other ratio that loses exactly the median min_detectable is found in about 80% (400 families: sd .02)
    rng = np.random.default_rng(14)
    null = judge_curves([_accuracy_curve(rng, seeds=1, ratios=(0.0, 0.5)) for _ in range(100)])
    drop = float(np.median([verdict.min_detectable for verdict in null]))
    found = _rate("degraded", [_accuracy_curve(rng, seeds=1, ratios=(0.0, 0.5), slope=2 * drop) for _ in range(400)])
    assert 0.70 <= found <= 0.90


def test_a_large_family_takes_seconds() -> None:
    # 24 checkpoints x 8 tasks x 5 metrics x 2,000 items: 40 curves of 24 columns; measured 0.3 s
    rng = np.random.default_rng(15)
    ratio, seed = np.repeat(np.linspace(0, 1, 12), 2), np.tile([0, 1], 12)
    curves = [CurveData(rng.normal(size=(2000, 24)), ratio, seed) for _ in range(40)]
    start = time.perf_counter()
    judge_curves(curves)
    assert time.perf_counter() - start < 5
