"""From item tables to cells, on simulated families whose truth is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from simulated_family import Flat, Simulated, Task, hinge, simulate

from synth_eval.calibration.errors import expected_calibration_error
from synth_eval.cell import Cell
from synth_eval.compare import compare_family
from synth_eval.comparison import Comparison
from synth_eval.types import ItemTable


def _cell(comparison: Comparison, task: str, metric: str, **where: object) -> Cell:
    (cell,) = (
        cell
        for cell in comparison.cells
        if cell.task == task and cell.metric == metric and all(getattr(cell, k) == v for k, v in where.items())
    )
    return cell


def _kept(table: ItemTable, rows) -> ItemTable:
    return dataclasses.replace(table, columns={name: column[rows] for name, column in table.columns.items()})


@pytest.fixture(scope="module")
def compared(studied: Simulated) -> Comparison:
    return compare_family(studied.family, studied.tables, created="2026-01-01T00:00:00+00:00")


def test_the_truth_is_found(compared: Comparison) -> None:
    # accuracy .85 up to .1, then -6 points each .1; calibrated throughout
    falls = _cell(compared, "falls", "acc")
    assert falls.verdict.word == "degraded"
    assert falls.verdict.first_below in (0.2, 0.3)
    assert falls.verdict.budget in (0.0, 0.1)
    assert _cell(compared, "falls", "surprise_gap").verdict.word != "degraded"
    # accuracy stays, confidence drifts
    assert _cell(compared, "overconfident", "acc").verdict.word != "degraded"
    assert _cell(compared, "overconfident", "surprise_gap").verdict.word == "degraded"
    # bits per byte rise by 3% each .1
    assert _cell(compared, "documents", "bits_per_byte").verdict.word == "degraded"
    assert {cell.verdict.word for cell in compared.cells if cell.task == "stays" and not cell.display_only} == {
        "inconclusive"
    }


def test_values_are_means_over_items_and_seeds(studied: Simulated, compared: Comparison) -> None:
    cell = _cell(compared, "falls", "nll")
    names = [f"281k-r050-it1-s{s}" for s in (0, 1)]
    expected = np.mean([studied.tables[name, "falls"].columns["nll"].mean() for name in names])
    assert cell.data.values[-1] == pytest.approx(expected)
    assert cell.data.difference[-1] == pytest.approx(cell.data.values[-1] - cell.data.values[0])
    low, high = cell.data.difference_ci[-1]
    assert low < cell.data.difference[-1] < high
    assert (cell.data.n_items, cell.data.seeds, cell.data.ratios) == (500, 2, (0.0, 0.1, 0.2, 0.3, 0.4, 0.5))


def test_bits_per_byte_is_total_bits_over_total_bytes(studied: Simulated, compared: Comparison) -> None:
    per_seed = []
    for s in (0, 1):
        columns = studied.tables[f"281k-r020-it1-s{s}", "documents"].columns
        per_seed.append(-columns["loglik"].sum() / np.log(2) / columns["n_bytes"].sum())
    assert _cell(compared, "documents", "bits_per_byte").data.values[2] == pytest.approx(np.mean(per_seed))


def test_ece_is_shown_without_verdict_or_interval(studied: Simulated, compared: Comparison) -> None:
    cell = _cell(compared, "overconfident", "ece")
    tables = [studied.tables[f"281k-r050-it1-s{s}", "overconfident"].columns for s in (0, 1)]
    expected = np.mean([expected_calibration_error(t["confidence"], t["correct"]) for t in tables])
    assert cell.data.values[-1] == pytest.approx(expected)
    assert cell.display_only
    assert cell.verdict.p_value is None
    assert set(cell.data.difference_ci) == {None}
    assert set(cell.data.se) == {None}


def test_signed_metrics_keep_their_sign_in_the_table() -> None:
    # underconfident at baseline, calibrated later: the gap shrinks, which is no degradation
    drift = lambda ratio: -0.8 + 1.6 * ratio  # noqa: E731
    shrinking = simulate({"t": Task(Flat(0.8), drift=drift)}, ratios=(0.0, 0.25, 0.5), seed=3)
    cell = _cell(compare_family(shrinking.family, shrinking.tables), "t", "surprise_gap")
    assert cell.data.values[0] < -0.05
    assert abs(cell.data.values[-1]) < 0.05
    assert cell.data.difference[-1] > 0.05
    assert cell.verdict.word == "improved"
    assert cell.verdict.helps_to == 0.5
    # the same drift onwards from calibrated to underconfident is degraded, with negative values
    growing = simulate({"t": Task(Flat(0.8), drift=lambda r: -2 * r)}, ratios=(0.0, 0.25, 0.5), seed=4)
    cell = _cell(compare_family(growing.family, growing.tables), "t", "surprise_gap")
    assert cell.data.values[-1] < -0.05
    assert cell.verdict.word == "degraded"


def test_holm_counts_the_curves_of_each_question(compared: Comparison) -> None:
    tested = [cell for cell in compared.cells if cell.verdict.p_value is not None]
    assert len(tested) == 3 * 4 + 1
    for question, curves in (("headline", 4), ("calibration", 3), ("proper scores", 6)):
        smallest = min((cell.verdict for cell in tested if cell.question == question), key=lambda v: v.p_value)
        assert smallest.p_adjusted == pytest.approx(min(1.0, curves * smallest.p_value))
    assert all(cell.verdict.p_adjusted >= cell.verdict.p_value for cell in tested)
    assert all((cell.verdict.word == "degraded") == (cell.verdict.p_adjusted < 0.05) for cell in tested)
    assert all((cell.verdict.first_below is not None) == (cell.verdict.word == "degraded") for cell in tested)


def test_reasons_are_in_units_of_the_metric(compared: Comparison) -> None:
    assert "500 items and 2 seeds can detect a drop of" in _cell(compared, "stays", "acc").verdict.reason
    assert "3% relative is 2.3 pp" in _cell(compared, "stays", "acc").verdict.reason  # 3% of .783
    assert "the margin is 0.020 nats" in _cell(compared, "stays", "surprise_gap").verdict.reason


def test_categories(compared: Comparison, studied: Simulated) -> None:
    assert {cell.task: cell.category for cell in compared.cells}["stays"] == "retrieval"
    renamed = dataclasses.replace(studied.family, categories={"stays": "mine"})
    assert _cell(compare_family(renamed, studied.tables), "stays", "acc").category == "mine"


def test_contradictory_categories_are_reported() -> None:
    made = simulate({"t": Task(Flat(0.8), n=50)}, ratios=(0.0, 0.5), seeds=1)
    last = list(made.tables)[-1]
    made.tables[last] = dataclasses.replace(made.tables[last], category="retrieval")
    comparison = compare_family(made.family, made.tables)
    assert comparison.warnings == ("t: filed under reasoning, retrieval by different checkpoints; reasoning is used",)


def test_curves_by_size_and_iteration() -> None:
    made = simulate(
        {"t": Task(hinge(0.85, onset=0.0, slope=0.8), n=300)},
        ratios=(0.0, 0.25, 0.5),
        sizes=("70M", "410M"),
        iterations=(1, 2),
    )
    comparison = compare_family(made.family, made.tables)
    keys = [(cell.place.size, cell.place.iteration) for cell in comparison.cells if cell.metric == "acc"]
    assert keys == [("70M", 1), ("70M", 2), ("410M", 1), ("410M", 2)]


def test_a_ratio_zero_checkpoint_serves_other_sources() -> None:
    made = simulate({"t": Task(hinge(0.85, onset=0.0, slope=0.8))}, ratios=(0.0, 0.25, 0.5))
    checkpoints = tuple(
        dataclasses.replace(c, source="rephrased" if c.ratio else "self") for c in made.family.checkpoints
    )
    comparison = compare_family(dataclasses.replace(made.family, checkpoints=checkpoints), made.tables)
    cell = _cell(comparison, "t", "acc")
    assert (cell.place.source, cell.data.ratios, cell.verdict.word) == ("rephrased", (0.0, 0.25, 0.5), "degraded")


def test_items_that_do_not_pair_are_left_out_and_named() -> None:
    made = simulate({"t": Task(Flat(0.8), n=120)}, ratios=(0.0, 0.5), seeds=1)
    baseline, other = made.tables
    made.tables[other] = _kept(made.tables[other], slice(20, None))
    comparison = compare_family(made.family, made.tables)
    assert _cell(comparison, "t", "acc").data.n_items == 100
    assert comparison.warnings == (
        f"t: 20 of 120 items are not in every checkpoint and were left out ({other[0]} lacks 20)",
    )
    # the paired numbers are those of the shared items alone
    alone = dict(made.tables) | {baseline: _kept(made.tables[baseline], slice(20, None))}
    assert _cell(compare_family(made.family, alone), "t", "nll") == _cell(comparison, "t", "nll")


def test_order_of_items_does_not_matter(studied: Simulated, compared: Comparison) -> None:
    rng = np.random.default_rng(0)
    shuffled = {key: _kept(table, rng.permutation(len(table))) for key, table in studied.tables.items()}
    for cell, other in zip(compared.cells, compare_family(studied.family, shuffled).cells):
        assert (cell.verdict.word, cell.verdict.first_below, cell.verdict.budget) == (
            other.verdict.word,
            other.verdict.first_below,
            other.verdict.budget,
        )
        np.testing.assert_allclose(other.data.values, cell.data.values, atol=1e-9)


def test_items_without_a_finite_score_are_left_out_of_that_metric() -> None:
    made = simulate({"t": Task(Flat(0.8), n=120)}, ratios=(0.0, 0.5), seeds=1)
    key = list(made.tables)[-1]
    nll = made.tables[key].columns["nll"].copy()
    nll[:7] = np.inf
    made.tables[key] = dataclasses.replace(made.tables[key], columns={**made.tables[key].columns, "nll": nll})
    comparison = compare_family(made.family, made.tables)
    assert _cell(comparison, "t", "nll").data.n_items == 113
    assert _cell(comparison, "t", "acc").data.n_items == 120
    assert comparison.warnings == ("t: 7 items have no finite NLL and were left out of it",)


def test_failed_and_missing_checkpoints() -> None:
    made = simulate({"t": Task(Flat(0.8), n=50), "u": Task(Flat(0.8), n=50)}, ratios=(0.0, 0.2, 0.3, 0.5), seeds=1)
    failed, silent, partial = (c.name for c in made.family.checkpoints[1:])
    tables = {
        key: table for key, table in made.tables.items() if key[0] not in (failed, silent) and key != (partial, "u")
    }
    comparison = compare_family(made.family, tables, failures={failed: "no weights"}, fingerprints={partial: "abc"})
    records = {record.name: record for record in comparison.checkpoints}
    assert records[failed].failed == "no weights"
    assert records[partial].fingerprint == "abc"
    assert records[partial].tasks == ("t",)
    assert comparison.warnings == (f"{silent}: not evaluated, left out", f"{partial}: no results for u")
    assert _cell(comparison, "t", "acc").data.ratios == (0.0, 0.5)
    assert "only one ratio" in _cell(comparison, "u", "acc").verdict.reason


def test_a_failed_baseline_refuses_the_curve() -> None:
    made = simulate({"t": Task(Flat(0.8), n=50)}, ratios=(0.0, 0.2, 0.5), seeds=1)
    baseline = made.family.checkpoints[0].name
    tables = {key: table for key, table in made.tables.items() if key[0] != baseline}
    comparison = compare_family(made.family, tables, failures={baseline: "unreadable"})
    cell = _cell(comparison, "t", "acc")
    assert cell.verdict.word == "refused"
    assert "no checkpoint at the baseline ratio 0" in cell.verdict.reason
    assert all(np.isnan(cell.data.difference))
    assert all(np.isfinite(cell.data.values))


@pytest.mark.parametrize("change", ["identical", "five items", "chance", "nothing shared"])
def test_bad_input_is_refused_with_a_reason(change: str) -> None:
    level = 0.2501 if change == "chance" else 0.8
    made = simulate(
        {"t": Task(Flat(level), n=5 if change == "five items" else 200)}, ratios=(0.0, 0.2, 0.5), seeds=1, seed=2
    )
    first, _, last = made.tables
    if change == "identical":
        made.tables.update({key: dataclasses.replace(made.tables[first], checkpoint=key[0]) for key in made.tables})
    if change == "nothing shared":
        columns = dict(made.tables[last].columns)
        columns["doc_hash"] = np.array([f"other{i}" for i in range(200)], dtype=object)
        made.tables[last] = dataclasses.replace(made.tables[last], columns=columns)
    comparison = compare_family(made.family, made.tables)
    cell = _cell(comparison, "t", "acc")
    assert cell.verdict.word == "refused"
    expected = {
        "identical": "same checkpoint",
        "five items": "only 5 shared items",
        "chance": "no room to fall",
        "nothing shared": "only 2 ratios",
    }
    assert expected[change] in cell.verdict.reason
    named = f"{last[0]} left out: it was asked about none of the documents of {first[0]}"
    assert any(named in warning for warning in comparison.warnings) == (change == "nothing shared")
    assert cell.verdict.p_value is None
    assert cell.verdict.budget is None


def test_one_seed_is_said() -> None:
    made = simulate({"t": Task(Flat(0.8), n=200)}, ratios=(0.0, 0.2, 0.5), seeds=1)
    cell = _cell(compare_family(made.family, made.tables), "t", "acc")
    assert cell.verdict.conditional
    assert cell.verdict.reason.endswith(
        "assuming that training runs differ by 1.0 pp (SD), too few of them to measure it"
    )


def _generated(name: str, metrics: dict[str, np.ndarray], n: int) -> ItemTable:
    hashes = np.array([f"d{i}" for i in range(n)])
    columns = {"doc_id": np.arange(n), "doc_hash": hashes, "prompt_hash": hashes, **metrics}
    return ItemTable(name, "essay", "generation", "generation", columns)


def test_texts_without_a_score_are_left_out_with_a_warning(studied: Simulated) -> None:
    name = studied.family.checkpoints[0].name
    comparison = compare_family(studied.family, {**studied.tables, (name, "essay"): _generated(name, {}, 5)})
    assert any(line.startswith("essay: no per-item score to compare") for line in comparison.warnings)


def test_generated_answers_are_compared_by_what_lm_eval_logged() -> None:
    made = simulate({"t": Task(Flat(0.8), n=50)}, seeds=1)
    rng = np.random.default_rng(5)
    levels, own = rng.random((400, 1)), rng.random((400, 6))
    # one draw in four is new to a checkpoint; right if below .6, .6, .6, .5, .4, .3
    draws = np.where(rng.random((400, 6)) < 0.25, own, levels)
    right = (draws < np.array([0.6, 0.6, 0.6, 0.5, 0.4, 0.3])).astype(float)
    tables = {
        (c.name, "essay"): _generated(c.name, {"exact_match": right[:, i], "f1": 0.2 + 0.5 * right[:, i]}, 400)
        for i, c in enumerate(made.family.checkpoints)
    }
    comparison = compare_family(made.family, tables)
    match, f1 = comparison.cells
    assert (match.metric, f1.metric) == ("exact_match", "f1")
    assert match.data.values == pytest.approx(right.mean(axis=0))
    assert {match.verdict.word, f1.verdict.word} == {"degraded"}
    # a checkpoint that did not log one of the metrics is left out of that curve
    last = made.family.checkpoints[-1].name
    tables[last, "essay"] = _generated(last, {"exact_match": right[:, -1]}, 400)
    comparison = compare_family(made.family, tables)
    assert [len(cell.data.ratios) for cell in comparison.cells] == [6, 5]
    assert comparison.warnings == (f"essay: F1: not logged by {last}, left out",)


def test_answers_that_are_never_right_have_no_room_to_fall() -> None:
    made = simulate({"t": Task(Flat(0.8), n=50)}, seeds=1)
    right = np.zeros((300, 6))
    right[0, 0] = 1.0  # one of 300: not clearly above 0
    tables = {
        (c.name, "essay"): _generated(c.name, {"exact_match": right[:, i]}, 300)
        for i, c in enumerate(made.family.checkpoints)
    }
    (cell,) = compare_family(made.family, tables).cells
    assert cell.verdict.word == "refused"
    assert "not clearly above chance (0): no room to fall" in cell.verdict.reason


def test_manifest_and_results_that_contradict_each_other(studied: Simulated) -> None:
    family = dataclasses.replace(studied.family, categories={"stays": "reasoning"})
    comparison = compare_family(family, studied.tables)
    assert _cell(comparison, "stays", "acc").category == "reasoning"
    assert comparison.warnings == ("stays: filed under retrieval by its results; reasoning of the manifest is used",)


def test_duplicates_without_seed_are_refused() -> None:
    made = simulate({"t": Task(Flat(0.8), n=200)}, ratios=(0.0, 0.2, 0.5), seeds=2)
    same = tuple(dataclasses.replace(c, seed=0) for c in made.family.checkpoints)
    cell = _cell(compare_family(dataclasses.replace(made.family, checkpoints=same), made.tables), "t", "acc")
    assert cell.verdict.word == "refused"
    assert "give them different seeds" in cell.verdict.reason


def test_two_ratios_and_one_checkpoint_are_refused() -> None:
    two = simulate({"t": Task(Flat(0.8), n=200)}, ratios=(0.0, 0.5), seeds=1)
    assert _cell(compare_family(two.family, two.tables), "t", "acc").verdict.reason.startswith("only 2 ratios")
    one = simulate({"t": Task(Flat(0.8), n=200)}, ratios=(0.0,), seeds=1)
    assert _cell(compare_family(one.family, one.tables), "t", "acc").verdict.reason.startswith("only one ratio")


def test_a_table_of_an_unknown_checkpoint(studied: Simulated) -> None:
    table = next(iter(studied.tables.values()))
    with pytest.raises(ValueError, match="'stranger'"):
        compare_family(studied.family, {("stranger", "falls"): table})
