"""The layout of a curve's checkpoints, with every matrix derived by hand."""

from __future__ import annotations

import numpy as np

from synth_eval.dose_response.curve import CurveData
from synth_eval.dose_response.design import design_of, prepare_curve


def _design(cells: list[tuple[float, int]], baseline: float = 0.0):
    ratios, seeds = zip(*cells)
    return design_of(np.array(ratios), np.array(seeds), baseline)


def test_each_seed_is_set_against_its_own_baseline() -> None:
    design = _design([(0.0, 0), (0.0, 1), (0.5, 0), (0.5, 1)])
    np.testing.assert_array_equal(design.levels, [0.0, 0.5])
    np.testing.assert_allclose(design.means, [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]], atol=1e-12)
    np.testing.assert_allclose(design.contrasts, [[0, 0, 0, 0], [-0.5, -0.5, 0.5, 0.5]], atol=1e-12)


def test_pairing_uses_only_the_seeds_a_ratio_has() -> None:
    # ratio .5 has seed 1 alone: it is compared with the baseline of seed 1, not with the mean of both
    design = _design([(0.0, 0), (0.0, 1), (0.5, 1)])
    np.testing.assert_allclose(design.contrasts[1], [0, -1, 1], atol=1e-12)


def test_a_seed_without_baseline_meets_the_mean_baseline() -> None:
    design = _design([(0.0, 0), (0.0, 1), (0.5, 2)])
    np.testing.assert_allclose(design.contrasts[1], [-0.5, -0.5, 1], atol=1e-12)


def test_degrees_of_freedom() -> None:
    # 3 ratios x 2 seeds, paired: 6 checkpoints - 3 ratios - (2 - 1) seeds = 2; sum(seeds - 1) over the two non-baseline
    assert _design([(r, s) for r in (0.0, 0.1, 0.2) for s in (0, 1)]).paired_df == 2
    # seed labels that never repeat: nothing cancels, 6 checkpoints - 3 ratios = 3
    assert _design([(0.0, 0), (0.0, 1), (0.1, 2), (0.1, 3), (0.2, 4), (0.2, 5)]).paired_df == 3
    # one seed a ratio: no replicate
    assert _design([(0.0, 0), (0.1, 0), (0.2, 0)]).paired_df == 0
    # a replicate of the baseline alone still shows noise: 3 checkpoints - 2 ratios = 1
    assert _design([(0.0, 0), (0.0, 1), (0.1, 0)]).paired_df == 1


def test_a_seed_level_common_to_all_ratios_is_not_paired_noise() -> None:
    design = _design([(r, s) for r in (0.0, 0.1, 0.2) for s in (0, 1)])
    seed_level = np.array([0.0, 1.0] * 3)  # seed 1 is better by one everywhere
    np.testing.assert_allclose(design.paired_residual @ seed_level, 0, atol=1e-12)
    assert seed_level @ design.level_residual @ seed_level > 1


def test_residual_sum_of_squares_by_hand() -> None:
    # differences .2 and .4 of the two seeds: in a 2 x 2 table every residual is +-(.4 - .2) / 4 = .05, 4 x .0025 = .01
    design = _design([(0.0, 0), (0.0, 1), (0.5, 0), (0.5, 1)])
    means = np.array([0.9, 0.9, 0.7, 0.5])
    np.testing.assert_allclose(means @ design.paired_residual @ means, 0.01)


def test_no_baseline_gives_no_contrast() -> None:
    assert np.isnan(_design([(0.1, 0), (0.2, 0)]).contrasts).all()


def test_seeds_have_levels_of_their_own_where_all_can_be_compared() -> None:
    # 4 ratios x 2 seeds: 8 checkpoints - 2 - 2 levels = 4 degrees of freedom are left
    full = [(r, s) for r in (0.0, 0.1, 0.2, 0.3) for s in (0, 1)]
    np.testing.assert_array_equal(_design(full).flat, [[1, 0], [0, 1]] * 4)
    # the second seed has no baseline, or nothing but a baseline: one level for all
    assert _design([cell for cell in full if cell != (0.0, 1)]).flat.shape == (7, 1)
    assert _design([cell for cell in full if cell[0] == 0 or cell[1] == 0]).flat.shape == (5, 1)
    # a seed may lack some other ratio: 7 - 2 - 2 = 3 are left
    assert _design([cell for cell in full if cell != (0.2, 1)]).flat.shape == (7, 2)
    # 3 ratios x 2 seeds: 6 - 2 - 2 = 2 would be too few to measure noise by, with one level 3 are left
    assert _design([cell for cell in full if cell[0] < 0.3]).flat.shape == (6, 1)
    assert _design([(r, 0) for r in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)]).flat.shape == (6, 1)


def test_levels_of_seeds_cancel_in_every_contrast() -> None:
    uneven = [(0.0, 0), (0.0, 1), (0.0, 2), (0.1, 0), (0.1, 1), (0.2, 1), (0.2, 2), (0.3, 0), (0.3, 2), (0.4, 0)]
    design = _design(uneven)
    assert design.flat.shape == (10, 3)
    np.testing.assert_allclose(design.contrasts @ design.flat, 0, atol=1e-12)


def test_noise_between_runs_by_ratio() -> None:
    rng = np.random.default_rng(2)
    ratios, seeds = np.repeat([0.0, 0.1, 0.2, 0.3], 40), np.tile(np.arange(40), 4)
    sd = np.repeat([0.09, 0.03, 0.03, 0.0], 40)
    scores = 3 + sd * rng.standard_normal(160) + 0.5 * rng.standard_normal((400, 160))
    found = prepare_curve(CurveData(scores, ratios, seeds)).seed_sd_by_ratio
    # 40 seeds: standard error .09 / sqrt(80) = .010; the seeds' own levels, taken out first, mix the ratios' noise
    np.testing.assert_allclose(found, [0.09, 0.03, 0.03, 0.0], atol=0.025)
    assert found[0] > 2 * found[1]
    one = prepare_curve(CurveData(scores[:, seeds == 0], ratios[seeds == 0], seeds[seeds == 0]))
    assert np.isnan(one.seed_sd_by_ratio).all()
