"""Characteristics of sampled text as curves: judged apart from scores, prompts as items, and gaps left out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from simulated_family import Flat, Simulated, Task, hinge, simulate
from written_family import RARE_SHARE, written_tables

from synth_eval.cell import Cell
from synth_eval.compare import compare_family, comparison_from_json, comparison_to_json, tidy
from synth_eval.compare.characteristics import is_described
from synth_eval.compare.metrics import CHARACTERISTICS, metric_named
from synth_eval.comparison import Comparison
from synth_eval.generation import CATALOGUE
from synth_eval.generation.characteristics import AGAINST_REFERENCE
from synth_eval.types import ItemTable

RATIOS = (0.0, 0.1, 0.3, 0.5, 1.0)


@pytest.fixture(scope="module")
def scored() -> Simulated:
    return simulate({"falls": Task(hinge(0.8, onset=0.3, slope=0.4))}, ratios=RATIOS)


@pytest.fixture(scope="module")
def compared(scored: Simulated) -> Comparison:
    """Rare words give way to frequent ones in proportion to the ratio, 30% of them at ratio 1."""
    texts = written_tables(scored.family.checkpoints, lost=lambda checkpoint: 0.3 * checkpoint.ratio)
    return compare_family(scored.family, {**scored.tables, **texts})


def cell_named(comparison: Comparison, metric: str) -> Cell:
    (cell,) = [cell for cell in comparison.characteristics if cell.metric == metric]
    return cell


def test_every_characteristic_that_the_texts_define_has_a_curve(compared: Comparison) -> None:
    found = [cell.metric for cell in compared.characteristics]
    # no reference with rare words of its own, no prompts given, other prompts not compared
    assert found == [
        kind.name
        for kind in CATALOGUE
        if kind.name not in ("unseen_mass", "prompt_copies", "near_duplicates_elsewhere")
    ]
    assert {cell.data.n_items for cell in compared.characteristics} == {40}
    assert {cell.category for cell in compared.characteristics} == {"generation"}


def test_values_and_direction(compared: Comparison) -> None:
    tail = cell_named(compared, "tail_mass")
    # 30.7% of what is written is rare (harmonic sums to 100 and 1,000 words: 5.19 and 7.49), less 30% of it at ratio 1
    assert tail.data.values[0] == pytest.approx(RARE_SHARE, abs=0.01)
    assert tail.data.values[-1] == pytest.approx(0.7 * RARE_SHARE, abs=0.01)
    assert tail.verdict.word == "degraded"
    assert tail.higher_is_better
    rising = cell_named(compared, "self_bleu")
    assert not rising.higher_is_better
    assert rising.verdict.word == "degraded"
    assert rising.data.difference[-1] > 0
    assert rising.data.difference_ci[-1] is not None
    assert rising.data.difference_ci[-1][0] > 0


def test_length_carries_no_verdict(compared: Comparison) -> None:
    length = cell_named(compared, "length")
    assert length.display_only
    assert length.data.values == (60.0,) * 5


def test_the_scores_are_judged_as_if_nothing_had_been_written(scored: Simulated, compared: Comparison) -> None:
    alone = compare_family(scored.family, scored.tables)
    assert compared.cells == alone.cells
    assert compared.budgets == alone.budgets
    assert compared.leads == alone.leads
    assert alone.characteristics == ()
    assert (alone.collapses, alone.text_leads, alone.text_contrasts) == ((), (), ())


def test_sides_are_corrected_among_themselves(compared: Comparison) -> None:
    sides = {kind.name for kind in CATALOGUE if kind.dimension}
    for among in (sides, {kind.name for kind in CATALOGUE} - sides):
        judged = [c for c in compared.characteristics if c.metric in among and c.verdict.p_value is not None]
        smallest = min(judged, key=lambda cell: cell.verdict.p_value or 0.0)
        # Holm: the smallest of m p-values is multiplied by m
        assert smallest.verdict.p_adjusted == pytest.approx(len(judged) * (smallest.verdict.p_value or 0.0))


def test_prompts_without_a_number_are_left_out_of_that_one_alone(scored: Simulated) -> None:
    texts = written_tables(scored.family.checkpoints, lost=lambda checkpoint: 0.0)
    name, task = next(iter(texts))
    table = texts[name, task]
    gaps = np.asarray(table.columns["mattr"]).copy()
    gaps[:5] = np.nan
    texts[name, task] = dataclasses.replace(table, columns={**table.columns, "mattr": gaps})
    comparison = compare_family(scored.family, texts)
    assert cell_named(comparison, "mattr").data.n_items == 35
    assert cell_named(comparison, "mtld").data.n_items == 40
    assert comparison.warnings == ("essays: 5 items have no finite MATTR and were left out of it",)


def test_a_characteristic_of_too_few_prompts_is_left_out_with_a_word(scored: Simulated) -> None:
    # 40 words a sample: MATTR and MTLD take at least 50
    texts = written_tables(
        scored.family.checkpoints,
        lost=lambda checkpoint: 0.0,
        words=lambda checkpoint: 60 if checkpoint.ratio else 40,
        prompts=24,
    )
    comparison = compare_family(scored.family, texts)
    assert not {"mattr", "mtld"} & {cell.metric for cell in comparison.characteristics}
    assert "essays: MATTR, MTLD left out: most texts are too short for it" in comparison.warnings


def test_with_few_prompts_nothing_is_judged(scored: Simulated) -> None:
    texts = written_tables(scored.family.checkpoints, lost=lambda checkpoint: checkpoint.ratio, prompts=12)
    comparison = compare_family(scored.family, texts)
    assert {cell.verdict.word for cell in comparison.characteristics} == {"refused"}
    assert cell_named(comparison, "tail_mass").verdict.reason == "only 12 prompts; at least 20 are needed"


def test_one_side_is_no_description() -> None:
    def table(*names: str) -> ItemTable:
        return ItemTable("c", "t", "generation", "generation", {name: np.zeros(3) for name in names})

    assert not is_described(table("exact_match", "repetition", "loops", "length"))
    assert is_described(table("tail_mass", "self_bleu", "mattr"))


def test_the_comparison_is_written_and_read(compared: Comparison) -> None:
    assert comparison_from_json(comparison_to_json(compared)) == compared
    metrics = set(tidy(compared).metric)
    assert {"acc", "tail_mass", "self_bleu"} <= metrics


def test_metrics_follow_the_catalogue() -> None:
    for kind, metric in zip((*CATALOGUE, *AGAINST_REFERENCE), CHARACTERISTICS, strict=True):
        assert metric_named(kind.name) == metric
        assert metric.display_only == (kind.collapse == 0)
        assert metric.higher_is_better == (kind.collapse == -1)


def test_texts_without_scores_are_compared() -> None:
    family = simulate({"stays": Task(Flat(0.8), n=4)}, ratios=RATIOS, seeds=1).family
    texts = written_tables(family.checkpoints, lost=lambda checkpoint: 0.5 * checkpoint.ratio)
    comparison = compare_family(family, texts)
    assert comparison.cells == ()
    assert comparison.warnings == ()
    assert cell_named(comparison, "tail_mass").verdict.conditional  # 5 ratios, one seed: 2 degrees of freedom
