"""Collapse pattern and loss by domain."""

from __future__ import annotations

import numpy as np
import pytest
from scaling_families import TOKENS, Truth, family

from synth_eval.scaling import Points, collapse_pattern, domain_effects, points_of

FIVE = (*TOKENS, 5.12e11)


def rising(points: Points) -> Points:
    """Loss at ratio .8 grows by 10% for each 4 times the tokens beyond 32B."""
    late = (points.ratio == 0.8) & (points.tokens > 3.3e10)
    extra = np.where(late, 0.10 * np.log(points.tokens / 3.2e10) / np.log(4), 0.0)
    return points_of(points.size, points.tokens, points.ratio, points.loss * np.exp(extra))


def test_not_seen_in_families_without_it() -> None:
    seen = sum(collapse_pattern(family(seed=seed, tokens=FIVE)).seen for seed in range(40))
    assert seen <= 5  # the rate is at most .05 a family: more than 5 of 40 has probability .014
    assert collapse_pattern(family(tokens=FIVE)).tests == 30


def test_rising_loss_at_high_ratio() -> None:
    found = collapse_pattern(rising(family(seed=1, tokens=FIVE)))
    assert {(sign.kind, sign.ratio) for sign in found.signs if sign.kind == "rising"} == {("rising", 0.8)}
    assert sum(sign.kind == "rising" for sign in found.signs) == 3  # every size
    assert all(0 <= sign.p_value < 0.05 for sign in found.signs)


def test_curves_that_cross() -> None:
    found = collapse_pattern(family(Truth(u1=-0.15), seed=1, tokens=FIVE))
    crossing = [sign for sign in found.signs if sign.kind == "crossing"]
    assert crossing
    assert all(sign.change > 0 for sign in crossing)


def test_always_worse_is_no_pattern() -> None:
    assert not collapse_pattern(family(Truth(u0=-0.5), seed=1, tokens=FIVE)).seen


def test_natural_data_that_rises_too_is_no_pattern() -> None:
    points = family(seed=1, tokens=FIVE)
    extra = np.where(points.tokens > 3.3e10, 0.10 * np.log(points.tokens / 3.2e10) / np.log(4), 0.0)
    all_rise = points_of(points.size, points.tokens, points.ratio, points.loss * np.exp(extra))
    assert not [sign for sign in collapse_pattern(all_rise).signs if sign.kind == "rising"]


def test_too_few_budgets() -> None:
    assert "too few budgets" in collapse_pattern(family(tokens=TOKENS[:3], sizes=(1e8,))).refused


def domain(changes: list[float], *, ratio: float = 0.5) -> Points:
    """Pairs of natural data (loss 2) and a mix, one a budget, with these changes of log loss."""
    tokens = np.array([1e9 * 2**i for i in range(len(changes))])
    return points_of(
        np.ones(2 * tokens.size),
        np.tile(tokens, 2),
        np.repeat([0.0, ratio], tokens.size),
        np.concatenate([np.full(tokens.size, 2.0), 2.0 * np.exp(changes)]),
    )


def test_domains_by_hand() -> None:
    (found,) = domain_effects({"web": domain([-0.10, -0.11, -0.12]), "code": domain([0.02, 0.03, 0.04])})
    web, code = found.domains
    assert (web.change, code.change) == (pytest.approx(-0.11), pytest.approx(0.03))
    assert found.average.change == pytest.approx(-0.04)
    # standard error .01 / sqrt 3; t(.9875, 2) = 6.205 for two domains
    assert code.interval == pytest.approx((0.03 - 6.205 * 0.01 / 3**0.5, 0.03 + 6.205 * 0.01 / 3**0.5), abs=1e-4)
    assert web.helped
    assert not code.hurt  # the interval reaches below 0 with three pairs


def test_helps_on_average_and_hurts_many() -> None:
    down = [-0.20, -0.201, -0.199, -0.20]
    up = [0.03, 0.031, 0.029, 0.03]
    (found,) = domain_effects({"web": domain(down), "code": domain(up), "law": domain(up)})
    assert found.average.helped
    assert [effect.domain for effect in found.domains if effect.hurt] == ["code", "law"]
    assert found.helps_but_hurts_many
    (fine,) = domain_effects({"web": domain(down), "code": domain(down)})
    assert not fine.helps_but_hurts_many


def test_domains_need_pairs_and_company() -> None:
    assert domain_effects({"web": domain([0.1, 0.1])}) == ()
    (found,) = domain_effects({"web": domain([0.1, 0.2]), "code": domain([0.1, 0.1])})
    assert found.domains[0].interval is None  # two pairs
    assert not found.domains[0].hurt
    assert domain_effects({"web": domain([0.1] * 3), "code": domain([0.1] * 3, ratio=0.3)}) == ()
