"""report.html as text: whole, escaped, self-contained."""

from __future__ import annotations

import dataclasses
import re

import pytest
from cells import changed
from parsed_page import Parsed

from synth_eval.comparison import Comparison
from synth_eval.report.html import html_report
from synth_eval.report.view import Reliability, report_view

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def hostile(fitted: Comparison) -> Parsed:
    return Parsed(html_report(report_view(fitted)))


def test_names_show_as_text(hostile: Parsed) -> None:
    assert "img" not in {tag for tag, _ in hostile.tags}
    assert not any(name.startswith("on") for _, attributes in hostile.tags for name in attributes)
    shown = "".join(hostile.text)
    assert f"{HOSTILE}: synthetic data against" in shown
    assert f"{HOSTILE} 410M 0.2" in shown  # a checkpoint
    assert "</script> within 3%" in shown


def test_elements_are_closed(hostile: Parsed) -> None:
    assert hostile.open == []


def test_data_in_scripts_cannot_end_them(hostile: Parsed) -> None:
    data = hostile.data
    # two tasks and the average over them, in the order in which the page has places for them
    assert len(data["figures"]) == 3
    texts = [
        text for panel in data["figures"][1]["panels"] for trace in panel["traces"] for text in trace.get("text", ())
    ]
    assert "410M, 0%: accuracy 80.0% (baseline)" in texts
    places = [a for tag, a in hostile.tags if "data-figure" in a]
    assert [place["data-figure"] for place in places] == ["0", "1", "2"]
    assert places[1]["aria-label"] == f"{HOSTILE} over synthetic ratio; the values are in the table below"
    assert "".join(hostile.text).count("</script> within 3%") >= 1
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", hostile.scripts["report-data"])


def test_control_characters_are_made_visible(compared: Comparison) -> None:
    page = html_report(report_view(compared))  # a message of it has an escape code
    assert "\x1b" not in page
    assert "\\x1b[31m" in "".join(Parsed(page).text)


def test_nothing_is_loaded(hostile: Parsed) -> None:
    policy = next(a["content"] for tag, a in hostile.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert not re.search(r"https?:|unsafe-eval", policy)
    for _, attributes in hostile.tags:
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")


def test_the_library_is_inside_and_whole(hostile: Parsed) -> None:
    script = hostile.unpacked("plotly-gz")
    assert "plotly.js v" in script[:200]


def test_ids_are_unique_and_links_lead_somewhere(hostile: Parsed) -> None:
    ids = [attributes["id"] for _, attributes in hostile.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in hostile.tags if tag == "a"}
    assert links <= {f"#{each}" for each in ids}


def test_a_large_family_stays_small(compared: Comparison) -> None:
    cells = tuple(
        changed(cell, size=size, iteration=iteration)
        for size in ("70M", "410M", "1.4B")
        for iteration in (1, 2, 3)
        for cell in compared.cells
    )
    page = html_report(report_view(dataclasses.replace(compared, cells=cells)))
    assert len(page.encode()) < 3_500_000


def test_nothing_to_compare(compared: Comparison) -> None:
    page = Parsed(html_report(report_view(dataclasses.replace(compared, cells=()))))
    assert "Nothing could be compared." in "".join(page.text)
    assert page.data == {"figures": [], "controls": []}


def test_reliability_is_drawn_where_it_is_given(compared: Comparison) -> None:
    nan = float("nan")
    curve = Reliability("20%", (0.2, 0.8), (0.2, 0.5), (0.1, 0.7), (0.3, 0.9), (50.0, 5.0), note=HOSTILE)
    bare = Reliability("0%", (0.5,), (0.5,), (nan,), (nan,), (10.0,))
    page = Parsed(html_report(report_view(compared), reliability={"arc": [bare, curve]}))
    drawn = [a for tag, a in page.tags if "data-panel" in a]
    assert [a["aria-label"] for a in drawn] == [
        "0%: 0 of 1 bins are outside what chance would do to a calibrated model",
        "20%: 1 of 2 bins are outside what chance would do to a calibrated model",
    ]
    assert [a["data-panel"] for a in drawn] == ["0", "1"]
    assert HOSTILE in "".join(page.text)
    assert "reliability" not in {a.get("id") for _, a in Parsed(html_report(report_view(compared))).tags}


def test_what_the_models_write_is_drawn(written: Comparison, fitted: Comparison) -> None:
    page = Parsed(html_report(report_view(written)))
    text = " ".join("".join(page.text).split())
    assert "Output characteristics" in text
    assert "early collapse at 20% (because 20%)" in text
    assert "Drift over iterations" in text
    assert HOSTILE in text  # as text: no such element
    assert not [tag for tag, attrs in page.tags if tag == "img"]
    # two characteristics over ratio with two iterations; two over iteration with three ratios
    over_ratio, over_iteration = page.data["figures"][-2:]
    for figure, lines in ((over_ratio, 2), (over_iteration, 3)):
        assert len(figure["panels"]) == 2
        for panel in figure["panels"]:
            assert sum(trace["hoverinfo"] == "text" for trace in panel["traces"]) == lines
    spoken = [a["aria-label"] for tag, a in page.tags if "data-panel" in a]
    assert len(spoken) == 4
    assert all("first to last: " in str(each) for each in spoken)
    keys = [a["data-series"] for tag, a in page.tags if "data-series" in a]
    assert keys == ["0", "1", "0", "1", "2"]
    assert page.open == []
    assert "Output characteristics" not in "".join(Parsed(html_report(report_view(fitted))).text)
