"""Did calibration warn before accuracy fell? One row for each task and place where both were judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from synth_eval.compare.cells import Judged, headlines
from synth_eval.compare.contrasts import contrasts_of
from synth_eval.compare.places import PARTS, place_names
from synth_eval.dose_response import CurveData, lead_of
from synth_eval.dose_response.contrasts import onset_contrast
from synth_eval.dose_response.resampled import CurveSample, resample_together
from synth_eval.generation.characteristics import kind_named
from synth_eval.text import joined, percent

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


# Do characteristics of what models write move before scores fall, and do they move further with every iteration?


def output_leads(characteristics: Sequence[Judged], scores: Sequence[Judged]) -> tuple[dict[str, Any], ...]:
    """Leads of what models write over scores: onset of the score minus onset of the characteristic.

    Only characteristics that are a side of a collapse and degraded have one. Prompts and items are others, so both are
    drawn independently, and so is the noise between training runs: that it is the same for both is not assumed, and
    the intervals are wider for it.

    Returns
    -------
    Rows with kind ("lead"), label, task (of the score, "" where none is degraded), texts (the task of the texts),
    metric (the characteristic), size, iteration, source, tokens, verdict (early: what the models write moved first;
    late, undetermined, score not reached), estimate and interval (ratios), reason.
    """
    name_of = place_names(each.place for each in characteristics)
    first = headlines(scores)
    rows: list[dict[str, Any]] = []
    for each in characteristics:
        if each.word != "degraded" or not kind_named(each.draft.metric.name).facet or not _can_be_drawn(each):
            continue
        here = [score for score in first if score.place == each.place]
        if here:
            rows += _leads(each, here, name_of[each.place])
    return tuple(rows)


def iteration_contrasts(characteristics: Sequence[Judged]) -> tuple[dict[str, Any], ...]:
    """Whether a side moves further with an iteration than with the one before: as `contrasts_of`, of each side.

    Returns
    -------
    Rows of `contrasts_of` of kind iteration (their mean loss alone), with metric. Characteristics without a relative
    margin, which start near 0, have none.
    """
    rows = []
    for name in dict.fromkeys(each.draft.metric.name for each in characteristics):
        kind = kind_named(name)
        if kind.facet:
            of_metric = [each for each in characteristics if each.draft.metric.name == name]
            for row in contrasts_of(of_metric):
                if row["kind"] == "iteration" and row["measure"] == "mean loss":
                    rows.append({**row, "metric": name, "label": f"{kind.label}, {row['label']}"})
    return tuple(rows)


def _can_be_drawn(each: Judged) -> bool:
    """Relative losses are drawn beside onsets: the baseline must not be 0."""
    if each.verdict is None or each.verdict.seed_sd is None or not each.draft.items or each.draft.data.signed:
        return False
    at_baseline = each.verdict.values[each.verdict.ratios == each.draft.data.baseline]
    return bool(at_baseline.size) and bool(abs(at_baseline[0]) > 0)


def _leads(each: Judged, scores: Sequence[Judged], place: str) -> Iterator[dict[str, Any]]:
    assert each.verdict is not None
    label = kind_named(each.draft.metric.name).label
    task = each.draft.task
    where = {"texts": task, "metric": each.draft.metric.name, **dict(zip(PARTS, each.place))}
    degraded = [score for score in scores if score.word == "degraded"]
    if not degraded:
        at = each.verdict.onset
        onset = "" if at is None else f" from {percent(round(at, 3))} on"
        yield {
            "kind": "lead",
            "label": joined(f"{label} of {task}", place),
            "task": "",
            **where,
            "verdict": "score not reached",
            "estimate": None,
            "interval": None,
            "reason": f"moves toward collapse{onset}; none of {len(scores)} scores is shown worse",
        }
    for number, score in enumerate(degraded):
        if not _can_be_drawn(score):
            continue
        both = (_side(score, "scores"), _side(each, "writes"))
        found = onset_contrast(*resample_together(both, seed=(1, number)), names=(score.draft.task, label))
        apart = found.word == "different" and found.interval is not None
        early = apart and found.interval is not None and found.interval[0] > 0
        yield {
            "kind": "lead",
            "label": joined(f"{label} of {task} against {score.draft.task}", place),
            "task": score.draft.task,
            **where,
            "verdict": "early" if early else "late" if apart else "undetermined",
            "estimate": found.estimate,
            "interval": found.interval,
            "reason": _says(early, apart, score.draft.task),
        }


def _says(early: bool, apart: bool, task: str) -> str:
    if not apart:
        return "which moved first is undetermined"
    return f"moved at a lower ratio than {task}" if early else f"moved at a higher ratio than {task}"


def _side(each: Judged, role: str) -> CurveSample:
    """With items and training runs of its own: nothing is shared between the two."""
    assert each.verdict is not None
    items = np.array([f"{role} {label}" for label in each.draft.items])
    names = tuple(f"{role} {name}" for name in each.draft.checkpoints)
    return CurveSample(each.draft.to_judge, each.verdict, each.word, items, names)
