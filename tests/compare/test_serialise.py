"""comparison.json: round trip, no NaN, and clear errors."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest
from cells import changed
from hypothesis import given
from hypothesis import strategies as st
from simulated_family import Simulated

from synth_eval.cell import Cell, CurveSummary, Place, Verdict
from synth_eval.compare import (
    compare_family,
    comparison_from_json,
    comparison_to_json,
)
from synth_eval.comparison import Comparison
from synth_eval.errors import ResultsError

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def compared(studied: Simulated) -> Comparison:
    failures = {studied.family.checkpoints[0].name: "odd \u2028 text"}
    return compare_family(studied.family, studied.tables, failures=failures, provenance={"lm_eval": "0.4.13"})


def test_round_trip(compared: Comparison) -> None:
    assert comparison_from_json(comparison_to_json(compared)) == compared
    assert next(iter(json.loads(comparison_to_json(compared)))) == "schema"


def test_layout(compared: Comparison) -> None:
    data = json.loads(comparison_to_json(compared))
    assert list(data) == [
        "schema", "family", "created", "provenance", "cells", "checkpoints", "contrasts", "leads", "budgets",
        "findings", "mean_losses", "characteristics", "collapses", "text_leads", "text_contrasts", "gate", "warnings",
        "baseline_ratio", "overall", "correction",
    ]  # fmt: skip
    assert data["schema"] == 2
    assert list(data["cells"][0]) == [field.name for field in dataclasses.fields(Cell)]


def test_nan_is_never_written_and_read_as_nan(compared: Comparison) -> None:
    cell = changed(compared.cells[0], difference=(math.nan,) * 6, p_value=math.nan, phi=math.inf)
    half = changed(cell, onset_ci=(0.1, math.nan))
    for one in (cell, half):
        text = comparison_to_json(dataclasses.replace(compared, cells=(one,)))
        assert json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    read = comparison_from_json(comparison_to_json(dataclasses.replace(compared, cells=(cell,)))).cells[0]
    assert all(math.isnan(value) for value in read.data.difference)
    assert read.verdict.p_value is None
    assert read.verdict.phi is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_to_the_last_bit(value: float) -> None:
    data = CurveSummary((0.0,), (value,), (None,), (0.0,), ((value, value),), 1, 1)
    cell = Cell("t", "c", "acc", True, Place("", 1, "self"), data, Verdict("safe", ""))
    comparison = Comparison("f", "now", {}, (cell,), ())
    assert comparison_from_json(comparison_to_json(comparison)) == comparison


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("schema"), "no schema"),
        (lambda data: data.update(schema=3), "schema 3, but this version reads 2"),
        (lambda data: data.update(extra=1), "unknown key 'extra'"),
        (lambda data: data.pop("cells"), "no 'cells'"),
        (lambda data: data["cells"][0].pop("task"), "cells 0 has no 'task'"),
        (lambda data: data["cells"][0]["verdict"].update(colour="red"), "cells 0 verdict has unknown key 'colour'"),
        (lambda data: data["cells"][0]["place"].update(iteration="1"), "cells 0 place iteration: input should be"),
        (lambda data: data["checkpoints"][1].update(colour="red"), "checkpoints 1 has unknown key 'colour'"),
    ],
)
def test_files_that_are_no_comparison(compared: Comparison, change, message: str) -> None:
    data = json.loads(comparison_to_json(compared))
    change(data)
    with pytest.raises(ResultsError, match=message) as caught:
        comparison_from_json(json.dumps(data))
    assert "\n" not in str(caught.value)


def test_text_that_is_no_json() -> None:
    with pytest.raises(ResultsError, match="line 1 is no JSON"):
        comparison_from_json("{")


def test_schema_1_is_read_as_schema_2() -> None:
    old, new = ((GOLDEN / name).read_text(encoding="utf-8") for name in ("comparison.json", "comparison_schema2.json"))
    assert json.loads(old)["schema"] == 1
    assert comparison_from_json(old) == comparison_from_json(new)
    assert comparison_to_json(comparison_from_json(old)) == new


def test_every_kind_of_row_of_schema_1_is_read() -> None:
    data = json.loads((GOLDEN / "comparison.json").read_text(encoding="utf-8"))
    where = {"task": "t", "size": "1B", "iteration": 1, "source": "self", "tokens": None}
    apart = {"task": "t", "iteration": 1, "source": "self", "tokens": None}
    pair = {"first": "1B", "second": "7B", "measure": "onset", "ratio": None, "unit": "ratio", "reason": "so"}
    numbers = {"label": "l", "verdict": "undetermined", "estimate": 0.1, "interval": [0.0, 0.2]}
    data["contrasts"] = [{"kind": "size", **apart, **numbers, **pair}]
    data["leads"] = [{**where, "label": "l", "verdict": "refused", "reason": "so"}]
    data["outputs"] = [
        {"kind": "collapse", **where, "label": "l", "verdict": "none", "ratio": 0.5, "stage": "none", "reason": "so",
         "toward": [], "against": [], "tail": False, "worse": [], "cut_to": None},
        {"kind": "lead", **where, **numbers, "reason": "so", "texts": "essays", "metric": "tail_mass"},
        {"kind": "iteration", **where, **numbers, **pair, "first": 1, "second": 2, "metric": "tail_mass"},
    ]  # fmt: skip
    failed = {**where, "metric": "acc", "verdict": "degraded", "budget": None, "reason": "so"}
    data["gate"] = [{"rule": "r", "where": "w", "passed": False, "judged": 1, "reason": "so", "failed": [failed]}]
    read = comparison_from_json(json.dumps(data))
    place = Place("1B", 1, "self")
    assert (read.contrasts[0].place, read.contrasts[0].second) == (place, "7B")
    assert (read.leads[0].place, read.leads[0].verdict) == (place, "refused")
    assert (read.collapses[0].place, read.collapses[0].stage) == (place, "none")
    assert (read.text_leads[0].texts, read.text_contrasts[0].first) == ("essays", 1)
    assert read.gate[0].failed[0].place == place
    assert {cell.verdict.refusal for cell in read.cells if cell.display_only} == {"display only"}
