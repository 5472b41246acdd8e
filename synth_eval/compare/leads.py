"""Did calibration warn before accuracy fell? One row for each task and place where both were judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from synth_eval.cell import entering
from synth_eval.compare.contrasts import contrasts_of
from synth_eval.compare.places import place_names
from synth_eval.compare.questions import JudgedCurve, headlines
from synth_eval.comparison import Contrast, Lead, LeadWord
from synth_eval.dose_response import CurveData, lead_of
from synth_eval.dose_response.contrasts import onset_contrast
from synth_eval.dose_response.resampled import CurveSample, resample_together
from synth_eval.generation.characteristics import kind_named
from synth_eval.text import joined, percent


def leads_of(judged: Sequence[JudgedCurve]) -> tuple[Lead, ...]:
    """Leads of calibration over the headline metric, in the order of `judged`.

    Curves with aggregate results have none, since their items do not pair.
    """
    gaps = {_key(each): each for each in judged if each.input.metric.role == "calibration"}
    name_of = place_names(each.place for each in judged)
    found = []
    for accuracy in headlines(judged):
        task, place = accuracy.input.task, accuracy.place
        calibration = gaps.get(_key(accuracy))
        if calibration is not None and calibration is not accuracy and _have_items(accuracy, calibration):
            found.append(_lead(joined(task, name_of[place]), accuracy, calibration))
    return tuple(found)


def _key(each: JudgedCurve) -> tuple[object, ...]:
    """Curves that may be set against each other: of one task, or of the same tasks."""
    return each.input.level, each.input.task, entering(each.input.members), each.place


def _have_items(*both: JudgedCurve) -> bool:
    return all(each.word != "refused" and each.input.items and not each.input.unpaired for each in both)


def _lead(label: str, accuracy: JudgedCurve, calibration: JudgedCurve) -> Lead:
    assert accuracy.verdict is not None
    assert calibration.verdict is not None
    task, place = accuracy.input.task, accuracy.place
    if accuracy.input.checkpoints != calibration.input.checkpoints:
        return Lead(
            label,
            task,
            place,
            "refused",
            "accuracy and calibration were logged by different checkpoints",
            level=accuracy.input.level,
        )
    found = lead_of(
        *_shared(accuracy, calibration),
        accuracy.verdict,
        calibration.verdict,
        words=(accuracy.word, calibration.word),
    )
    onsets = found.accuracy_onset, found.calibration_onset
    level = accuracy.input.level
    return Lead(label, task, place, found.word, found.reason, found.lead, found.interval, *onsets, level=level)


def _shared(accuracy: JudgedCurve, calibration: JudgedCurve) -> tuple[CurveData, CurveData]:
    """Both curves on the items that both have: one metric may lack items on which it was not finite."""
    first, second = accuracy.input, calibration.input
    if first.items == second.items:
        return first.to_judge, second.to_judge
    row_of = {label: row for row, label in enumerate(second.items)}
    pairs = np.array([(row, row_of[label]) for row, label in enumerate(first.items) if label in row_of], dtype=int)
    pairs = pairs.reshape(-1, 2)
    return _of_rows(first.to_judge, pairs[:, 0]), _of_rows(second.to_judge, pairs[:, 1])


def _of_rows(curve: CurveData, rows: Any) -> CurveData:
    weights = None if curve.weights is None else curve.weights[rows]
    strata = None if curve.strata is None else curve.strata[rows]
    return replace(curve, scores=curve.scores[rows], weights=weights, strata=strata)


# Do characteristics of what models write move before scores fall, and do they move further with every iteration?


def text_leads(characteristics: Sequence[JudgedCurve], scores: Sequence[JudgedCurve]) -> tuple[Lead, ...]:
    """Leads of what models write over scores: onset of the score minus onset of the characteristic.

    Only characteristics that are a dimension of a collapse and degraded have one. Prompts and items are others, so both
    are drawn independently, and so is the noise between training runs: that it is the same for both is not assumed, and
    the intervals are wider for it.
    """
    name_of = place_names(each.place for each in characteristics)
    first = headlines(scores)
    rows: list[Lead] = []
    for each in characteristics:
        if each.word != "degraded" or not kind_named(each.input.metric.name).dimension or not _can_be_drawn(each):
            continue
        here = [score for score in first if score.place == each.place]
        if here:
            rows += _text_leads(each, here, name_of[each.place])
    return tuple(rows)


def iteration_contrasts(characteristics: Sequence[JudgedCurve]) -> tuple[Contrast, ...]:
    """Whether a dimension moves further with an iteration than with the one before: as `contrasts_of`, of each.

    Contrasts of kind iteration (their mean loss alone), with metric. Characteristics without a relative margin, which
    start near 0, have none.
    """
    rows = []
    for name in dict.fromkeys(each.input.metric.name for each in characteristics):
        kind = kind_named(name)
        if kind.dimension:
            of_metric = [each for each in characteristics if each.input.metric.name == name]
            for row in contrasts_of(of_metric):
                if row.kind == "iteration" and row.measure == "mean loss":
                    rows.append(replace(row, metric=name, label=f"{kind.label}, {row.label}"))
    return tuple(rows)


def _can_be_drawn(each: JudgedCurve) -> bool:
    """Relative losses are drawn beside onsets: the baseline must not be 0."""
    if each.verdict is None or each.verdict.seed_sd is None or not each.input.items or each.input.data.signed:
        return False
    at_baseline = each.verdict.values[each.verdict.ratios == each.input.data.baseline]
    return bool(at_baseline.size) and bool(abs(at_baseline[0]) > 0)


def _text_leads(each: JudgedCurve, scores: Sequence[JudgedCurve], place: str) -> Iterator[Lead]:
    assert each.verdict is not None
    label = f"{kind_named(each.input.metric.name).label} of {each.input.task}"
    texts, metric = each.input.task, each.input.metric.name
    degraded = [score for score in scores if score.word == "degraded"]
    if not degraded:
        at = each.verdict.onset
        onset = "" if at is None else f" from {percent(round(at, 3))} on"
        reason = f"moves toward collapse{onset}; none of {len(scores)} scores is shown worse"
        yield Lead(joined(label, place), "", each.place, "score not reached", reason, texts=texts, metric=metric)
    for number, score in enumerate(degraded):
        if not _can_be_drawn(score):
            continue
        task = score.input.task
        both = (_sample(score, "scores"), _sample(each, "writes"))
        found = onset_contrast(*resample_together(both, seed=(1, number)), names=(task, label))
        apart = found.word == "different" and found.interval is not None
        early = apart and found.interval is not None and found.interval[0] > 0
        word: LeadWord = "early" if early else "late" if apart else "undetermined"
        title = joined(f"{label} against {task}", place)
        reason = _says(early, apart, task)
        numbers = found.estimate, found.interval
        yield Lead(title, task, each.place, word, reason, *numbers, texts=texts, metric=metric)


def _says(early: bool, apart: bool, task: str) -> str:
    if not apart:
        return "which moved first is undetermined"
    return f"moved at a lower ratio than {task}" if early else f"moved at a higher ratio than {task}"


def _sample(each: JudgedCurve, role: str) -> CurveSample:
    """With items and training runs of its own: nothing is shared between the two."""
    assert each.verdict is not None
    items = np.array([f"{role} {label}" for label in each.input.items])
    names = tuple(f"{role} {name}" for name in each.input.checkpoints)
    return CurveSample(each.input.to_judge, each.verdict, each.word, items, names)
