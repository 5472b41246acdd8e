"""One source over sizes, tokens and ratios: the best ratio, and how many tokens a mix saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.scaling.curves import AT_BOUND, FURTHEST, Answer
from synth_eval.scaling.fitting import MIN_DF, RESAMPLES, LawFit, interval
from synth_eval.scaling.hold_out import Driven, FittedForms, FormScore, fit_forms
from synth_eval.scaling.laws import (
    CHINCHILLA,
    FIXED_MIXTURE,
    MIXTURE,
    ONE_SIZE_FIXED_MIXTURE,
    ONE_SIZE_MIXTURE,
    POWER,
    Law,
)
from synth_eval.scaling.points import Points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from synth_eval.types import FloatArray


MIN_SIZES = 3  # two cannot separate an exponent of size from the asymptote
MIN_RATIOS = 3  # two cannot show a bend
MIN_BUDGETS = 3
MAX_SCATTER = 0.05
"""Residual standard deviation of log loss above which the law does not fit: mixes differ by a few percent, so where it
is that wrong its lowest point is meaningless."""


@dataclass(frozen=True)
class BestRatio:
    """r* at one size and budget. ``inside``: the estimate and its whole band lie strictly between tested ratios."""

    size: float
    tokens: float
    answer: Answer
    inside: bool


@dataclass(frozen=True)
class SpeedUp:
    """Tokens of natural data to the loss that the mix reaches with ``tokens``, over ``tokens``: above 1 it saves."""

    size: float
    tokens: float
    ratio: float
    answer: Answer


@dataclass(frozen=True)
class MixtureAnswers:
    """``moves_with_tokens``: change of r* for 10 times the tokens; ``moves_with_size``: for 10 times the parameters;
    ``driven``: the best ratio at the largest budget, where the first budgets drive it."""

    refused: str = ""
    best: tuple[BestRatio, ...] = ()
    speed_ups: tuple[SpeedUp, ...] = ()
    moves_with_tokens: Answer = field(default_factory=Answer)
    moves_with_size: Answer = field(default_factory=Answer)
    forms: tuple[FormScore, ...] = ()
    fit: LawFit | None = None
    driven: tuple[Driven, ...] = ()


def answer_mixtures(
    mixtures: Sequence[Points],
    *,
    natural_floor: Mapping[float, float] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    forms: bool = True,
) -> list[MixtureAnswers]:
    """Fit the mixture law to natural data and one source, for each of several, and answer what the points determine.

    With three sizes or more the law is one over all; with a single size it has no term of size.

    Parameters
    ----------
    mixtures : points of natural data (ratio 0) and a source; sizes are 1 or at least 3.
    natural_floor : asymptote of natural data by number of parameters, where its own curve gives one: what a mix
        reaches below it, natural data never does.
    resamples, seed : as for `fit_law`.
    forms : whether to compare the law with others on held-out points, which takes most of the time.

    Returns
    -------
    Answers, or ``refused`` with the reason why the law cannot be fitted. Best ratios are refused where the law misses
    the losses by more than `MAX_SCATTER`, where the interval of v includes 0 (no bend over ratios is seen) or where
    the estimate is at the edge of the tested ratios; speed-ups where natural data would need more than 4 times its
    largest budget, or never gets there.

    Examples
    --------
    >>> from synth_eval.scaling import points_of
    >>> points = points_of([1.0] * 2, [1e9, 2e9], [0.0, 0.5], [3.0, 2.9])
    >>> answer_mixtures([points])[0].refused
    '2 ratios: at least 3 are needed'
    """
    usable = [points for points in mixtures if not _refusal(points)]
    fitted = iter(fit_forms([(_laws(p), p) for p in usable], resamples=resamples, seed=seed, hold_out=forms))
    return [
        MixtureAnswers(refused=why) if (why := _refusal(points)) else _answers(next(fitted), natural_floor or {})
        for points in mixtures
    ]


def answer_mixture(
    points: Points,
    *,
    natural_floor: Mapping[float, float] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    forms: bool = True,
) -> MixtureAnswers:
    """`answer_mixtures` of one source.

    Parameters
    ----------
    points, natural_floor, resamples, seed, forms : as in `answer_mixtures`, of one source

    Examples
    --------
    >>> from synth_eval.scaling import points_of
    >>> answer_mixture(points_of([1.0] * 3, [1e9] * 3, [0.1, 0.2, 0.3], [3.0, 2.9, 2.8])).refused
    'no natural data: a checkpoint at ratio 0 is needed'
    """
    return answer_mixtures([points], natural_floor=natural_floor, resamples=resamples, seed=seed, forms=forms)[0]


def _laws(points: Points) -> tuple[Law, Law, Law]:
    several = np.unique(points.size).size > 1
    return (MIXTURE, FIXED_MIXTURE, CHINCHILLA) if several else (ONE_SIZE_MIXTURE, ONE_SIZE_FIXED_MIXTURE, POWER)


def _answers(fitted: FittedForms, natural_floor: Mapping[float, float]) -> MixtureAnswers:
    fit = fitted.fit
    bend = _bend_refusal(fit)
    return MixtureAnswers(
        best=tuple(_best(fit, size, tokens, bend) for size, tokens in _places(fit.points)),
        speed_ups=_speed_ups(fit, natural_floor),
        moves_with_tokens=_move(fit, "u1", bend),
        moves_with_size=_move(fit, "u2", bend) if "u2" in fit.law.parameters else Answer(refused="one size"),
        forms=fitted.scores,
        fit=fit,
        driven=() if bend else _driven(fitted),
    )


def _refusal(points: Points) -> str:
    law, sizes = _laws(points)[0], np.unique(points.size).size
    ratios, budgets = (np.unique(x).size for x in (points.ratio, points.log_tokens))
    if ratios < MIN_RATIOS:
        return f"{ratios} {'ratio' if ratios == 1 else 'ratios'}: at least {MIN_RATIOS} are needed"
    if not (points.ratio == 0).any():
        return "no natural data: a checkpoint at ratio 0 is needed"
    if 1 < sizes < MIN_SIZES:
        return f"{sizes} sizes: 1 or at least {MIN_SIZES} are needed"
    if budgets < MIN_BUDGETS:
        return f"{budgets} token {'budget' if budgets == 1 else 'budgets'}: at least {MIN_BUDGETS} are needed"
    if len(points) < len(law.parameters) + MIN_DF:
        return f"{len(points)} losses: at least {len(law.parameters) + MIN_DF} are needed"
    return ""


def _bend_refusal(fit: LawFit) -> str:
    if fit.scatter > MAX_SCATTER:
        return f"the law misses the losses by {fit.scatter:.0%}, more than the {MAX_SCATTER:.0%} it must not exceed"
    if fit.at_bound("v"):
        return "the bend over ratios ran into the bound of the fit"
    low, high = interval(fit.parameter("v"), fit.drawn("v"), fit.df)
    if low <= 0:
        return f"no bend over ratios is seen: the interval of v, [{low:.3g}, {high:.3g}], is not above 0"
    return ""


def _places(points: Points) -> list[tuple[float, float]]:
    """Every tested (parameters, tokens), ascending."""
    return sorted({(float(size), float(tokens)) for size, tokens in zip(points.size, points.tokens)})


def _u(fit: LawFit, theta: FloatArray, size: float, tokens: float) -> FloatArray:
    """(k,) u at one place."""
    law, points = fit.law, fit.points
    total = theta[:, law.index("u0")] + theta[:, law.index("u1")] * np.log(tokens / points.tokens_unit)
    if "u2" in law.parameters:
        total = total + theta[:, law.index("u2")] * np.log(size / points.size_unit)
    return np.asarray(total)


def _unclipped(fit: LawFit, theta: FloatArray, size: float, tokens: float) -> FloatArray:
    """(k,) best ratio at one place, wherever it is."""
    return np.asarray(_u(fit, theta, size, tokens) / (2.0 * np.maximum(theta[:, fit.law.index("v")], 1e-9)))


def _driven(fitted: FittedForms) -> tuple[Driven, ...]:
    """The best ratio at the largest budget, where it rests on the first budgets: see `driven_by_first`."""
    fit, later = fitted.fit, fitted.later
    if later is None or _bend_refusal(later):
        return ()
    size, tokens = max(_places(fit.points), key=lambda place: (place[1], place[0]))
    value, without = (float(_unclipped(each, each.theta[None, :], size, tokens)[0]) for each in (fit, later))
    low, high = interval(without, _unclipped(later, later.draws, size, tokens), later.df)
    if low <= value <= high:
        return ()
    return (Driven("best ratio at the largest budget", value, without, (low, high), float(later.points.tokens.min())),)


def _best(fit: LawFit, size: float, tokens: float, bend: str) -> BestRatio:
    if bend:
        return BestRatio(size, tokens, Answer(refused=bend), False)
    tested = np.unique(fit.points.ratio)
    value = float(_unclipped(fit, fit.theta[None, :], size, tokens)[0])
    draws = _unclipped(fit, fit.draws, size, tokens)
    low, high = (float(np.clip(end, 0.0, 1.0)) for end in interval(value, draws, fit.df))
    if value <= tested[0]:
        why = f"at the edge: the lowest loss is at the smallest tested ratio, {tested[0]:g}"
        return BestRatio(size, tokens, Answer(None, (low, high), why), False)
    if value >= tested[-1]:
        why = f"at the edge: the lowest loss is at or beyond the largest tested ratio, {tested[-1]:g}"
        return BestRatio(size, tokens, Answer(None, (low, high), why), False)
    return BestRatio(size, tokens, Answer(value, (low, high)), bool(low > tested[0] and high < tested[-1]))


def _speed_ups(fit: LawFit, natural_floor: Mapping[float, float]) -> tuple[SpeedUp, ...]:
    """At each size, for each tested mix, at the largest budget that both the mix and natural data were trained to."""
    points, found = fit.points, []
    sizes, tokens = points.size, points.tokens
    for size in np.unique(sizes):
        natural = tokens[(sizes == size) & (points.ratio == 0)]
        for ratio in np.unique(points.ratio[(sizes == size) & (points.ratio > 0)]):
            if natural.size:
                budget = float(tokens[(sizes == size) & (points.ratio == ratio)].max())
                floor = next((loss for at, loss in natural_floor.items() if np.isclose(at, size)), None)
                answer = _speed_up(fit, float(size), min(budget, float(natural.max())), float(ratio), natural, floor)
                found.append(answer)
    return tuple(found)


def _speed_up(
    fit: LawFit, size: float, tokens: float, ratio: float, natural: FloatArray, floor: float | None
) -> SpeedUp:
    def log_factor(theta: FloatArray) -> FloatArray:
        gain = _u(fit, theta, size, tokens) * ratio - theta[:, fit.law.index("v")] * ratio**2
        return np.asarray(gain / np.exp(theta[:, fit.law.index("log_b")]))

    log_value = float(log_factor(fit.theta[None, :])[0])
    low, high = np.exp(np.clip(interval(log_value, log_factor(fit.draws), fit.df), -700, 700))
    value = float(np.exp(np.clip(log_value, -700, 700)))
    target = float(fit.loss(size, tokens, ratio)[0])
    if fit.at_bound("log_b"):
        why = AT_BOUND
    elif floor is not None and target <= floor:
        why = f"natural data levels off at {floor:.4g}, and the mix reaches {target:.4g}: no number of tokens would do"
    elif value * tokens > FURTHEST * natural.max():
        times = value * tokens / natural.max()
        why = f"natural data would need {times:.3g} times its largest budget, more than {FURTHEST:g}"
    elif value * tokens * FURTHEST < natural.min():
        why = f"natural data needs less than 1/{FURTHEST:g} of its smallest budget"
    else:
        return SpeedUp(size, tokens, ratio, Answer(value, (float(low), float(high))))
    return SpeedUp(size, tokens, ratio, Answer(refused=why))


def _move(fit: LawFit, name: str, bend: str) -> Answer:
    if bend:
        return Answer(refused=bend)
    scale = np.log(10.0) / 2.0
    value = fit.parameter(name) * scale / fit.parameter("v")
    draws = fit.drawn(name) * scale / np.maximum(fit.drawn("v"), 1e-9)
    return Answer(value, interval(value, draws, fit.df))


# Lines of equal loss: how many tokens each mix needs for the loss that natural data reach with a given number.


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

    Examples
    --------
    >>> from synth_eval.scaling import points_of
    >>> tokens, ratio = np.repeat([1e9, 2e9, 4e9, 8e9], 3), np.tile([0.0, 0.3, 0.6], 4)
    >>> loss = 2 + 4 * (tokens / 1e9) ** -0.5 * np.exp(-0.4 * ratio + 0.8 * ratio**2)
    >>> points = points_of(np.ones(12), tokens, ratio, loss)
    >>> from synth_eval.scaling import fit_law
    >>> fit = fit_law(ONE_SIZE_MIXTURE, points, resamples=0)
    >>> equal_loss_tokens(fit, 1.0, 4e9, [0.0]).round(-3)
    array([4.e+09])
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
