"""Units of the points, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from synth_eval.scaling import points_of


def test_units_are_geometric_means_and_the_lowest_loss() -> None:
    points = points_of([1e8, 1e8], [1e9, 4e9], [0.0, 0.5], [3.0, 2.0])
    # sqrt(1e9 * 4e9) = 2e9; ln(4e9 / 2e9) = ln 2; ln(3 / 2)
    assert (points.size_unit, points.loss_unit) == pytest.approx((1e8, 2.0))
    assert points.tokens_unit == pytest.approx(2e9)
    assert points.log_tokens == pytest.approx([-np.log(2), np.log(2)])
    assert points.log_loss == pytest.approx([np.log(1.5), 0.0])
    assert points.tokens == pytest.approx([1e9, 4e9])
    assert points.loss == pytest.approx([3.0, 2.0])


def test_other_places_keep_the_units() -> None:
    points = points_of([1e8, 4e8], [1e9, 4e9], [0.0, 0.5], [3.0, 2.0])
    there = points.at(8e8, [2e9, 4e9, 8e9], 0.3)
    assert len(there) == 3
    assert there.log_size == pytest.approx([np.log(4.0)] * 3)  # 8e8 over sqrt(1e8 * 4e8) = 2e8
    assert there.size_unit == points.size_unit


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (([1.0], [1.0], [0.0], [0.0]), "losses must be above 0"),
        (([1.0], [-1.0], [0.0], [1.0]), "tokens must be above 0"),
        (([np.nan], [1.0], [0.0], [1.0]), "sizes must be above 0"),
        (([1.0], [1.0], [1.2], [1.0]), "ratios"),
        (([1.0], [1.0], [np.nan], [1.0]), "ratios"),
        (([1.0, 1.0], [1.0], [0.0], [1.0]), "one length"),
        (([], [], [], []), "at least 1"),
    ],
)
def test_refuses(numbers: tuple[list[float], ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        points_of(*numbers)
