"""report.md: escaped, and short enough for a comment."""

from __future__ import annotations

import dataclasses
import re

from cells import changed

from synth_eval.comparison import Comparison
from synth_eval.report.exports import MAX_LENGTH, escape_markdown, markdown_report
from synth_eval.report.view import report_view


def test_headline_budgets_and_verdicts(compared: Comparison) -> None:
    text = markdown_report(report_view(compared))
    assert text.startswith("## simulated: synthetic data against the 0% baseline\n")
    assert "**2 of 7 tasks are degraded, the earliest from 10% synthetic data on (synth\\_python\\_code)" in text
    assert "| ❌ degraded | synth\\_arithmetic | accuracy degraded: significant from 30% on" in text
    assert text.count("<details>") == text.count("</details>") > 2


def test_rows_have_as_many_cells_as_their_head(fitted: Comparison) -> None:
    lines = markdown_report(report_view(fitted)).splitlines()
    cells = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
    for above, line in enumerate(lines[1:]):
        if cells[above] and line.startswith("|"):
            assert cells[above] == cells[above + 1], line


def test_hostile_text_stays_text(fitted: Comparison) -> None:
    text = markdown_report(report_view(fitted))
    assert "<img" not in text
    assert "](" not in text.replace("\\](", "")
    assert "@everyone" not in text
    assert escape_markdown("a\nb|c`d`") == "a\\\\nb\\|c\\`d\\`"


def test_verdicts_after_the_twelfth_are_folded(compared: Comparison) -> None:
    cells = tuple(changed(cell, size=f"{size}M") for size in (1, 2) for cell in compared.cells)
    text = markdown_report(report_view(dataclasses.replace(compared, cells=cells)))
    head, _, rest = text.partition("<details><summary>2 more verdicts: 2 safe</summary>")
    assert head.count("\n| ❌ degraded") + head.count("\n| ❔") + head.count("\n| ➖") + head.count("\n| ✅") == 12
    assert rest.partition("</details>")[0].count("\n| ✅ safe") == 2


def test_a_large_family_fits_a_comment(compared: Comparison) -> None:
    cells = tuple(changed(cell, size=f"{size}M") for size in range(1, 25) for cell in compared.cells)
    text = markdown_report(report_view(dataclasses.replace(compared, cells=cells)))
    assert len(text) < MAX_LENGTH + 500
    assert re.search(r"\d+ more tables are in report.html", text)
