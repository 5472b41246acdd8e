"""comparison.json: round trip, no NaN, and clear errors."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_family import Simulated

from synth_eval.compare import (
    compare_family,
    comparison_from_dict,
    comparison_from_json,
    comparison_to_dict,
    comparison_to_json,
)
from synth_eval.errors import ResultsError
from synth_eval.types import Cell, Comparison


@pytest.fixture(scope="module")
def compared(studied: Simulated) -> Comparison:
    failures = {studied.family.checkpoints[0].name: "odd \u2028 text"}
    return compare_family(studied.family, studied.tables, failures=failures, provenance={"lm_eval": "0.4.13"})


def test_round_trip(compared: Comparison) -> None:
    assert comparison_from_json(comparison_to_json(compared)) == compared
    assert comparison_from_dict(comparison_to_dict(compared)) == compared


def test_layout(compared: Comparison) -> None:
    data = comparison_to_dict(compared)
    assert list(data) == [
        "schema", "family", "created", "provenance", "cells", "checkpoints", "contrasts", "leads", "budgets",
        "findings", "mean_losses", "characteristics", "outputs", "gate", "warnings", "baseline_ratio",
    ]  # fmt: skip
    assert data["schema"] == 1
    assert list(data["cells"][0]) == [field.name for field in dataclasses.fields(Cell)]


def test_nan_is_never_written_and_read_as_nan(compared: Comparison) -> None:
    cell = dataclasses.replace(
        compared.cells[0], difference=(math.nan,) * 6, p_value=math.nan, phi=math.inf, onset_ci=(0.1, math.nan)
    )
    text = comparison_to_json(dataclasses.replace(compared, cells=(cell,)))
    assert json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    read = comparison_from_json(text).cells[0]
    assert all(math.isnan(value) for value in read.difference)
    assert read.p_value is None
    assert read.phi is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_to_the_last_bit(value: float) -> None:
    cell = Cell(
        "t", "c", "acc", True, "", 1, "self", 1, 1, (0.0,), (value,), (None,), (0.0,), ((value, value),), "safe", ""
    )
    comparison = Comparison("f", "now", {}, (cell,), ())
    assert comparison_from_json(comparison_to_json(comparison)) == comparison


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("schema"), "no schema"),
        (lambda data: data.update(schema=2), "schema 2, but this version reads 1"),
        (lambda data: data.update(extra=1), "unknown key 'extra'"),
        (lambda data: data.pop("cells"), "no 'cells'"),
        (lambda data: data["cells"][0].pop("task"), "cell 0 has no 'task'"),
        (lambda data: data["checkpoints"][1].update(colour="red"), "checkpoint 1 has unknown key 'colour'"),
    ],
)
def test_files_that_are_no_comparison(compared: Comparison, change, message: str) -> None:
    data = comparison_to_dict(compared)
    change(data)
    with pytest.raises(ResultsError, match=message):
        comparison_from_dict(data)


def test_text_that_is_no_json() -> None:
    with pytest.raises(ResultsError, match="line 1 is no JSON"):
        comparison_from_json("{")
