"""Whether what the models write moves before scores fall."""

from __future__ import annotations

import pytest
from simulated_family import Flat, Task, hinge, simulate
from written_family import written_tables

from synth_eval.compare import compare_family
from synth_eval.comparison import Comparison

RATIOS = (0.0, 0.1, 0.3, 0.5, 0.75, 1.0)


def compared(accuracy, lost) -> Comparison:
    simulated = simulate({"scores": Task(accuracy, n=1000)}, ratios=RATIOS)
    texts = written_tables(simulated.family.checkpoints, lost=lambda checkpoint: lost(checkpoint.ratio))
    return compare_family(simulated.family, {**simulated.tables, **texts})


def leads(comparison: Comparison, metric: str) -> list:
    return [row for row in comparison.text_leads if row.metric == metric]


def test_a_tail_that_goes_first_is_early() -> None:
    # rare words fall from 0 on, accuracy from .5 on
    (lead,) = leads(compared(hinge(0.8, onset=0.5, slope=0.6), lambda ratio: 0.6 * ratio), "tail_mass")
    assert lead.verdict == "early"
    assert lead.estimate == pytest.approx(0.5, abs=0.1)
    assert lead.interval[0] > 0
    assert (lead.task, lead.texts) == ("scores", "essays")
    assert lead.reason == "moved at a lower ratio than scores"


def test_a_tail_that_goes_last_is_late() -> None:
    (lead,) = leads(compared(hinge(0.8, onset=0.0, slope=0.4), lambda ratio: 1.6 * max(0.0, ratio - 0.5)), "tail_mass")
    assert lead.verdict == "late"
    assert lead.estimate == pytest.approx(-0.5, abs=0.1)


def test_steady_scores_are_not_reached() -> None:
    (lead,) = leads(compared(Flat(0.8), lambda ratio: 0.6 * ratio), "tail_mass")
    assert (lead.verdict, lead.task, lead.estimate) == ("score not reached", "", None)
    assert lead.reason.endswith("none of 1 scores is shown worse")


def test_what_did_not_move_has_no_lead() -> None:
    comparison = compared(hinge(0.8, onset=0.5, slope=0.6), lambda ratio: 0.0)
    assert not comparison.text_leads
