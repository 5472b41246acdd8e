"""Stages of a collapse: planted losses of the tail alone, of everything, and none."""

from __future__ import annotations

import dataclasses
from functools import cache

import pytest
from cells import CELL, changed
from hypothesis import given
from hypothesis import strategies as st
from simulated_family import Flat, Task, hinge, simulate
from written_family import written_tables

from synth_eval.cell import Cell
from synth_eval.compare import compare_family
from synth_eval.compare.collapse import collapses_of, stage_of
from synth_eval.comparison import Comparison

RATIOS = (0.0, 0.1, 0.3, 0.5, 1.0)


@cache
def compared(
    accuracy, lost: float, *, longer: int = 60, spread: float = 0.0, iterations: tuple[int, ...] = (1,)
) -> Comparison:
    """`lost` is the share of rare words lost at ratio 1, times the iteration; `longer` the words a sample there."""
    simulated = simulate({"scores": Task(accuracy)}, ratios=RATIOS, iterations=iterations)
    texts = written_tables(
        simulated.family.checkpoints,
        lost=lambda c: lost * c.ratio * c.iteration,
        words=lambda c: longer if c.ratio == 1 else 60,
        spread=spread,
    )
    return compare_family(simulated.family, {**simulated.tables, **texts})


def rows_of(comparison: Comparison) -> list:
    return list(comparison.collapses)


def test_a_lost_tail_under_steady_scores_is_early_collapse() -> None:
    comparison = compared(Flat(0.8), 0.3)
    rows = rows_of(comparison)
    assert [row.ratio for row in rows] == list(RATIOS[1:])
    assert [row.stage for row in rows][1:] == ["early collapse"] * 3
    assert all("tail" in row.toward for row in rows[1:])
    assert all(row.against == () and row.worse == () for row in rows)
    assert rows[-1].reason.endswith("no score is shown worse")


def test_with_scores_that_fall_too_it_is_late() -> None:
    rows = rows_of(compared(hinge(0.8, onset=0.3, slope=0.4), 0.3))
    # accuracy is the same up to 30%, and 8 and 28 points lower at 50% and 100%
    assert [row.stage for row in rows][1:] == ["early collapse", "late collapse", "late collapse"]
    assert rows[-1].worse == ("scores",)
    assert rows[-1].verdict == "collapse"


def test_scores_that_fall_alone_are_no_collapse() -> None:
    rows = rows_of(compared(hinge(0.8, onset=0.0, slope=0.4), 0.0))
    assert {row.verdict for row in rows} <= {"none", "some sides"}
    assert rows[-1].stage == "scores alone"


def test_nothing_lost_is_nothing_said() -> None:
    rows = rows_of(compared(Flat(0.8), 0.0))
    assert {row.stage for row in rows} == {"none"}
    assert {row.verdict for row in rows} <= {"none", "some sides"}


def test_another_length_is_no_collapse() -> None:
    rows = rows_of(compared(Flat(0.8), 0.0, longer=90, spread=0.2))
    assert [row.cut_to for row in rows][:3] == [None] * 3
    # 60 words, 48 to 72 alike: a tenth of the texts has fewer than about 50
    assert rows[-1].cut_to == pytest.approx(50, abs=1)
    assert rows[-1].stage == "none"
    assert rows[-1].reason.startswith("length moved from 60 to 90 tokens, so at ")


def test_a_collapse_is_told_at_one_length() -> None:
    rows = rows_of(compared(hinge(0.8, onset=0.3, slope=0.4), 0.3, longer=90, spread=0.2))
    assert [row.stage for row in rows][1:] == ["early collapse", "late collapse", "late collapse"]
    assert rows[-1].cut_to == pytest.approx(50, abs=1)
    assert " tokens each: toward collapse: " in rows[-1].reason


def test_shorter_texts_are_not_taken_for_diverse_ones() -> None:
    # whole, texts of 40 words have more different words in them than texts of 60: cut, they are the same
    rows = rows_of(compared(Flat(0.8), 0.0, longer=40))
    assert rows[-1].cut_to == 40
    assert rows[-1].against == ()


def test_texts_that_are_too_short_are_refused() -> None:
    rows = rows_of(compared(Flat(0.8), 0.0, longer=15))
    assert [row.verdict == "refused" for row in rows] == [False, False, False, True]
    assert rows[-1].stage == ""
    assert rows[-1].cut_to is None
    assert rows[-1].reason.startswith(
        "length moved from 60 to 15 tokens, and too many texts are too short to compare at one length"
    )


def test_texts_that_were_not_kept_are_refused() -> None:
    simulated = simulate({"scores": Task(Flat(0.8))}, ratios=(0.0, 1.0))
    texts = written_tables(
        simulated.family.checkpoints, lost=lambda c: 0.0, words=lambda c: 80 if c.ratio else 60, prompts=24
    )
    bare = {
        key: dataclasses.replace(table, columns={k: v for k, v in table.columns.items() if k != "samples"})
        for key, table in texts.items()
    }
    (row,) = rows_of(compare_family(simulated.family, bare))
    assert row.verdict == "refused"
    assert row.reason.startswith("length moved from 60 to 80 tokens, and the texts are not kept in these results")
    cells = compare_family(simulated.family, bare).characteristics
    (alone,) = collapses_of(cells, (), baseline_ratio=0.0)
    assert "most characteristics follow length" in alone.reason


def test_the_loss_compounds_over_iterations() -> None:
    comparison = compared(Flat(0.8), 0.15, iterations=(1, 2, 3))
    found = {row.metric: row for row in comparison.text_contrasts if row.first == 1}
    last = [row for row in comparison.text_contrasts if (row.first, row.second) == (1, 3)]
    tail = next(row for row in last if row.metric == "tail_mass")
    # mean of the ratios .1, .3, .5 and 1 is .475: losses of 15% and 45% of it, so a difference of 14.25%
    assert tail.estimate == pytest.approx(-0.1425, abs=0.04)
    assert tail.verdict == "different"
    assert "loops" not in found  # starts at 0: no relative loss


def test_without_scores_the_tail_is_lost_and_no_more_is_said() -> None:
    comparison = compared(Flat(0.8), 0.3)
    rows = collapses_of(comparison.characteristics, (), baseline_ratio=0.0)
    assert rows[-1].stage == "tail lost"
    assert rows[-1].reason.endswith("no scores beside it")


def test_too_few_sides_are_refused() -> None:
    comparison = compared(Flat(0.8), 0.3)
    cells = [cell for cell in comparison.characteristics if cell.metric in ("tail_mass", "mattr", "length")]
    rows = collapses_of(cells, comparison.cells, baseline_ratio=0.0)
    assert {row.verdict for row in rows} == {"refused"}
    assert rows[0].reason.startswith("not measured on at least 20 prompts: sameness, repetition")


def test_sides_without_an_interval_are_not_called_unmeasured(make_side) -> None:
    moved = [make_side("mattr", -1.0, 0.1), make_side("tail_mass", -1.0, 0.1)]
    unbounded = [
        changed(make_side(name, 1.0, 0.1), difference_ci=((0.0, 0.0), None), verdict="refused")
        for name in ("self_bleu", "repetition")
    ]
    (row,) = collapses_of([*moved, *unbounded], (), baseline_ratio=0.0)
    assert row.verdict == "refused"
    assert row.reason.startswith("too few seeds to bound a change: sameness, repetition")
    (row,) = collapses_of([*moved, unbounded[0]], (), baseline_ratio=0.0)
    assert row.reason.startswith("not measured on at least 20 prompts: sameness, repetition")


def test_one_characteristic_of_a_side_needs_a_wider_interval(make_side) -> None:
    # 40 prompts, measured noise on 100 degrees of freedom: 39 count. t(.975, 39) = 2.0227; of three characteristics
    # each has 5% / 3: t(1 - .025 / 3, 39) = 2.5029. The side moved if 1.05 clears 1.0 * 2.5029 / 2.0227 = 1.237: no.
    names = ("expectation_adjusted_distinct", "mattr", "mtld")
    three = [make_side(name, -1.05, 1.0) for name in names]
    others = [make_side("self_bleu", 0.0, 1.0), make_side("tail_mass", 0.0, 1.0)]
    (row,) = collapses_of([*three, *others], (), baseline_ratio=0.0)
    assert row.toward == ()
    (row,) = collapses_of([three[0], *others], (), baseline_ratio=0.0)
    assert row.toward == ("vocabulary",)
    (row,) = collapses_of([make_side("mattr", -1.25, 1.0), three[0], three[2], *others], (), baseline_ratio=0.0)
    assert row.toward == ("vocabulary",)


@pytest.fixture
def make_side():
    def made(metric: str, difference: float, half: float) -> Cell:
        return changed(
            CELL,
            task="essays",
            category="generation",
            metric=metric,
            higher_is_better=metric not in ("self_bleu", "near_duplicates", "repetition", "loops"),
            size="",
            iteration=1,
            source="self",
            seeds=2,
            n_items=40,
            ratios=(0.0, 0.5),
            values=(10.0, 10.0 + difference),
            se=(0.1, 0.1),
            difference=(0.0, difference),
            difference_ci=((0.0, 0.0), (difference - half, difference + half)),
            verdict="inconclusive",
            reason="",
            first_below=None,
            budget=None,
            df=100.0,
        )

    return made


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_every_case_has_a_stage(called: bool, tail: bool, worse: bool, refused: bool) -> None:
    stage = stage_of(called=called, tail=tail, worse=worse, refused=refused)
    assert (stage == "") == refused
    if not refused:
        assert (stage in ("late collapse", "tail and scores", "scores alone")) == worse
        assert (stage in ("early collapse", "tail and scores")) == (tail and not (worse and called))
