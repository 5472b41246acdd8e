"""One size, source and ratio: where the loss levels off, how fast, and when it is nearly there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth_eval.scaling.fitting import MIN_DF, RESAMPLES, LawFit, interval, log_interval
from synth_eval.scaling.hold_out import Driven, FittedForms, FormScore, driven_by_first, fit_forms
from synth_eval.scaling.laws import POWER, RECTIFIED, Law
from synth_eval.scaling.points import Points

if TYPE_CHECKING:
    from synth_eval.types import FloatArray


MIN_BUDGETS = 5
MIN_SPAN = 8.0  # largest over smallest budget
NEAR = 0.05  # "levelled off" is within this share of the asymptote
MAX_ASYMPTOTE_WIDTH = 0.10  # of the lowest loss
FURTHEST = 4.0  # times the largest budget
LEVEL = 0.05  # of the test that a curve falls at all
MAX_TOKENS_WIDTH = 4.0  # upper over lower end of an interval
AT_BOUND = "the exponent, or an end of its interval, ran into the bound of the fit"


@dataclass(frozen=True)
class Answer:
    """A number with its 95% interval, or why there is none."""

    value: float | None = None
    interval: tuple[float, float] | None = None
    refused: str = ""


@dataclass(frozen=True)
class CurveAnswers:
    """Answers of one curve over tokens. ``plateau_tokens`` are those at which loss is within 5% of the asymptote;
    ``driven`` are estimates that the first budget drives."""

    budgets: int
    span: float
    lowest_loss: float
    asymptote: Answer
    exponent: Answer
    plateau_tokens: Answer
    forms: tuple[FormScore, ...] = ()
    fit: LawFit | None = None
    driven: tuple[Driven, ...] = ()

    @property
    def law(self) -> str:
        return "" if self.fit is None else self.fit.law.name


def answer_curves(
    curves: Sequence[Points], *, resamples: int = RESAMPLES, seed: int = 0, forms: bool = True
) -> list[CurveAnswers]:
    """Fit the rectified law to each curve, the points of one size, source and ratio, and answer what they determine.

    With too few points for its four parameters and an interval, the power law is fitted instead.

    Parameters
    ----------
    resamples, seed : as for `fit_law`.
    forms : whether to compare both laws on the largest budget, held out.

    Returns
    -------
    Answers or refusals: fewer than 5 budgets, a span below 8 times, an asymptote at the bound of what it may be, its
    interval wider than 10% of the lowest loss, a plateau beyond 4 times the largest budget or an interval of it wider
    than 4 times, or one from a law that misses the held-out largest budget by more than 5%.

    References
    ----------
    Qin et al., "Scaling Laws of Synthetic Data for Language Models", 2025, arXiv 2503.19551 (the rectified law).

    Examples
    --------
    >>> from synth_eval.scaling import points_of
    >>> tokens = [1e9, 2e9, 4e9, 8e9, 16e9]
    >>> points = points_of([1.0] * 5, tokens, [0.0] * 5, [2.0 + 4.0 * (t / 1e9) ** -0.5 for t in tokens])
    >>> (found,) = answer_curves([points], resamples=50)
    >>> found.law, found.budgets
    ('power', 5)
    """
    usable = [points for points in curves if not _refusal(points)]
    fitted = iter(fit_forms([(_laws(p), p) for p in usable], resamples=resamples, seed=seed, hold_out=forms))
    return [_answers(points, None if _refusal(points) else next(fitted)) for points in curves]


def answer_curve(points: Points, *, resamples: int = RESAMPLES, seed: int = 0, forms: bool = True) -> CurveAnswers:
    """`answer_curves` of one curve.

    Parameters
    ----------
    points : losses of one size, source and ratio over tokens
    resamples, seed, forms : as in `answer_curves`

    Examples
    --------
    >>> from synth_eval.scaling import points_of
    >>> tokens = [1e9, 2e9, 4e9]
    >>> answer_curve(points_of([1.0] * 3, tokens, [0.0] * 3, [4.0, 3.5, 3.2])).asymptote.refused
    '3 token budgets: at least 5 are needed'
    """
    return answer_curves([points], resamples=resamples, seed=seed, forms=forms)[0]


def _laws(points: Points) -> tuple[Law, Law]:
    """The law that is fitted first, the other one next."""
    enough = len(points) >= len(RECTIFIED.parameters) + MIN_DF
    return (RECTIFIED, POWER) if enough else (POWER, RECTIFIED)


def _answers(points: Points, fitted: FittedForms | None) -> CurveAnswers:
    budgets, span = _extent(points)
    lowest = float(points.loss.min())
    if fitted is None:
        refusal = Answer(refused=_refusal(points))
        return CurveAnswers(budgets, span, lowest, refusal, refusal, refusal)
    fit, scores = fitted.fit, fitted.scores
    asymptote = asymptote_of(fit)
    missed = next((score.largest_tokens for score in scores if score.name == fit.law.name), None)
    plateau, exponent = _plateau(fit, asymptote, points.tokens, missed), _exponent(fit)
    driven = driven_by_first(fitted, {"E": "log_E", "exponent": _exponent_name(fit)})
    if not _falls(points):  # any exponent fits, with a narrow interval where the fit stops in one corner
        level = Answer(
            refused="the loss does not fall: it is level from the smallest budget on, or rises "
            f"(one-sided test at {LEVEL:.0%})"
        )
        plateau, exponent = (answer if answer.refused else level for answer in (plateau, exponent))
        driven = ()
    return CurveAnswers(budgets, span, lowest, asymptote, exponent, plateau, scores, fit, driven)


def _falls(points: Points) -> bool:
    """Whether ln loss falls with ln tokens, by the one-sided t test of a straight line."""
    from scipy.stats import linregress  # a second to import

    return bool(linregress(np.log(points.tokens), np.log(points.loss), alternative="less").pvalue < LEVEL)


def _extent(points: Points) -> tuple[int, float]:
    """Number of token budgets, and the largest over the smallest."""
    tokens = np.unique(points.tokens)
    return tokens.size, float(tokens[-1] / tokens[0])


def _refusal(points: Points) -> str:
    budgets, span = _extent(points)
    if budgets < MIN_BUDGETS:
        return f"{budgets} token {'budget' if budgets == 1 else 'budgets'}: at least {MIN_BUDGETS} are needed"
    if span < MIN_SPAN:
        return f"budgets span {span:.3g} times: at least {MIN_SPAN:g} times are needed"
    return ""


def asymptote_of(fit: LawFit) -> Answer:
    """The loss that a fitted law levels off at."""
    if fit.at_bound("log_E"):
        why = "the asymptote, or an end of its interval, ran into the bound of the fit"
        return Answer(refused=f"no levelling off is seen: {why}")
    unit, lowest = fit.points.loss_unit, float(fit.points.loss.min())
    value = float(np.exp(fit.parameter("log_E")) * unit)
    low, high = log_interval(value, fit.drawn("log_E") + np.log(unit), fit.df)
    if high - low > MAX_ASYMPTOTE_WIDTH * lowest:
        why = f"its interval spans {(high - low) / lowest:.1%} of the lowest loss, more than {MAX_ASYMPTOTE_WIDTH:.0%}"
        return Answer(None, (low, high), why)
    return Answer(value, (low, high))


def _exponent_name(fit: LawFit) -> str:
    return "log_beta" if fit.law is RECTIFIED else "log_b"


def _exponent(fit: LawFit) -> Answer:
    return exponent_of(fit, _exponent_name(fit))


def exponent_of(fit: LawFit, name: str) -> Answer:
    """A fitted exponent, from the parameter that is its logarithm."""
    if fit.at_bound(name):
        return Answer(refused=AT_BOUND)
    value = float(np.exp(fit.parameter(name)))
    low, high = log_interval(value, fit.drawn(name), fit.df)
    if high > MAX_TOKENS_WIDTH * low:
        return Answer(None, (low, high), f"its interval spans {high / low:.3g} times, more than {MAX_TOKENS_WIDTH:g}")
    return Answer(value, (low, high))


def _plateau(fit: LawFit, asymptote: Answer, tokens: FloatArray, missed: float | None) -> Answer:
    """``missed``: error of the law on the held-out largest budget, where it is known."""
    if asymptote.refused:
        return Answer(refused=f"the asymptote is not known: {asymptote.refused}")
    if fit.at_bound(_exponent_name(fit)):
        return Answer(refused=AT_BOUND)
    if missed is not None and missed > NEAR:
        return Answer(refused=f"the law misses the held-out largest budget by {missed:.1%}, more than {NEAR:.0%}")
    log_value = _log_plateau(fit, fit.theta[None, :])[0]
    value = float(np.exp(log_value))
    smallest, largest = float(tokens.min()), float(tokens.max())
    if value * FURTHEST < smallest:
        return Answer(refused="the loss is within 5% of the asymptote from the smallest budget on")
    if value > FURTHEST * largest:
        return Answer(refused=f"it is {value / largest:.3g} times beyond the largest budget, more than {FURTHEST:g}")
    log_low, log_high = interval(log_value, _log_plateau(fit, fit.draws), fit.df)
    if log_high - log_low > np.log(MAX_TOKENS_WIDTH):
        spanned = float(np.exp(min(log_high - log_low, 700.0)))
        return Answer(refused=f"its interval spans {spanned:.3g} times, more than {MAX_TOKENS_WIDTH:g}")
    return Answer(value, (float(np.exp(log_low)), float(np.exp(log_high))))


def _log_plateau(fit: LawFit, theta: FloatArray) -> FloatArray:
    """(k,) ln of the tokens at which loss = (1 + NEAR) E; that of no tokens at all where D_l alone is enough."""
    law = fit.law
    needed = theta[:, law.index("log_B")] - theta[:, law.index("log_E")] - np.log(NEAR)  # ln of D_l + D^beta
    if law is RECTIFIED:
        offset = theta[:, law.index("log_l")]
        with np.errstate(divide="ignore", invalid="ignore"):
            needed = np.where(needed > offset, needed + np.log1p(-np.exp(np.minimum(offset - needed, 0.0))), -np.inf)
        slope = np.exp(theta[:, law.index("log_beta")])
    else:
        slope = np.exp(theta[:, law.index("log_b")])
    return np.asarray(np.maximum(needed / slope, -50.0) + np.log(fit.points.tokens_unit))
