"""report.html is valid HTML, and its colours can be read in both themes."""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
import shutil
import subprocess
from importlib import resources

import pytest
from cells import changed, make_contrast

from synth_eval.comparison import Comparison
from synth_eval.report.html import html_report
from synth_eval.report.view import report_view

html5lib = pytest.importorskip("html5lib", reason="no html5lib: pip install html5lib")
JAR = os.environ.get("SYNTH_EVAL_VNU", "")  # vnu.jar of the Nu HTML checker, such as npm's vnu-jar brings

ENOUGH = 4.5  # WCAG 2.2, success criterion 1.4.3


@pytest.fixture(scope="module")
def large(fitted: Comparison) -> Comparison:
    """With every table folded that can be."""
    places = itertools.product(("70M", "410M", "1.4B"), (1, 2, 3))
    cells = tuple(
        changed(cell, size=size, iteration=it) for size, it in places for cell in (*fitted.cells[:3], fitted.cells[5])
    )
    contrasts = tuple(
        make_contrast(
            f"arc: 70M against 410M, {measure} {i}", first="70M", second="410M", measure=measure, verdict="different",
            estimate=0.1 * i, interval=(0.05, 0.5),
        )
        for i in range(1, 9) for measure in ("onset", "mean loss", "loss")
    )  # fmt: skip
    return dataclasses.replace(
        fitted, cells=cells, contrasts=contrasts, leads=fitted.leads * 20, warnings=fitted.warnings * 20
    )


@pytest.fixture(scope="module", params=["fitted", "large", "compared", "empty"])
def page(request: pytest.FixtureRequest, fitted: Comparison, large: Comparison, compared: Comparison) -> str:
    known = {"fitted": fitted, "large": large, "compared": compared, "empty": dataclasses.replace(compared, cells=())}
    return html_report(report_view(known[request.param]))


def _errors(page: str) -> list[str]:
    """Of html5lib, which parses as browsers do and says where they would have to guess."""
    parser = html5lib.HTMLParser(strict=False)
    parser.parse(page)
    return [f"{place}: {code}" for place, code, _ in parser.errors]


def test_no_browser_has_to_guess(page: str) -> None:
    assert _errors(page) == []


def test_guessing_would_be_seen(fitted: Comparison) -> None:
    page = html_report(report_view(fitted))
    assert _errors(page.replace("</ul>", "", 1)) != []
    assert _errors(page.replace('<p class="note">', '<p class="note" class="other">', 1)) != []


@pytest.mark.skipif(not (JAR and shutil.which("java")), reason="SYNTH_EVAL_VNU names no vnu.jar, or there is no java")
def test_the_nu_checker_finds_no_error(page: str, tmp_path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    done = subprocess.run(["java", "-jar", JAR, "--stdout", str(path)], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0


def _luminance(colour: str) -> float:
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """As WCAG defines it: 1 for the same colour, 21 for black on white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_by_hand() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the well-known grey that just fails


def _themes() -> dict[str, dict[str, str]]:
    style = resources.files("synth_eval.report.html").joinpath("page.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root[^{]*\{(.*?)\}", style, flags=re.S)[:2]
    colours = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", theme)) for theme in (light, dark)]
    return {"light": colours[0], "dark": colours[1]}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(theme: str) -> None:
    colours = _themes()[theme]
    pairs = [(ink, ground) for ink in ("ink", "quiet", "link", "degraded") for ground in ("page", "panel")]
    pairs += [(word, f"{word}-bg") for word in ("degraded", "inconclusive", "safe", "refused")]
    pairs += [("ink", f"{side}-{step}") for side in ("loss", "gain") for step in (1, 2, 3)]
    pairs += [("on-loss-4", "loss-4"), ("on-gain-4", "gain-4")]
    found = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in found.items() if ratio < ENOUGH} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_stand_out(theme: str) -> None:
    """WCAG 2.2, 1.4.11: 3 to 1 for what is drawn."""
    colours = _themes()[theme]
    found = {i: contrast(colours[f"series-{i}"], colours["page"]) for i in range(1, 7)}
    assert {i: ratio for i, ratio in found.items() if ratio < 3} == {}
