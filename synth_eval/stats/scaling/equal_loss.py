"""Lines of equal loss: how many tokens each mix needs for the loss that natural data reach with a given number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synth_eval.stats.scaling.fitting import LawFit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from synth_eval.types import FloatArray


def equal_loss_tokens(fit: LawFit, size: float, natural_tokens: float, ratio: ArrayLike) -> FloatArray:
    """Tokens of each mix that reach the fitted loss of natural data at this size and budget: a line of equal loss.

    With x = ln D and n = ln N in the units of the fit, -b x - (u0 + u1 x + u2 n) r + v r^2 = -b x0 is solved for x.

    Parameters
    ----------
    fit : of a law with u and v, from `answer_mixture`.
    ratio : (k,) synthetic shares.

    Returns
    -------
    (k,) tokens; NaN where more tokens of the mix do not lower its fitted loss (b + u1 r <= 0).
    """
    r = np.asarray(ratio, dtype=float)
    b, u1, v = np.exp(fit.parameter("log_b")), fit.parameter("u1"), fit.parameter("v")
    at_one = fit.parameter("u0")  # u at one unit of tokens
    if "u2" in fit.law.parameters:
        at_one += fit.parameter("u2") * np.log(size / fit.points.size_unit)
    slope = b + u1 * r
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        x = (b * np.log(natural_tokens / fit.points.tokens_unit) - at_one * r + v * r**2) / slope
        return np.asarray(np.where(slope > 0, np.exp(x) * fit.points.tokens_unit, np.nan))
