"""What a report says of the models' texts."""

from __future__ import annotations

import dataclasses

import pytest

from synth_eval.comparison import Comparison
from synth_eval.report.view import report_view
from synth_eval.report.view.outputs import amount, outputs_view


def test_no_texts_no_section(fitted: Comparison) -> None:
    assert outputs_view(fitted) is None
    assert report_view(fitted).outputs is None


def test_stages_and_sentences(written: Comparison) -> None:
    view = outputs_view(written)
    assert view is not None
    assert view.stages is not None
    assert view.stages.columns == ("texts", "20%", "50%")
    assert [[entry.text for entry in row] for row in view.stages.rows] == [
        ["essays, iteration 1", "none", "early collapse"],
        ["essays, iteration 2", "early collapse", "late collapse"],
    ]
    assert [entry.tone for entry in view.stages.rows[1]] == ["", "loss-1", "loss-3"]
    assert view.headline == ("What the models write: late collapse from 50% on (essays, iteration 2).",)
    assert view.sentences[0] == "essays, iteration 1: early collapse at 50% (because 50%)"
    assert view.sentences[1] == (
        "essays, iteration 2: early collapse at 20% (because 20%); late collapse at 50% (because 50%)"
    )
    assert "essays, iteration 2: rare words moved at a lower ratio than arc" in view.sentences
    # first minus second below 0: the second lost more
    assert "essays: in iteration 2 further from the baseline than in iteration 1: rare words" in view.sentences
    assert len(view.sentences) == 4  # what is undetermined is in the tables alone


def test_a_stage_at_one_length_says_so(written: Comparison) -> None:
    cut = [dataclasses.replace(row, cut_to=54) if row.ratio == 0.5 else row for row in written.collapses]
    view = outputs_view(dataclasses.replace(written, collapses=tuple(cut)))
    assert view is not None
    assert view.stages is not None
    assert [entry.text for entry in view.stages.rows[1]][1:] == ["early collapse", "late collapse at 54 tokens"]


def test_values_are_marked_by_their_intervals(written: Comparison) -> None:
    view = outputs_view(written)
    assert view is not None
    rows = {(row[0].text, row[1].text): [entry.text for entry in row[2:]] for row in view.values.rows}
    assert rows["essays, iteration 1", "rare words"] == ["tail", "30.0%", "29.0%", "24.0%*", "moved"]
    assert rows["essays, iteration 2", "self-BLEU"] == ["sameness", "0.4", "0.35+", "0.4", "inconclusive"]
    assert rows["essays, iteration 1", "length"] == ["", "60", "60", "60", ""]


def test_drifts(written: Comparison) -> None:
    view = outputs_view(written)
    assert view is not None
    over_ratio = {drift.metric: drift for drift in view.over_ratio}
    assert set(over_ratio) == {"tail_mass", "self_bleu"}  # length is no side
    assert [line.label for line in over_ratio["tail_mass"].lines] == ["iteration 1", "iteration 2"]
    assert over_ratio["tail_mass"].lines[0].values == (0.30, 0.29, 0.24)
    # the interval of the change, -8 to -4 points, about the baseline of 30%
    assert over_ratio["tail_mass"].lines[0].low[2] == pytest.approx(0.22)
    assert over_ratio["tail_mass"].lines[0].high[2] == pytest.approx(0.26)
    (over,) = [drift for drift in view.over_iteration if drift.metric == "tail_mass"]
    assert [line.label for line in over.lines] == ["0%", "20%", "50%"]
    assert over.lines[2].x == (1.0, 2.0)
    assert over.lines[2].values == (0.24, 0.15)


def test_one_iteration_has_no_drift_over_iterations(written: Comparison) -> None:
    first = dataclasses.replace(
        written, characteristics=tuple(cell for cell in written.characteristics if cell.place.iteration == 1)
    )
    view = outputs_view(first)
    assert view is not None
    assert view.over_iteration == ()


def test_a_family_without_scores_says_so(written: Comparison) -> None:
    view = report_view(dataclasses.replace(written, cells=()))
    assert view.headline[0] == "No scores were compared."
    assert view.headline[1].startswith("What the models write: late collapse")


def test_amounts() -> None:
    assert amount(0.2144, "tail_mass") == "21.4%"
    assert amount(42.857, "mtld") == "42.9"
    assert amount(float("nan"), "mtld") == "n/a"
