"""Estimates that the first budgets drive, and exponents that are not determined."""

from __future__ import annotations

import numpy as np
import pytest

from synth_eval.scaling import Points, answer_curves, answer_mixture, points_of
from synth_eval.scaling.fitting import fit_law
from synth_eval.scaling.laws import POWER

BUDGETS = 1e9 * 2.0 ** np.arange(8)


def curve(seed: int, *, first: float | None = None) -> Points:
    """2 + 3 / D^0.4 with .2% of noise; ``first`` is the loss at the smallest budget, near ln of a vocabulary."""
    losses = (2.0 + 3.0 * (BUDGETS / 1e9) ** -0.4) * np.exp(0.002 * np.random.default_rng(seed).standard_normal(8))
    losses[0] = losses[0] if first is None else first
    return points_of(np.ones(8), BUDGETS, np.zeros(8), losses)


def test_a_warm_up_drives_the_exponent_and_is_named() -> None:
    found = answer_curves([curve(seed, first=10.4) for seed in range(6)], resamples=60)
    for answers in found:
        (exponent,) = [each for each in answers.driven if each.what == "exponent"]
        assert exponent.value > 0.8  # with the warm-up
        assert exponent.without == pytest.approx(0.4, abs=0.1)
        assert exponent.interval[0] < 0.4 < exponent.interval[1]
        assert exponent.next_tokens == pytest.approx(2e9)


def test_where_the_law_holds_no_budget_drives_it() -> None:
    assert [answers.driven for answers in answer_curves([curve(seed) for seed in range(20)], resamples=60)] == [()] * 20


def test_too_few_budgets_leave_it_open() -> None:
    points = points_of(np.ones(6), BUDGETS[:6], np.zeros(6), curve(0, first=10.4).loss[:6])
    (answers,) = answer_curves([points], resamples=60)
    assert answers.driven == ()  # five budgets have no interval with four parameters


def test_a_best_ratio_that_the_first_budgets_drive() -> None:
    ratio, tokens = (each.ravel() for each in np.meshgrid([0.0, 0.1, 0.3, 0.6], BUDGETS))
    noise = np.exp(0.001 * np.random.default_rng(0).standard_normal(ratio.size))
    loss = (2.0 + 3.0 * (tokens / 1e9) ** -0.4 * np.exp(-0.6 * ratio + ratio**2)) * noise
    points = points_of(np.ones(ratio.size), tokens, ratio, loss)
    assert answer_mixture(points, resamples=60).driven == ()
    warm = np.where(tokens == BUDGETS[0], 5.5 + 0.3 * ratio, loss)  # the mixes are behind at first
    (driven,) = answer_mixture(points_of(np.ones(ratio.size), tokens, ratio, warm), resamples=60).driven
    assert driven.what == "best ratio at the largest budget"
    assert driven.interval[0] < 0.3 < driven.interval[1]
    assert not driven.interval[0] <= driven.value <= driven.interval[1]


def test_an_interval_that_ends_at_a_bound_determines_nothing() -> None:
    """Noise of 3% over 16 times the tokens: resamples pile up where the fit stops, which is no end of an interval."""
    noise = np.exp(0.03 * np.random.default_rng(3).standard_normal(5))
    points = points_of(np.ones(5), BUDGETS[:5], np.zeros(5), (2.0 + 0.2 * (BUDGETS[:5] / 1e9) ** -0.4) * noise)
    fit = fit_law(POWER, points, resamples=100)
    column = fit.law.index("log_b")
    ends = np.abs(fit.draws[:, column, None] - [fit.law.lower[column], fit.law.upper[column]]) < 1e-6
    assert ends.mean(axis=0).max() > 0.025
    assert fit.at_bound("log_b")
    (answers,) = answer_curves([points], resamples=100)
    assert answers.exponent.value is None
    assert answers.plateau_tokens.value is None
