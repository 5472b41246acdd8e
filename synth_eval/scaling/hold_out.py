"""Which form predicts what it has not seen: the largest budgets, the largest models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.scaling.fitting import MIN_DF, FitRequest, LawFit, fit_laws, log_interval
from synth_eval.scaling.laws import Law
from synth_eval.scaling.points import Points

if TYPE_CHECKING:
    from synth_eval.types import BoolArray


MIN_SIZES = 3  # that must remain when the largest is held out: two sizes do not determine an exponent and an asymptote
MIN_SPARE = 2  # points beyond the number of parameters, when some are held out
HELD_OUT = ALL, TOKENS, SIZE = "", "largest tokens", "largest size"  # what a fit leaves out
FIRST, MAX_LATER = "smallest tokens", 100  # and what a fit with at most so many resamples leaves out


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
    """(n,) the points at the largest budget of their size.

    Examples
    --------
    >>> from synth_eval.scaling import points_of
    >>> largest_tokens(points_of([1, 1, 2], [1, 2, 1], [0, 0, 0], [3, 2, 1]))
    array([False,  True,  True])
    """
    largest = np.zeros(len(points), dtype=bool)
    for size in np.unique(points.log_size):
        same = points.log_size == size
        largest |= same & (points.log_tokens == points.log_tokens[same].max())
    return largest


def smallest_tokens(points: Points) -> BoolArray:
    """(n,) the points at the smallest budget of their size.

    Examples
    --------
    >>> from synth_eval.scaling import points_of
    >>> smallest_tokens(points_of([1, 1, 2], [1, 2, 1], [0, 0, 0], [3, 2, 1]))
    array([ True, False,  True])
    """
    smallest = np.zeros(len(points), dtype=bool)
    for size in np.unique(points.log_size):
        same = points.log_size == size
        smallest |= same & (points.log_tokens == points.log_tokens[same].min())
    return smallest


def largest_size(points: Points) -> BoolArray:
    """(n,) what shows the step to the largest model: all its points if enough other sizes remain, else those at its
    largest budget.

    Examples
    --------
    >>> from synth_eval.scaling import points_of
    >>> largest_size(points_of([1, 1, 2], [1, 2, 1], [0, 0, 0], [3, 2, 1]))
    array([False, False,  True])
    """
    largest = np.asarray(points.log_size == points.log_size.max())
    if np.unique(points.log_size).size > MIN_SIZES:
        return largest
    return np.asarray(largest & largest_tokens(points))


@dataclass(frozen=True)
class FittedForms:
    """The first of some laws, fitted with resamples, and how well each of them does, best on held-out points first."""

    fit: LawFit
    scores: tuple[FormScore, ...]
    later: LawFit | None = None  # the first law without the smallest budget of each size, where enough points remain


@dataclass(frozen=True)
class Driven:
    """An estimate that the first budgets drive: it is outside the interval of the fit without them.

    ``what`` is the estimate's name, ``value`` with the first budgets, ``without`` and its ``interval`` without them;
    ``next_tokens`` is the smallest budget that was left.
    """

    what: str
    value: float
    without: float
    interval: tuple[float, float]
    next_tokens: float


def driven_by_first(fitted: FittedForms, parameters: Mapping[str, str]) -> tuple[Driven, ...]:
    """Which of some parameters rest on the first budgets, which a warm-up raises and no law describes.

    Where the law holds for all budgets, the estimate from all is inside the 95% interval without the first ones more
    often than in 95% of cases, as the two share most of their points.

    Parameters
    ----------
    parameters : name for people -> parameter of the law, a logarithm.
    """
    fit, later = fitted.fit, fitted.later
    found = []
    for what, name in parameters.items():
        if later is None or later.at_bound(name) or fit.at_bound(name):
            continue
        unit = fit.points.loss_unit if name == "log_E" else 1.0
        value, without = (float(np.exp(each.parameter(name))) * unit for each in (fit, later))
        low, high = log_interval(without, later.drawn(name) + np.log(unit), later.df)
        if not low <= value <= high:
            found.append(Driven(what, value, without, (low, high), float(later.points.tokens.min())))
    return tuple(found)


def fit_forms(
    questions: Sequence[tuple[Sequence[Law], Points]], *, resamples: int = 0, seed: int = 0, hold_out: bool = True
) -> list[FittedForms]:
    """Fit several laws to each of several sets of points, all at once: fits of a kind share their steps (`fit_laws`).

    Every law that has fewer parameters than there are points is fitted three times: to all points, without the largest
    budget of each size, and without the largest size. With one size the last is left out. The first law is fitted a
    fourth time, with resamples: without the smallest budget of each size.

    Parameters
    ----------
    questions : laws, and the points that they are held against.
    resamples : of the fit of the first law to all points.
    seed : as for `fit_law`.
    hold_out : False: the first law alone is fitted, and there are no scores.

    Raises
    ------
    ValueError : not more points than parameters of a first law.

    Examples
    --------
    >>> from synth_eval.scaling.laws import POWER
    >>> from synth_eval.scaling import points_of
    >>> tokens = [1e9, 2e9, 4e9, 8e9, 16e9, 32e9]
    >>> points = points_of([1.0] * 6, tokens, [0.0] * 6, [2.0 + 4.0 * (t / 1e9) ** -0.5 for t in tokens])
    >>> (found,) = fit_forms([((POWER,), points)])
    >>> found.scores[0].held_out < 1e-4
    True
    """
    requests: dict[tuple[int, str, str], FitRequest] = {}
    for i, (laws, points) in enumerate(questions):
        requests[i, laws[0].name, ALL] = FitRequest(laws[0], points, resamples, seed)
        for law in laws if hold_out else ():
            if len(points) > len(law.parameters):
                requests.setdefault((i, law.name, ALL), FitRequest(law, points, 0, seed))
                for name, held in _held_out(law, points).items():
                    requests[i, law.name, name] = FitRequest(law, points.where(~held), 0, seed)
        first = smallest_tokens(points)
        if hold_out and resamples and (~first).sum() >= len(laws[0].parameters) + MIN_DF:
            later = FitRequest(laws[0], points.where(~first), min(resamples, MAX_LATER), seed)
            requests[i, laws[0].name, FIRST] = later
    fits = dict(zip(requests, fit_laws(list(requests.values()))))
    found = []
    for i, (laws, points) in enumerate(questions):
        own = [{name: fits[i, law.name, name] for name in HELD_OUT if (i, law.name, name) in fits} for law in laws]
        scores = [_score(law, points, fit_of) for law, fit_of in zip(laws, own) if hold_out and fit_of]
        scores.sort(key=lambda score: score.in_sample if score.held_out is None else score.held_out)
        found.append(FittedForms(own[0][ALL], tuple(scores), fits.get((i, laws[0].name, FIRST))))
    return found


def _held_out(law: Law, points: Points) -> dict[str, BoolArray]:
    """The points that are held out, where enough others remain."""
    held = {TOKENS: largest_tokens(points)}
    if np.unique(points.log_size).size > 1:
        held[SIZE] = largest_size(points)
    enough = len(law.parameters) + MIN_SPARE
    return {
        name: out
        for name, out in held.items()
        if (~out).sum() >= enough and np.unique(points.log_tokens[~out]).size >= MIN_SIZES
    }


def _score(law: Law, points: Points, fit_of: Mapping[str, LawFit]) -> FormScore:
    errors: dict[str, float] = {}
    for name, held in _held_out(law, points).items():
        predicted = law.log_loss(fit_of[name].theta[None, :], points.where(held))[0]
        errors[name] = float(np.sqrt(((points.log_loss[held] - predicted) ** 2).mean()))
    in_sample = float(np.sqrt((fit_of[ALL].residual ** 2).mean()))
    return FormScore(law.name, law.formula, len(law.parameters), in_sample, errors.get(TOKENS), errors.get(SIZE))
