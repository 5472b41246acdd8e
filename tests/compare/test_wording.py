"""The sentence beside a verdict."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from synth_eval.compare.cells import amount, reason_of
from synth_eval.compare.metrics import metric_named
from synth_eval.dose_response import Corrected, CurveVerdict
from synth_eval.errors import Refusal
from synth_eval.text import percent

ACC, NLL, GAP = (metric_named(name) for name in ("acc", "nll", "surprise_gap"))


def _verdict(**changes) -> CurveVerdict:
    verdict = CurveVerdict(
        ratios=np.array([0.0, 0.1, 0.5, 1.0]),
        values=np.array([0.867, 0.86, 0.80, 0.5]),
        se=np.full(4, 0.01),
        difference=np.array([0, -0.007, -0.067, -0.367]),
        difference_ci=np.array([[0, 0], [-0.02, 0.006], [-0.08, -0.05], [-0.4, -0.3]]),
        verdict="degraded",
        p_value=0.001,
        first_below=0.5,
        onset=0.2,
        onset_ci=(0.1, 0.296),
        budget=0.1,
        margin=0.026,
        min_detectable=0.041,
    )
    return dataclasses.replace(verdict, **changes)


def _reason(verdict: CurveVerdict, word, metric=ACC, probably="", p: float = 0.01) -> str:
    found = Corrected(word, p, p, probably, 23)
    return reason_of(verdict, found, metric, baseline_ratio=0.0, n_items=500, seeds=2)[0]


def test_degraded() -> None:
    assert _reason(_verdict(), "degraded") == (
        "starts at about 20% (95% interval 10% to 29.6%), significant from 50% on; safe budget 10%"
    )


def test_degraded_without_any_budget() -> None:
    assert _reason(_verdict(budget=0.0), "degraded", NLL) == (
        "starts at about 20% (95% interval 10% to 29.6%), significant from 50% on; no ratio above 0% is shown safe"
    )


def test_degraded_as_a_curve_though_no_single_ratio_is() -> None:
    assert _reason(_verdict(first_below=None), "degraded") == (
        "starts at about 20% (95% interval 10% to 29.6%); safe budget 10%"
    )


def test_a_signed_metric_may_grow_upwards() -> None:
    upwards = np.array([[0, 0], [-0.01, 0.03], [0.02, 0.08], [0.1, 0.2]])
    verdict = _verdict(difference_ci=upwards, direction=1)
    assert ", significant from 50% on; " in _reason(verdict, "degraded", GAP)
    verdict = _verdict(difference_ci=upwards, direction=1, verdict="inconclusive", min_detectable=0.01)
    assert "a growth of up to 0.20 nats at 100% is not ruled out" in _reason(verdict, "inconclusive", GAP)


def test_from_on_is_said_only_if_larger_ratios_are_worse_too() -> None:
    recovers = np.array([[0, 0], [-0.02, 0.006], [-0.08, -0.05], [-0.02, 0.02]])
    assert ", significant at 50%; " in _reason(_verdict(difference_ci=recovers), "degraded")
    assert ", significant at 100%; " in _reason(_verdict(first_below=1.0), "degraded")


def test_inconclusive_for_want_of_data() -> None:
    assert _reason(_verdict(verdict="inconclusive", first_below=None, budget=0.0), "inconclusive") == (
        "500 items and 2 seeds can detect a drop of 4.1 pp at best; 3% relative is 2.6 pp"
    )


def test_inconclusive_though_the_data_would_suffice() -> None:
    wide = np.array([[0, 0], [-0.02, 0.006], [-0.034, 0.01], [-0.03, 0.0]])
    verdict = _verdict(verdict="inconclusive", first_below=None, min_detectable=0.019, difference_ci=wide)
    assert _reason(verdict, "inconclusive") == (
        "a drop of up to 3.4 pp at 50% is not ruled out; 3% relative is 2.6 pp; safe budget 10%"
    )


def test_degraded_only_by_itself() -> None:
    text = _reason(_verdict(p_value=0.031, budget=0.0), "inconclusive", probably="worse", p=0.71)
    assert text == (
        "probably below baseline from 50% on (p = 0.031 when tested alone, 0.71 after correction for 23 curves)"
    )
    text = _reason(_verdict(p_value=0.5, p_improved=0.031, budget=0.1), "inconclusive", NLL, probably="better", p=0.71)
    assert text == (
        "probably below baseline (better) (p = 0.031 when tested alone, 0.71 after correction for 23 curves); "
        "safe budget 10%"
    )


def test_improved() -> None:
    better = _verdict(best_ratio=0.1, helps_to=0.5, onset=None, onset_ci=None, first_below=None)
    assert _reason(better, "improved") == "helps up to 50%, best at 10%; safe budget 10%"
    known = dataclasses.replace(better, best_ratio_ci=(0.02, 0.3))
    assert ", best at about 10% (95% interval 2% to 30%); " in _reason(known, "improved")
    on_average = dataclasses.replace(better, helps_to=None)
    assert _reason(on_average, "improved", GAP) == (
        "closer to 0 than baseline on average over the larger ratios, best at 10%; safe budget 10%"
    )
    falls = _reason(dataclasses.replace(better, p_value=0.03), "improved", probably="worse", p=0.2)
    assert "; probably below baseline (p = 0.03 when tested alone, 0.2 after correction for 23 curves)" in falls


def test_safe() -> None:
    near = _verdict(difference_ci=np.array([[0, 0], [-0.02, 0.006], [-0.02, 0.01], [-0.025, 0.0]]))
    assert _reason(near, "safe") == "every tested ratio up to 100% is shown within 3% of baseline"
    assert _reason(near, "safe", GAP).endswith("within 0.020 nats of baseline")
    wide = _verdict(difference_ci=np.array([[0, 0], [-0.03, 0.006], [-0.02, 0.01], [-0.025, 0.0]]))
    assert _reason(wide, "safe").endswith("within 3% of baseline by the fitted curve")


def test_refused_gives_the_reason() -> None:
    refused = _verdict(verdict="refused", refusal=Refusal("few items", "only 5 shared items"))
    assert _reason(refused, "refused") == "only 5 shared items"


def test_declared_noise_between_training_runs() -> None:
    assert _reason(_verdict(conditional=True, seed_sd=0.01), "safe").endswith(
        "; assuming that training runs differ by 1.0 pp (SD), too few of them to measure it"
    )


@pytest.mark.parametrize(("ratio", "text"), [(0.1, "10%"), (0.125, "12.5%"), (0.3, "30%"), (1.0, "100%"), (0.0, "0%")])
def test_percent(ratio: float, text: str) -> None:
    assert percent(ratio) == text


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [(0.0412, "acc", "4.1 pp"), (0.0123, "nll", "0.012 nats"), (1.234, "nll", "1.2 nats"), (0.00123, "brier", "0.0012"),
     (0.05, "bits_per_byte", "0.050 bits per byte"), (0.0, "brier", "0.000"), (12.3, "nll", "12 nats")],
)  # fmt: skip
def test_amount(value: float, metric: str, text: str) -> None:
    assert amount(value, metric_named(metric)) == text
