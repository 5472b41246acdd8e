"""Which form predicts what it has not seen: the largest budgets, the largest models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.scaling.fitting import LawFit, fit_law
from synth_eval.scaling.laws import Law
from synth_eval.scaling.points import Points

if TYPE_CHECKING:
    from synth_eval.types import BoolArray


LEAST_SIZES = 3  # that must remain when the largest is held out: two sizes do not tell an exponent and an asymptote
LEAST_SPARE = 2  # points beyond the number of parameters, when some are held out


@dataclass(frozen=True)
class FormScore:
    """How well one form does. Errors are root mean squares of log loss (0.01 is 1%); None: too few points remain."""

    name: str
    formula: str
    parameters: int
    in_sample: float
    largest_tokens: float | None
    largest_size: float | None

    @property
    def held_out(self) -> float | None:
        """Both hold-outs together: the root of their mean square."""
        errors = [error for error in (self.largest_tokens, self.largest_size) if error is not None]
        return float(np.sqrt(np.mean(np.square(errors)))) if errors else None


def largest_tokens(points: Points) -> BoolArray:
    """(n,) the points at the largest budget of their size."""
    largest = np.zeros(len(points), dtype=bool)
    for size in np.unique(points.log_size):
        same = points.log_size == size
        largest |= same & (points.log_tokens == points.log_tokens[same].max())
    return largest


def largest_size(points: Points) -> BoolArray:
    """(n,) what shows the step to the largest model: all its points if enough other sizes remain, else those at its
    largest budget."""
    largest = np.asarray(points.log_size == points.log_size.max())
    if np.unique(points.log_size).size > LEAST_SIZES:
        return largest
    return np.asarray(largest & largest_tokens(points))


def compare_forms(
    laws: Sequence[Law], points: Points, *, seed: int = 0, known: LawFit | None = None
) -> tuple[FormScore, ...]:
    """Score each law that the points can be fitted with, best on held-out points first.

    Every law is fitted three times: to all points, without the largest budget of each size, and without the largest
    size. With one size the last is left out.

    Parameters
    ----------
    known : the fit of one of the laws to all points, where there is one already.
    """
    scores = []
    for law in laws:
        if len(points) <= len(law.parameters):
            continue
        fit = known if known is not None and known.law is law else fit_law(law, points, resamples=0, seed=seed)
        with_sizes = np.unique(points.log_size).size > 1
        scores.append(
            FormScore(
                law.name,
                law.formula,
                len(law.parameters),
                float(np.sqrt((fit.residual**2).mean())),
                _error(law, points, largest_tokens(points), seed),
                _error(law, points, largest_size(points), seed) if with_sizes else None,
            )
        )
    return tuple(sorted(scores, key=lambda score: score.in_sample if score.held_out is None else score.held_out))


def _error(law: Law, points: Points, held: BoolArray, seed: int) -> float | None:
    rest = points.where(~held)
    budgets_left = np.unique(rest.log_tokens).size
    if len(rest) < len(law.parameters) + LEAST_SPARE or budgets_left < LEAST_SIZES:
        return None
    fit = fit_law(law, rest, resamples=0, seed=seed)
    predicted = law.log_loss(fit.theta[None, :], points.where(held))[0]
    return float(np.sqrt(((points.log_loss[held] - predicted) ** 2).mean()))
