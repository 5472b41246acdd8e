"""What the models write, in a terminal."""

from __future__ import annotations

import dataclasses
import io

from rich.console import Console

from synth_eval.comparison import Comparison
from synth_eval.report.terminal import print_report


def printed(comparison: Comparison, *, width: int = 100, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    print_report(comparison, console=Console(file=file, width=width, color_system=None))
    return raw.getvalue().decode(encoding)


def test_sides_down_ratios_across(written: Comparison) -> None:
    lines = [line.rstrip() for line in printed(written).splitlines()]
    assert "Output characteristics" in lines
    assert "essays, iteration 1  * clearly toward collapse, + clearly away from it (95%)" in lines
    tails = [line.split() for line in lines if line.startswith("rare words ")]
    assert tails == [["rare", "words", "30.0%", "29.0%", "24.0%*"], ["rare", "words", "30.0%", "25.0%*", "15.0%*"]]
    assert not any(line.startswith("length") for line in lines)


def test_without_scores_they_are_shown_all_the_same(written: Comparison) -> None:
    text = printed(dataclasses.replace(written, cells=()))
    assert "No scores were compared." in text
    assert "rare words" in text


def test_plain_ascii_in_eighty_columns(written: Comparison) -> None:
    text = printed(written, width=80, encoding="ascii")
    assert max(map(len, text.splitlines())) <= 80
    assert "rare words" in text
