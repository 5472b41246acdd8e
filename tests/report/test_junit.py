"""JUnit XML: what a CI counts."""

from __future__ import annotations

import dataclasses
from xml.etree import ElementTree

from cells import changed

from synth_eval.compare.gate import judge_gate
from synth_eval.comparison import Comparison
from synth_eval.report.junit import junit_xml
from synth_eval.types import Gate, GateRule, Location


def _suite(comparison: Comparison) -> ElementTree.Element:
    suite = ElementTree.fromstring(junit_xml(comparison)).find("testsuite")
    assert suite is not None
    return suite


def test_a_case_for_every_verdict(compared: Comparison) -> None:
    judged = [cell.verdict.word for cell in compared.cells if not cell.display_only]
    suite = _suite(compared)
    assert int(suite.get("failures", "")) == judged.count("degraded") == len(suite.findall("testcase/failure"))
    assert int(suite.get("skipped", "")) == judged.count("inconclusive") + judged.count("refused")
    assert int(suite.get("errors", "")) == 1  # the checkpoint that failed
    assert int(suite.get("tests", "")) == len(judged) + 1 == len(suite.findall("testcase"))


def test_names_tell_curves_apart(fitted: Comparison) -> None:
    names = [(case.get("classname"), case.get("name")) for case in _suite(fitted).findall("testcase")]
    assert len(set(names)) == len(names) == 6
    assert ("arc", "surprise gap, 1.4B") in names


def test_any_text_gives_xml(fitted: Comparison) -> None:
    cells = tuple(changed(cell, reason='\x00\x1b "<&>\ud800') for cell in fitted.cells)
    failure = _suite(dataclasses.replace(fitted, cells=cells)).find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == 'degraded: \\x00\\x1b "<&>\\ud800'


def _gated(comparison: Comparison, gate: Gate) -> Comparison:
    return dataclasses.replace(comparison, gate=judge_gate(comparison, gate))


def test_with_a_gate_it_is_the_gate_that_fails(fitted: Comparison) -> None:
    degraded = [cell for cell in fitted.cells if cell.verdict.word == "degraded" and not cell.display_only]
    gated = _gated(
        fitted, Gate(rules=(GateRule(metrics=("accuracy",), fail_on="degraded", where=Location("c.yaml", 7)),))
    )
    suite = _suite(gated)
    mine = [cell for cell in degraded if cell.metric == "acc"]
    assert 0 < len(mine) < len(degraded)
    assert int(suite.get("failures", "")) == len(mine) + 1  # its curves, and the rule
    (rule,) = suite.findall("testcase[@classname='gate']")
    failure = rule.find("failure")
    assert failure is not None
    assert rule.get("name") == "every task, accuracy: no curve is degraded"
    assert (failure.get("message") or "").endswith("(c.yaml:7)")
    skipped = [(each.get("message") or "") for each in suite.findall("testcase/skipped")]
    allowed = [text for text in skipped if text.startswith("no rule of the gate objects; degraded: ")]
    assert len(allowed) == len(degraded) - len(mine)


def test_a_gate_that_holds_fails_nothing(fitted: Comparison) -> None:
    worst = min(cell.verdict.budget or 0.0 for cell in fitted.cells if cell.verdict.word != "refused")
    assert worst == 0.0  # so no minimum would pass: ask of one that is safe
    safe = next(cell for cell in fitted.cells if cell.verdict.word == "safe")
    rule = GateRule(tasks=(safe.task,), sizes=(safe.place.size,), metrics=(safe.metric,), minimum_budget=0.1)
    suite = _suite(_gated(fitted, Gate(rules=(rule,))))
    assert suite.get("failures") == "0"


def test_a_curve_that_fails_a_budget_says_so(make_cell) -> None:
    # inconclusive by itself is skipped; where a budget was asked of it, it fails
    comparison = Comparison("f", "2026-01-01T00:00:00", {}, (make_cell(verdict="inconclusive"),), ())
    failure = _suite(_gated(comparison, Gate(rules=(GateRule(minimum_budget=0.2),)))).find("testcase/failure")
    assert failure is not None
    assert (failure.get("message") or "").startswith(
        "every task: budget of at least 20%: nothing above 0% is shown safe (inconclusive"
    )
