from __future__ import annotations

from math import inf, sqrt

import numpy as np
import pytest

from synth_eval.dose_response import judge_curves
from synth_eval.dose_response.planning import Layout, detectable_loss, items_to_detect, items_to_show_safe
from synth_eval.dose_response.simulation import CurveSpec, simulate_items

SIX = Layout((0.0, 0.1, 0.2, 0.3, 0.4, 0.5), 1)
ITEM_SD = 0.34  # of simulated items of accuracy .65, three quarters of whose variance is shared


def test_the_loss_scales_with_the_noise_of_a_mean() -> None:
    one = detectable_loss(SIX, item_sd=0.3, seed_sd=0.01, n=500)
    # variance .3^2/500 + .01^2 = .00028; with n = 2000 and no seed noise .3^2/2000 = .000045
    other = detectable_loss(SIX, item_sd=0.3, seed_sd=0.0, n=2000)
    assert one / other == pytest.approx(sqrt(0.00028 / 0.000045))


def test_items_to_detect_inverts_the_detectable_loss() -> None:
    n = items_to_detect(SIX, 0.05, item_sd=0.34, seed_sd=0.005)
    assert detectable_loss(SIX, item_sd=0.34, seed_sd=0.005, n=int(n)) <= 0.05
    assert detectable_loss(SIX, item_sd=0.34, seed_sd=0.005, n=int(n) - 1) > 0.05


def test_no_number_of_items_beats_noise_between_runs() -> None:
    assert items_to_detect(SIX, 0.01, item_sd=0.34, seed_sd=0.02) == inf
    assert items_to_show_safe(SIX, 0.01, item_sd=0.34, seed_sd=0.02) == inf


def test_more_seeds_more_ratios_and_fewer_curves_help() -> None:
    def loss(layout: Layout, curves: int = 1) -> float:
        return detectable_loss(layout, item_sd=0.34, seed_sd=0.01, n=500, curves=curves)

    assert loss(Layout(SIX.ratios, 3)) < loss(Layout(SIX.ratios, 2)) < loss(SIX)
    assert loss(Layout(tuple(i / 20 for i in range(11)), 1)) < loss(SIX)
    assert loss(SIX, curves=20) > loss(SIX)


def test_what_other_curves_say_of_the_noise_helps() -> None:
    moderated = Layout(SIX.ratios, 1, other_df=8.0)
    plan = {"item_sd": 0.34, "seed_sd": 0.01}
    assert detectable_loss(moderated, n=500, **plan) < 0.93 * detectable_loss(SIX, n=500, **plan)
    assert items_to_show_safe(moderated, 0.06, **plan) < items_to_show_safe(SIX, 0.06, **plan)


@pytest.mark.parametrize(("ratios", "seeds"), [((0.0, 0.5), 1), ((0.1, 0.2, 0.3), 1), (SIX.ratios, 0)])
def test_a_layout_that_cannot_be_planned(ratios: tuple[float, ...], seeds: int) -> None:
    with pytest.raises(ValueError, match="a plan needs"):
        Layout(ratios, seeds)


@pytest.mark.slow
def test_what_is_planned_for_happens() -> None:
    """80% power at the planned loss, and 80% called safe at the planned n; standard error .036 on 120 families."""
    layout, rng = Layout(SIX.ratios, 3), np.random.default_rng(5)
    loss = detectable_loss(layout, item_sd=ITEM_SD, seed_sd=0.005, n=1000)
    falling = CurveSpec(shape="linear", drop=loss, n=1000, seeds=3, seed_sd=0.005)
    found = [judge_curves([simulate_items(falling, rng).accuracy_curve()])[0].verdict for _ in range(120)]
    assert 0.70 < found.count("degraded") / 120 < 0.97

    n = int(items_to_show_safe(layout, 0.03 * 0.65, item_sd=ITEM_SD, seed_sd=0.005))
    level = CurveSpec(shape="null", n=n, seeds=3, seed_sd=0.005)
    words = [judge_curves([simulate_items(level, rng).accuracy_curve()])[0].verdict for _ in range(120)]
    assert 0.68 < words.count("safe") / 120 < 0.92
