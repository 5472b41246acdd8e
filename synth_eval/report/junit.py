"""JUnit XML: each curve and metric a test, so that a pipeline shows degraded ones as failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from synth_eval.compare.places import PARTS, Place, place_of
from synth_eval.report.view.curves import Curve, curves_of, label_of
from synth_eval.report.view.facts import judged
from synth_eval.text import joined, visible
from synth_eval.types import Cell, Comparison

Key = tuple[str, Place, str]  # task, place, metric


def junit_xml(comparison: Comparison) -> str:
    """One test suite for the family, one test case a metric of a curve, and one a rule of the gate.

    Degraded is a failure. Inconclusive and refused are skipped tests with the reason, since they prove nothing; safe
    passes. With a gate it is the gate that says what fails: a curve fails if a rule failed on it, and one that is
    degraded where no rule objects is skipped. A checkpoint that could not be evaluated is an error of its own.

    Returns
    -------
    str : XML, with characters that XML cannot hold made visible.
    """
    objections = _objections(comparison.gate) if comparison.gate else None
    cases = [_case(curve, cell, objections) for curve in curves_of(comparison) for cell in judged(curve)]
    cases += [_rule(row) for row in comparison.gate]
    cases += [_broken(record.name, record.failed) for record in comparison.checkpoints if record.failed]
    suite = ElementTree.Element("testsuite", name=visible(comparison.family), timestamp=comparison.created[:19])
    suite.extend(cases)
    for outcome, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(outcome, str(len(list(suite.iter(tag)))))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _objections(rows: Sequence[Mapping[str, Any]]) -> dict[Key, str]:
    """What the rules of the gate say against each curve."""
    found: dict[Key, list[str]] = {}
    for row in rows:
        for curve in row["failed"]:
            size, iteration, source, tokens = (curve[part] for part in PARTS)
            key = (curve["task"], (size, iteration, source, tokens), curve["metric"])
            found.setdefault(key, []).append(f"{row['rule']}: {curve['reason']}")
    return {key: "; ".join(said) for key, said in found.items()}


def _case(curve: Curve, cell: Cell, objections: Mapping[Key, str] | None) -> ElementTree.Element:
    name = joined(label_of(cell.metric), curve.place)
    case = ElementTree.Element("testcase", classname=visible(curve.task), name=visible(name), time="0")
    message = visible(f"{cell.verdict}: {cell.reason}")
    objection = (objections or {}).get((cell.task, place_of(cell), cell.metric))
    if objection is not None:
        failure = ElementTree.SubElement(case, "failure", type="gate", message=visible(objection))
        failure.text = message
    elif cell.verdict == "degraded" and objections is None:
        ElementTree.SubElement(case, "failure", type="degraded", message=message).text = message
    elif cell.verdict == "degraded":
        ElementTree.SubElement(case, "skipped", message=f"no rule of the gate objects; {message}")
    elif cell.verdict != "safe":
        ElementTree.SubElement(case, "skipped", message=message)
    return case


def _rule(row: Mapping[str, Any]) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname="gate", name=visible(row["rule"]), time="0")
    if not row["passed"]:
        message = visible(f"{row['reason']} ({row['where']})" if row["where"] else row["reason"])
        ElementTree.SubElement(case, "failure", type="gate", message=message).text = message
    return case


def _broken(name: str, reason: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname="checkpoints", name=visible(name), time="0")
    ElementTree.SubElement(case, "error", type="failed", message=visible(reason))
    return case
