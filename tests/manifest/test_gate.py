"""`gate:` of checkpoints.yaml: what is read, and every mistake as one line with file, line and mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from synth_eval.errors import ManifestError
from synth_eval.manifest import load_family
from synth_eval.types import Gate, GateRule, Location

FAMILY = """\
family: f
checkpoints:
  - {path: a, size: 160M, ratio: 0}
  - {path: a, size: 160M, ratio: 0.5, iteration: 2}
  - {path: a, size: 160M, ratio: 0, iteration: 2}
"""  # the gate starts in line 6


def load(folder: Path, gate: str):
    (folder / "a").mkdir(exist_ok=True)
    path = folder / "checkpoints.yaml"
    path.write_text(FAMILY + gate)
    return load_family(path)


def refused(folder: Path, gate: str) -> tuple[int, str]:
    with pytest.raises(ManifestError) as caught:
        load(folder, gate)
    message = str(caught.value)
    assert "\n" not in message
    line, rest = message.removeprefix(f"{folder}/checkpoints.yaml:").split(": ", 1)
    return int(line), rest


def test_no_gate_asks_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "").gate == Gate()


def test_every_key(tmp_path: Path) -> None:
    gate = load(
        tmp_path,
        "gate:\n"
        "  fail_on: warning\n"
        "  rules:\n"
        "    - {category: retrieval, size: 160m, metric: accuracy, minimum_budget: 0.3}\n"
        "    - {category: retrieval, curve: category, fail_on: degraded}\n"
        "    - task: [a, b]\n"
        "      iteration: 2\n"
        "      source: self\n"
        "      fail_on: inconclusive\n",
    ).gate
    assert (gate.fail_on, str(gate.where)) == ("warning", "checkpoints.yaml:7")
    assert gate.rules == (
        GateRule(
            categories=("retrieval",),
            sizes=("160M",),  # as the checkpoints spell it
            metrics=("accuracy",),
            minimum_budget=0.3,
            where=Location("checkpoints.yaml", 9),
        ),
        GateRule(
            categories=("retrieval",),
            curve="category",
            fail_on="degraded",
            where=Location("checkpoints.yaml", 10),
        ),
        GateRule(
            tasks=("a", "b"),
            iterations=(2,),
            sources=("self",),
            fail_on="inconclusive",
            where=Location("checkpoints.yaml", 11),
        ),
    )


def test_a_rule_alone_needs_no_list(tmp_path: Path) -> None:
    (rule,) = load(tmp_path, "gate:\n  rules: {minimum_budget: 0.5}\n").gate.rules
    assert (rule.minimum_budget, str(rule.where)) == (0.5, "checkpoints.yaml:7")


@pytest.mark.parametrize(
    ("gate", "line", "said"),
    [
        ("gate:\n", 6, "gate: it must be a mapping: write gate: {fail_on: degraded}, or rules: below it"),
        ("gate: degraded\n", 6, "gate: it must be a mapping: write gate: {fail_on: degraded}, or rules: below it"),
        ("gate: {}\n", 6, "the gate asks nothing: add fail_on: degraded, or rules"),
        ("gate: {fail_on: never}\n", 6, "gate.fail_on is 'never': write 'degraded' or 'warning'"),
        ("gate: {rule: []}\n", 6, "unknown key 'rule' in gate: did you mean 'rules'?"),
        (
            "gate:\n  rules:\n    - {minimal_budget: 0.3}\n",
            8,
            "unknown key 'minimal_budget' in gate.rules[1]: did you mean 'minimum_budget'?",
        ),
        (
            "gate:\n  rules:\n    - {category: x}\n",
            8,
            "the rule asks nothing: add minimum_budget: 0.2, or fail_on: degraded",
        ),
        (
            "gate:\n  rules:\n    - {minimum_budget: 30%}\n",
            8,
            "gate.rules[1].minimum_budget: '30%' is not a ratio in 0..1: write 0.3 for 30%",
        ),
        (
            "gate:\n  rules:\n    - {minimum_budget: 0.7}\n",
            8,
            "minimum_budget 0.7 cannot be shown: write a ratio above the baseline (0) and up to the largest of the "
            "family (0.5)",
        ),
        (
            "gate:\n  rules:\n    - {minimum_budget: 0}\n",
            8,
            "minimum_budget 0 cannot be shown: write a ratio above the baseline (0) and up to the largest of the "
            "family (0.5)",
        ),
        ("gate:\n  rules:\n    - {size: 410M, fail_on: degraded}\n", 8, "no checkpoint has size 410M: there is 160M"),
        (
            "gate:\n  rules:\n    - {fail_on: degraded,\n       iteration: 3}\n",
            9,
            "no checkpoint has iteration 3: there is 1, 2",
        ),
        (
            "gate:\n  rules:\n    - {fail_on: degraded, source: web}\n",
            8,
            "no checkpoint has source web: there is self",
        ),
        (
            "gate:\n  rules:\n    - {fail_on: warning}\n",
            8,
            "gate.rules[1].fail_on is 'warning': write 'degraded' or 'inconclusive'",
        ),
        (
            "gate:\n  rules:\n    - {curve: mean, fail_on: degraded}\n",
            8,
            "gate.rules[1].curve is 'mean': write 'task', 'category' or 'suite'",
        ),
        (
            "gate:\n  rules:\n    - {curve: category, task: arc, fail_on: degraded}\n",
            8,
            "curve: category is a mean over tasks, and task selects single ones: drop one of the two",
        ),
        (
            "gate:\n  rules:\n    - {curve: suite, category: reasoning, fail_on: degraded}\n",
            8,
            "curve: suite is over all categories: drop category, or write curve: category",
        ),
    ],
)
def test_mistakes(tmp_path: Path, gate: str, line: int, said: str) -> None:
    assert refused(tmp_path, gate) == (line, said)
