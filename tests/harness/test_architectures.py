"""docs/architectures.md: every decoder of transformers gives lm-eval's numbers, or falls back and says why."""

from __future__ import annotations

import re
from importlib.metadata import version

import peft  # noqa: F401  (imported once, before processes are forked)
import pytest

from tests.support.architecture_sweep import PAGE, Outcome, in_a_process, page, ways
from tests.support.tiny_architectures import architectures

SOME = ["bloom", "mistral", "roberta"]  # by its kind of attention, a window of its own, by the check at load


def holds(kind: str) -> None:
    outcome = in_a_process(kind)
    if outcome.skipped:
        assert f"| {kind} | " in PAGE.read_text().partition("## Not tried")[2], outcome.skipped
        pytest.skip(outcome.skipped)
    assert outcome.equal, outcome
    if f"with transformers {version('transformers')};" in PAGE.read_text():
        (row,) = re.findall(rf"^\| {re.escape(kind)} \| \S+ \| (.*) \|$", PAGE.read_text(), flags=re.MULTILINE)
        assert row.split(" | ") == ways(outcome)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SOME)
def test_some_architectures(kind: str) -> None:
    holds(kind)


@pytest.mark.nightly
@pytest.mark.parametrize("kind", [kind for kind in architectures() if kind not in SOME])
def test_every_architecture(kind: str) -> None:
    holds(kind)


def test_a_wrong_number_is_not_hidden() -> None:
    wrong = Outcome("llama", differences={"0-shot": 2e-4})
    assert not wrong.equal
    assert "NOT ALL give lm-eval's numbers" in page([wrong])
    assert not Outcome("llama", differences={"0-shot": 0.0}, left_over_difference=0.1).equal
