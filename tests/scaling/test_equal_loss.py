"""Lines of equal loss, against the fitted law itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scaling_families import SIZES, Truth, family

from synth_eval.scaling import equal_loss_tokens, fit_law
from synth_eval.scaling.laws import MIXTURE, ONE_SIZE_MIXTURE

RATIOS = np.array([0.0, 0.1, 0.3, 0.5, 0.8])


@pytest.mark.parametrize("u1", [0.0, -0.05, 0.05])
def test_the_law_gives_the_same_loss_all_along(u1: float) -> None:
    fit = fit_law(MIXTURE, family(Truth(u1=u1), seed=1), resamples=0)
    for size in SIZES:
        tokens = equal_loss_tokens(fit, size, 1e10, RATIOS)
        assert tokens[0] == pytest.approx(1e10)
        losses = [float(fit.loss(size, d, r)[0]) for d, r in zip(tokens, RATIOS)]
        assert losses == pytest.approx([losses[0]] * len(losses), rel=1e-9)


def test_one_size_has_no_term_of_size() -> None:
    fit = fit_law(ONE_SIZE_MIXTURE, family(sizes=SIZES[:1], seed=2), resamples=0)
    tokens = equal_loss_tokens(fit, SIZES[0], 1e10, 0.3)
    assert float(fit.loss(SIZES[0], float(tokens), 0.3)[0]) == pytest.approx(float(fit.loss(SIZES[0], 1e10, 0.0)[0]))


def test_without_gain_from_tokens_there_is_no_answer() -> None:
    fit = fit_law(MIXTURE, family(seed=1), resamples=0)
    theta = fit.theta.copy()
    theta[MIXTURE.index("u1")] = -2.0 * np.exp(theta[MIXTURE.index("log_b")])
    # b + u1 r = b (1 - 2 r): above 0 at ratio .3, below at .8
    found = equal_loss_tokens(replace(fit, theta=theta), SIZES[0], 1e10, [0.3, 0.8])
    assert np.isfinite(found[0])
    assert np.isnan(found[1])
