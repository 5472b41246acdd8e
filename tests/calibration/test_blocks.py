"""Sums by block against the same sums over whole arrays."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.calibration.binning import blocks, log_sum


@pytest.mark.parametrize("n", [1, 6, 7, 8, 21])
def test_blocks_hold_every_item_once(n):
    rng = np.random.default_rng(n)
    probability, correct = rng.random(n), rng.random(n) < 0.5
    parts = [(block.copy(), right.copy()) for block, right in blocks(probability, correct, size=7)]
    np.testing.assert_array_equal(np.concatenate([block for block, _ in parts]), probability)
    np.testing.assert_array_equal(np.concatenate([right for _, right in parts]), correct.astype(float))
    assert max(len(block) for block, _ in parts) <= 7


@given(st.lists(st.floats(1e-6, 1.0), max_size=200))
def test_sum_of_logarithms(values):
    # the reference adds exactly rounded logarithms exactly
    assert log_sum(np.array(values)) == pytest.approx(math.fsum(map(math.log, values)), rel=1e-13, abs=1e-12)


def test_the_smallest_probabilities_do_not_underflow():
    assert log_sum(np.full(640, 1e-6)) == pytest.approx(640 * math.log(1e-6), rel=1e-14)
