"""Did calibration warn before accuracy fell? One row for each task and place where both were judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from synth_eval.compare.cells import Judged, headlines
from synth_eval.compare.grid import PARTS, place_names
from synth_eval.stats import CurveData, lead_of

CALIBRATION = "surprise_gap"


def leads_of(judged: Sequence[Judged]) -> tuple[dict[str, Any], ...]:
    """Leads of calibration over the headline metric, in the order of `judged`.

    Returns
    -------
    Rows with label, task, size, iteration, source, tokens, verdict (early, late, undetermined, accuracy not reached,
    none, or refused), estimate and interval (ratios), reason, accuracy_onset, calibration_onset. Curves with aggregate
    results have none, since their items do not pair.
    """
    gaps = {(each.draft.task, each.place): each for each in judged if each.draft.metric.name == CALIBRATION}
    name_of = place_names(each.place for each in judged)
    rows = []
    for accuracy in headlines(judged):
        task, place = accuracy.draft.task, accuracy.place
        calibration = gaps.get((task, place))
        if calibration is not None and calibration is not accuracy and _have_items(accuracy, calibration):
            where = {"task": task, **dict(zip(PARTS, place))}
            label = f"{task}, {name_of[place]}" if name_of[place] else task
            rows.append({"label": label, **where, **_lead(accuracy, calibration)})
    return tuple(rows)


def _have_items(*both: Judged) -> bool:
    return all(each.word != "refused" and each.draft.items and not each.draft.unpaired for each in both)


def _lead(accuracy: Judged, calibration: Judged) -> dict[str, Any]:
    assert accuracy.verdict is not None
    assert calibration.verdict is not None
    if accuracy.draft.checkpoints != calibration.draft.checkpoints:
        return {"verdict": "refused", "reason": "accuracy and calibration were logged by different checkpoints"}
    lead = lead_of(
        *_shared(accuracy, calibration),
        accuracy.verdict,
        calibration.verdict,
        words=(accuracy.word, calibration.word),
    )
    return {
        "verdict": lead.word,
        "estimate": lead.lead,
        "interval": lead.interval,
        "reason": lead.says,
        "accuracy_onset": lead.accuracy_onset,
        "calibration_onset": lead.calibration_onset,
    }


def _shared(accuracy: Judged, calibration: Judged) -> tuple[CurveData, CurveData]:
    """Both curves on the items that both have: one metric may lack items on which it was not finite."""
    first, second = accuracy.draft, calibration.draft
    if first.items == second.items:
        return first.to_judge, second.to_judge
    row_of = {label: row for row, label in enumerate(second.items)}
    pairs = np.array([(row, row_of[label]) for row, label in enumerate(first.items) if label in row_of], dtype=int)
    pairs = pairs.reshape(-1, 2)
    return _of_rows(first.to_judge, pairs[:, 0]), _of_rows(second.to_judge, pairs[:, 1])


def _of_rows(curve: CurveData, rows: Any) -> CurveData:
    weights = None if curve.weights is None else curve.weights[rows]
    return replace(curve, scores=curve.scores[rows], weights=weights)
