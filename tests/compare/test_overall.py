"""Curves of categories and of the suite: means over tasks, judged as one curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated_family import Flat, Simulated, Task, hinge, simulate

from synth_eval.cell import Cell
from synth_eval.compare import compare_family
from synth_eval.compare.curves import inputs_of
from synth_eval.compare.overall import overall_inputs
from synth_eval.compare.questions import judged_of, uncorrected
from synth_eval.comparison import Comparison
from synth_eval.dose_response.design import prepare_curve
from synth_eval.manifest.baseline import curves
from synth_eval.types import ItemTable


def overall(comparison: Comparison, name: str, metric: str = "acc") -> Cell:
    (found,) = (cell for cell in comparison.overall if (cell.task, cell.metric) == (name, metric))
    return found


def compared(made: Simulated, **changes: object) -> Comparison:
    return compare_family(replace(made.family, **changes), made.tables)


def without(made: Simulated, *missing: tuple[str, str]) -> Simulated:
    return Simulated(made.family, {key: table for key, table in made.tables.items() if key not in missing})


def curves_of_tasks(made: Simulated):
    inputs = []
    for task in made.family.tasks:
        tables = {name: table for (name, its), table in made.tables.items() if its == task}
        category = next(iter(tables.values())).category
        for curve in curves(made.family):
            inputs += inputs_of(task, category, curve, tables, baseline_ratio=0.0)[0]
    return uncorrected(inputs)


@pytest.fixture(scope="module")
def mixed() -> Simulated:
    """Two tasks of reasoning, of 100 and 400 items, two of retrieval, two of documents, one without a category."""
    return simulate(
        {
            "few": Task(hinge(0.8, onset=0.1, slope=0.5), n=100),
            "many": Task(hinge(0.6, onset=0.1, slope=0.5), n=400),
            "first": Task(Flat(0.7), category="retrieval"),
            "second": Task(Flat(0.7), category="retrieval"),
            "laws": Task(Flat(1.0), kind="rolling", category="domain", n=200),
            "news": Task(Flat(1.2), kind="rolling", category="domain", n=200),
            "loose": Task(Flat(0.75), category="other"),
        }
    )


@pytest.fixture(scope="module")
def of_mixed(mixed: Simulated) -> Comparison:
    return compared(mixed)


def test_which_curves_there_are(of_mixed: Comparison) -> None:
    # suite first; documents are in no suite of accuracies, and what has no category counts in the suite alone
    found = [(cell.level, cell.task, cell.metric) for cell in of_mixed.overall]
    assert found == [
        ("suite", "suite", "acc"),
        ("category", "reasoning", "acc"),
        ("category", "reasoning", "surprise_gap"),
        ("category", "retrieval", "acc"),
        ("category", "retrieval", "surprise_gap"),
        ("category", "domain", "bits_per_byte"),
    ]
    assert [m.task for m in overall(of_mixed, "suite").members] == ["few", "many", "first", "second", "loose"]
    assert {cell.question for cell in of_mixed.overall} == {"category", "category calibration"}


def test_the_score_is_the_mean_of_the_tasks(of_mixed: Comparison) -> None:
    of = {cell.task: np.array(cell.data.values) for cell in of_mixed.cells if cell.metric == "acc"}
    mean = overall(of_mixed, "reasoning")
    np.testing.assert_allclose(mean.data.values, (of["few"] + of["many"]) / 2)
    assert mean.data.n_items == 500
    assert [(member.task, member.weight) for member in mean.members] == [("few", 0.5), ("many", 0.5)]


def test_the_user_weights_tasks(mixed: Simulated) -> None:
    weighted = compared(mixed, task_weights={"many": 3.0})
    of = {cell.task: np.array(cell.data.values) for cell in weighted.cells if cell.metric == "acc"}
    np.testing.assert_allclose(overall(weighted, "reasoning").data.values, 0.25 * of["few"] + 0.75 * of["many"])
    assert [member.weight for member in overall(weighted, "suite").members] == pytest.approx(
        [1 / 7, 3 / 7, *[1 / 7] * 3]
    )


def test_weights_of_tasks_that_are_not_there_are_reported(mixed: Simulated) -> None:
    warnings = compared(mixed, task_weights={"manyy": 2.0, "zebra": 1.0}).warnings
    said = "task_weights: no task 'manyy' was compared, so its weight counts nowhere: did you mean 'many'?"
    assert said in warnings
    assert any("no task 'zebra' was compared" in line and "there are few, many, first" in line for line in warnings)


def test_items_are_drawn_within_their_task(mixed: Simulated) -> None:
    # the variance of the mean of two means is a quarter of the sum of theirs, by formula
    curve = next(given for given in overall_inputs(curves_of_tasks(mixed), weights={})[0] if given.task == "reasoning")
    of = [
        each.input
        for each in curves_of_tasks(mixed)
        if each.input.task in ("few", "many") and each.input.metric.name == "acc"
    ]
    prepared = prepare_curve(curve.to_judge)
    by_hand = sum(np.var(each.data.scores, axis=0, ddof=1) / each.data.n_items for each in of) / 4
    order = np.lexsort([curve.data.seeds, curve.data.ratios])
    np.testing.assert_allclose(np.diag(prepared.covariance), by_hand[order])


def test_a_category_decides_where_its_tasks_do_not() -> None:
    made = simulate({f"t{i}": Task(hinge(0.6, onset=0.2, slope=0.11), n=500) for i in range(4)}, jitter=0.01, seed=1)
    comparison = compared(made)
    assert [cell.verdict.word for cell in comparison.cells if cell.metric == "acc"].count("degraded") <= 1
    mean = overall(comparison, "reasoning")
    assert mean.verdict.word == "degraded"
    low, high = mean.verdict.onset_ci
    assert low <= 0.2 <= high
    # one category holds them all: its curve is that of the suite
    assert [cell.level for cell in comparison.overall] == ["category", "category"]


def test_a_category_of_one_task_has_its_verdict_and_no_second_test(studied: Simulated) -> None:
    comparison = compared(studied)
    task = next(cell for cell in comparison.cells if (cell.task, cell.metric) == ("falls", "acc"))
    mean = overall(comparison, "reasoning")
    assert (mean.question, mean.level) == ("headline", "category")
    assert mean.verdict == replace(task.verdict, reason=f"falls alone: {task.verdict.reason}")
    # suite and retrieval alone were corrected together
    tests = [cell.verdict for cell in comparison.overall if cell.question == "category"]
    assert min(v.p_adjusted for v in tests) == pytest.approx(min(1.0, 2 * min(v.p_value for v in tests)))


def test_one_task_in_all_has_no_mean() -> None:
    assert compared(simulate({"alone": Task(Flat(0.7))})).overall == ()


def test_tasks_without_any_category_make_a_suite() -> None:
    made = simulate({"a": Task(Flat(0.7), category="other"), "b": Task(Flat(0.7), category="other")})
    assert [cell.level for cell in compared(made).overall] == ["suite"]


def test_refused_tasks_are_left_out_and_named() -> None:
    made = simulate({"a": Task(Flat(0.7)), "b": Task(Flat(0.7)), "guess": Task(Flat(0.26), n=200)})
    mean = overall(compared(made), "reasoning")
    assert [(member.task, member.weight) for member in mean.members] == [("a", 0.5), ("b", 0.5), ("guess", 0.0)]
    assert "not clearly above chance" in mean.members[-1].left_out


def test_a_category_of_which_nothing_can_be_judged_is_refused() -> None:
    guess = Task(Flat(0.255), n=200, category="retrieval")
    made = simulate({"a": Task(Flat(0.7)), "b": Task(Flat(0.7)), "guess": guess, "guess too": guess})
    mean = overall(compared(made), "retrieval")
    assert (mean.verdict.word, mean.verdict.refusal) == ("refused", "no task judged")
    assert mean.verdict.reason.startswith("no task can be judged: guess: the baseline scores")
    assert mean.data.values[0] == pytest.approx(0.255, abs=0.05)


def test_only_checkpoints_with_all_tasks_enter(mixed: Simulated) -> None:
    comparison = compared(without(mixed, ("281k-r030-it1-s0", "many"), ("281k-r030-it1-s1", "many")))
    assert overall(comparison, "reasoning").data.ratios == (0.0, 0.1, 0.2, 0.4, 0.5)
    assert overall(comparison, "retrieval").data.ratios == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    said = "reasoning: 281k-r030-it1-s0, 281k-r030-it1-s1 left out of its mean, without many"
    assert said in comparison.warnings


def test_too_few_checkpoints_with_all_tasks() -> None:
    made = simulate({"a": Task(Flat(0.7)), "b": Task(Flat(0.7))}, ratios=(0.0, 0.1, 0.2, 0.3, 0.5), seeds=1)
    gone = [(f"281k-r{100 * r:03.0f}-it1-s0", task) for r, task in ((0.1, "a"), (0.2, "a"), (0.3, "b"))]
    mean = overall(compared(without(made, *gone)), "reasoning")
    assert (mean.verdict.word, mean.verdict.refusal) == ("refused", "few ratios")
    assert mean.data.ratios == (0.0, 0.5)


def test_opposite_changes_cancel_and_both_are_named() -> None:
    made = simulate(
        {
            "falls": Task(hinge(0.8, onset=0.1, slope=0.5)),
            "rises": Task(hinge(0.6, onset=0.1, slope=-0.5)),
            "stays": Task(Flat(0.7)),
        }
    )
    mean = overall(compared(made), "reasoning")
    assert mean.verdict.word not in ("degraded", "improved")
    assert mean.verdict.reason.endswith("; opposite changes cancel: falls gets worse, rises gets better")


def test_items_may_differ_by_size() -> None:
    made = simulate({"a": Task(hinge(0.7)), "b": Task(hinge(0.7))}, sizes=("70M", "410M"))
    tables = {
        key: _first(table, 200) if key[0].startswith("410M") and key[1] == "a" else table
        for key, table in made.tables.items()
    }
    found = compare_family(made.family, tables)
    means = [cell for cell in found.overall if cell.metric == "acc"]
    assert sorted((cell.place.size, cell.data.n_items) for cell in means) == [("410M", 700), ("70M", 1000)]
    assert {row.level for row in found.contrasts if row.task == "reasoning"} == {"category"}


def test_means_of_different_tasks_are_not_contrasted() -> None:
    # at 70M one of the tasks is at chance: the two means are not of the same tasks
    made = simulate({"a": Task(hinge(0.7)), "b": Task(hinge(0.7)), "c": Task(hinge(0.7))}, sizes=("70M", "410M"))
    other = simulate({"c": Task(Flat(0.255), n=300)}, sizes=("70M", "410M"))
    tables = {**made.tables, **{key: table for key, table in other.tables.items() if key[0].startswith("70M")}}
    found = compare_family(made.family, tables)
    weights = {cell.place.size: [m.weight > 0 for m in cell.members] for cell in found.overall if cell.metric == "acc"}
    assert weights == {"70M": [True, True, False], "410M": [True, True, True]}
    assert not [row for row in found.contrasts if row.level == "category"]


def test_replicates_at_one_ratio_only() -> None:
    made = simulate({"a": Task(hinge(0.8, slope=0.6)), "b": Task(hinge(0.7, slope=0.6))}, seeds=3)
    kept = {key: table for key, table in made.tables.items() if "-r000-" in key[0] or key[0].endswith("-s0")}
    mean = overall(compared(Simulated(made.family, kept)), "reasoning")
    assert mean.verdict.word == "degraded"
    assert mean.data.seeds == 3


def test_metrics_of_one_unit_are_averaged_as_a_mean_score() -> None:
    made = simulate({"a": Task(hinge(0.7)), "b": Task(hinge(0.7))})
    tables = {key: _as_exact_match(table) if key[1] == "b" else table for key, table in made.tables.items()}
    mean = overall(compare_family(made.family, tables), "reasoning", "mean_score")
    assert mean.data.n_items == 1000


def test_a_category_leads() -> None:
    drift = Task(hinge(0.8, onset=0.3, slope=0.8), drift=lambda r: 2.0 * r, n=1000)
    found = compared(simulate({"a": drift, "b": drift}))
    lead = next(row for row in found.leads if row.level == "category")
    assert (lead.task, lead.verdict) == ("reasoning", "early")
    assert lead.interval[0] > 0


def test_the_order_of_tasks_changes_no_verdict(mixed: Simulated) -> None:
    turned = Simulated(mixed.family, dict(reversed(mixed.tables.items())))
    one, other = overall(compared(mixed), "suite"), overall(compared(turned), "suite")
    assert other.verdict.p_value == pytest.approx(one.verdict.p_value, rel=1e-6)
    assert other.verdict.budget == one.verdict.budget


def test_a_task_by_itself_twice_is_the_task() -> None:
    # the mean of two copies of one task: the same means, and as independent items half the variance
    made = simulate({"a": Task(hinge(0.7)), "b": Task(hinge(0.7))})
    copies = {key: made.tables[key[0], "a"] for key in made.tables}
    judged = judged_of(overall_inputs(curves_of_tasks(Simulated(made.family, copies)), weights={})[0])
    mean, task = judged[0], next(each for each in curves_of_tasks(made) if each.input.task == "a")
    np.testing.assert_allclose(mean.verdict.values, task.verdict.values)
    assert mean.verdict.item_sd**2 / 1000 == pytest.approx(task.verdict.item_sd**2 / 500 / 2, rel=0.1)


def _first(table: ItemTable, n: int) -> ItemTable:
    return replace(table, columns={name: column[:n] for name, column in table.columns.items()})


def _as_exact_match(table: ItemTable) -> ItemTable:
    columns = {name: table.columns[name] for name in ("doc_id", "doc_hash", "prompt_hash")}
    columns["exact_match"] = np.asarray(table.columns["correct"], dtype=float)
    return replace(table, kind="generation", columns=columns)
