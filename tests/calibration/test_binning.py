"""The bin convention at 0, 1, edges and ties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth_eval.calibration import binning as blocks
from synth_eval.calibration import binning as equal_mass
from synth_eval.calibration.binning import bin_gaps, bin_index, width_edges

confidences = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]), min_size=1, max_size=60)


def test_width_bins_are_closed_on_the_left_and_the_last_holds_one():
    values = np.array([0.0, 0.1999, 0.2, 0.7999, 0.8, 1.0])
    np.testing.assert_array_equal(bin_index(values, bins=5, scheme="width"), [0, 0, 1, 3, 4, 4])


@pytest.mark.parametrize("bins", [1, 3, 10, 15, 20, 49, 100])
def test_every_edge_lies_in_the_bin_above_it_and_its_neighbour_below(bins):
    edges = width_edges(bins)
    np.testing.assert_array_equal(bin_index(edges[:-1], bins=bins, scheme="width"), np.arange(bins))
    below = np.nextafter(edges[1:], 0.0)
    np.testing.assert_array_equal(bin_index(below, bins=bins, scheme="width"), np.arange(bins))


@given(confidences, st.integers(1, 60))
def test_width_bins_agree_with_a_search_among_the_edges(values, bins):
    values = np.array(values)
    expected = np.minimum(np.searchsorted(width_edges(bins), values, side="right") - 1, bins - 1)
    np.testing.assert_array_equal(bin_index(values, bins=bins, scheme="width"), expected)


def test_mass_bins_without_ties_differ_by_at_most_one_item():
    values = np.random.default_rng(0).permutation(np.linspace(0.0, 1.0, 103))
    sizes = np.bincount(bin_index(values, bins=10, scheme="mass"), minlength=10)
    assert sizes.min() >= 10
    assert sizes.max() <= 11


def test_ties_go_to_the_bin_of_their_mean_rank():
    # six items, three bins; below the four at .5 lies one item, so floor(3 (1 + 4/2) / 6) = 1
    values = np.array([0.5, 0.9, 0.5, 0.1, 0.5, 0.5])
    np.testing.assert_array_equal(bin_index(values, bins=3, scheme="mass"), [1, 2, 1, 0, 1, 1])


def test_all_tied_items_share_one_bin():
    assert set(bin_index(np.full(40, 0.7), bins=15, scheme="mass")) == {7}


@given(confidences, st.integers(1, 20), st.randoms())
def test_mass_bins_ignore_order_keep_ties_together_and_rise(values, bins, random):
    values = np.array(values)
    order = np.array(random.sample(range(len(values)), len(values)))
    index = bin_index(values, bins=bins, scheme="mass")
    np.testing.assert_array_equal(bin_index(values[order], bins=bins, scheme="mass"), index[order])
    ranked = np.argsort(values, kind="stable")
    assert (np.diff(index[ranked]) >= 0).all()
    assert (np.diff(index[ranked])[np.diff(values[ranked]) == 0] == 0).all()
    np.testing.assert_array_equal(bin_index(np.tile(values, 3), bins=bins, scheme="mass"), np.tile(index, 3))


@given(confidences, st.integers(1, 20), st.sampled_from(["width", "mass"]), st.integers(0, 2**31))
def test_sums_by_bin_agree_with_counting_over_the_index(values, bins, scheme, seed):
    values = np.array(values)
    correct = np.random.default_rng(seed).random(len(values)) < 0.5
    count, excess = bin_gaps(values, correct, bins=bins, scheme=scheme)
    index = bin_index(values, bins=bins, scheme=scheme)
    np.testing.assert_array_equal(count, np.bincount(index, minlength=bins))
    np.testing.assert_allclose(excess, np.bincount(index, weights=correct - values, minlength=bins), atol=1e-12)


def test_sums_by_bin_do_not_depend_on_the_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    values, correct = rng.random(1000), rng.random(1000) < 0.5
    whole = bin_gaps(values, correct, bins=15, scheme="width")
    monkeypatch.setattr(blocks.blocks, "__kwdefaults__", {"size": 7})
    for one, other in zip(whole, bin_gaps(values, correct, bins=15, scheme="width")):
        np.testing.assert_allclose(one, other, atol=1e-12)


clumps = st.sampled_from([0.0, 1.0, 0.5, 1 / 4096, 3 / 4096, 0.99999, 1.0 - 1e-9])


@given(st.lists(st.floats(0, 1) | clumps | st.floats(0.5, 0.5002), min_size=1, max_size=80), st.integers(1, 40))
def test_counting_gives_the_equal_mass_bins_that_sorting_gives(values, bins):
    values = np.array(values)
    correct = np.random.default_rng(len(values)).random(len(values)) < values
    by_sorting, by_counting = (make(values, correct, bins) for make in (equal_mass.mass_gaps, equal_mass._counted_gaps))
    np.testing.assert_array_equal(by_sorting[0], by_counting[0])
    np.testing.assert_allclose(by_sorting[1], by_counting[1], atol=1e-12)


@pytest.mark.parametrize("power", [0.001, 0.3, 1.0, 40.0])
def test_many_items_have_the_bins_of_their_index(power):
    # 60,000 items are counted, not sorted; the powers crowd them at 1 or at 0, rounding makes ties
    rng = np.random.default_rng(0)
    values = np.round(rng.random(60_000) ** power, 5)
    correct = rng.random(60_000) < values
    count, excess = bin_gaps(values, correct, bins=15, scheme="mass")
    index = bin_index(values, bins=15, scheme="mass")
    np.testing.assert_array_equal(count, np.bincount(index, minlength=15))
    np.testing.assert_allclose(excess, np.bincount(index, weights=correct - values, minlength=15), atol=1e-8)


def test_bad_options_raise():
    with pytest.raises(ValueError, match="bins must be at least 1"):
        bin_index(np.array([0.5]), bins=0, scheme="width")
    with pytest.raises(ValueError, match="'width' or 'mass'"):
        bin_index(np.array([0.5]), bins=5, scheme="equal")
    for bins, scheme, message in ((0, "mass", "at least 1"), (0, "width", "at least 1"), (5, "equal", "'width' or")):
        with pytest.raises(ValueError, match=message):
            bin_gaps(np.array([0.5]), np.array([True]), bins=bins, scheme=scheme)
