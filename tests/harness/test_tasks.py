"""Loading tasks: the suite alone, keys that change with content only, categories, unknown names."""

from __future__ import annotations

import subprocess
import sys

import pytest

from synth_eval.harness.environment import prepare

prepare(offline=True)

from synth_eval.errors import SynthEvalError
from synth_eval.harness.tasks import load_tasks

pytestmark = pytest.mark.slow


def test_the_suite_has_eight_tasks_in_three_categories() -> None:
    tasks = load_tasks(["synth_suite"], categories={})
    assert {t.name: t.category for t in tasks} == {
        "synth_arithmetic": "reasoning",
        "synth_deduction": "reasoning",
        "synth_tracking": "reasoning",
        "synth_lookup": "retrieval",
        "synth_recall": "retrieval",
        "synth_domain_python_code": "domain",
        "synth_domain_python_docs": "domain",
        "synth_domain_licences": "domain",
    }


def test_the_users_category_wins() -> None:
    (task,) = load_tasks(["synth_recall"], categories={"synth_recall": "memory"})
    assert task.category == "memory"


def test_keys_are_the_same_in_another_process_and_differ_between_tasks() -> None:
    tasks = load_tasks(["synth_suite"], categories={})
    keys = {t.name: t.key for t in tasks}
    assert len(set(keys.values())) == len(keys)
    code = (
        "from synth_eval.harness.environment import prepare; prepare(offline=True)\n"
        "from synth_eval.harness.tasks import load_tasks\n"
        "for t in load_tasks(['synth_suite'], categories={}): print('KEY', t.name, t.key)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("KEY")]
    assert dict(lines) == keys


def test_a_task_named_twice_is_loaded_once() -> None:
    tasks = load_tasks(["synth_retrieval", "synth_recall"], categories={})
    assert sorted(t.name for t in tasks) == ["synth_lookup", "synth_recall"]


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(SynthEvalError, match=r"'synth_arithmatic'; did you mean 'synth_arithmetic'"):
        load_tasks(["synth_arithmatic"], categories={})
