"""The terminal report: golden output, width, colour, encoding, hostile text."""

from __future__ import annotations

import dataclasses
import io
import os
import re

import pytest
from cells import changed
from rich.console import Console

from synth_eval.comparison import Comparison
from synth_eval.report import print_report

REGENERATE = "SYNTH_EVAL_REGENERATE_GOLDEN"  # set it, run the tests, and look at the difference


TERMINAL = {"TERM": "xterm-256color"}


def _printed(comparison: Comparison, *, width=80, encoding="utf-8", environ=TERMINAL, tty: bool = False) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    console = Console(file=file, width=width, force_terminal=tty or None, _environ=environ)
    print_report(comparison, console=console)
    file.flush()
    return file.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("name", "width", "encoding"),
    [("report_80.txt", 80, "utf-8"), ("report_120.txt", 120, "utf-8"), ("report_80_ascii.txt", 80, "ascii")],
)
def test_golden(compared: Comparison, golden, name: str, width: int, encoding: str) -> None:
    printed = "".join(f"{line.rstrip()}\n" for line in _printed(compared, width=width, encoding=encoding).splitlines())
    if os.environ.get(REGENERATE):
        (golden / name).write_text(printed, encoding="utf-8")
    assert printed == (golden / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "width"), [("report_onsets_80.txt", 80), ("report_onsets_140.txt", 140)])
def test_golden_with_onsets(fitted: Comparison, golden, name: str, width: int) -> None:
    printed = "".join(f"{line.rstrip()}\n" for line in _printed(fitted, width=width).splitlines())
    if os.environ.get(REGENERATE):
        (golden / name).write_text(printed, encoding="utf-8")
    assert printed == (golden / name).read_text(encoding="utf-8")
    assert max(map(len, printed.splitlines())) <= width


def test_no_onsets_no_table_of_them(compared: Comparison, fitted: Comparison) -> None:
    assert "Where degradation starts" in _printed(fitted)
    assert "Where degradation starts" not in _printed(compared)


@pytest.mark.parametrize("width", [80, 81, 100, 120, 160, 240])
def test_nothing_is_wider_than_the_page_or_cut(compared: Comparison, width: int) -> None:
    printed = _printed(compared, width=width)
    assert max(map(len, printed.splitlines())) <= width
    assert "…" not in printed


def test_every_number_is_there_at_any_width(compared: Comparison) -> None:
    intervals = re.compile(r"[+-][\d.]+(?: pp)? \[[+-][\d.]+, [+-][\d.]+\]")
    narrow, wide = (sorted(intervals.findall(_printed(compared, width=width))) for width in (80, 240))
    assert narrow == wide
    assert len(narrow) == 6 * (5 * 4 + 2)  # 6 ratios besides the baseline; 5 choice tasks x 4 metrics, 2 of documents


def test_a_wide_page_puts_metrics_side_by_side(compared: Comparison) -> None:
    assert len(_printed(compared, width=160).splitlines()) < len(_printed(compared, width=80).splitlines())


def test_order_of_the_report(compared: Comparison) -> None:
    printed = _printed(compared)
    parts = ["2 of 7 tasks are degraded", "✗ degraded", "\nCurves", "\nratio", "How to read this", "Warnings", "Failed"]
    positions = [printed.index(part) for part in parts]
    assert positions == sorted(positions)


def test_plain_text_when_piped(compared: Comparison) -> None:
    assert "\x1b" not in _printed(compared)


def test_colour_in_a_terminal_but_not_with_no_color(compared: Comparison) -> None:
    colour = re.compile(r"\x1b\[[\d;]*3[0-7]m")
    assert colour.search(_printed(compared, tty=True))
    assert not colour.search(_printed(compared, tty=True, environ={**TERMINAL, "NO_COLOR": "1"}))


def test_hostile_text_is_shown_as_text(compared: Comparison) -> None:
    printed = _printed(compared, width=120, tty=True)
    assert "runs/[bold red]r20[/]/model.safetensors \\x1b[31m" in printed
    odd = dataclasses.replace(compared, family="a\u202eb\x07[red]c", warnings=("line\nbreak [/red]",))
    printed = _printed(odd, tty=True)
    assert "a\\u202eb\\x07[red]c" in printed
    assert "line\\nbreak [/red]" in printed


def test_a_terminal_without_utf8(compared: Comparison) -> None:
    printed = _printed(dataclasses.replace(compared, family="naïve"), encoding="ascii")  # encodes, or raises
    assert printed.startswith("na\\xefve")
    assert "x degraded" in printed
    assert "+ safe" in printed


def test_long_names_fold_and_stay_whole(compared: Comparison) -> None:
    long = "task_" + "x" * 100
    cells = tuple(dataclasses.replace(c, task=long) if c.task == "synth_lookup" else c for c in compared.cells)
    printed = _printed(dataclasses.replace(compared, cells=cells))
    assert max(map(len, printed.splitlines())) <= 80
    assert "…" not in printed


def test_nothing_to_compare(compared: Comparison) -> None:
    printed = _printed(dataclasses.replace(compared, cells=(), warnings=("r00: not evaluated, left out",)))
    assert "Nothing could be compared." in printed
    assert "r00: not evaluated" in printed
    assert "Curves" not in printed


def test_many_ratios_leave_room_for_names(compared: Comparison) -> None:
    ratios = tuple(i / 20 for i in range(21))
    cells = tuple(
        changed(
            c,
            ratios=ratios,
            values=(c.data.values * 3)[:21],
            se=(c.data.se * 3)[:21],
            difference=(c.data.difference * 3)[:21],
            difference_ci=(c.data.difference_ci * 3)[:21],
        )
        for c in compared.cells
    )
    printed = _printed(dataclasses.replace(compared, cells=cells))
    assert max(map(len, printed.splitlines())) <= 80
    assert "…" not in printed


def _large(fitted: Comparison) -> Comparison:
    """3 sizes x 3 iterations x 2 tasks: too many curves to show them all."""
    cells = tuple(
        changed(cell, size=size, iteration=iteration)
        for size in ("70M", "410M", "1.4B")
        for iteration in (1, 2, 3)
        for cell in (*fitted.cells[:2], fitted.cells[5])
    )
    leads = tuple(dataclasses.replace(lead, label=f"lead {i}") for lead in fitted.leads for i in range(20))
    return dataclasses.replace(fitted, cells=cells, leads=leads)


@pytest.mark.parametrize("width", [80, 140])
def test_a_large_family_is_shown_by_its_most_urgent_curves(fitted: Comparison, width: int) -> None:
    printed = _printed(_large(fitted), width=width)
    assert max(map(len, printed.splitlines())) <= width
    assert len(printed.splitlines()) < 160
    said = " ".join(printed.split())
    # 18 curves: 9 degraded, of which 8 are shown, and 9 safe
    assert "and 10 more (9 safe, 1 degraded): report.html has them all, --explain TASK those of a task" in said
    assert said.count("lead ") == 8
    assert "and 12 more: report.html has them all" in said
    assert "20.0% [17.0, 23.0]" in said  # averages over tasks, with their intervals
    assert "How much synthetic data is shown safe" in said


def test_a_family_of_twelve_curves_is_shown_whole(fitted: Comparison) -> None:
    large = _large(fitted)
    twelve = dataclasses.replace(large, cells=large.cells[: 6 * 3])
    assert "report.html has them all" not in " ".join(_printed(twelve).split())
