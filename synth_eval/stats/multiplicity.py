"""Correction of p-values for the number of questions asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


def holm(p: ArrayLike) -> FloatArray:
    """Holm's step-down adjusted p-values: valid under any dependence between the tests.

    Parameters
    ----------
    p : (m,) float in [0, 1]

    Returns
    -------
    (m,) float in [0, 1], in the order given; reject where it is below the wanted family-wise error rate.

    Raises
    ------
    ValueError : not one-dimensional, or a value outside [0, 1] or NaN.

    References
    ----------
    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6, 1979.
    """
    p = np.asarray(p, dtype=float)
    if p.ndim != 1:
        raise ValueError(f"p-values must be one-dimensional, not of shape {p.shape}")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values must lie in [0, 1]")
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
