"""The report of scaling laws in a terminal: answers, refusals with reasons, narrow and plain consoles."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from scaling_rows_of import family_rows

from synth_eval.report.scaling.view import scaling_view
from synth_eval.report.scaling.words import answer_text, count_text, grouped, percent_text, size_text
from synth_eval.report.terminal.scaling import print_scaling
from synth_eval.scaling.loss_table import LossRow
from synth_eval.scaling.report import Answer, ScalingReport, scaling_report


@pytest.fixture(scope="module")
def found() -> ScalingReport:
    return scaling_report(
        [*family_rows(), *family_rows(task="code", worse=0.03)], resamples=60, notes=["line 3: no tokens"]
    )


def printed(report: ScalingReport, *, width: int = 100, encoding: str = "utf-8") -> str:
    class Sink(StringIO):
        pass

    sink = Sink()
    sink.__class__.encoding = property(lambda self: encoding)  # type: ignore[assignment]
    print_scaling(scaling_view(report), console=Console(file=sink, width=width, color_system=None, highlight=False))
    return sink.getvalue()


def test_says_it_all(found: ScalingReport) -> None:
    text = printed(found)
    for part in (
        "f: web (loss)",
        "best ratio",
        "inside the tested range",
        "speed-up",
        "chinchilla",
        "collapse pattern: not seen in",
        "4 token budgets: at least 5 are",
        "domains under rephrased",
        "Input",
        "line 3: no tokens",
    ):
        assert part in text, part
    assert "None" not in text
    assert "nan" not in text


def test_domains_that_are_hurt(found: ScalingReport) -> None:
    assert "1 of 2" in printed(found)
    assert "code +" in printed(found)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_console(found: ScalingReport, width: int) -> None:
    assert max(map(len, printed(found, width=width).splitlines())) <= width


def test_ascii_console(found: ScalingReport) -> None:
    assert printed(found, encoding="ascii").isascii()


def test_control_characters_are_made_visible() -> None:
    rows = [LossRow("f\x1b[31m", "1M", 1e6, 1e9 * 2**i, 0.0, "self", "t[bold]", 3.0 - 0.1 * i) for i in range(5)]
    text = printed(scaling_report(rows, resamples=60))
    assert "\x1b[31m" not in text
    assert "t[bold]" in text


def test_numbers() -> None:
    assert [count_text(x) for x in (1.28e10, 410e6, 512.0, 999_600.0, 2e12)] == ["12.8B", "410M", "512", "1M", "2T"]
    assert size_text(4.1e8 * (1 + 1e-9), {4.1e8: "0.41B"}) == "0.41B"
    assert size_text(5e8, {4.1e8: "0.41B"}) == "500M"
    assert answer_text(Answer(0.3, (0.28, 0.33)), ".2f") == "0.30 [0.28, 0.33]"
    assert answer_text(Answer(1e9, (5e8, 2e9)), counts=True) == "1B [500M, 2B]"
    assert answer_text(Answer(refused="why")) == "refused"
    assert percent_text(0.0123) == "1.2%"
    assert percent_text(None) == "-"
    reasons = [("a", "x"), ("b", "y"), ("c", "x"), ("d", "x"), ("e", "x")]
    assert grouped(reasons) == ["a; c; d and 1 more: x", "b: y"]
