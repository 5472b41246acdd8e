"""The reliability curve drawn with characters: places derived by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fixed_calibration import curve

from synth_eval.report.terminal.art import AXIS, reliability_diagram

NAN = np.full(1, np.nan)


def one_point(x, y, *, null=None, spread=None):
    low, high = (np.array([end]) for end in spread) if spread else (NAN, NAN)
    null_low, null_high = (np.array([end]) for end in null) if null else (NAN, NAN)
    return dataclasses.replace(
        curve(), confidence=np.array([x]), accuracy=np.array([y]), count=np.array([3.0]),
        low=low, high=high, null_low=null_low, null_high=null_high,
    )  # fmt: skip


def cells(of, **options) -> list[str]:
    """The plot alone, 20 columns by 10 rows."""
    lines = reliability_diagram(of, width=20 + AXIS, height=10, **options)
    return [line[AXIS:].ljust(20) for line in lines[:10]]


@pytest.mark.parametrize(("x", "y", "row", "column"), [(0, 1, 0, 0), (1, 0, 9, 19), (0.26, 0.75, 2, 5), (1, 1, 0, 19)])
def test_where_a_point_lies(x, y, row, column):
    assert cells(one_point(x, y))[row][column] == "○"
    assert sum(line.count("○") for line in cells(one_point(x, y))) == 1


def test_outside_and_inside_the_band():
    inside = cells(one_point(0.5, 0.45, null=(0.4, 0.6)))
    # rows of .4 to .6 are 5, 4, 3 from the top in tenths; the band has one column, and the diagonal passes at row 4
    assert [line[10] for line in inside] == [" ", " ", " ", "░", "·", "○", " ", " ", " ", " "]
    outside = cells(one_point(0.5, 0.95, null=(0.4, 0.6)))
    assert [line[10] for line in outside] == ["●", " ", " ", "░", "·", "░", " ", " ", " ", " "]


def test_bootstrap_band():
    drawn = cells(one_point(0.5, 0.85, spread=(0.65, 0.95)))
    assert [line[10] for line in drawn] == ["│", "○", "│", "│", "·", " ", " ", " ", " ", " "]


def test_the_diagonal():
    drawn = cells(one_point(0.0, 1.0))
    assert [line.index("·") for line in drawn] == [18, 16, 14, 12, 10, 8, 6, 4, 2, 0]


def test_counts_are_shares_of_the_fullest_bin():
    lines = reliability_diagram(curve(), width=100 + AXIS)
    places = {0.3: 10, 0.43: 40, 0.57: 80, 0.7: 60, 0.83: 20, 0.97: 5}
    bars = lines[-1][AXIS:]
    # 48 columns at most; height is the eighth in which count / 80 lies
    assert {x: bars[int(x * 48)] for x in places} == {0.3: "▂", 0.43: "▅", 0.57: "█", 0.7: "▇", 0.83: "▃", 0.97: "▁"}
    assert len(bars.replace(" ", "")) == 6


def test_ascii():
    text = "\n".join(reliability_diagram(curve(shift=-0.3), width=40, ascii_only=True))
    assert text.isascii()
    assert {"X", ":", "|", "."} <= set(text)
    assert "o" in "\n".join(reliability_diagram(curve(), width=40, ascii_only=True))


@pytest.mark.parametrize("width", [20, 39, 60])
def test_size(width):
    lines = reliability_diagram(curve(), width=width, height=8)
    assert len(lines) == 11
    assert max(map(len, lines)) <= width
    assert (lines[0][:3], lines[4][:3], lines[7][:3]) == ("1.0", "0.5", "0.0")
    assert lines[-2].split() == ["0", ".5", "1"]
