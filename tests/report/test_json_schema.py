"""docs/comparison.schema.json says what comparison.json is."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from synth_eval.compare import comparison_schema, comparison_to_json
from synth_eval.comparison import Comparison

jsonschema = pytest.importorskip("jsonschema")
FILE = Path(__file__).parents[2] / "docs" / "comparison.schema.json"


@pytest.fixture(scope="module")
def validator():
    jsonschema.Draft202012Validator.check_schema(comparison_schema())
    return jsonschema.Draft202012Validator(comparison_schema())


def test_the_file_is_what_the_code_says() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == comparison_schema()


def test_real_output_is_valid(validator, compared: Comparison, fitted: Comparison, make_cell) -> None:
    nan = make_cell(values=(0.8, float("nan"), 0.6), difference=(0.0, float("nan"), -0.2), se=(None, None, 0.1))
    for comparison in (compared, fitted, Comparison("f", "now", {}, (nan,), ())):
        validator.validate(json.loads(comparison_to_json(comparison)))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.update(schema=1),
        lambda data: data.pop("cells"),
        lambda data: data.update(extra=1),
        lambda data: data["cells"][0]["verdict"].update(word="fine"),
        lambda data: data["cells"][0]["verdict"].update(onset_ci=[0.1]),
        lambda data: data["cells"][0]["data"].update(ratios=[None]),
        lambda data: data["checkpoints"][0].update(seed="0"),
    ],
)
def test_what_is_wrong_is_not_valid(validator, compared: Comparison, spoil) -> None:
    data = copy.deepcopy(json.loads(comparison_to_json(compared)))
    assert validator.is_valid(data)
    spoil(data)
    assert not validator.is_valid(data)
