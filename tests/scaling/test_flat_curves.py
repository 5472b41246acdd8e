"""A curve that does not fall has no exponent, and no number of tokens at which it levels off."""

from __future__ import annotations

from synth_eval.scaling import points_of
from synth_eval.scaling.curves import answer_curve

BUDGETS = [1e9, 2e9, 4e9, 8e9, 16e9, 32e9, 64e9]


def test_a_flat_curve_is_refused() -> None:
    """2.5 with an SD of .001; it was called level at 1.54e-12 tokens, exponent 0.01 [0.01, 0.01]."""
    losses = [2.49768, 2.49988, 2.50098, 2.50080, 2.49966, 2.49879, 2.50049]
    found = answer_curve(points_of([4.1e8] * 7, BUDGETS, [0.0] * 7, losses), resamples=50)
    assert found.exponent.value is None
    assert found.plateau_tokens.value is None
    assert "does not fall" in found.exponent.refused


def test_a_falling_curve_is_answered() -> None:
    losses = [2.0 + 0.8 * (t / 1e9) ** -0.8 + 1e-4 * (-1) ** i for i, t in enumerate(BUDGETS)]
    found = answer_curve(points_of([4.1e8] * 7, BUDGETS, [0.0] * 7, losses), resamples=50)
    assert found.plateau_tokens.value is not None
