"""Rewording a message changes no verdict: with every sentence replaced by "x", all numbers and words are the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from golden_numbers import GOLDEN, PIECES, changed

from synth_eval.compare import cells, comparison_from_json
from synth_eval.dose_response.contrasts import CurveContrast
from synth_eval.dose_response.lead import OnsetLead
from synth_eval.errors import Refusal, SynthEvalError
from synth_eval.report.differences import differences
from synth_eval.report.junit import junit_xml
from synth_eval.report.view import report_view

SENTENCES = {"reason", "because", "text", "says", "published"}


@pytest.fixture
def worded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals, reasons of verdicts, sentences of leads and contrasts, and messages of errors all read "x"."""
    for kind in (Refusal, CurveContrast, OnsetLead):
        made = kind.__init__

        def init(self, *arguments, _made=made, **more) -> None:
            _made(self, *arguments, **more)
            for name in SENTENCES & set(vars(self)):
                object.__setattr__(self, name, "x")

        monkeypatch.setattr(kind, "__init__", init)
    monkeypatch.setattr(cells, "reason_of", lambda *_, **__: ("x", "x"))
    monkeypatch.setattr(SynthEvalError, "__str__", lambda self: "x")


@pytest.mark.parametrize("piece", ["family_refused", "family_aggregated", "family_studied", "family_iterated"])
def test_numbers_and_verdicts_do_not_hang_on_words(piece: str, worded: None, tmp_path: Path) -> None:
    assert not changed(piece, PIECES[piece].numbers(tmp_path))


def test_reports_have_the_same_structure_whatever_the_words() -> None:
    plain = comparison_from_json((GOLDEN.parent / "comparison_schema2.json").read_text(encoding="utf-8"))
    other = _reworded(plain)
    assert other != plain
    assert _structure(report_view(other)) == _structure(report_view(plain))
    assert not differences(plain, other).any_change
    assert junit_xml(other).count("<failure") == junit_xml(plain).count("<failure")


def _reworded(value):
    """A dataclass with every sentence in it replaced."""
    if isinstance(value, tuple):
        return tuple(map(_reworded, value))
    if not dataclasses.is_dataclass(value):
        return value
    changes = {
        field.name: "x"
        if field.name in SENTENCES and getattr(value, field.name)
        else _reworded(getattr(value, field.name))
        for field in dataclasses.fields(value)
    }
    return dataclasses.replace(value, **changes)


def _structure(value):
    """Everything but texts: numbers, how many there are, tones, verdicts."""
    if isinstance(value, tuple):
        return tuple(map(_structure, value))
    if dataclasses.is_dataclass(value):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        words = {"tone", "verdict", "word", "refusal"}
        return {n: v if n in words and isinstance(v, str) else _structure(v) for n, v in fields.items()}
    return bool(value) if isinstance(value, str) else value


def test_the_fixture_replaces_sentences(worded: None) -> None:
    assert Refusal("at chance", "no room to fall").text == "x"
    assert str(SynthEvalError("so")) == "x"
