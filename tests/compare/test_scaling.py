"""From rows to a report: grouping, natural data shared by sources, caveats; losses of a comparison."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from scaling_families import SIZES, TOKENS
from scaling_rows_of import NAMES
from scaling_rows_of import family_rows as rows

from synth_eval.compare import comparison_from_json
from synth_eval.compare.scaling import comparison_losses
from synth_eval.comparison import CheckpointRecord, Comparison
from synth_eval.scaling.report import mix_rows, scaling_report, scaling_to_dict


def test_natural_data_serve_every_source() -> None:
    own = rows(sizes=SIZES[:1])
    other = [row for row in rows(source="textbook", sizes=SIZES[:1]) if row.ratio > 0]
    mine = mix_rows([*own, *other], "textbook")
    assert len(mine) == len(own)
    assert {row.source for row in mine if row.ratio == 0} == {"rephrased"}
    assert mix_rows([*own, *other], "rephrased") == own


def test_natural_data_listed_for_two_sources_count_once() -> None:
    # another seed is a replicate, and stays
    again = [replace(row, source="textbook") for row in rows(sizes=SIZES[:1])]
    second = [replace(row, seed="1", loss=row.loss * 1.001) for row in rows(sizes=SIZES[:1]) if row.ratio == 0]
    (task,) = scaling_report([*rows(sizes=SIZES[:1]), *again, *second], resamples=60).tasks
    natural = next(curve for curve in task.curves if curve.ratio == 0)
    assert len(natural.points) == 2 * len(TOKENS)


def test_report_of_a_family() -> None:
    report = scaling_report(rows(), resamples=60)
    (task,) = report.tasks
    (mixture,) = task.mixtures
    assert (mixture.source, mixture.size) == ("rephrased", "")
    assert mixture.answers.best[0].answer.value == pytest.approx(0.3, abs=0.04)
    assert len(task.curves) == 3 * 6
    assert {curve.source for curve in task.curves if curve.ratio == 0} == {"natural"}
    assert all("4 token budgets" in curve.answers.asymptote.refused for curve in task.curves)
    assert report.sizes == NAMES
    assert report.domains == ()  # one domain


def test_two_sizes_are_fitted_each_alone() -> None:
    tokens = (*TOKENS, 5.12e11)
    (task,) = scaling_report(rows(sizes=SIZES[:2], tokens=tokens), resamples=60).tasks
    assert [mixture.size for mixture in task.mixtures] == ["100M", "400M"]
    assert all(mixture.answers.fit is not None for mixture in task.mixtures)
    assert task.notes == ("two sizes, 100M and 400M: fitted each alone, as two determine no exponent of size",)


def test_rows_without_a_size_are_fitted_over_tokens() -> None:
    unsized = [replace(row, size="", parameters=None) for row in rows(sizes=SIZES[:1], tokens=(*TOKENS, 5e11))]
    (task,) = scaling_report(unsized, resamples=60).tasks
    assert task.notes == ("30 of 30 rows have no size: fitted as curves over tokens alone",)
    assert task.mixtures[0].answers.fit is not None
    assert task.curves[0].answers.fit is not None


def test_one_ratio_has_curves_and_no_mixture() -> None:
    (task,) = scaling_report(rows(ratios=(0.0,), tokens=(*TOKENS, 5e11)), resamples=60).tasks
    assert task.mixtures == ()
    assert task.over_sizes[0].answers.fit is not None
    assert task.notes == ("natural data alone: best ratios and speed-ups need ratio 0 and two mixes or more",)


def test_tokens_without_a_unit_are_named() -> None:
    billions = [replace(row, tokens=row.tokens / 1e9) for row in rows(sizes=SIZES[:1])]
    (task,) = scaling_report(billions, resamples=60).tasks
    assert "tokens are all below 10,000: taken as written; write 10B where billions are meant" in task.notes
    assert not any("below 10,000" in note for note in scaling_report(rows(sizes=SIZES[:1])).tasks[0].notes)


def test_error_rates_carry_the_caveat_and_need_room() -> None:
    errors = [replace(row, loss=row.loss / 10, error_rate=True) for row in rows(sizes=SIZES[:1])]
    (task,) = scaling_report(errors, resamples=60).tasks
    assert task.error_rate
    assert "error rates are no losses" in task.notes[0]
    flat = [replace(row, loss=0.74 + row.loss / 1000, error_rate=True) for row in rows(sizes=SIZES[:1])]
    (task,) = scaling_report(flat).tasks
    assert task.curves == ()
    assert "no room" in task.notes[0]


def test_domains_of_a_source() -> None:
    # both domains from one law, but code loses 3% of log loss at any mix
    (domains,) = scaling_report([*rows(), *rows(task="code", worse=0.03)], resamples=60).domains
    third = next(effect for effect in domains.effects if effect.ratio == 0.3)
    changes = {domain.domain: domain.change for domain in third.domains}
    assert changes["code"] - changes["web"] == pytest.approx(0.03)
    assert [domain.domain for domain in third.domains if domain.hurt] == ["code"]


def test_json_has_no_nan_and_names_the_law() -> None:
    text = json.dumps(scaling_to_dict(scaling_report(rows(), resamples=60, notes=["left out"])), allow_nan=False)
    data = json.loads(text)
    assert data["schema"] == 1
    assert data["notes"] == ["left out"]
    fit = data["tasks"][0]["mixtures"][0]["answers"]["fit"]
    assert fit["law"] == "mixture"
    assert set(fit["parameters"]) == {"log_E", "log_A", "log_a", "log_B", "log_b", "u0", "u1", "u2", "v"}
    assert data["sizes"] == {"100M": 1e8, "400M": 4e8, "1.6B": 1.6e9}


@pytest.fixture(scope="module")
def compared() -> Comparison:
    golden = Path(__file__).parents[1] / "golden" / "comparison.json"
    return comparison_from_json(golden.read_text(encoding="utf-8"))


def with_tokens(compared: Comparison, tokens: float | None) -> Comparison:
    checkpoints: tuple[CheckpointRecord, ...] = tuple(replace(c, tokens=tokens) for c in compared.checkpoints)
    return replace(compared, checkpoints=checkpoints)


def test_losses_of_a_comparison(compared: Comparison) -> None:
    table = comparison_losses(with_tokens(compared, 1e9))
    cells = {(cell.task, cell.metric): cell for cell in compared.cells}
    accuracy = next(cell for (_, metric), cell in cells.items() if metric == "acc")
    errors = [row for row in table.rows if row.task == accuracy.task and row.error_rate]
    assert [row.loss for row in errors] == pytest.approx([1 - value for value in accuracy.data.values])
    assert {row.tokens for row in table.rows} == {1e9}
    assert {row.error_rate for row in table.rows if row.task.endswith(" nll")} == {False}


def test_a_comparison_without_tokens_is_named(compared: Comparison) -> None:
    table = comparison_losses(with_tokens(compared, None), name="c.json")
    assert table.rows == ()
    assert all("no tokens" in problem and problem.startswith("c.json: ") for problem in table.problems)
    assert len(table.problems) == len(set(table.problems))
