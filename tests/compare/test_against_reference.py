"""MAUVE as a characteristic: planted clusters, shared prompts, and the same curve test as all others."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from simulated_family import Flat, Task, simulate
from written_family import written_tables

from synth_eval.compare import compare_family
from synth_eval.compare.characteristics import MAUVE, has_samples, texts_of, with_mauve
from synth_eval.generation.mauve import mauve_of_histograms
from synth_eval.report.view.outputs import outputs_view, side_of
from synth_eval.types import ItemTable

RATIOS = (0.0, 0.3, 1.0)
BUCKETS = 10


def planted(shift: float, *, seeds: int = 2):
    """Texts fall in ten clusters, alike in the reference; at ratio r a share shift * r of them moves to the first."""
    family = simulate({"s": Task(Flat(0.8), n=4)}, ratios=RATIOS, seeds=seeds).family
    tables = {name: t for (name, _), t in written_tables(family.checkpoints, lost=lambda c: 0.0).items()}
    rng = np.random.default_rng(0)
    clusters = {}
    for checkpoint in family.checkpoints:
        drawn = rng.integers(0, BUCKETS, size=160)
        drawn[rng.random(160) < shift * checkpoint.ratio] = 0
        clusters[checkpoint.name] = drawn
    return family, tables, clusters, rng.integers(0, BUCKETS, size=1000)


def compared(shift: float):
    family, tables, clusters, reference = planted(shift)
    found = with_mauve(tables, clusters, reference, buckets=BUCKETS)
    return compare_family(family, {(name, "essays"): table for name, table in found.items()})


def test_a_planted_distance_is_found_by_the_curve_test() -> None:
    comparison = compared(0.6)
    (cell,) = [cell for cell in comparison.characteristics if cell.metric == MAUVE]
    assert cell.verdict.word == "degraded"
    assert cell.data.n_items == 40
    # q = .1 and .06 + .04 everywhere else at ratio 1: .6 + .4 / 10 in the first cluster, .04 in the nine others
    truth = mauve_of_histograms(np.full(10, 0.1), np.array([[0.64, *[0.04] * 9]]))[0]
    assert cell.data.values[0] == pytest.approx(1.0, abs=0.06)
    # 320 texts give .64 an SE of .027, and MAUVE falls by about 1.1 a unit of it there: three of them are .09
    assert cell.data.values[-1] == pytest.approx(truth, abs=0.09)
    view = outputs_view(comparison)
    assert view is not None
    assert any(drift.metric == MAUVE for drift in view.over_ratio)
    assert side_of(MAUVE) == "reference text"


def test_without_one_nothing_is_found() -> None:
    (cell,) = [cell for cell in compared(0.0).characteristics if cell.metric == MAUVE]
    assert cell.verdict.word != "degraded"


def test_no_collapse_hangs_on_it() -> None:
    family, tables, _, _ = planted(0.6)
    plain = compare_family(family, {(name, "essays"): table for name, table in tables.items()})
    assert compared(0.6).collapses == plain.collapses


def test_prompts_that_one_lacks_are_left_out_everywhere() -> None:
    _, tables, clusters, reference = planted(0.3)
    first = next(iter(tables))
    short = dict(tables)
    short[first] = dataclasses.replace(
        tables[first], columns={name: column[5:] for name, column in tables[first].columns.items()}
    )
    fewer = clusters | {first: clusters[first][20:]}  # four texts a prompt
    found = with_mauve(short, fewer, reference, buckets=BUCKETS)
    for name, table in found.items():
        assert np.isnan(table.columns[MAUVE]).sum() == (0 if name == first else 5)
    only = with_mauve({first: short[first]}, fewer, reference, buckets=BUCKETS)
    np.testing.assert_allclose(found[first].columns[MAUVE], only[first].columns[MAUVE])


def test_texts_are_taken_prompt_by_prompt() -> None:
    _, tables, _, _ = planted(0.0, seeds=1)
    table = next(iter(tables.values()))
    assert texts_of(table)[:4] == table.columns["samples"][0]
    assert len(texts_of(table)) == 160
    assert has_samples(table)
    bare = ItemTable("c", "t", "generation", "generation", {"text": np.array(["a"], dtype=object)})
    assert not has_samples(bare)
