"""Bars: by hand, and what must hold of any curve."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.report.terminal.art import BLOCKS, sparkline

VALUES = st.lists(st.floats(-100, 100), min_size=1, max_size=12)


def test_by_hand() -> None:
    # range 0 to 8 is more than 4 margins: height (v / 8) x 8, the top value in the last of 8 bars
    assert sparkline([0, 1, 4, 8], margin=0.1) == "▁▂▅█"
    assert sparkline([0, 1, 4, 8], margin=0.1, ascii_only=True) == "1258"


def test_a_curve_within_its_margin_looks_flat() -> None:
    # span is 4 x .03 = .12 around .805: .80 -> .458 and .81 -> .542 of the height, bars 3.67 -> 4th and 4.33 -> 5th
    assert sparkline([0.80, 0.81, 0.80], margin=0.03) == "▄▅▄"


@pytest.mark.parametrize(("values", "bars"), [([1.0, math.nan, 1.0], "▅ ▅"), ([math.nan], " "), ([], "")])
def test_gaps(values: list[float], bars: str) -> None:
    assert sparkline(values, margin=0.1) == bars


def test_no_margin_and_no_range() -> None:
    assert sparkline([2.0, 2.0], margin=0.0) == "▅▅"


@given(VALUES, st.floats(0.001, 10))
def test_one_bar_a_value_in_the_order_of_the_values(values: list[float], margin: float) -> None:
    heights = [BLOCKS.index(bar) for bar in sparkline(values, margin=margin)]
    assert len(heights) == len(values)
    for (a, x), (b, y) in zip(zip(values, heights), zip(values[1:], heights[1:])):
        assert (x <= y) if a <= b else (x >= y)


@given(VALUES, st.floats(0.01, 10), st.sampled_from([0.25, 2.0, 8.0]))
def test_unit_does_not_matter(values: list[float], margin: float, scale: float) -> None:
    assert sparkline([scale * v for v in values], margin=scale * margin) == sparkline(values, margin=margin)
