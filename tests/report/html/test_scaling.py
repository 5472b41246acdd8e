"""Scaling laws as a section of a page and as a page: whole, escaped, self-contained."""

from __future__ import annotations

import dataclasses
import re

import pytest
from parsed_page import Parsed
from scaling_families import TOKENS, Truth
from scaling_rows_of import family_rows

from synth_eval.comparison import Comparison
from synth_eval.report.html import html_report, scaling_page
from synth_eval.report.scaling.view import ScalingView, scaling_view
from synth_eval.report.view import report_view
from synth_eval.scaling.loss_table import LossRow
from synth_eval.scaling.report import scaling_report

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def found() -> ScalingView:
    rows = family_rows(Truth(u1=-0.15), source=HOSTILE, tokens=(*TOKENS, 5.12e11))
    return scaling_view(
        scaling_report([*rows, *family_rows(source=HOSTILE, task="code")], resamples=60, notes=[HOSTILE])
    )


@pytest.fixture(scope="module")
def page(found: ScalingView) -> Parsed:
    return Parsed(scaling_page(found, title=HOSTILE))


def test_whole_and_escaped(page: Parsed) -> None:
    assert page.open == []
    assert "img" not in {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    shown = "".join(page.text)
    for part in ("web", "best ratio", "collapse pattern: seen", "Mixes of equal loss", "Input", "refused: "):
        assert part in shown, part
    assert "None" not in shown
    assert "nan" not in re.sub(r"\w*nan\w+|\w+nan\w*", "", shown)


def test_nothing_is_loaded(page: Parsed) -> None:
    for _, attributes in page.tags:
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")


def test_ids_are_unique(page: Parsed) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_drawing_is_spoken_and_inside_its_frame(page: Parsed) -> None:
    places = [a for _, a in page.tags if "data-panel" in a]
    assert len(places) > 10
    assert all(a.get("role") == "img" and a.get("aria-label") for a in places)
    figures = page.data["figures"]
    assert sum(len(figure["panels"]) for figure in figures) == len(places)
    for panel in (panel for figure in figures for panel in figure["panels"]):
        for name in ("x", "y"):
            axis = panel[f"{name}axis"]
            values = [v for trace in panel["traces"] for v in trace[name] if v is not None]
            if "range" in axis:
                low, high = (10**end for end in axis["range"]) if axis.get("type") == "log" else axis["range"]
                assert low < min(values)
                assert max(values) < high


def test_section_of_a_family(found: ScalingView, compared: Comparison) -> None:
    whole = Parsed(html_report(report_view(compared), scaling=found))
    assert whole.open == []
    assert "scaling" in {a.get("id") for _, a in whole.tags}
    assert "#scaling" in {a.get("href") for tag, a in whole.tags if tag == "a"}
    ids = [attributes["id"] for _, attributes in whole.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert "scaling" not in {a.get("id") for _, a in Parsed(html_report(report_view(compared))).tags}


def test_held_out_points_are_solid(page: Parsed) -> None:
    losses = page.data["figures"][0]["panels"][0]
    symbols = [trace["marker"]["symbol"] for trace in losses["traces"] if "marker" in trace]
    assert symbols
    for five in symbols:
        assert [symbol.endswith("-open") for symbol in five] == [True] * 4 + [False]


def test_the_legend_names_every_series(page: Parsed) -> None:
    # ratios of the losses of both tasks from 0 on, of the changes from natural data from 1 on
    keys = [str(a["data-series"]) for _, a in page.tags if "data-series" in a]
    assert keys[:11] == [*map(str, range(6)), *map(str, range(1, 6))]


def test_refusals_alone_make_a_page() -> None:
    rows = [LossRow("f", "1M", 1e6, 1e9 * 2**i, 0.0, "self", "t", 3.0 - 0.1 * i) for i in range(2)]
    shown = "".join(Parsed(scaling_page(scaling_view(scaling_report(rows, resamples=60)), title="f")).text)
    assert "2 token budgets: at least 5 are needed" in shown
    assert "natural data alone" in shown


def test_error_rates_without_room_say_so() -> None:
    row = LossRow("f", "1M", 1e6, 1e9, 0.0, "self", "t", 0.5, error_rate=True)
    rows = [dataclasses.replace(row, tokens=1e9 * 2**i, loss=0.5 + 0.001 * i) for i in range(5)]
    assert "no room" in "".join(Parsed(scaling_page(scaling_view(scaling_report(rows)), title="f")).text)
