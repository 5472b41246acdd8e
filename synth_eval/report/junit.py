"""JUnit XML: each curve and metric a test, so that a pipeline shows degraded ones as failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from synth_eval.cell import Cell, Level, Place
from synth_eval.comparison import Comparison, GateResult
from synth_eval.report.view.curves import Curve, curves_of, label_of, overall_curves_of
from synth_eval.report.view.facts import judged
from synth_eval.text import joined, visible

Key = tuple[Level, str, Place, str]  # level, task, place, metric


def junit_xml(comparison: Comparison) -> str:
    """One test suite for the family, one test case a metric of a curve, and one a rule of the gate.

    Degraded is a failure. Inconclusive and refused are skipped tests with the reason, since they prove nothing; safe
    and improved pass. With a gate the gate decides what fails: a curve fails if a rule failed on it, and one that is
    degraded where no rule objects is skipped. A checkpoint that could not be evaluated is an error of its own.

    Returns
    -------
    str : XML, with characters that XML cannot hold made visible.
    """
    objections = _objections(comparison.gate) if comparison.gate else None
    curves = [*overall_curves_of(comparison, only_tested=True), *curves_of(comparison)]
    cases = [_case(curve, cell, objections) for curve in curves for cell in judged(curve)]
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


def _objections(results: Sequence[GateResult]) -> dict[Key, str]:
    """The rules of the gate that failed on each curve."""
    found: dict[Key, list[str]] = {}
    for result in results:
        for curve in result.failed:
            found.setdefault((curve.level, curve.task, curve.place, curve.metric), []).append(
                f"{result.rule}: {curve.reason}"
            )
    return {key: "; ".join(said) for key, said in found.items()}


def _case(curve: Curve, cell: Cell, objections: Mapping[Key, str] | None) -> ElementTree.Element:
    name = joined(label_of(cell.metric), curve.place)
    kind = cell.level if cell.level == "category" else ""
    case = ElementTree.Element(
        "testcase", classname=visible(joined(kind, curve.task, between=" ")), name=visible(name), time="0"
    )
    message = visible(f"{cell.verdict.word}: {cell.verdict.reason}")
    objection = (objections or {}).get((cell.level, cell.task, cell.place, cell.metric))
    if objection is not None:
        failure = ElementTree.SubElement(case, "failure", type="gate", message=visible(objection))
        failure.text = message
    elif cell.verdict.word == "degraded" and objections is None:
        ElementTree.SubElement(case, "failure", type="degraded", message=message).text = message
    elif cell.verdict.word == "degraded":
        ElementTree.SubElement(case, "skipped", message=f"no rule of the gate objects; {message}")
    elif cell.verdict.word not in ("safe", "improved"):
        ElementTree.SubElement(case, "skipped", message=message)
    return case


def _rule(result: GateResult) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname="gate", name=visible(result.rule), time="0")
    if not result.passed:
        message = visible(f"{result.reason} ({result.where})" if result.where else result.reason)
        ElementTree.SubElement(case, "failure", type="gate", message=message).text = message
    return case


def _broken(name: str, reason: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname="checkpoints", name=visible(name), time="0")
    ElementTree.SubElement(case, "error", type="failed", message=visible(reason))
    return case
