"""Checkpoints without samples: exact means and errors, independent of everything else; what is said of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_family import Flat, Simulated, Task, hinge, simulate

from synth_eval.cell import Cell
from synth_eval.compare import compare_family
from synth_eval.compare.pairing import scores_with_means
from synth_eval.comparison import Comparison
from synth_eval.errors import Refusal
from synth_eval.results import Estimate, TaskResult
from synth_eval.results.aggregates import MetricValue


def _covariance_of_means(scores: np.ndarray) -> np.ndarray:
    return np.cov(scores.T) / len(scores)


@given(
    st.lists(
        st.tuples(st.floats(-2, 2), st.floats(0, 0.5)).map(lambda each: Estimate(*each, 60)), min_size=1, max_size=5
    ),
    st.integers(0, 4),
)
@settings(deadline=None, max_examples=50)
def test_moments_are_exact(estimates: list[Estimate], columns: int) -> None:
    items = np.random.default_rng(columns).normal(size=(60, columns)) if columns else None
    scores = scores_with_means(items, estimates)
    covariance = np.atleast_2d(_covariance_of_means(scores))
    np.testing.assert_allclose(scores[:, columns:].mean(axis=0), [e.value for e in estimates], atol=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance))[columns:], [e.se for e in estimates], atol=1e-9)
    off_diagonal = covariance - np.diag(np.diag(covariance))
    np.testing.assert_allclose(off_diagonal[columns:], 0, atol=1e-12)
    if items is not None:
        np.testing.assert_array_equal(scores[:, :columns], items)


def test_identical_items_do_not_break_it() -> None:
    items = np.repeat(np.arange(20.0)[:, None] % 2, 3, axis=1)
    scores = scores_with_means(items, [Estimate(0.5, 0.1, 20)])
    assert np.std(scores[:, 3], ddof=1) / np.sqrt(20) == pytest.approx(0.1)
    assert _covariance_of_means(scores)[3, :3] == pytest.approx(0, abs=1e-12)


def test_the_fewest_items_count_and_must_exceed_the_checkpoints() -> None:
    assert len(scores_with_means(None, [Estimate(0.5, 0.1, 30), Estimate(0.5, 0.1, 20)])) == 20
    refusal = scores_with_means(None, [Estimate(0.5, 0.1, 2)] * 2)
    assert refusal == Refusal("few items for unpaired", "only 2 items for 2 checkpoints")


def _aggregate(made: Simulated, name: str, task: str, **changes) -> TaskResult:
    correct = made.tables[name, task].columns["correct"].astype(float)
    se = correct.std(ddof=1) / np.sqrt(len(correct))
    metric = MetricValue("acc", "none", float(correct.mean()), float(se))
    known = TaskResult(task, (metric,), n_samples=len(correct), category="reasoning", n_shot=0, version="1", choices=4)
    return dataclasses.replace(known, **changes)


def _compared(made: Simulated, without_samples, **changes) -> Comparison:
    results = {key: _aggregate(made, *key, **changes) for key in made.tables}
    tables = {key: table for key, table in made.tables.items() if key[0] not in without_samples}
    return compare_family(made.family, tables, results=results)


def _acc(comparison: Comparison) -> Cell:
    (cell,) = (cell for cell in comparison.cells if cell.metric == "acc")
    return cell


@pytest.fixture(scope="module")
def falling() -> Simulated:
    return simulate({"t": Task(hinge(0.85, onset=0.1, slope=0.9), n=800)}, seeds=1)


@pytest.fixture(scope="module")
def names(falling: Simulated) -> list[str]:
    return [checkpoint.name for checkpoint in falling.family.checkpoints]


def test_aggregates_alone(falling: Simulated, names: list[str]) -> None:
    paired, unpaired = _acc(compare_family(falling.family, falling.tables)), _acc(_compared(falling, names))
    assert unpaired.data.values == pytest.approx(paired.data.values)
    assert (paired.data.paired, unpaired.data.paired) == (True, False)
    assert unpaired.verdict.reason.endswith("; unpaired, wider intervals: aggregate results only")
    assert (unpaired.data.n_items, unpaired.verdict.word) == (800, "degraded")
    # each interval is wider, and centred on the same difference
    for one, other in zip(paired.data.difference_ci[1:], unpaired.data.difference_ci[1:]):
        assert other[1] - other[0] > one[1] - one[0]
        assert sum(other) == pytest.approx(sum(one))


def test_the_interval_of_independent_errors_by_hand(falling: Simulated, names: list[str]) -> None:
    # phi is below 1 and pooling leaves 3 df: the half width is t(.975, 3) sqrt(se0^2 + se1^2)
    cell = _acc(_compared(falling, names))
    assert cell.verdict.phi < 1
    se = [np.sqrt(p * (1 - p) / 799) for p in cell.data.values]
    low, high = cell.data.difference_ci[2]
    assert (high - low) / 2 == pytest.approx(3.182446 * np.hypot(se[0], se[2]), rel=1e-5)


def test_a_mix_is_paired_where_it_can_be(falling: Simulated, names: list[str]) -> None:
    comparison = _compared(falling, names[4:])
    cell, paired = _acc(comparison), _acc(compare_family(falling.family, falling.tables))
    assert cell.data.ratios == paired.data.ratios
    assert cell.data.values == pytest.approx(paired.data.values)
    assert "unpaired, wider intervals: 2 of 6 checkpoints have no samples" in cell.verdict.reason
    width = [high - low for low, high in cell.data.difference_ci]
    assert max(width[1:4]) < min(width[4:])
    assert comparison.warnings == (
        f"no samples of t from {names[4]}, {names[5]}: compared unpaired there, with wider intervals; "
        "the others are paired",
    )
    # what takes items has the checkpoints with items
    nll = next(cell for cell in comparison.cells if cell.metric == "nll")
    assert (nll.data.ratios, nll.data.paired) == ((0.0, 0.1, 0.2, 0.3), True)


def test_a_baseline_without_samples(falling: Simulated, names: list[str]) -> None:
    comparison = _compared(falling, names[:1])
    assert [cell.metric for cell in comparison.cells] == ["acc"]
    assert _acc(comparison).data.ratios == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert "t: NLL, Brier score, surprise gap left out: the baseline has no samples" in comparison.warnings


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n_shot": 5}, "(shots 5, not 0)"),
        ({"version": "2"}, "(task version 2, not 1)"),
        ({"asked": {"chat template": "1a2b"}}, "(chat template 1a2b, not none)"),
        ({"asked": {"limit": "100"}, "n_samples": 100}, "(limit 100, not none)"),
        ({"asked": {"generation setting temperature": "1.0"}}, "(generation setting temperature 1.0, not none)"),
        ({"asked": {"filters": "x" * 99}, "n_shot": 3}, "(shots 3, not 0; other filters)"),
    ],
)
def test_results_asked_in_another_way_are_left_out(falling: Simulated, names: list[str], change, said: str) -> None:
    plain = {"chat template": "none", "limit": "none", "filters": "[]", "generation setting max_gen_toks": "9"}
    results = {key: _aggregate(falling, *key, asked=plain) for key in falling.tables}
    changed = {**change, "asked": {**plain, **change.get("asked", {})}}
    results[names[2], "t"] = _aggregate(falling, names[2], "t", **changed)
    comparison = compare_family(falling.family, {}, results=results)
    assert 0.2 not in _acc(comparison).data.ratios
    assert any(names[2] in line and said in line for line in comparison.warnings)


def test_what_hashes_of_items_cannot_see_counts_with_samples_too(falling: Simulated, names: list[str]) -> None:
    asked = {name: {"generation setting temperature": "0.0", "limit": "none"} for name in names}
    asked[names[2]] = {"generation setting temperature": "0.7", "limit": "none"}
    asked[names[3]] = {"generation setting temperature": "0.0", "limit": "100"}  # the items themselves are paired
    results = {key: _aggregate(falling, *key, asked=asked[key[0]]) for key in falling.tables}
    comparison = compare_family(falling.family, falling.tables, results=results)
    assert _acc(comparison).data.ratios == (0.0, 0.1, 0.3, 0.4, 0.5)
    assert any(f"{names[2]} left out" in line and "temperature 0.7, not 0.0" in line for line in comparison.warnings)


@pytest.mark.parametrize(
    "change",
    [{"version": "1.0"}, {"n_shot": None}, {"asked": {"limit": "99999"}}, {"asked": {}}],
    ids=["the same version", "not logged", "a limit of no effect", "nothing logged"],
)
def test_results_that_were_asked_alike_stay(falling: Simulated, names: list[str], change) -> None:
    results = {key: _aggregate(falling, *key, asked={"limit": "none"}) for key in falling.tables}
    results[names[2], "t"] = _aggregate(falling, names[2], "t", **change)
    assert 0.2 in _acc(compare_family(falling.family, {}, results=results)).data.ratios


def test_another_filter_is_another_score(falling: Simulated, names: list[str]) -> None:
    results = {key: _aggregate(falling, *key) for key in falling.tables}
    strict = dataclasses.replace(results[names[3], "t"].metrics[0], filter="strict")
    results[names[3], "t"] = dataclasses.replace(results[names[3], "t"], metrics=(strict,))
    comparison = compare_family(falling.family, {}, results=results)
    assert 0.3 not in _acc(comparison).data.ratios
    assert any("scored by filter 'strict', the others by 'none'" in line for line in comparison.warnings)


def test_without_errors_it_is_shown_and_refused(falling: Simulated, names: list[str]) -> None:
    metric = MetricValue("bits_per_byte", "none", 0.9, None)
    results = {(name, "docs"): TaskResult("docs", (metric,), n_samples=100) for name in names}
    (cell,) = compare_family(falling.family, {}, results=results).cells
    assert (cell.verdict.word, cell.data.values[0], cell.data.se[0], cell.data.paired) == ("refused", 0.9, None, False)
    assert "gives no standard error of bits_per_byte: run lm_eval with --log_samples" in cell.verdict.reason
    assert cell.verdict.p_value is None


def test_five_items_are_refused() -> None:
    made = simulate({"t": Task(Flat(0.8), n=5)}, seeds=1)
    cell = _acc(_compared(made, [c.name for c in made.family.checkpoints]))
    assert cell.verdict.word == "refused"
    assert "only 5 items for 6 checkpoints" in cell.verdict.reason


def test_chance_is_known_where_the_choices_are_listed() -> None:
    made = simulate({"t": Task(Flat(0.2501), n=200)}, seeds=1, seed=2)
    names = [c.name for c in made.family.checkpoints]
    assert "no room to fall" in _acc(_compared(made, names)).verdict.reason
    assert "chance level not known" in _acc(_compared(made, names, choices=None)).verdict.reason


def test_length_normalised_accuracy_only_without_accuracy(falling: Simulated, names: list[str]) -> None:
    both = {}
    for name in names:
        known = _aggregate(falling, name, "t")
        norm = dataclasses.replace(known.metrics[0], metric="acc_norm")
        both[name, "t"] = dataclasses.replace(known, metrics=(norm, *known.metrics))
        both[name, "u"] = dataclasses.replace(known, metrics=(norm,))
    cells = compare_family(falling.family, {}, results=both).cells
    assert [(cell.task, cell.metric) for cell in cells] == [("t", "acc"), ("u", "acc_norm")]


def test_a_task_without_a_known_metric(falling: Simulated, names: list[str]) -> None:
    odd = TaskResult("odd", (MetricValue("eqbench", "none", 40.0, 1.0),), n_samples=100)
    comparison = compare_family(falling.family, {}, results={(names[0], "odd"): odd})
    assert any(line.startswith("odd: no metric to compare (only eqbench): needed is") for line in comparison.warnings)


def test_other_scores_are_compared_where_a_task_has_no_known_one(falling: Simulated, names: list[str]) -> None:
    def logged(ratio: float, direction: bool | None, scale: float = 1.0) -> tuple[MetricValue, ...]:
        falls = MetricValue("rougeL", "none", scale * (0.5 - 0.4 * ratio), 0.01, direction)
        rises = MetricValue("toxicity", "none", scale * (0.1 + 0.4 * ratio), 0.01, None if direction is None else False)
        apart = MetricValue("distinct_1", "none", 0.5, 0.01, True)  # what the text is like
        return (falls, rises, apart, MetricValue("likelihood", "none", 0.5, 0.01, True))

    results = {}
    for checkpoint in falling.family.checkpoints:
        scores = logged(checkpoint.ratio, True)
        of_tasks = {
            "odd": scores, "undirected": logged(checkpoint.ratio, None), "large": logged(checkpoint.ratio, True, 100.0),
            "known": (MetricValue("acc", "none", 0.5, 0.01, True), *scores),
        }  # fmt: skip
        for task, metrics in of_tasks.items():
            results[checkpoint.name, task] = TaskResult(task, metrics, n_samples=500)
    comparison = compare_family(falling.family, {}, results=results)
    found = {(cell.task, cell.metric): (cell.verdict.word, cell.higher_is_better) for cell in comparison.cells}
    assert found == {
        ("odd", "rougeL"): ("degraded", True), ("odd", "toxicity"): ("degraded", False),
        ("known", "acc"): ("inconclusive", True),
    }  # fmt: skip
    (line,) = [line for line in comparison.warnings if "no metric to compare" in line]
    assert line.startswith("undirected, large: no metric to compare (only distinct_1, likelihood, rougeL and 1 more)")


def test_other_scores_of_items_are_paired() -> None:
    made = simulate({"essay": Task(hinge(0.6, onset=0.2, slope=0.5), n=300)}, seeds=1)
    tables, results = {}, {}
    for key, table in made.tables.items():
        scores = table.columns["correct"].astype(float)
        columns = {name: table.columns[name] for name in ("doc_id", "doc_hash", "prompt_hash")}
        columns |= {"rougeL": scores, "text": np.array(["a"] * len(scores), dtype=object)}
        tables[key] = dataclasses.replace(table, kind="generation", columns=columns)
        metric = MetricValue("rougeL", "none", float(scores.mean()), 0.02, True)
        results[key] = TaskResult("essay", (metric,), n_samples=300)
    (cell,) = compare_family(made.family, tables, results=results).cells
    assert (cell.metric, cell.data.paired, cell.data.n_items) == ("rougeL", True, 300)


def test_results_of_an_unknown_checkpoint(falling: Simulated, names: list[str]) -> None:
    with pytest.raises(ValueError, match="'stranger'"):
        compare_family(falling.family, {}, results={("stranger", "t"): _aggregate(falling, names[0], "t")})


def test_a_baseline_without_anything_refuses_the_headline_metric_and_shows_the_others() -> None:
    made = simulate({"docs": Task(lambda r: 1.0 + 0.3 * r, kind="rolling", n=60)}, seeds=1)
    first = made.family.checkpoints[0].name
    bare = TaskResult("docs", (MetricValue("bits_per_byte", "none", 1.0, None),), n_samples=60)
    tables = {key: table for key, table in made.tables.items() if key[0] != first}
    (cell,) = compare_family(made.family, tables, results={(first, "docs"): bare}).cells
    assert (cell.verdict.word, cell.data.ratios[0]) == ("refused", 0.1)
    assert cell.verdict.reason == "the baseline has no bits per byte with an error: run lm_eval with --log_samples"
    columns = tables[made.family.checkpoints[1].name, "docs"].columns
    bits = -columns["loglik"].sum() / np.log(2) / columns["n_bytes"].sum()
    assert cell.data.values[0] == pytest.approx(bits)
