"""The comparison in one line for a pipeline."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from synth_eval.compare.gate import judge_gate
from synth_eval.comparison import Comparison
from synth_eval.errors import ExitCode
from synth_eval.report.summary import summary_line
from synth_eval.types import Gate, GateRule, Location

jsonschema = pytest.importorskip("jsonschema")
DOCS = Path(__file__).parents[2] / "docs" / "gate.md"
SUMMARY_SCHEMA = json.loads(DOCS.with_name("summary.schema.json").read_text(encoding="utf-8"))


def _read(comparison: Comparison, *, exit_code: ExitCode = ExitCode.OK) -> dict:
    line = summary_line(comparison, exit_code=exit_code, results="out")
    assert len(line.splitlines()) == 1
    found = json.loads(line)
    jsonschema.Draft202012Validator.check_schema(SUMMARY_SCHEMA)
    jsonschema.validate(found, SUMMARY_SCHEMA)
    return found


def test_counts(compared: Comparison) -> None:
    found = _read(compared, exit_code=ExitCode.PARTIAL)
    verdicts = Counter(cell.verdict.word for cell in compared.cells if not cell.display_only)
    words = ("degraded", "inconclusive", "safe", "improved", "refused")
    assert found["metrics"] == {word: verdicts[word] for word in words}
    assert sum(found["curves"].values()) == len({cell.task for cell in compared.cells})  # one place in the grid
    assert (found["exit_code"], found["gate"], found["failed_rules"]) == (3, "none", [])
    assert (found["checkpoints"], found["checkpoints_failed"], found["warnings"]) == (
        len(compared.checkpoints),
        1,
        len(compared.warnings),
    )
    assert found["results"] == "out"


@pytest.mark.parametrize(("minimum", "word"), [(0.1, "passed"), (1.0, "failed")])
def test_the_gate(make_cell, minimum: float, word: str) -> None:
    comparison = Comparison("f", "now", {}, (make_cell(budget=0.2),), ())
    rule = GateRule(minimum_budget=minimum, where=Location("c.yaml", 3))
    found = _read(dataclasses.replace(comparison, gate=judge_gate(comparison, Gate(rules=(rule,)))))
    assert found["gate"] == word
    if word == "failed":
        (failed,) = found["failed_rules"]
        assert (failed["rule"], failed["where"], failed["curves"]) == (
            "every task: budget of at least 100%",
            "c.yaml:3",
            1,
        )


def test_any_text_stays_on_one_line(make_cell) -> None:
    found = _read(Comparison("two\nlines\u2028\x00", "now", {}, (make_cell(),), ()))
    assert found["family"] == "two\nlines\u2028\x00"


def test_the_docs_name_every_key(compared: Comparison) -> None:
    named = set(re.findall(r"`(\w+)`", DOCS.read_text(encoding="utf-8")))
    assert set(_read(compared)) <= named
