"""What is held out, and that the form which made the data predicts it best."""

from __future__ import annotations

import pytest
from scaling_families import SIZES, TOKENS, Truth, family

from synth_eval.scaling import fit_forms, largest_size, largest_tokens, points_of
from synth_eval.scaling.laws import CHINCHILLA, FIXED_MIXTURE, MIXTURE, POWER


def test_largest_tokens_of_each_size() -> None:
    points = points_of([1, 1, 1, 2, 2], [1, 2, 4, 8, 16], [0] * 5, [5, 4, 3, 2, 1])
    assert largest_tokens(points).tolist() == [False, False, True, False, True]


def test_largest_size_whole_with_four_sizes_else_its_corner() -> None:
    three = family(ratios=(0.0,))
    assert largest_size(three).sum() == 1
    assert three.where(largest_size(three)).tokens == pytest.approx([TOKENS[-1]])
    four = family(ratios=(0.0,), sizes=(*SIZES, 6.4e9))
    assert largest_size(four).sum() == len(TOKENS)


def test_the_right_form_wins() -> None:
    laws, points = (CHINCHILLA, FIXED_MIXTURE, MIXTURE), family(Truth(u1=-0.15), seed=1)
    moving = fit_forms([(laws, points)])[0].scores
    assert moving[0].name == "mixture"
    assert moving[-1].name == "chinchilla"
    assert moving[0].held_out is not None
    assert moving[0].held_out < 0.005  # noise is .2%
    assert moving[-1].held_out is not None
    assert moving[-1].held_out > 0.01


def test_without_spare_points_there_is_no_hold_out() -> None:
    points = family(ratios=(0.0,), sizes=SIZES[:1])  # 4 budgets: 3 are left for 3 parameters
    (score,) = fit_forms([((POWER, CHINCHILLA), points)])[0].scores  # 4 points, and 5 parameters of Chinchilla's law
    assert score.name == "power"
    assert score.largest_tokens is None
    assert score.largest_size is None
    assert score.held_out is None
    with pytest.raises(ValueError, match="5 parameters of the chinchilla law"):
        fit_forms([((CHINCHILLA,), points)])
