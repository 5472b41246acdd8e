"""Assembly of a calibration report: pooling, normalisation, the tidy table, the words."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from logged_choices import choice_rows, write_samples

from synth_eval import calibration as cal
from synth_eval.compare import calibration_items as module
from synth_eval.compare.calibration import (
    CalibrationReport,
    CalibrationSettings,
    ModelCalibration,
    calibration_rows,
)
from synth_eval.compare.calibration_items import CalibrationItems, calibration_items, pooled
from synth_eval.compare.calibration_words import (
    COLUMNS,
    calibration_frame,
    calibration_words,
    direction,
    headline,
    p_text,
)
from synth_eval.results import read_samples, to_json
from synth_eval.types import Samples

QUICK = CalibrationSettings(resamples=100)
VALUES_ONLY = CalibrationSettings(resamples=0)


def two_choices(task: str, right: int, wrong: int, *, confidence: float = 0.75, category: str = "") -> CalibrationItems:
    """Items that give choice 0 the same probability; it is the right one in the first ``right`` of them."""
    n = right + wrong
    probs = np.tile([confidence, 1.0 - confidence], (n, 1))
    gold = np.array([0] * right + [1] * wrong)
    return CalibrationItems(task, category, probs, gold, np.zeros(n, dtype=np.int64), probs[:, 0])


def assessed(
    *tasks: CalibrationItems, settings: CalibrationSettings = VALUES_ONLY, groups=(), **more
) -> ModelCalibration:
    rows = calibration_rows(tasks, dict(groups), settings, **more)
    return ModelCalibration("org/m", "out/org__m", rows, (), (), ())


def samples(logliks, gold, choice_bytes=()) -> Samples:
    n = len(gold)
    ids = tuple(map(str, range(n)))
    return Samples("t", "choice", tuple(range(n)), ids, ids, tuple(logliks), tuple(choice_bytes), tuple(gold))


def simulated(tmp_path, task: str, **options) -> Samples:
    return read_samples(write_samples(tmp_path, task, choice_rows(60, **options)))


def test_pooling_is_of_items_and_not_a_mean_of_errors():
    # a: 4 of 4 right at confidence .75, error .25; b: 2 of 4, error .25; together 6 of 8 = .75, error 0
    model = assessed(two_choices("a", 4, 0), two_choices("b", 2, 2), groups={"g": ("a", "b", "c")})
    a, b, g = model.rows
    assert [row.assessment["ece"].value for row in model.rows] == pytest.approx([0.25, 0.25, 0.0])
    assert [row.assessment["signed_gap"].value for row in model.rows] == pytest.approx([-0.25, 0.25, 0.0])
    assert [row.assessment["accuracy"].value for row in model.rows] == [1.0, 0.5, 0.75]
    # p(gold) is .75 six times and .25 twice; the sum over both choices of squared errors is .125 and 1.125
    assert g.assessment["nll"].value == pytest.approx(-(6 * math.log(0.75) + 2 * math.log(0.25)) / 8)
    assert g.assessment["brier"].value == pytest.approx((6 * 0.125 + 2 * 1.125) / 8)
    assert (g.name, g.kind, g.n, g.tasks, g.of_tasks) == ("g", "group", 8, ("a", "b"), 3)
    assert (g.curve.count.tolist(), g.curve.accuracy.tolist()) == ([8.0], [0.75])
    assert g.mean_confidence == 0.75
    assert (a.kind, b.of_tasks) == ("task", 1)


def test_numbers_are_those_of_the_calibration_layer(tmp_path):
    tables, tasks = [], []
    for seed, choices in enumerate((3, 5)):  # ragged when pooled
        logged_items = simulated(tmp_path, f"t{seed}", seed=seed, choices=choices, temperature=1.5)
        tables.append(cal.score_choices(logged_items, checkpoint="m", category="x"))
        tasks.append(calibration_items(logged_items, category="x"))
    settings = dataclasses.replace(QUICK, scheme="mass", bins=7, smooth=True, recalibrate="temperature")
    *alone, group = assessed(*tasks, settings=settings).rows
    metrics = settings.metrics
    for row, of in ((alone[0], tables[:1]), (group, tables)):
        assert row.assessment == cal.assess_tables(of, metrics=metrics, bins=7, resamples=100)
        confidence, correct = (np.concatenate([t.columns[c] for t in of]) for c in ("confidence", "correct"))
        for curve, kind, bins in ((row.curve, "mass", 7), (row.smooth, "kernel", 101)):
            expected = cal.reliability_curve(confidence, correct, kind=kind, bins=bins, resamples=100)
            for name in ("confidence", "accuracy", "low", "high", "null_low", "null_high"):
                np.testing.assert_array_equal(getattr(curve, name), getattr(expected, name))
        probs, gold = ([p for t in of for p in t.columns["probs"]], np.concatenate([t.columns["gold"] for t in of]))
        direct = cal.recalibrate_choices(probs, gold, bins=7)
        assert row.recalibrated.temperature == pytest.approx(direct.temperature, rel=1e-12)
        assert row.recalibrated.nll_after == pytest.approx(direct.nll_after, rel=1e-12)
    assert (group.kind, group.name, group.category, group.error) == ("category", "x", "x", "ece_mass")


def test_which_pools_there_are():
    tasks = [two_choices(name, 3, 1, category=category) for name, category in zip("abcd", ("x", "x", "other", ""))]
    groups = {"one": ("a", "z"), "all": ("a", "b", "c", "d"), "same": ("d", "c", "b", "a"), "x_group": ("b", "a")}
    told = []
    rows = assessed(*tasks, groups=groups, on_row=lambda name, n, of: told.append(of)).rows
    # "one" holds a single task with samples, "same" repeats "all", and category x is x_group
    assert [row.name for row in rows] == ["a", "b", "c", "d", "all", "x_group"]
    assert [row.category for row in rows[4:]] == ["", "x"]
    assert told == [len(rows)] * len(rows)


def test_progress_is_told():
    told = []
    assessed(two_choices("a", 2, 1), on_row=lambda name, n, of: told.append((name, n, of)))
    assert told == [("a", 3, 1)]


def test_likelihood_per_byte():
    # raw: -4 > -6, choice 0; per byte -4/2 = -2 < -6/6 = -1, choice 1 with 1 / (1 + e^-1) = .7311
    one = samples([(-4.0, -6.0)], [1], [(2, 6)])
    assert calibration_items(one, category="").pred.tolist() == [0]
    per_byte = calibration_items(one, category="", normalisation="bytes")
    assert per_byte.pred.tolist() == [1]
    assert per_byte.confidence == pytest.approx([0.7310586])
    # of four items one has no bytes logged, one an empty choice
    some = samples([(-4.0, -6.0)] * 4, [1] * 4, [(2, 6), (), (0, 6), (2, 6)])
    items = calibration_items(some, category="", normalisation="bytes")
    assert (len(items), items.left_out) == (2, 2)
    row = assessed(items).rows[0]
    assert row.notes == ("2 items left out: bytes of a choice unknown or none",)
    with pytest.raises(ValueError, match="no likelihood per byte: use raw"):
        calibration_items(samples([(-4.0, -6.0)], [1]), category="", normalisation="bytes")


def test_parts_are_as_the_whole(tmp_path, monkeypatch):
    whole = simulated(tmp_path, "t", seed=3)
    at_once = calibration_items(whole, category="c")
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    in_parts = calibration_items(whole, category="c")
    for name in ("probs", "gold", "pred", "confidence", "correct"):
        np.testing.assert_array_equal(getattr(at_once, name), getattr(in_parts, name))
    assert (in_parts.task, in_parts.category, in_parts.left_out) == ("t", "c", 0)
    table = cal.score_choices(whole, checkpoint="m", category="c")
    for name in ("gold", "pred", "confidence", "correct"):
        np.testing.assert_array_equal(getattr(at_once, name), table.columns[name])
    np.testing.assert_array_equal(at_once.probs, np.stack(list(table.columns["probs"])))


def test_nothing_to_pool():
    with pytest.raises(ValueError, match="no items"):
        pooled("g", [])


def test_all_right_has_no_interval_and_no_recalibration():
    settings = dataclasses.replace(QUICK, recalibrate="isotonic")
    (row,) = assessed(two_choices("a", 20, 0), settings=settings).rows
    assert row.assessment["ece"].interval is None
    assert row.recalibrated is None
    assert len(row.notes) == 2
    assert row.notes[0].startswith("no interval: all answers are right")
    assert row.notes[1].startswith("not recalibrated: recalibration needs right and wrong answers")


# --- words --------------------------------------------------------------------------------------------------------


def test_words():
    # at .9, all of 60 right is underconfident and 30 of 60 overconfident; 54 of 60 is exactly right
    items = [two_choices(f"t{right}", right, 60 - right, confidence=0.9) for right in (60, 30, 54, 24)]
    model = assessed(*items, settings=dataclasses.replace(QUICK, resamples=1000))
    assert [direction(row) for row in model.rows] == ["underconfident", "overconfident", "calibrated", "overconfident"]
    assert calibration_words(model.rows[1]) == "miscalibrated (p < 0.001)"
    assert calibration_words(model.rows[2]) == "within the null band"
    assert headline(model) == (
        "overconfident by 40 to 50 points on 2 of 4 tasks; underconfident by 10 points on 1; "
        "no more error than a calibrated model shows on 1"
    )
    one = dataclasses.replace(model, rows=model.rows[1:2])
    assert headline(one) == "overconfident by 40 points on t30"
    both = dataclasses.replace(model, rows=(model.rows[1], model.rows[3]))
    assert headline(both) == "overconfident by 40 to 50 points on all 2 tasks"
    assert headline(dataclasses.replace(model, rows=())) == "no task with probabilities: nothing to calibrate"


def test_errors_that_cancel_are_mixed():
    # 60 at .9, half of them right (+.4), 60 at .6, all right (-.4): the gap is 0, the error .4
    parts = [two_choices("a", 30, 30, confidence=0.9), two_choices("b", 60, 0, confidence=0.6)]
    model = assessed(pooled("both", parts), settings=QUICK)
    assert direction(model.rows[0]) == "mixed"
    assert headline(model) == "miscalibrated without a clear direction on both"


def test_without_resamples_nothing_is_tested():
    model = assessed(two_choices("a", 30, 30, confidence=0.9))
    assert (direction(model.rows[0]), calibration_words(model.rows[0])) == ("untested", "not tested")
    assert headline(model) == "not tested on a"
    assert model.rows[0].notes == ()


def test_p_text():
    assert p_text(0.0004) == "p < 0.001"
    assert p_text(0.0123) == "p = 0.012"


# --- exports ------------------------------------------------------------------------------------------------------


def test_tidy_table_and_json():
    settings = dataclasses.replace(QUICK, recalibrate="temperature")
    tasks = [two_choices("a", 30, 30, confidence=0.9), two_choices("b", 20, 0)]
    model = assessed(*tasks, groups={"g": ("a", "b")}, settings=settings)
    report = CalibrationReport(1, settings, (model,))
    frame = calibration_frame(report)
    assert tuple(frame.columns) == COLUMNS
    assert frame["name"].tolist() == ["a", "b", "g"]
    assert frame["tasks"].tolist() == ["a", "b", "a;b"]
    ece = model.rows[0].assessment["ece"]
    cells = frame.loc[0, ["ece", "ece_low", "ece_high", "ece_null_mean", "ece_null_low", "ece_null_high", "ece_p"]]
    assert cells.tolist() == [ece.value, *ece.interval, ece.null_mean, *ece.null_band, ece.p_value]
    assert frame["recalibration"].tolist() == ["temperature", "", "temperature"]
    assert frame["recalibration_temperature"].isna().tolist() == [False, True, False]
    assert math.isnan(frame.loc[1, "ece_low"])  # all right: no interval
    data = json.loads(to_json(report))
    row = data["models"][0]["rows"][2]
    assert (row["name"], row["n"], row["tasks"]) == ("g", 80, ["a", "b"])
    assert [each["name"] for each in row["assessment"]["estimates"]] == list(settings.metrics)
    assert row["curve"]["count"] == [20, 60]
    assert data["settings"]["normalisation"] == "raw"


def test_an_empty_report_makes_an_empty_table():
    assert calibration_frame(CalibrationReport(1, QUICK, ())).shape == (0, len(COLUMNS))
