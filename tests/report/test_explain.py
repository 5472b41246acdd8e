"""--explain: the numbers behind a verdict."""

from __future__ import annotations

import dataclasses

import pytest
from cells import changed

from synth_eval.comparison import Comparison
from synth_eval.errors import SynthEvalError
from synth_eval.report import explain_text


def test_everything_is_said_of_every_curve(fitted: Comparison) -> None:
    text = explain_text(fitted, "arc")
    assert text.count("arc, 410M: degraded") == text.count("arc, 1.4B: degraded") == 1
    for said in (
        "onset           20% [14%, 26%]  where degradation starts",
        "crossing        23.6% [18%, 50%+]  where the fitted loss",
        "budget          20%  the largest tested ratio",
        "phi             1.30  noise between training runs",
        "df              4  degrees of freedom",
        "50%  60.0%  -20.0 pp [-23.0, -17.0]",
        "surprise gap: degraded",
    ):
        assert said in text
    unfolded = " ".join(text.split())
    assert "lead of calibration over accuracy: verdict undetermined; estimate +10%; 95% interval [-2%," in unfolded
    assert text.count("lead of calibration") == 1  # the lead is of 410M alone


@pytest.mark.parametrize("width", [60, 80, 140])
def test_lines_fit(fitted: Comparison, width: int) -> None:
    assert max(map(len, explain_text(fitted, "arc", width=width).splitlines())) <= width


def test_without_a_fit_it_says_what_it_knows(compared: Comparison) -> None:
    text = explain_text(compared, "synth_arithmetic")
    assert "onset           not fitted; clear at 30%" in text
    assert "crossing" not in text


def test_a_misspelt_task_gets_the_nearest_name(compared: Comparison) -> None:
    with pytest.raises(SynthEvalError, match="did you mean 'synth_lookup'"):
        explain_text(compared, "synth_lokup")
    with pytest.raises(SynthEvalError, match="judged are none"):
        explain_text(dataclasses.replace(compared, cells=()), "synth_lookup")


def test_control_characters_are_made_visible(fitted: Comparison) -> None:
    cells = tuple(changed(cell, reason="a\x1b[31mb\nc") for cell in fitted.cells)
    text = explain_text(dataclasses.replace(fitted, cells=cells), "arc")
    assert "a\\x1b[31mb\\nc" in text
    assert "\x1b" not in text
