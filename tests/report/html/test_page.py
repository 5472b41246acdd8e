"""report.html as text: whole, escaped, self-contained."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import re

import pytest
from parsed_page import Parsed

from synth_eval.report.html import html_report, write_html
from synth_eval.report.html.page import script_json
from synth_eval.report.view.model import Reliability
from synth_eval.types import Comparison

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def hostile(fitted: Comparison) -> Parsed:
    return Parsed(html_report(fitted))


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
    charts = json.loads(hostile.scripts["report-data"])["charts"]
    assert [chart["task"] for chart in charts] == ["arc", HOSTILE]
    assert charts[1]["curves"][0]["sentence"].endswith("</script> within 3%")
    text = script_json({"a": "</script><!--&\u2028", "b": float("nan")})
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == {"a": "</script><!--&\u2028", "b": None}


def test_control_characters_are_made_visible(compared: Comparison) -> None:
    page = html_report(compared)  # a message of it has an escape code
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
    script = gzip.decompress(base64.b64decode(hostile.scripts["plotly-gz"])).decode()
    assert "plotly.js v" in script[:200]


def test_ids_are_unique_and_links_lead_somewhere(hostile: Parsed) -> None:
    ids = [attributes["id"] for _, attributes in hostile.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in hostile.tags if tag == "a"}
    assert links <= {f"#{each}" for each in ids}


def test_a_large_family_stays_small(compared: Comparison, tmp_path) -> None:
    cells = tuple(
        dataclasses.replace(cell, size=size, iteration=iteration)
        for size in ("70M", "410M", "1.4B")
        for iteration in (1, 2, 3)
        for cell in compared.cells
    )
    write_html(dataclasses.replace(compared, cells=cells), tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size < 6_000_000


def test_nothing_to_compare(compared: Comparison) -> None:
    page = Parsed(html_report(dataclasses.replace(compared, cells=())))
    assert "Nothing could be compared." in "".join(page.text)
    assert json.loads(page.scripts["report-data"]) == {"charts": [], "grids": []}


def test_reliability_is_drawn_where_it_is_given(compared: Comparison) -> None:
    nan = float("nan")
    curve = Reliability("20%", (0.2, 0.8), (0.2, 0.5), (0.1, 0.7), (0.3, 0.9), (50.0, 5.0), note=HOSTILE)
    bare = Reliability("0%", (0.5,), (0.5,), (nan,), (nan,), (10.0,))
    page = Parsed(html_report(compared, reliability={"arc": [bare, curve]}))
    assert sum(tag == "svg" for tag, _ in page.tags) == 2
    assert [a["aria-label"] for tag, a in page.tags if tag == "svg"] == [
        "0%: 0 of 1 bins lie outside what chance would do to a calibrated model",
        "20%: 1 of 2 bins lie outside what chance would do to a calibrated model",
    ]
    assert HOSTILE in "".join(page.text)
    assert "reliability" not in {a.get("id") for _, a in Parsed(html_report(compared)).tags}


def test_what_the_models_write_is_drawn(written: Comparison, fitted: Comparison) -> None:
    page = Parsed(html_report(written))
    text = " ".join("".join(page.text).split())
    assert "Output characteristics" in text
    assert "early collapse at 20% (because 20%)" in text
    assert "Drift over iterations" in text
    assert HOSTILE in text  # as text: no such element
    assert not [tag for tag, attrs in page.tags if tag == "img"]
    drawn = [attrs for tag, attrs in page.tags if tag == "polyline"]
    # two characteristics over ratio with two iterations; two over iteration with three ratios
    assert len(drawn) == 2 * 2 + 2 * 3
    assert page.open == []
    assert "Output characteristics" not in "".join(Parsed(html_report(fitted)).text)
