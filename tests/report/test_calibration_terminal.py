"""The calibration report in a terminal: golden output, width, colour, encoding, hostile text."""

from __future__ import annotations

import dataclasses
import io
import os
import re

import pytest
from fixed_calibration import everything, report, row
from rich.console import Console

from synth_eval.compare.calibration import CalibrationReport, CalibrationSettings
from synth_eval.report.terminal.calibration import folded, print_calibration

REGENERATE = "SYNTH_EVAL_REGENERATE_GOLDEN"  # set it, run the tests, and look at the difference
TERMINAL = {"TERM": "xterm-256color"}


def printed(of: CalibrationReport, *, width=80, encoding="utf-8", environ=TERMINAL, tty: bool = False) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    print_calibration(of, console=Console(file=file, width=width, force_terminal=tty or None, _environ=environ))
    file.flush()
    return file.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("name", "width", "encoding"),
    [
        ("calibration_80.txt", 80, "utf-8"),
        ("calibration_160.txt", 160, "utf-8"),
        ("calibration_80_ascii.txt", 80, "ascii"),
    ],
)
def test_golden(golden, name: str, width: int, encoding: str) -> None:
    text = "".join(f"{line.rstrip()}\n" for line in printed(everything(), width=width, encoding=encoding).splitlines())
    if os.environ.get(REGENERATE):
        (golden / name).write_text(text, encoding="utf-8")
    assert text == (golden / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 81, 100, 120, 160, 240])
def test_nothing_is_wider_than_the_page_or_cut(width: int) -> None:
    text = printed(everything(), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text


def test_every_number_is_there_at_any_width() -> None:
    intervals = re.compile(r"-?\d[\d.]* \[[+-]?[\d.]+, [+-]?[\d.]+\]")
    narrow, wide = (sorted(intervals.findall(printed(everything(), width=width))) for width in (80, 240))
    assert narrow == wide
    assert len(narrow) == 4 * 3  # four rows with intervals; gap, ECE, surprise gap


def test_the_sentence_comes_first() -> None:
    text = " ".join(printed(everything()).split())
    assert text.startswith(
        "org/model-1b: overconfident by 12 points on 1 of 4 tasks; underconfident by 15 points on 1; "
        "no more error than a calibrated model shows on 2"
    )
    parts = ["probabilities from raw", "gap", "miscalibrated (p < 0.001)", "mmlu, n = 12,430", "Without", "Not read"]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)


def test_a_row_says_it_in_words() -> None:
    lines = printed(report(row("t", gap=0.121, p=0.0123)), width=160).splitlines()
    line = next(line for line in lines if line.startswith("t "))
    assert line.split() == [
        *("t", "215", "47.9%", "60.0%", "+12.1", "[+7.0,", "+17.2]", "0.161", "[0.131,", "0.191]", "0.076"),
        *("miscalibrated", "(p", "=", "0.012)", "+0.242", "[+0.181,", "+0.303]", "0.531", "0.971"),
    ]


def test_numbers_that_round_to_zero_have_no_minus() -> None:
    assert "-0.000" not in printed(report(row("t")))


def test_colour_in_a_terminal_but_not_with_no_color() -> None:
    colour = re.compile(r"\x1b\[[\d;]*3[0-7]m")
    assert "\x1b" not in printed(everything())
    assert colour.search(printed(everything(), tty=True))
    assert not colour.search(printed(everything(), tty=True, environ={**TERMINAL, "NO_COLOR": "1"}))


def test_long_names_fold_behind_an_underscore() -> None:
    name = "synth_bbh_tracking_shuffled_objects_five_objects"
    assert folded(name, 20).split("\n") == ["synth_bbh_tracking_", "shuffled_objects_", "five_objects"]
    assert folded("retrieval (12 of 12 tasks pooled)", 20).split("\n") == ["retrieval (12 of 12", "tasks pooled)"]
    assert folded("a" * 30 + "_b", 20).split("\n") == ["a" * 20, "a" * 10 + "_b"]  # nowhere near enough to break
    assert folded("short", 20) == "short"


def test_hostile_names_are_shown_as_text() -> None:
    text = printed(everything(), tty=True, width=160)
    assert "\x1b[31m[" not in text
    assert "[red]odd[/]\\x1b[31m" in text.replace("\x1b[1m", "").replace("\x1b[0m", "")


def test_diagrams_of_pools_and_of_tasks_in_none() -> None:
    rows = [row(name) for name in "abcdefgh"]
    pool = row("pool", kind="group", tasks=("a", "b"), of_tasks=2)
    text = printed(report(*rows, pool))
    titles = re.findall(r"(\w+), n = 215", text)
    assert titles == ["c", "d", "e", "f", "g", "h"]
    assert "1 more diagrams: use --plots, or --tasks" in text


def test_a_narrow_page_puts_diagrams_below_each_other() -> None:
    text = printed(report(row("a"), row("b")), width=50)
    assert not any("a, n" in line and "b, n" in line for line in text.splitlines())
    assert max(map(len, text.split("Diagrams")[0].splitlines()[-14:])) <= 50


def test_settings_are_said() -> None:
    settings = CalibrationSettings(scheme="mass", normalisation="bytes", bins=10, resamples=0)
    text = " ".join(printed(report(settings=settings)).split())
    assert "probabilities from log-likelihoods per byte; 10 equal-mass bins; 0 resamples" in text
    assert "raw is the default" not in text


def test_without_resamples() -> None:
    text = printed(report(row("t", p=None, interval=False)))
    assert "not tested" in text
    assert "n/a" in text  # the null band


def test_nothing_but_rolling_tasks() -> None:
    whole = everything().models[0]
    text = printed(dataclasses.replace(everything(), models=(dataclasses.replace(whole, rows=()),)))
    assert "nothing to calibrate" in text
    assert "wiki: no confidence: bits per byte only (1.234, 62 documents)" in text
    assert "Diagrams" not in text
