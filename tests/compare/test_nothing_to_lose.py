"""Documents that the baseline cannot read: no room to get worse, so no verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated_family import Flat, Task, simulate

from synth_eval.cell import Cell
from synth_eval.compare import compare_family
from synth_eval.results.collectors import byte_frequency_bits
from synth_eval.types import BYTE_FREQUENCY_BITS


def documents(bits: float, *, by_frequency: float | None = None) -> Cell:
    made = simulate({"text": Task(Flat(bits), kind="rolling", category="domain", n=200)})
    tables = made.tables
    if by_frequency is not None:
        tables = {
            key: replace(table, columns={**table.columns, BYTE_FREQUENCY_BITS: np.full(len(table), by_frequency)})
            for key, table in tables.items()
        }
    (cell,) = compare_family(made.family, tables).cells
    return cell


@pytest.mark.parametrize(("bits", "refused"), [(4.1, False), (4.4, True), (8.0, True)])
def test_byte_frequencies_of_the_text(bits: float, refused: bool) -> None:
    cell = documents(bits, by_frequency=4.25)
    assert (cell.verdict.refusal == "nothing to lose") == refused
    if refused:
        assert cell.verdict.word == "refused"
        assert "byte frequencies alone 4.25: nothing learned to lose" in cell.verdict.reason
        assert cell.data.values[0] == pytest.approx(bits, abs=0.1)  # shown all the same


@pytest.mark.parametrize(("bits", "refused"), [(4.7, False), (5.3, True)])
def test_without_the_text_a_constant_stands_for_it(bits: float, refused: bool) -> None:
    cell = documents(bits)
    assert (cell.verdict.refusal == "nothing to lose") == refused
    assert ("5 of usual text (this text is not logged)" in cell.verdict.reason) == refused


def test_what_was_learned_at_the_baseline_counts() -> None:
    # a model that collapses to byte frequencies has lost what its baseline knew
    made = simulate({"text": Task(lambda r: 2.0 + 8 * r, kind="rolling", category="domain", n=200)})
    (cell,) = compare_family(made.family, made.tables).cells
    assert cell.verdict.word == "degraded"


def test_entropy_of_bytes_by_hand() -> None:
    # three of five bytes are a, one is b, one c
    first, second = byte_frequency_bits(["aab", "ac"])
    p = {"a": 3 / 5, "b": 1 / 5, "c": 1 / 5}
    assert first == pytest.approx(-(2 * np.log2(p["a"]) + np.log2(p["b"])) / 3)
    assert second == pytest.approx(-(np.log2(p["a"]) + np.log2(p["c"])) / 2)


def test_letters_of_two_bytes_are_counted_by_byte() -> None:
    # e acute is two bytes, C3 A9: each half of all bytes
    assert byte_frequency_bits(["éé"]) == (1.0,)
