"""Shapes against values derived by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.dose_response.shapes import POWERS, shapes_over

RATIOS = st.lists(st.floats(0, 1), min_size=2, max_size=8, unique=True).filter(lambda r: max(r) - min(r) > 1e-3)


def test_knots_are_every_fiftieth_of_the_range() -> None:
    shapes = shapes_over(0.0, 0.5)
    assert shapes.hinges == 50
    np.testing.assert_allclose(shapes.knots[:3], [0.0, 0.01, 0.02])
    assert shapes.knots[-1] == pytest.approx(0.49)


def test_values_by_hand() -> None:
    shapes = shapes_over(0.0, 0.5)
    at = shapes.at(np.array([0.0, 0.2, 0.3, 0.5]))
    np.testing.assert_allclose(at[:, 20], [0, 0, 1 / 3, 1])  # knot .2: (.3 - .2) / (.5 - .2)
    np.testing.assert_allclose(at[:, 50], np.sqrt([0, 0.4, 0.6, 1]))  # power .5
    np.testing.assert_allclose(at[:, -1], [0, 0.4**4, 0.6**4, 1])


def test_where_a_share_is_reached_by_hand() -> None:
    shapes = shapes_over(0.0, 0.5)
    reached = shapes.reaches(np.full(shapes.count, 0.25))
    assert reached[20] == pytest.approx(0.2 + 0.25 * 0.3)
    assert reached[50] == pytest.approx(0.5 * 0.25**2)  # sqrt(x) = .25
    assert np.isinf(shapes.reaches(np.full(shapes.count, 1.01))).all()


def test_hinges_that_fit_alike_share_their_mean_knot() -> None:
    shapes = shapes_over(0.0, 1.0)
    gains = np.zeros(50)
    gains[[10, 11, 12]] = 4.0
    assert shapes.likeliest_knot(gains) == pytest.approx(0.22)


@pytest.mark.parametrize("above", [10, 12, 50])
def test_rounding_does_not_choose_among_shapes_that_fit_alike(above: int) -> None:
    shapes = shapes_over(0.0, 1.0)
    gains = np.zeros(shapes.count)
    gains[[10, 11, 12, 50]] = 4.0
    gains[above] *= 1 + 1e-15
    assert gains.argmax() == above
    assert shapes.best(gains) == 10
    assert shapes.best(np.zeros(shapes.count)) == 0


def test_empty_range() -> None:
    with pytest.raises(ValueError, match="range"):
        shapes_over(0.3, 0.3)


@given(RATIOS)
def test_every_shape_runs_from_0_to_1_and_never_back(ratios: list[float]) -> None:
    ordered = np.sort(ratios)
    at = shapes_over(float(ordered[0]), float(ordered[-1])).at(ordered)
    assert at.shape == (len(ordered), 50 + len(POWERS))
    assert (np.diff(at, axis=0) >= 0).all()
    np.testing.assert_allclose(at[0], 0)
    np.testing.assert_allclose(at[-1], 1)


@given(RATIOS, st.floats(0.01, 1))
def test_reaches_inverts(ratios: list[float], share: float) -> None:
    shapes = shapes_over(min(ratios), max(ratios))
    reached = shapes.reaches(np.full(shapes.count, share))
    np.testing.assert_allclose(np.diag(shapes.at(reached)), share, atol=1e-6)
