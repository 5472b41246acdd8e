"""Scaling laws as a section of a page and as a page: whole, escaped, self-contained."""

from __future__ import annotations

import dataclasses
import re

import pytest
from parsed_page import Parsed
from scaling_families import TOKENS, Truth
from scaling_rows_of import family_rows

from synth_eval.report.html import html_report
from synth_eval.report.html.scaling import scaling_page, scaling_section
from synth_eval.report.html.scaling_svg import linear_axis, log_axis, log_tokens_axis
from synth_eval.scaling.loss_table import LossRow
from synth_eval.scaling.report import ScalingReport, scaling_report
from synth_eval.types import Comparison

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def found() -> ScalingReport:
    rows = family_rows(Truth(u1=-0.15), source=HOSTILE, tokens=(*TOKENS, 5.12e11))
    return scaling_report([*rows, *family_rows(source=HOSTILE, task="code")], resamples=60, notes=[HOSTILE])


@pytest.fixture(scope="module")
def page(found: ScalingReport) -> Parsed:
    return Parsed(scaling_page(found, title=HOSTILE))


def test_whole_and_escaped(page: Parsed) -> None:
    assert page.open == []
    assert "img" not in {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    shown = "".join(page.text)
    for part in ("web", "best ratio", "collapse pattern: seen", "Mixes of equal loss", "Left out", "refused: "):
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
    drawings = [a for tag, a in page.tags if tag == "svg" and "aria-hidden" not in a]
    assert len(drawings) > 10
    assert all(a.get("aria-label") for a in drawings)
    lines = [a["points"] for tag, a in page.tags if tag in ("polyline", "polygon")]
    places = [tuple(map(float, place.split(","))) for line in lines for place in str(line).split()]
    assert min(x for x, _ in places) >= 48
    assert max(x for x, _ in places) <= 330
    assert min(y for _, y in places) >= 10
    assert max(y for _, y in places) <= 190


def test_section_of_a_family(found: ScalingReport, compared: Comparison) -> None:
    whole = Parsed(html_report(compared, scaling=found))
    assert whole.open == []
    assert "scaling" in {a.get("id") for _, a in whole.tags}
    assert "#scaling" in {a.get("href") for tag, a in whole.tags if tag == "a"}
    ids = [attributes["id"] for _, attributes in whole.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert "scaling" not in {a.get("id") for _, a in Parsed(html_report(compared)).tags}


def test_held_out_points_are_solid(found: ScalingReport) -> None:
    panel = scaling_section(found).tasks[0].losses[0]
    for line in panel.lines:
        assert [mark.solid for mark in line.marks] == [False] * 4 + [True]


def test_refusals_alone_make_a_page() -> None:
    rows = [LossRow("f", "1M", 1e6, 1e9 * 2**i, 0.0, "self", "t", 3.0 - 0.1 * i) for i in range(2)]
    shown = "".join(Parsed(scaling_page(scaling_report(rows, resamples=60), title="f")).text)
    assert "2 token budgets: at least 5 are needed" in shown
    assert "natural data alone" in shown


def test_error_rates_without_room_say_so() -> None:
    row = LossRow("f", "1M", 1e6, 1e9, 0.0, "self", "t", 0.5, error_rate=True)
    rows = [dataclasses.replace(row, tokens=1e9 * 2**i, loss=0.5 + 0.001 * i) for i in range(5)]
    assert "no room" in "".join(Parsed(scaling_page(scaling_report(rows), title="f")).text)


def test_ticks_are_few_and_round() -> None:
    # 2 to 512 billion: 2, 5, 10, ... 500 are eight; powers of ten are two, too few; every second is left
    assert [tick.text for tick in log_tokens_axis([2e9, 5.12e11], 0, 100).ticks] == ["2B", "10B", "50B", "200B"]
    assert [tick.text for tick in log_axis([2.2, 3.1], 0, 100).ticks] == ["2.2", "2.4", "2.6", "2.8", "3"]
    assert [tick.text for tick in linear_axis([0.0, 0.8], 0, 100).ticks] == ["0", "0.2", "0.4", "0.6", "0.8"]
    assert [tick.text for tick in linear_axis([1.0, 1.0], 0, 100).ticks] == ["1"]
    assert log_axis([1.0, 100.0], 0.0, 100.0).at(10.0) == pytest.approx(50.0)
