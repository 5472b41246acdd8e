"""What is said in short: best ratio, savings, plateaus, the collapse pattern, which size levels off sooner."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scaling_families import TOKENS, Truth, family
from scaling_rows_of import NAMES, family_rows

from synth_eval.report.scaling.words import collapse_text, curve_refusals, grouped, in_short, sooner_text
from synth_eval.scaling import CollapsePattern, MixtureAnswers, Sign, SizeAnswers, SpeedUp
from synth_eval.scaling.report import Answer, MixtureResult, ScalingReport, SizesResult, scaling_report
from synth_eval.scaling.sizes import LevelsOff


@pytest.fixture(scope="module")
def found() -> ScalingReport:
    return scaling_report(family_rows(), resamples=60)


def test_in_short(found: ScalingReport) -> None:
    best, saved, plateau = in_short(found.tasks[0], found.sizes)
    assert best.startswith("rephrased: best ratio 0.3")
    assert best.endswith("at 1.6B and 128B tokens, inside the tested range")
    assert saved.startswith(("rephrased: largest speed-up 1.1", "rephrased: largest speed-up 1.2"))
    assert plateau == "levelling off: estimated for none of 18 curves"


def with_speed_ups(found: ScalingReport, *answers: Answer) -> str:
    (task,) = found.tasks
    (mixture,) = task.mixtures
    speed_ups = tuple(SpeedUp(4e8, 1e9, 0.1 * (i + 1), answer) for i, answer in enumerate(answers))
    changed = replace(mixture, answers=replace(mixture.answers, speed_ups=speed_ups))
    return in_short(replace(task, mixtures=(changed,)), found.sizes)[1]


def test_savings_are_not_oversold(found: ScalingReport) -> None:
    doubtful, loss = Answer(1.05, (0.9, 1.2)), Answer(0.8, (0.7, 0.9))
    assert with_speed_ups(found, loss, doubtful).endswith("ratio 0.2, 400M and 1B tokens, which does not exclude 1")
    said = with_speed_ups(found, loss)
    assert said == "rephrased: no mix saves tokens: the best speed-up is 0.80 [0.70, 0.90] times at ratio 0.1, " + (
        "400M and 1B tokens"
    )
    assert with_speed_ups(found, Answer(refused="why")) == "rephrased: no speed-up is estimated"


def test_collapse_pattern_by_kind_and_size() -> None:
    signs = (
        Sign("rising", 1e8, 0.8, 0.1, 0.001),
        Sign("crossing", 1e8, 0.5, 0.02, 0.001),
        Sign("crossing", 1e8, 0.8, 0.05, 0.001),
        Sign("crossing", 4e8, 0.8, 0.05, 0.001),
    )
    mixture = MixtureResult("textbook", "", MixtureAnswers(refused="no"), CollapsePattern(signs, 9), family())
    assert collapse_text(mixture, NAMES) == (
        "collapse pattern: seen: loss rises with more tokens: 100M at ratio 0.8; "
        "better than natural data at few tokens, worse at many: 100M at ratio 0.5, 0.8; 400M at ratio 0.8"
    )
    assert collapse_text(replace(mixture, collapse=CollapsePattern((), 9)), NAMES).endswith("not seen in 9 tests")


def test_whether_larger_models_level_off_sooner() -> None:
    told = ((1e8, Answer(1e10, (8e9, 2e10))), (1.6e9, Answer(4e9, (3e9, 5e9))))
    result = SizesResult("natural", 0.0, SizeAnswers(refused="no"), LevelsOff("yes", told, 3))
    assert sooner_text(result, NAMES) == "yes: 100M 10B [8B, 20B], 1.6B 4B [3B, 5B]"
    silent = replace(result, levels_off=LevelsOff("undetermined", told[:1], 3))
    assert sooner_text(silent, NAMES) == "undetermined (estimated at 1 of 3 sizes)"


def test_refusals_that_differ_in_numbers_alone_are_one_line() -> None:
    reasons = [("a", "3.5 times too wide"), ("b", "8.25 times too wide"), ("c", "not known")]
    assert grouped(reasons) == ["a: 3.5 times too wide (b alike)", "c: not known"]


def test_each_refusal_is_told_once(found: ScalingReport) -> None:
    lines = curve_refusals(
        scaling_report(family_rows(Truth(), tokens=(*TOKENS, 5.12e11)), resamples=60).tasks[0].curves
    )
    assert len(lines) == len(set(lines))
    assert len(lines) <= 4  # E, exponent and two kinds of plateau
