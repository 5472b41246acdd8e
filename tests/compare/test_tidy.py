"""The tidy table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from simulated_family import Simulated

from synth_eval.compare import compare_family
from synth_eval.compare.tidy import COLUMNS, tidy
from synth_eval.comparison import Comparison


@pytest.fixture(scope="module")
def compared(studied: Simulated) -> Comparison:
    return compare_family(studied.family, studied.tables)


def test_one_row_a_cell_and_ratio(compared: Comparison) -> None:
    frame = tidy(compared)
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == sum(len(cell.data.ratios) for cell in (*compared.overall, *compared.cells))
    assert list(frame.level.unique()) == ["suite", "category", "task"]
    cell = compared.cells[0]
    row = frame[
        (frame.level == "task") & (frame.task == cell.task) & (frame.metric == cell.metric) & (frame.ratio == 0.5)
    ].iloc[0]
    assert row.value == cell.data.values[-1]
    assert (row.difference_low, row.difference_high) == cell.data.difference_ci[-1]
    assert (row.verdict, row.reason, row.p_adjusted) == (
        cell.verdict.word,
        cell.verdict.reason,
        cell.verdict.p_adjusted,
    )


def test_what_the_data_cannot_give_is_missing(compared: Comparison) -> None:
    frame = tidy(compared)
    assert frame[frame.metric == "ece"].difference_low.isna().all()
    by_itself = frame.p_value < 0.05  # such a curve has an onset even where Holm leaves it undecided
    assert frame[~by_itself].onset.isna().all()
    assert frame[by_itself].onset.notna().all()
    assert by_itself[frame.verdict == "degraded"].all()


def test_no_cells_keep_the_columns(compared: Comparison) -> None:
    empty = tidy(Comparison("f", "now", {}, (), ()))
    assert tuple(empty.columns) == COLUMNS
    assert (empty.dtypes == tidy(compared).dtypes).all()


def test_csv_and_parquet_round_trip(compared: Comparison, tmp_path) -> None:
    frame = tidy(compared)
    frame.to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), frame, check_dtype=False)
    frame.to_csv(tmp_path / "t.csv", index=False)
    np.testing.assert_array_equal(pd.read_csv(tmp_path / "t.csv").value, frame.value)
