"""Sizes that were read off a plot, and how sizes are named."""

from __future__ import annotations

import math

import pytest

from synth_eval.scaling.loss_table import LossRow, one_size
from synth_eval.text import parse_quantity, spoken_quantity


def rows(*sizes: str, family: str = "f") -> list[LossRow]:
    return [LossRow(family, size, parse_quantity(size), 1e9, 0.0, "self", "web", 3.0) for size in sizes]


def names(*sizes: str) -> list[str]:
    return [row.size for row in one_size(rows(*sizes))[0]]


def test_sizes_that_differ_by_reading_are_one() -> None:
    found, notes = one_size(rows("1.02e9", "1.03e9", "4e8", "1.01e9"))
    assert [row.size for row in found] == ["1B", "1B", "400M", "1B"]
    mean = (1.02e9 * 1.03e9 * 1.01e9) ** (1 / 3)
    assert [row.parameters for row in found] == pytest.approx([mean, mean, 4e8, mean])
    assert notes == ["sizes 1.01B, 1.02B, 1.03B differ by less than 5%: taken as one size, 1B"]


def test_the_users_name_counts_the_shortest_of_several() -> None:
    assert names("2.98B", "3B", "2979000000") == ["3B"] * 3
    assert names("1000M", "1B") == ["1000M", "1000M"]  # the same number: as first written


@pytest.mark.parametrize(
    ("size", "name"),
    [("2979000000", "3B"), ("1.54e8", "154M"), ("6738415616", "6.7B"), ("1.02e9", "1.02B"), ("2.98B", "2.98B")],
)
def test_a_bare_number_is_named_as_people_say_it(size: str, name: str) -> None:
    found, notes = one_size(rows(size))
    assert (found[0].size, found[0].parameters, notes) == (name, parse_quantity(size), [])


def test_sizes_that_differ_stay_apart() -> None:
    assert names("1.3B", "1.4B") == ["1.3B", "1.4B"]
    # a chain of neighbours that spans more than 10% is a grid of sizes, and none of its digits is dropped
    grid = [f"{1.005 * 1.04**i:.6f}e9" for i in range(5)]
    found, notes = one_size(rows(*grid))
    assert [row.parameters for row in found] == [float(size) for size in grid]
    assert len({row.size for row in found}) == 5
    assert notes == []


def test_families_are_apart_and_rows_without_a_size_stay() -> None:
    bare = LossRow("f", "", None, 1e9, 0.0, "self", "web", 3.0)
    found, notes = one_size([*rows("1.02e9"), *rows("1.03e9", "1.00e9", family="g"), bare])
    assert [row.size for row in found] == ["1.02B", "1B", "1B", ""]
    assert notes == ["g: sizes 1B, 1.03B differ by less than 5%: taken as one size, 1B"]


def test_what_is_said_is_near() -> None:
    for count in (1.0049e9, 9.96e8, 1.35e8, 7.77e9, 123456.0, 17.0):
        assert math.isclose(parse_quantity(spoken_quantity(count)), count, rel_tol=0.011)
