"""The shapes that a degradation curve may have: flat and then a straight fall from a knot, or a power of the ratio.

Every shape is 0 at the lowest ratio and 1 at the highest, and never decreases: it is the share of the fall so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from synth_eval.types import FloatArray

KNOT_STEP = 0.02  # of the range of the ratios
POWERS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
SAME_FIT = 1e-9  # relative: fits this close cannot be told apart


@dataclass(frozen=True, eq=False)
class Shapes:
    """The family of shapes over one range of ratios: hinges first, then powers ("The curve test" in docs/methods.md).

    ``knots`` (n_hinges,) are ratios; ``count`` is the number of shapes, hinges and powers together.
    """

    lowest: float
    highest: float
    knots: FloatArray

    @property
    def hinges(self) -> int:
        return len(self.knots)

    @property
    def count(self) -> int:
        return self.hinges + len(POWERS)

    def at(self, ratios: FloatArray) -> FloatArray:
        """Share of the fall at each ratio, (n_ratios, count), in [0, 1]."""
        share = np.clip((ratios - self.lowest) / (self.highest - self.lowest), 0.0, 1.0)[:, None]
        knots = (self.knots - self.lowest) / (self.highest - self.lowest)
        hinged = np.clip((share - knots) / (1 - knots), 0.0, None)
        return np.hstack([hinged, share ** np.array(POWERS)])

    def reaches(self, share: FloatArray) -> FloatArray:
        """The ratio at which each shape has gone through a share of its fall, (count,); inf where the share is > 1.

        Parameters
        ----------
        share : (count,) > 0
        """
        knots = (self.knots - self.lowest) / (self.highest - self.lowest)
        hinged = knots + share[: self.hinges] * (1 - knots)
        with np.errstate(over="ignore"):  # a share far above 1 is never reached, whatever its power
            powered = share[self.hinges :] ** (1 / np.array(POWERS))
        at = self.lowest + np.concatenate([hinged, powered]) * (self.highest - self.lowest)
        return np.where(share > 1, np.inf, at)

    def best(self, gains: FloatArray) -> int:
        """The best shape, the first where several fit alike: rounding, another on every processor, must not choose.

        A straight line is a hinge and a power; hinges between the two highest tested ratios are one and the same there.

        Parameters
        ----------
        gains : (count,) >= 0, fall in the sum of squares by each shape
        """
        return int(np.argmax(gains >= gains.max() * (1 - SAME_FIT)))

    def likeliest_knot(self, gains: FloatArray) -> FloatArray:
        """Knot of the best hinge; where several fit alike (between the same two tested ratios), their mean.

        Parameters
        ----------
        gains : (..., n_hinges) >= 0, fall in the sum of squares by each hinge

        Returns
        -------
        (...,) ratio
        """
        alike = gains >= gains.max(axis=-1, keepdims=True) * (1 - SAME_FIT)
        mean: FloatArray = (alike * self.knots).sum(axis=-1) / alike.sum(axis=-1)
        return mean


@lru_cache(maxsize=64)
def shapes_over(lowest: float, highest: float) -> Shapes:
    """The shapes for ratios from `lowest` to `highest`.

    Raises
    ------
    ValueError : the range is empty.
    """
    if not lowest < highest:
        raise ValueError(f"shapes need a range of ratios, not {lowest:g} to {highest:g}")
    steps = round(1 / KNOT_STEP)
    return Shapes(lowest, highest, lowest + np.arange(steps) / steps * (highest - lowest))
