"""Losses over sizes, token budgets and ratios, in the units that the laws are fitted in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from synth_eval.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Points:
    """n measured losses. Logarithms are natural and centred: a size of ``size_unit`` parameters has ``log_size`` 0.

    Geometric means as units keep the parameters of a law of order 1 and nearly uncorrelated.
    """

    log_size: FloatArray
    log_tokens: FloatArray
    ratio: FloatArray
    log_loss: FloatArray  # of loss / loss_unit; the lowest is 0
    size_unit: float
    tokens_unit: float
    loss_unit: float

    def __len__(self) -> int:
        return int(self.log_loss.shape[-1])

    @property
    def size(self) -> FloatArray:
        """Parameters."""
        return np.exp(self.log_size) * self.size_unit

    @property
    def tokens(self) -> FloatArray:
        return np.exp(self.log_tokens) * self.tokens_unit

    @property
    def loss(self) -> FloatArray:
        return np.exp(self.log_loss) * self.loss_unit

    def where(self, chosen: BoolArray | IntArray) -> Points:
        """The chosen points, in the same units; of `stacked` points the chosen rows."""
        return Points(
            self.log_size[chosen],
            self.log_tokens[chosen],
            self.ratio[chosen],
            self.log_loss[chosen],
            self.size_unit,
            self.tokens_unit,
            self.loss_unit,
        )

    def at(self, size: ArrayLike, tokens: ArrayLike, ratio: ArrayLike) -> Points:
        """Points without a loss (NaN) at other places, in the same units; the three are broadcast."""
        sizes, budgets, ratios = np.broadcast_arrays(*(np.asarray(x, float) for x in (size, tokens, ratio)))
        return Points(
            np.log(sizes.ravel() / self.size_unit),
            np.log(budgets.ravel() / self.tokens_unit),
            ratios.ravel().astype(float),
            np.full(sizes.size, np.nan),
            self.size_unit,
            self.tokens_unit,
            self.loss_unit,
        )


def points_of(size: ArrayLike, tokens: ArrayLike, ratio: ArrayLike, loss: ArrayLike) -> Points:
    """Points from plain numbers.

    Parameters
    ----------
    size : (n,) parameters, > 0; all 1 where sizes are unknown.
    tokens : (n,) training tokens, > 0.
    ratio : (n,) synthetic share, 0 to 1.
    loss : (n,) loss, > 0, in any unit.

    Raises
    ------
    ValueError : no points, lengths that differ, or a number outside its range.

    Examples
    --------
    >>> round(points_of([1, 4], [1e9, 1e9], [0, 0], [3.0, 2.0]).size_unit, 6)
    2.0
    """
    sizes, budgets, ratios, losses = (np.asarray(x, dtype=float) for x in (size, tokens, ratio, loss))
    if losses.ndim != 1 or losses.size == 0 or not sizes.shape == budgets.shape == ratios.shape == losses.shape:
        raise ValueError("sizes, tokens, ratios and losses must be vectors of one length, at least 1")
    for name, values in (("sizes", sizes), ("tokens", budgets), ("losses", losses)):
        if not (np.isfinite(values).all() and (values > 0).all()):
            raise ValueError(f"{name} must be above 0 and finite")
    if not ((ratios >= 0) & (ratios <= 1)).all():
        raise ValueError("ratios must lie between 0 and 1")
    size_unit, tokens_unit = (float(np.exp(np.log(x).mean())) for x in (sizes, budgets))
    loss_unit = float(losses.min())
    return Points(
        np.log(sizes / size_unit),
        np.log(budgets / tokens_unit),
        ratios,
        np.log(losses / loss_unit),
        size_unit,
        tokens_unit,
        loss_unit,
    )


def stacked(several: Sequence[Points], repeats: int) -> Points:
    """Points of the same number n as arrays (len(several) * repeats, n), each in its own units, for a batch of fits."""

    def rows(column: str) -> FloatArray:
        return np.repeat([getattr(points, column) for points in several], repeats, axis=0)

    return Points(rows("log_size"), rows("log_tokens"), rows("ratio"), rows("log_loss"), 1.0, 1.0, 1.0)
