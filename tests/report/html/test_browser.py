"""report.html in a real browser, with networking off: figures draw, tables sort, toggles work, nothing is executed.

Needs Playwright's Python package and a Chromium of the machine (Debian: `apt-get install chromium`).
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from scaling_families import SIZES
from scaling_rows_of import family_rows

from synth_eval.comparison import Comparison
from synth_eval.report.html import html_report, scaling_page
from synth_eval.report.scaling.view import scaling_view
from synth_eval.report.view import Reliability, report_view
from synth_eval.scaling.report import scaling_report

playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# axe-core is not ours to ship: its axe.min.js is named, or lies where `npm install axe-core` puts it
AXE = Path(os.environ.get("SYNTH_EVAL_AXE") or "node_modules/axe-core/axe.min.js")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def report_file(fitted: Comparison, tmp_path_factory):
    curve = Reliability("20%", (0.2, 0.8), (0.2, 0.5), (0.1, 0.7), (0.3, 0.9), (50.0, 5.0))
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html_report(report_view(fitted), reliability={"arc": [curve]}), encoding="utf-8")
    return path


def _written(comparison: Comparison, folder: Path) -> None:
    (folder / "report.html").write_text(html_report(report_view(comparison)), encoding="utf-8")


def _opened(browser, path, *, width: int = 1440, scheme: str = "light"):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, has_touch=width < 500
    )
    page = context.new_page()
    page.complaints = []
    page.requested = []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (page.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: page.requested.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)
    return page


@pytest.fixture(scope="module")
def page(browser, report_file) -> Iterator:
    opened = _opened(browser, report_file)
    yield opened
    opened.context.close()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_figure_draws_and_nothing_overflows(browser, report_file, width: int, scheme: str) -> None:
    page = _opened(browser, report_file, width=width, scheme=scheme)
    assert page.complaints == []
    assert page.requested == [report_file.as_uri()]
    charts = page.locator("[data-figure]")
    assert charts.count() == 2 + 1 + 1  # tasks, the average over them, a reliability diagram
    for i in range(charts.count()):
        assert charts.nth(i).locator("path.point").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    page.context.close()


def test_names_show_as_text(page) -> None:
    assert page.locator("img").count() == 0
    assert page.locator("h1").inner_text().startswith("<img src=x onerror=alert(1)>")
    assert page.locator("#checkpoints").inner_text().count("<img src=x onerror=alert(1)>") == 6


def test_accuracy_and_calibration_share_the_axis(page) -> None:
    chart = page.locator("[data-figure='0']")
    assert chart.locator(".xtick").count() == 3  # 0%, 20% and 50%, once for all panels
    titles = chart.locator(".annotation").all_text_contents()
    assert "onset, and × margin crossed, with 95% intervals" in titles
    assert "surprise gap, 410M: onset 10%, margin 12%" in titles


def test_hover_says_value_and_interval(page) -> None:
    chart = page.locator("[data-figure='0']")
    chart.scroll_into_view_if_needed()
    point = chart.locator("path.point").nth(3).bounding_box()  # the first is the mark of the crossing
    page.mouse.move(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    page.wait_for_selector(".hoverlayer text")
    assert "50%: accuracy 60.0% (-20.0 pp [-23.0, -17.0])" in chart.locator(".hoverlayer").text_content()


def test_sizes_can_be_switched_off_by_keyboard(page) -> None:
    chart = page.locator("[data-figure='0']")
    before = chart.locator("path.point").count()
    box = page.get_by_role("checkbox", name="1.4B")
    box.focus()
    page.keyboard.press("Space")
    assert chart.locator("path.point").count() < before
    assert page.locator(".says p:visible").count() == 2  # one for each task
    page.keyboard.press("Space")
    assert chart.locator("path.point").count() == before


def test_seeds_and_fits_can_be_switched(page) -> None:
    chart = page.locator("[data-figure='0']")
    before, lines = chart.locator("path.point").count(), chart.locator("path.js-line").count()
    fit, seeds = page.get_by_role("checkbox", name="fitted curve"), page.get_by_role("checkbox", name="each seed")
    assert fit.is_checked()
    assert not seeds.is_checked()  # two sizes: a line a seed would be many
    seeds.check()
    # two seeds of two sizes at three ratios, one of them without its checkpoint at 50%
    assert chart.locator("path.point").count() == before + 2 * (3 + 2)
    seeds.uncheck()
    fit.uncheck()
    # the fit of each size goes with its mark of the crossing, and the points are joined instead
    assert chart.locator("path.point").count() == before - 2
    assert chart.locator("path.js-line").count() == lines
    fit.check()
    assert chart.locator("path.point").count() == before


def test_hover_says_the_shape_of_the_fit(page) -> None:
    texts = page.evaluate("document.querySelector('[data-figure=\"0\"]').data.flatMap((trace) => trace.text || [])")
    assert sum(text.endswith("<br>fitted: flat up to 20%, straight from there") for text in texts) == 3  # ratios
    assert sum(text.endswith("<br>fitted: the ratio to the power of 2") for text in texts) == 3
    assert "410M, accuracy: fitted loss reaches the margin at 23.6%, 95% interval 18% to 50%" in texts


def test_averages_are_drawn_with_their_names(page) -> None:
    grid = page.locator("[data-figure='2']")
    assert grid.count() == 1
    assert grid.locator("path.point").count() == 2 * 3  # sizes x ratios
    assert page.locator(".legend").inner_text().split() == ["410M", "1.4B"]
    assert "20.0% [17.0, 23.0]" in page.locator("#size-by-ratio").inner_text()


def test_values_instead_of_changes(page) -> None:
    show = page.locator("select[name=scale]")
    assert show.input_value() == "change"
    chart = page.locator("[data-figure='0']")
    assert any("accuracy: change" in text for text in chart.locator(".annotation").all_text_contents())
    show.select_option("value")
    assert "accuracy" in chart.locator(".annotation").all_text_contents()
    show.select_option("change")


def test_a_large_gap_fills_its_panel(browser, make_cell, tmp_path) -> None:
    gap = {
        "metric": "surprise_gap",
        "higher_is_better": False,
        "values": (3.0, 3.05, 3.1),
        "difference": (0.0, 0.05, 0.1),
        "difference_ci": ((0.0, 0.0), (-0.1, 0.2), (0.0, 0.2)),
    }
    refused = make_cell("boolq", verdict="refused", difference_ci=((0.0, 0.0), None, None))
    cells = (make_cell(), make_cell(**gap), refused)
    _written(Comparison("f", "now", {}, cells, ()), tmp_path)
    page = _opened(browser, tmp_path / "report.html")
    low, high = page.evaluate("document.querySelector('[data-figure=\"0\"]')._fullLayout.yaxis2.range")
    assert 2.8 < low < 2.9  # the band ends at 2.9 and 3.25; the other margin is at -3.02
    assert 3.2 < high < 3.3
    titles = page.locator("[data-figure='0'] .annotation").all_text_contents()
    assert "surprise gap (nats; 0 is calibrated, not in view)" in titles
    hatched = page.locator(".heat td.refused")
    assert hatched.all_inner_texts() == ["2.5%\n– refused", "25.0%\n– refused"]
    assert "gradient" in hatched.first.evaluate("(cell) => getComputedStyle(cell).backgroundImage")
    page.context.close()


@pytest.mark.parametrize("task", ["a_task_of_one_word_that_is_much_longer_than_a_phone_is_wide"])
def test_long_names_fit_a_phone(browser, make_cell, tmp_path, task: str) -> None:
    versions = {f"task {task}": "version 1", "torch": "2"}
    _written(Comparison("f", "now", versions, (make_cell(task), make_cell("b")), ()), tmp_path)
    page = _opened(browser, tmp_path / "report.html", width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    name = page.locator(".heat tbody th").first.bounding_box()
    assert name["width"] < 200  # numbers are seen beside it
    page.set_viewport_size({"width": 1440, "height": 900})
    terms = page.locator("#data dl").first.locator("dt")
    assert terms.evaluate_all("(all) => all.every((term) => term.scrollWidth <= term.clientWidth)")
    page.context.close()


def test_tables_sort_numbers_as_numbers_and_copy(page) -> None:
    table = page.locator("#verdicts")
    column = table.get_by_role("button", name=re.compile("^onset"))

    def onsets() -> list[str]:
        return [text.strip() for text in table.locator("tbody tr td:nth-child(4)").all_inner_texts()]

    column.click()
    assert onsets()[:5] == ["10% [4%, 18%]", "10% [4%, 18%]", "20% [14%, 26%]", "30% [22%, 38%]", ""]
    assert table.locator("th[aria-sort=ascending]").count() == 1
    column.click()
    assert onsets()[:3] == ["30% [22%, 38%]", "20% [14%, 26%]", "10% [4%, 18%]"]
    assert onsets()[-1] == ""  # nothing to sort by: last in both directions
    table.get_by_role("button", name="Copy table").click()
    assert table.locator(".said").inner_text() in ("Copied", "This browser did not allow it")


def test_theme_and_map_of_losses(page) -> None:
    shown = page.locator("[data-place]:visible")
    assert shown.count() == 1
    page.get_by_label("Map of").select_option(label="410M")
    assert shown.locator("h3").inner_text() == "410M"
    page.get_by_role("button", name="Dark or light").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_role("button", name="Dark or light").click()


@pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: npm install axe-core, or name it in SYNTH_EVAL_AXE")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, report_file, scheme: str) -> None:
    page = _opened(browser, report_file, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run().then((run) => ({ bad: run.violations.map((v) => v.id), good: run.passes.length }))"
    )
    assert found["bad"] == []
    assert found["good"] > 20
    page.context.close()


@pytest.fixture(scope="module")
def laws(tmp_path_factory) -> Path:
    """The scaling laws of four tasks; figures of all but the first are folded away."""
    view = scaling_view(scaling_report(family_rows(sizes=SIZES[:2]), resamples=60))
    path = tmp_path_factory.mktemp("laws") / "scaling.html"
    path.write_text(scaling_page(dataclasses.replace(view, tasks=view.tasks * 4), title="laws"), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_scaling_laws_are_drawn_once_they_are_seen(browser, laws: Path, width: int, scheme: str) -> None:
    page = _opened(browser, laws, width=width, scheme=scheme)
    assert page.complaints == []
    assert page.requested == [laws.as_uri()]
    tasks = page.locator("article.task")
    assert tasks.count() == 4
    first, last = (tasks.nth(i).locator("[data-panel]") for i in (0, 3))
    # losses, changes and equal loss of two sizes, best ratio and speed-up of each
    assert first.count() == last.count() == 2 + 2 + 2 * (1 + 1 + 1)
    assert all(first.nth(i).locator(".scatterlayer path").count() > 0 for i in range(first.count()))
    assert last.first.locator("path").count() == 0
    tasks.nth(3).locator("summary").first.click()
    last.first.locator("path.point").first.wait_for(state="attached")
    assert all(last.nth(i).locator(".scatterlayer path").count() > 0 for i in range(last.count()))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".legend").first.inner_text().split("\n")[0].startswith("ratio 0")
    assert page.locator(".legend svg.swatch").count() == page.locator("[data-series]").count() > 0
    page.context.close()


def test_hover_on_scaling_laws(browser, laws: Path) -> None:
    page = _opened(browser, laws)
    texts = page.evaluate("document.querySelector('[data-panel]').data.flatMap((trace) => trace.text || [])")
    assert texts[0].startswith("ratio 0, 2B tokens: ")
    assert sum(text.endswith(", held out") for text in texts) == 6
    names = page.evaluate(
        "[...document.querySelectorAll('.js-plotly-plot')].flatMap((plot) => plot.layout.annotations)"
    )
    assert any(name["text"].startswith("100M, ratio 0.1, 128B tokens: 1.") for name in names)
    page.context.close()


def test_prints_on_paper(page) -> None:
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.complaints == []
